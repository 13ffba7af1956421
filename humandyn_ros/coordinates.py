"""Generalized coordinates in the names and signs of the Rajagopal 2016 model, from joint centres.

x forward, y up, z to the right, as in OpenSim. Axial rotations of thigh, shank, upper arm and
forearm cannot be seen in joint centres and are not among the coordinates.
Source: Rajagopal et al. 2016, IEEE Trans. Biomed. Eng. 63(10), and its published model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import JOINTS, cross
from humandyn_ros.quantities import CANONICAL, Array

_LEG = ('hip_flexion', 'hip_adduction', 'knee_angle', 'ankle_angle')
_BACK = ('lumbar_extension', 'lumbar_bending', 'lumbar_rotation')
_ARM = ('arm_flex', 'arm_add', 'elbow_flex')

COORDINATES = (
    *(f'{name}_r' for name in _LEG),
    *(f'{name}_l' for name in _LEG),
    *_BACK,
    *(f'{name}_r' for name in _ARM),
    *(f'{name}_l' for name in _ARM),
)
"""Names in the order of every array of coordinates (17)."""

_JOINT_OF = {'hip': 'hip', 'knee': 'knee', 'ankle': 'ankle', 'arm': 'shoulder', 'elbow': 'elbow'}


def _joint_of(coordinate: str) -> str:
    if coordinate.startswith('lumbar'):
        return 'lumbar'
    side = 'right' if coordinate.endswith('_r') else 'left'
    return f'{side}_{_JOINT_OF[coordinate.split("_", maxsplit=1)[0]]}'


JOINT_ROWS = np.array([JOINTS.index(_joint_of(name)) for name in COORDINATES])
"""Row of JOINTS whose moment each coordinate projects (17,)."""

# Bars in threes: thighs and upper arms, what they carry, feet; then the girdles and the spine.
_ENDS = (
    ('right_hip', 'right_knee'), ('left_hip', 'left_knee'),
    ('right_shoulder', 'right_elbow'), ('left_shoulder', 'left_elbow'),
    ('right_knee', 'right_ankle'), ('left_knee', 'left_ankle'),
    ('right_elbow', 'right_wrist'), ('left_elbow', 'left_wrist'),
    ('right_ankle', 'right_foot'), ('left_ankle', 'left_foot'),
    ('left_hip', 'right_hip'), ('left_shoulder', 'right_shoulder'),
    ('pelvis', 'spine1'), ('spine1', 'neck'),
)  # fmt: skip
_BARS = np.zeros((len(_ENDS), len(CANONICAL.joints)))
for _row, (_start, _end) in enumerate(_ENDS):
    _BARS[_row, CANONICAL.index[_start]] = -1.0
    _BARS[_row, CANONICAL.index[_end]] = 1.0

_SWING, _SPREAD, _HINGE = np.array([0, 4, 11, 14]), np.array([1, 5, 12, 15]), [2, 6, 13, 16]
_ANKLE, _BACK_AT = [3, 7], slice(8, 11)
_SIDE = np.array([1.0, -1.0, 1.0, -1.0])  # right, left
_BENDS = np.array([-1.0, -1.0, 1.0, 1.0])  # knees bend about -z, elbows about +z
# A nearly straight knee or elbow does not show its axis: there the axis leans on the parent's
# left-right axis, with the weight of a flexion whose sine is this.
_STRAIGHT = 0.35
_TALOCRURAL = np.array([-0.105, -0.174, 0.979])  # axis in the right shank, Rajagopal's model
_SINGULAR = 1e-6
_RATE_STEP_S = 1e-4  # of the central difference that turns angles into rates
FOOT_SLOPE_RAD = 0.42  # of the line ankle centre -> ball below the sole, foot flat


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Angles, rates and axes of all coordinates at one instant.

    Attributes:
        angle: (17,) rad.
        rate: (17,) rad/s.
        axes: Unit axes in world axes (17, 3): torque = axis · moment on the distal segment.
    """

    angle: Array
    rate: Array
    axes: Array


def coordinates(positions: Array, velocities: Array) -> Coordinates:
    """Coordinates of a person from canonical joint centres, none missing.

    Args:
        positions: (24, 3) m, world z up.
        velocities: (24, 3) m/s.
    """
    bars = _BARS @ positions
    step = _RATE_STEP_S * (_BARS @ velocities)
    angle, axes = _evaluate(np.stack([bars, bars + step, bars - step]))
    turn = np.remainder(angle[1] - angle[2] + np.pi, 2 * np.pi) - np.pi
    return Coordinates(angle[0], turn / (2 * _RATE_STEP_S), axes[0])


def _dot(a: Array, b: Array) -> Array:
    result: Array = np.einsum('...i,...i->...', a, b)
    return result


def _unit(v: Array) -> Array:
    result: Array = v / np.maximum(np.sqrt(_dot(v, v)), 1e-9)[..., None]
    return result


def _evaluate(bars: Array) -> tuple[Array, Array]:
    """Angles (N, 17) and axes (N, 17, 3) of N sets of bars (N, 14, 3)."""
    u = _unit(bars)
    z = u[:, 10:12]
    x = _unit(cross(u[:, 12:14], z))
    frames = np.stack([x, cross(z, x), z], axis=2)  # (N, pelvis and torso, x y z, 3)
    angle, axes = np.empty((len(u), 17)), np.empty((len(u), 17, 3))
    roots = frames.repeat(2, axis=1)  # (N, limb, x y z, 3)
    _balls(u[:, :4], roots, angle, axes)
    _hinges(u[:, :4], u[:, 4:8], roots[:, :, 2], angle, axes)
    _ankles(u[:, 4:6], u[:, 8:10], angle, axes)
    _lumbar(frames, angle, axes)
    return angle, axes


def _balls(limb: Array, roots: Array, angle: Array, axes: Array) -> None:
    """Hips and shoulders: flexion about the parent's z, then adduction about the turned x."""
    x, y, z = np.moveaxis(np.einsum('nlak,nlk->nla', roots, limb), 2, 0)
    flat = np.hypot(x, y)
    y = np.where(flat < _SINGULAR, -_SINGULAR, y)  # limb along z: adduct about the parent's x
    flat = np.maximum(flat, _SINGULAR)
    angle[:, _SWING] = np.arctan2(x, -y)
    angle[:, _SPREAD] = -_SIDE * np.arctan2(z, flat)
    axes[:, _SWING] = roots[:, :, 2]
    turned = (x / flat)[..., None] * roots[:, :, 1] - (y / flat)[..., None] * roots[:, :, 0]
    axes[:, _SPREAD] = _SIDE[:, None] * turned


def _hinges(limb: Array, child: Array, lateral: Array, angle: Array, axes: Array) -> None:
    """Knees and elbows: flexion about the normal of the plane they bend in."""
    normal = cross(limb, child)
    lean = lateral - _dot(lateral, limb)[..., None] * limb
    axis = _unit(normal + (_STRAIGHT * _BENDS)[:, None] * lean)
    angle[:, _HINGE] = np.arctan2(_dot(normal, axis), _dot(limb, child))
    axes[:, _HINGE] = axis


def _ankles(shank: Array, foot: Array, angle: Array, axes: Array) -> None:
    """Ankles: dorsiflexion about the talocrural axis, zero with the sole square to the shank."""
    normal = cross(shank, foot)
    opening = np.arctan2(np.sqrt(_dot(normal, normal)), -_dot(foot, shank))
    angle[:, _ANKLE] = np.pi / 2 + FOOT_SLOPE_RAD - opening
    z = _unit(normal)
    side = _SIDE[:2, None]
    forward, up, right = _TALOCRURAL
    axes[:, _ANKLE] = side * (forward * cross(z, shank) - up * shank) + right * z


def _lumbar(frames: Array, angle: Array, axes: Array) -> None:
    """Back: extension about the pelvis' z, then bending about x, then rotation about y."""
    pelvis, torso = frames[:, 0], frames[:, 1]
    r = np.einsum('nak,nbk->nab', pelvis, torso)
    angle[:, 8] = np.arctan2(-r[:, 0, 1], r[:, 1, 1])
    angle[:, 9] = np.arcsin(np.clip(r[:, 2, 1], -1.0, 1.0))
    angle[:, 10] = np.arctan2(-r[:, 2, 0], r[:, 2, 2])
    axes[:, 8] = pelvis[:, 2]
    axes[:, 9] = _unit(cross(torso[:, 1], pelvis[:, 2]))
    axes[:, 10] = torso[:, 1]
