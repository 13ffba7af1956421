"""Biovision hierarchies (.bvh): a tree of joints and their angles.

Source: Meredith and Maddock 2001, "Motion capture file formats explained", section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.files import number_table, read_lines, reading, stem_and_ending
from humandyn_ros.recordings.recording import Recording
from humandyn_ros.recordings.tree import euler, place

# Units in use and the length of a person in them, root to toe plus root to crown; they hardly
# overlap. CMU's skeletons are in 1/0.45 inch (see acclaim.py).
_UNITS = (
    (1.0, 'metres', 0.8, 3.0),
    (0.0254 / 0.45, 'CMU units of 1/0.45 inch', 14.0, 45.0),
    (0.0254, 'inches', 45.0, 90.0),
    (0.01, 'centimetres', 90.0, 300.0),
    (0.001, 'millimetres', 800.0, 3000.0),
)
_MOST_JOINTS = 2000


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: list[str] = field(default_factory=list)


def read_bvh(
    path: Path,
    up: str | None = None,
    unit_m: float | None = None,
    rate_hz: float | None = None,
) -> Recording:
    """Read a .bvh file: the joints, and the tips of the last ones as '<joint>_end'.

    Args:
        path: The file, plain or .gz.
        up: Upward axis; y without it.
        unit_m: Metres per unit; without it recognised from the size of the skeleton.
        rate_hz: Frame rate; without it the file's frame time.

    Raises:
        RecordingError: Empty, truncated or corrupt, or of a size that fits no unit.
    """
    lines = read_lines(path)
    with reading(path, '.bvh'):
        start = next((i for i, s in enumerate(lines) if s.strip().upper() == 'MOTION'), None)
        if start is None or lines[0].strip().upper() != 'HIERARCHY':
            raise RecordingError(f'{path}: no HIERARCHY and MOTION: truncated, or not a .bvh file')
        joints = _hierarchy(path, ' '.join(lines[1:start]).split())
        frames = _whole(path, lines, start + 1, 'Frames:')
        frame_s = _whole(path, lines, start + 2, 'Frame Time:')
        if not frame_s > 0:
            raise RecordingError(f'{path}: Frame Time {frame_s} s: must be positive')
        values = _values(path, lines, start + 3, int(frames), joints)
        points = _points(joints, values)
        scale, unit = (unit_m, f'{unit_m} m') if unit_m else _unit(path, joints)
    rate = rate_hz or 1.0 / frame_s
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=np.rint(np.arange(len(points)) / rate * 1e9).astype(np.int64),
        points=points * scale,
        confidence=np.ones(points.shape[:2]),
        names=tuple(joint.name for joint in joints),
        rate_hz=rate,
        up=up or 'Y',
        format=None,
        kind='joints',
        parents=tuple(joint.parent for joint in joints),
        notes=(f'lengths in {unit}', *(() if up else ('vertical axis: y, as usual in .bvh',))),
    )


def _whole(path: Path, lines: list[str], at: int, label: str) -> float:
    if at >= len(lines) or not lines[at].strip().startswith(label):
        raise RecordingError(f'{path}: line {at + 1} should begin with {label!r}: truncated?')
    return float(lines[at].split(':')[1])


def _hierarchy(path: Path, words: list[str]) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    tokens = iter(words)
    for word in tokens:
        if word in ('ROOT', 'JOINT', 'End'):
            name = next(tokens)
            parent = open_joints[-1] if open_joints else -1
            label = f'{joints[parent].name}_end' if word == 'End' else name
            joints.append(_Joint(label, parent))
        elif word == '{':
            open_joints.append(len(joints) - 1)
        elif word == '}':
            open_joints.pop()
        elif word == 'OFFSET':
            joints[open_joints[-1]].offset = tuple(float(next(tokens)) for _ in range(3))
        elif word == 'CHANNELS':
            joints[open_joints[-1]].channels = list(_channels(tokens))
        else:
            raise RecordingError(f'{path}: unexpected {word!r} in the hierarchy: corrupt file')
    if open_joints or not joints or len(joints) > _MOST_JOINTS:
        raise RecordingError(f'{path}: the hierarchy is cut off or absurdly large: corrupt file')
    return joints


def _channels(tokens: Iterator[str]) -> Iterator[str]:
    for _ in range(int(next(tokens))):
        channel = next(tokens)
        if channel[0] not in 'XYZ' or channel[1:] not in ('position', 'rotation'):
            raise ValueError(f'unknown channel {channel!r}')  # the caller names the file
        yield channel


def _values(path: Path, lines: list[str], at: int, frames: int, joints: list[_Joint]) -> Array:
    rows = [line.split() for line in lines[at:] if line.strip()]
    if not rows or len(rows) < frames:
        raise RecordingError(
            f'{path}: truncated: {frames} frames promised, {len(rows)} are there; '
            'copy the file again, or correct Frames if it was cut on purpose'
        )
    values = number_table(path, rows, sum(len(joint.channels) for joint in joints), at + 1)
    if not np.isfinite(values).all():
        raise RecordingError(f'{path}: a frame has too few values, or absurd ones: corrupt')
    return values


def _points(joints: list[_Joint], values: Array) -> Array:
    """Origins of all joints (T, N, 3) in the file's unit."""
    turns = np.broadcast_to(np.eye(3), (len(values), len(joints), 3, 3)).copy()
    offsets = np.tile(np.array([joint.offset for joint in joints]), (len(values), 1, 1))
    column = 0
    for i, joint in enumerate(joints):
        own = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        order = [k for k, name in enumerate(joint.channels) if name.endswith('rotation')]
        turns[:, i] = euler(
            np.deg2rad(own[:, order]), ''.join(joint.channels[k][0] for k in order)
        )
        for k, name in enumerate(joint.channels):
            if name.endswith('position'):
                offsets[:, i, 'XYZ'.index(name[0])] = own[:, k]
    return place([joint.parent for joint in joints], turns, offsets)


def _unit(path: Path, joints: list[_Joint]) -> tuple[float, str]:
    """Metres per unit, from the two longest ways from the root: to a toe and to the crown."""
    reach = np.zeros(len(joints))
    for i, joint in enumerate(joints):
        if joint.parent >= 0:
            reach[i] = reach[joint.parent] + np.linalg.norm(joint.offset)
    size = float(reach.max(initial=0.0)) * 1.75  # arms are shorter than legs; crown adds 3/4
    for scale, name, low, high in _UNITS:
        if low <= size < high:
            return scale, name
    raise RecordingError(
        f'{path}: a person {size:.3g} units long fits no usual unit: give the unit in metres'
    )
