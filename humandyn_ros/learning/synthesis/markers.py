"""Virtual markers on the skin, from joint centres: our own simple surface.

Every marker hangs on a segment: a joint, and an offset forwards, up along the segment and to the
outside, in body heights. The girth of limbs grows with the root of the body mass index; markers
are placed with a few millimetres of error, and soft tissue lets them wander.
"""

from __future__ import annotations

import numpy as np

from humandyn_ros.learning.synthesis.angles import trunk_frame, unit
from humandyn_ros.learning.synthesis.labels import Body
from humandyn_ros.learning.synthesis.noise import wandering
from humandyn_ros.quantities import CANONICAL, Array

_PLACED_M, _TISSUE_M, _TISSUE_S = 0.006, 0.003, 0.1
_BMI = 22.0  # at which the offsets hold
_Offset = tuple[str, str, float, float, float]  # segment, joint, forwards, up, outwards

_TRUNK: tuple[tuple[str, _Offset], ...] = (
    ('SACR', ('pelvis', 'pelvis', -0.055, 0.02, 0.0)),
    ('C7', ('torso', 'neck', -0.035, 0.0, 0.0)),
    ('T10', ('torso', 'spine2', -0.06, 0.02, 0.0)),
    ('CLAV', ('torso', 'neck', 0.035, -0.03, 0.0)),
    ('STRN', ('torso', 'spine3', 0.06, -0.01, 0.0)),
)
_SIDED: tuple[tuple[str, _Offset], ...] = (
    ('ASI', ('pelvis', 'hip', 0.045, 0.045, 0.022)),
    ('PSI', ('pelvis', 'hip', -0.055, 0.045, -0.025)),
    ('SHO', ('torso', 'shoulder', 0.0, 0.032, 0.0)),
    ('FHD', ('head', 'head', 0.05, 0.04, 0.035)),
    ('BHD', ('head', 'head', -0.05, 0.04, 0.035)),
    ('TRO', ('thigh', 'hip', 0.0, -0.02, 0.05)),
    ('THI', ('thigh', 'knee', 0.01, 0.11, 0.04)),
    ('THF', ('thigh', 'knee', 0.042, 0.13, 0.0)),
    ('KNE', ('thigh', 'knee', 0.0, 0.005, 0.029)),
    ('KNM', ('thigh', 'knee', 0.0, 0.005, -0.029)),
    ('TIB', ('shank', 'ankle', 0.008, 0.1, 0.026)),
    ('SHN', ('shank', 'ankle', 0.025, 0.13, 0.0)),
    ('ANK', ('shank', 'ankle', 0.0, 0.0, 0.02)),
    ('ANM', ('shank', 'ankle', 0.0, 0.004, -0.02)),
    ('HEE', ('foot', 'ankle', -0.03, -0.02, 0.0)),
    ('TOE', ('foot', 'foot', 0.015, 0.015, -0.005)),
    ('MT5', ('foot', 'foot', -0.015, 0.005, 0.022)),
    ('UPA', ('upper_arm', 'elbow', 0.0, 0.08, 0.026)),
    ('ELB', ('upper_arm', 'elbow', -0.005, 0.0, 0.022)),
    ('FRA', ('forearm', 'wrist', 0.0, 0.07, 0.018)),
    ('WRA', ('forearm', 'wrist', 0.016, 0.0, 0.005)),
    ('WRB', ('forearm', 'wrist', -0.016, 0.0, 0.005)),
    ('FIN', ('forearm', 'hand', 0.0, 0.0, 0.008)),
)
_LIMBS = {
    'thigh': ('hip', 'knee', 'pelvis'), 'shank': ('knee', 'ankle', 'thigh'),
    'foot': ('ankle', 'foot', 'shank'), 'upper_arm': ('shoulder', 'elbow', 'torso'),
    'forearm': ('elbow', 'wrist', 'upper_arm'),
}  # fmt: skip

MARKERS = (
    *(name for name, _ in _TRUNK),
    *(f'{letter}{name}' for letter in 'LR' for name, _ in _SIDED),
)
"""Names in order, after Plug-in Gait where it has one."""


def markers_of(points: Array, body: Body, rate_hz: float, random: np.random.Generator) -> Array:
    """Markers (T, len(MARKERS), 3) m on the skin of a person.

    Args:
        points: Canonical joint centres (T, 24, 3) m.
        body: Height and mass give the size and the girth.
        rate_hz: Frame rate.
        random: Placement and soft tissue.
    """
    girth = np.sqrt(body.mass_kg / body.height_m**2 / _BMI)
    frames = segment_frames(points)
    size = girth, body.height_m
    found = [_marker(points, frames, offset, '', size) for _, offset in _TRUNK]
    for side in ('left', 'right'):
        found += [_marker(points, frames, offset, side, size) for _, offset in _SIDED]
    result = np.stack(found, 1)
    result += _PLACED_M * random.standard_normal(result.shape[1:])
    shape = (len(result), result.shape[1] * 3)
    tissue = wandering(shape, rate_hz, _TISSUE_S, random).reshape(result.shape)
    moved: Array = result + _TISSUE_M * girth * tissue
    return moved


def segment_frames(points: Array) -> dict[str, Array]:
    """Axes forwards, up along the segment and right, as columns (T, 3, 3), by segment."""

    def at(name: str) -> Array:
        found: Array = points[:, CANONICAL.index[name]]
        return found

    across = unit(at('right_hip') - at('left_hip'))
    shoulders = unit(at('right_shoulder') - at('left_shoulder'))
    frames = {
        'pelvis': np.stack(trunk_frame(unit(at('spine1') - at('pelvis')), across), 2),
        'torso': np.stack(trunk_frame(unit(at('neck') - at('spine1')), shoulders), 2),
        'head': np.stack(trunk_frame(unit(at('head') - at('neck')), shoulders), 2),
    }
    for side in ('left', 'right'):
        for name, (near, far, parent) in _LIMBS.items():
            parent_frame = frames[parent if parent in frames else f'{side}_{parent}']
            up = unit(at(f'{side}_{near}') - at(f'{side}_{far}'))
            if name == 'foot':  # its long axis lies forwards
                right = unit(np.cross(-up, parent_frame[..., 1]))
                frames[f'{side}_{name}'] = np.stack([-up, np.cross(right, -up), right], 2)
                continue
            right = parent_frame[..., 2]
            right = unit(right - (right * up).sum(1, keepdims=True) * up)
            frames[f'{side}_{name}'] = np.stack([np.cross(up, right), up, right], 2)
    return frames


def _marker(
    points: Array,
    frames: dict[str, Array],
    offset: _Offset,
    side: str,
    size: tuple[float, float],
) -> Array:
    (segment, joint, forwards, up, outwards), (girth, height_m) = offset, size
    name = f'{side}_{joint}' if f'{side}_{joint}' in CANONICAL.index else joint
    frame = frames[f'{side}_{segment}'] if f'{side}_{segment}' in frames else frames[segment]
    outside = outwards if side == 'right' else -outwards
    local = height_m * np.array([girth * forwards, up, girth * outside])
    result: Array = points[:, CANONICAL.index[name]] + frame @ local
    return result
