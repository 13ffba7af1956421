"""Writes generated tables into README.md, between their markers.

`python -m bench.readme` rewrites the tables that need no measurement (parameters, formats); the
benchmarks write theirs through `write_section`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from humandyn_ros.ros.parameters import Group

README = Path(__file__).parents[1] / 'README.md'


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines)


def write_section(name: str, text: str) -> None:
    """Replace what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`."""
    begin, end = f'<!-- begin {name} -->\n', f'<!-- end {name} -->'
    whole = README.read_text()
    head, found, rest = whole.partition(begin)
    if not found or end not in rest:
        raise SystemExit(f'README.md has no section {name}')
    README.write_text(f'{head}{begin}{text}\n{end}{rest.partition(end)[2]}')


def parameters() -> str:
    """Return the table of every parameter of the dynamics node."""
    from humandyn_ros.ros.nodes.dynamics_node import GROUPS

    return _parameters(GROUPS)


def narration_parameters() -> str:
    """Return the table of what only the narration node has."""
    from humandyn_ros.ros.nodes.narration_node import NARRATION

    return _parameters((NARRATION,), without='backend.')


def _parameters(groups: Sequence[Group[Any]], without: str = ' ') -> str:
    rows = []
    for group in groups:
        for item in group.fields():
            if item.name.startswith(without):
                continue
            default = group.default_of(item)
            absent = isinstance(default, float) and math.isnan(default)
            shown = '(absent)' if absent or default == '' else default
            rows.append((f'`{item.name}`', shown, item.description))
    return table(('parameter', 'default', 'meaning'), rows)


def formats() -> str:
    """Return the table of skeleton formats."""
    from humandyn_ros.skeleton import available_formats, load_format

    rows = []
    for name in available_formats():
        form = load_format(name)
        count = len(form.skeleton.joints)
        rows.append(
            (f'`{name}`', form.kind, count, f'{form.dims}-D', ', '.join(form.lacks) or '-')
        )
    return table(('format', 'kind', 'points', 'space', 'lacks'), rows)


def main() -> None:
    """Rewrite the tables that need no measurement."""
    write_section('parameters', parameters())
    write_section('parameters_words', narration_parameters())
    write_section('formats', formats())


if __name__ == '__main__':
    main()
