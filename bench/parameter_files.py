"""Writes config/pipeline.yaml and config/replay.yaml from the settings in the code.

`python -m bench.parameter_files`; a test compares the files with what this would write.
"""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from humandyn_ros.ros.nodes import action_node, dynamics_node, narration_node
from humandyn_ros.ros.parameters import Group
from humandyn_ros.ros.playback import SourceConfig

CONFIG = Path(__file__).parents[1] / 'config'
WIDTH = 99

PIPELINE = """\
# Parameters of the pipeline, as ROS 2 reads them: `humandyn run` and pipeline.launch.py start the
# nodes named here. Every parameter stands here with its default, its unit in [ ] and its range.
# At least give body mass and height of the person: torques and forces are in proportion to mass.
"""

REPLAY = """\
# A recording, a bag or the synthetic person instead of a camera: `humandyn run --config
# config/replay.yaml`. What the dynamics node does not find here is as in pipeline.yaml.
"""


def render(head: str, nodes: dict[str, tuple[Any, ...]]) -> str:
    """Return a ROS parameter file with every parameter of some nodes."""
    lines = [head.rstrip()]
    for node, groups in nodes.items():
        lines += ['', f'{node}:', '  ros__parameters:']
        for group in groups:
            said = (type(group.default).__doc__ or '').splitlines()[0]
            lines += ['', f'    # {said}']
            lines += _lines(group)
    return '\n'.join(lines) + '\n'


def _lines(group: Any) -> list[str]:
    lines: list[str] = []
    above: list[str] = []
    for item in group.fields():
        *branch, name = item.name.split('.')
        for depth, part in enumerate(branch):
            if branch[: depth + 1] != above[: depth + 1]:
                lines.append(f'{_indent(depth)}{part}:')
        above = branch
        indent = _indent(len(branch))
        lines += [f'{indent}# {line}' for line in wrap(item.description, WIDTH - len(indent) - 2)]
        lines.append(f'{indent}{name}: {_scalar(group.default_of(item))}')
    return lines


def _indent(depth: int) -> str:
    return '  ' * (depth + 2)


def _scalar(value: Any) -> str:
    if isinstance(value, float) and math.isnan(value):
        return '.nan'
    if isinstance(value, float) and value != 0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, _, exponent = f'{value:e}'.partition('e')
        return f'{float(mantissa)}e{int(exponent):+d}'
    return yaml.safe_dump(value, default_flow_style=True).splitlines()[0]


def files() -> dict[Path, str]:
    """Return what each file must hold."""
    # Nothing of a recording is lost while the other node starts.
    source = Group(SourceConfig(wait_for_subscribers=1))
    # Where there is no model, the others go on.
    optional = Group(action_node.ActionNodeConfig(optional=True))
    actions = (*action_node.GROUPS[:-1], optional)
    nodes = {
        'dynamics_node': dynamics_node.GROUPS,
        'action_node': actions,
        'narration_node': narration_node.GROUPS,
    }
    replay = {'source_node': (source,), 'dynamics_node': (dynamics_node.PERSON,)}
    return {
        CONFIG / 'pipeline.yaml': render(PIPELINE, nodes),
        CONFIG / 'replay.yaml': render(REPLAY, replay),
    }


def main() -> None:
    """Write the files."""
    for path, text in files().items():
        path.write_text(text)


if __name__ == '__main__':
    main()
