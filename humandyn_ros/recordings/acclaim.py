"""Acclaim skeleton and motion (.asf + .amc), as in the CMU motion capture database.

Every bone is a point: its far end. 'lhipjoint' is the left hip, 'lfemur' the left knee, 'ltibia'
the ankle, 'rclavicle' the right shoulder; 'root' is the pelvis. Source: Lander 1998, "Working with
motion capture file formats"; unit: the length in the .asf's :units is per inch, 0.45 at CMU, so
1 unit = 0.0564444 m.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.files import read_lines, reading, stem_and_ending
from humandyn_ros.recordings.recording import Recording
from humandyn_ros.recordings.tree import euler, place

_INCH_M = 0.0254
CMU_RATE_HZ = 120.0


@dataclass
class _Bone:
    name: str
    parent: int = -1
    offset: Array = field(default_factory=lambda: np.zeros(3))  # from its near to its far end
    axis: Array = field(default_factory=lambda: np.eye(3))  # the bone's own axes, (3, 3)
    freedoms: tuple[str, ...] = ()  # 'rx', 'tz', ... in file order


def read_acclaim(
    path: Path,
    asf: Path | None = None,
    unit_m: float | None = None,
    rate_hz: float | None = None,
) -> Recording:
    """Read a .amc file with its .asf skeleton.

    Args:
        path: The .amc, plain or .gz.
        asf: The skeleton; without it the one beside the .amc: 14.asf for 14_06.amc, or the only
            one in the folder.
        unit_m: Metres per unit; without it from the .asf.
        rate_hz: Frame rate, which the format lacks; without it CMU's 120 Hz.

    Raises:
        RecordingError: A file is missing, empty, truncated or corrupt, or they do not fit.
    """
    skeleton_path = asf or _beside(path)
    skeleton_lines = read_lines(skeleton_path)
    with reading(skeleton_path, '.asf'):
        bones, length = _skeleton(skeleton_path, skeleton_lines)
    lines = read_lines(path)
    with reading(path, '.amc'):
        frames = _frames(path, lines, bones)
        points = _points(bones, frames)
    rate = rate_hz or CMU_RATE_HZ
    scale = unit_m or _INCH_M / length
    notes = (f'1 unit = {scale:.7f} m', f'{rate:g} Hz{"" if rate_hz else ", assumed as at CMU"}')
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=np.rint(np.arange(len(points)) / rate * 1e9).astype(np.int64),
        points=points * scale,
        confidence=np.ones(points.shape[:2]),
        names=tuple(bone.name for bone in bones),
        rate_hz=rate,
        up='Y',
        format=None,
        kind='joints',
        parents=tuple(bone.parent for bone in bones),
        notes=notes,
    )


def _beside(path: Path) -> Path:
    try:
        found = [p for p in sorted(path.parent.iterdir()) if stem_and_ending(p)[1] == '.asf']
    except OSError as error:
        raise RecordingError(f'{path}: cannot be read ({error.strerror})') from error
    stem = stem_and_ending(path)[0]
    named = [p for p in found if stem.startswith(stem_and_ending(p)[0])]
    choice = sorted(named, key=lambda p: len(p.name))[-1:] or found
    if len(choice) != 1:
        there = ', '.join(p.name for p in found) or 'none'
        raise RecordingError(f'{path}: needs its skeleton .asf beside it (found: {there})')
    return choice[0]


def _skeleton(path: Path, lines: list[str]) -> tuple[list[_Bone], float]:
    sections: dict[str, list[list[str]]] = {}
    section = ''
    for line in lines:
        words = line.split('#')[0].split()
        if words and words[0].startswith(':'):
            section = words[0][1:].lower()
        elif words:
            sections.setdefault(section, []).append(words)
    missing = {'root', 'bonedata', 'hierarchy'} - set(sections)
    if missing:
        raise RecordingError(f'{path}: section :{sorted(missing)[0]} is missing: truncated?')
    units = {words[0]: words[-1] for words in sections.get('units', [])}
    in_radians = units.get('angle', 'deg').startswith('rad')
    bones = {'root': _root(sections['root'], in_radians)}
    for bone in _bones(sections['bonedata'], in_radians):
        bones[bone.name] = bone
    return _ordered(path, bones, sections['hierarchy']), float(units.get('length', 1.0))


def _root(rows: list[list[str]], in_radians: bool) -> _Bone:
    entries = {words[0].lower(): words[1:] for words in rows}
    freedoms = tuple(word.lower() for word in entries.get('order', []))
    order = entries.get('axis', ['XYZ'])[0]
    angles = [float(x) for x in entries.get('orientation', ['0', '0', '0'])]
    return _Bone('root', axis=_axes(angles, order, in_radians), freedoms=freedoms)


def _bones(rows: list[list[str]], in_radians: bool) -> list[_Bone]:
    bones: list[_Bone] = []
    direction, length = np.zeros(3), 0.0
    for words in rows:
        if words[0] == 'begin':
            bones.append(_Bone(''))
        elif words[0] == 'name':
            bones[-1].name = words[1]
        elif words[0] == 'direction':
            direction = np.array([float(x) for x in words[1:4]])
        elif words[0] == 'length':
            length = float(words[1])
        elif words[0] == 'axis':
            angles = [float(x) for x in words[1:4]]
            bones[-1].axis = _axes(angles, words[4] if len(words) > 4 else 'XYZ', in_radians)
        elif words[0] == 'dof':
            bones[-1].freedoms = tuple(word.lower() for word in words[1:])
        elif words[0] == 'end':
            bones[-1].offset = direction * length
    return bones


def _axes(angles: list[float], order: str, in_radians: bool) -> Array:
    """Axes turned about fixed axes in the order named: the last is outermost."""
    values = np.array([angles]) if in_radians else np.deg2rad([angles])
    matrix: Array = euler(values[:, ::-1], order.upper()[::-1])[0]
    return matrix


def _ordered(path: Path, bones: dict[str, _Bone], rows: list[list[str]]) -> list[_Bone]:
    """Set the parents and sort them before their children."""
    order = ['root']
    for words in rows:
        if words[0] in ('begin', 'end'):
            continue
        if words[0] not in order or not set(words[1:]) <= set(bones):
            raise RecordingError(f'{path}: hierarchy line {" ".join(words)!r} names unknown bones')
        for child in words[1:]:
            bones[child].parent = order.index(words[0])
            order.append(child)
    if len(set(order)) != len(order):
        raise RecordingError(f'{path}: a bone has two parents: corrupt file')
    return [bones[name] for name in order]


def _frames(path: Path, lines: list[str], bones: list[_Bone]) -> list[dict[str, list[float]]]:
    freedoms = {bone.name: len(bone.freedoms) for bone in bones if bone.freedoms}
    frames: list[dict[str, list[float]]] = []
    for number, line in enumerate(lines, 1):
        words = line.split('#')[0].split()
        if not words or words[0].startswith(':'):
            continue
        if len(words) == 1 and words[0].isdigit():
            frames.append({})
            continue
        if not frames or len(words) - 1 != freedoms.get(words[0]):
            raise RecordingError(
                f'{path}: line {number} ({words[0]!r}, {len(words) - 1} values) does not fit the '
                'skeleton: wrong .asf, or a damaged file'
            )
        frames[-1][words[0]] = [float(word) for word in words[1:]]
        if not np.isfinite(frames[-1][words[0]]).all():
            raise RecordingError(f'{path}: line {number} holds absurd values: corrupt file')
    if not frames:
        raise RecordingError(f'{path}: holds no frames: empty, or not a .amc file')
    short = next((i for i, frame in enumerate(frames) if len(frame) != len(freedoms)), None)
    if short is not None:
        raise RecordingError(f'{path}: frame {short + 1} lacks bones: truncated or corrupt')
    return frames


def _points(bones: list[_Bone], frames: list[dict[str, list[float]]]) -> Array:
    """Far ends of all bones (T, N, 3) in the file's unit."""
    count = len(frames)
    turns = np.broadcast_to(np.eye(3), (count, len(bones), 3, 3)).copy()
    offsets = np.tile(np.array([bone.offset for bone in bones]), (count, 1, 1))
    for i, bone in enumerate(bones):
        values = np.array([frame[bone.name] for frame in frames if bone.freedoms])
        angles = np.zeros((count, 3))
        for k, freedom in enumerate(bone.freedoms):
            column = 'xyz'.index(freedom[1]) if freedom[1:] in ('x', 'y', 'z') else -1
            if freedom[0] == 'r' and column >= 0:
                angles[:, column] = np.deg2rad(values[:, k])
            elif freedom[0] == 't' and column >= 0:
                offsets[:, i, column] = values[:, k]
        # Angles are about the bone's own axes, x first, then y and z of the fixed frame.
        own = euler(angles[:, ::-1], 'ZYX')
        turns[:, i] = bone.axis @ own @ bone.axis.T
    # A bone's far end lies in the bone's own axes: hang it on the bone's rotation.
    return _far_ends([bone.parent for bone in bones], turns, offsets)


def _far_ends(parents: list[int], turns: Array, offsets: Array) -> Array:
    """Near ends by the tree's forward kinematics, each carried on along its own bone."""
    arms = (turns @ offsets[..., None])[..., 0]
    arms[:, 0] = offsets[:, 0]
    return place(parents, turns, arms)
