"""Writes generated tables into README.md, between their markers.

`python -m bench.readme` rewrites the tables that need no measurement (parameters, formats); the
benchmarks write theirs through `write_section`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

README = Path(__file__).parents[1] / 'README.md'


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines)


def write_section(name: str, text: str) -> None:
    """Replace what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`."""
    begin, end = f'<!-- begin {name} -->\n', f'\n<!-- end {name} -->'
    whole = README.read_text()
    head, found, rest = whole.partition(begin)
    if not found or end not in rest:
        raise SystemExit(f'README.md has no section {name}')
    README.write_text(head + begin + text + end + rest.partition(end)[2])


def parameters() -> str:
    """Return the table of every setting: name, default, unit, range, what it does."""
    from humandyn_ros.config import PersonConfig
    from humandyn_ros.engines.physics import PhysicsConfig
    from humandyn_ros.filters import FilterConfig
    from humandyn_ros.safety import SafetyConfig

    groups = {
        'person': PersonConfig,
        'filter': FilterConfig,
        'physics': PhysicsConfig,
        'safety': SafetyConfig,
    }
    rows = [
        _parameter_row(group, item)
        for group, settings in groups.items()
        for item in dataclasses.fields(settings)
        if item.metadata
    ]
    return table(('parameter', 'default', 'unit', 'range', 'meaning'), rows)


def _parameter_row(group: str, item: dataclasses.Field) -> tuple[object, ...]:
    rule = item.metadata
    span = ', '.join(rule['choices']) or f'{rule["low"]:g} to {rule["high"]:g}'
    default = '(not set)' if item.default is None else item.default
    return (f'`{group}.{item.name}`', default, rule['unit'], span, rule['description'])


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
    write_section('formats', formats())


if __name__ == '__main__':
    main()
