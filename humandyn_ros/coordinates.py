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

# Limbs, right before left: what hangs on girdles, what hangs on that, feet; girdles; spine.
# A bar's child, where it has one, lies four rows below it.
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

# Computed in the order: flexion of four limbs, their adduction, hinges below them, ankles, back.
_LIMB_ROOT = np.array([0, 0, 1, 1])  # pelvis, torso
_FLEXION, _ADDUCTION, _HINGE, _ANKLE = slice(0, 4), slice(4, 8), slice(8, 12), slice(12, 14)
_COMPUTED = (
    'hip_flexion_r', 'hip_flexion_l', 'arm_flex_r', 'arm_flex_l',
    'hip_adduction_r', 'hip_adduction_l', 'arm_add_r', 'arm_add_l',
    'knee_angle_r', 'knee_angle_l', 'elbow_flex_r', 'elbow_flex_l',
    'ankle_angle_r', 'ankle_angle_l', 'lumbar_extension', 'lumbar_bending', 'lumbar_rotation',
)  # fmt: skip
_ORDER = np.array([_COMPUTED.index(name) for name in COORDINATES])
_SIDE = np.array([1.0, -1.0, 1.0, -1.0])  # right, left
# A nearly straight knee or elbow does not show its axis: there the axis leans on the parent's
# left-right axis, with the weight of a flexion whose sine is this. Knees bend about -z.
_STRAIGHT = 0.35 * np.array([-1.0, -1.0, 1.0, 1.0])[:, None]
_TALOCRURAL = np.array([-0.105, -0.174, 0.979])  # axis in the right shank, Rajagopal's model
_SINGULAR = 1e-6
_RATE_STEP_S = 1e-4  # of the central difference that turns angles into rates
_STENCIL = np.array([0.0, _RATE_STEP_S, -_RATE_STEP_S])[:, None, None]
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
    angle, axes = _evaluate(_BARS @ positions + _STENCIL * (_BARS @ velocities))
    turn = angle[1] - angle[2]
    turn -= 2 * np.pi * np.rint(turn / (2 * np.pi))
    rate = turn / (2 * _RATE_STEP_S)
    return Coordinates(angle[0, _ORDER], rate[_ORDER], axes[0, _ORDER])


def _unit(v: Array) -> Array:
    result: Array = v / np.maximum(np.sqrt((v * v).sum(-1)), 1e-9)[..., None]
    return result


def _evaluate(bars: Array) -> tuple[Array, Array]:
    """Angles (N, 17) and axes (N, 17, 3) of N sets of bars (N, 14, 3), in computed order."""
    u = _unit(bars)
    frames = np.empty((len(u), 2, 3, 3))  # (N, pelvis and torso, x y z, 3)
    frames[:, :, 2] = u[:, 10:12]
    frames[:, :, 0] = _unit(cross(u[:, 12:14], u[:, 10:12]))
    frames[:, :, 1] = cross(frames[:, :, 2], frames[:, :, 0])
    # Every angle is that of a vector (cosine, sine).
    sine, cosine = np.empty((2, len(u), 17))
    axes = np.empty((len(u), 17, 3))
    roots = frames.take(_LIMB_ROOT, axis=1)
    z = _balls(u[:, :4], roots, sine, cosine, axes)
    normal, along = cross(u[:, :6], u[:, 4:10]), (u[:, :6] * u[:, 4:10]).sum(-1)
    lean = roots[:, :, 2] - z[..., None] * u[:, :4]
    axes[:, _HINGE] = _unit(normal[:, :4] + _STRAIGHT * lean)
    sine[:, _HINGE] = (normal[:, :4] * axes[:, _HINGE]).sum(-1)
    cosine[:, _HINGE] = along[:, :4]
    cosine[:, _ANKLE] = along[:, 4:]
    _ankles(u[:, 4:6], normal[:, 4:], sine, axes)
    _lumbar(frames, sine, cosine, axes)
    angle = np.arctan2(sine, cosine)
    angle[:, _ANKLE] -= np.pi / 2 - FOOT_SLOPE_RAD
    return angle, axes


def _balls(limb: Array, roots: Array, sine: Array, cosine: Array, axes: Array) -> Array:
    """Hips and shoulders: flexion about the parent's z, then adduction about the turned x."""
    local = (roots @ limb[..., None])[..., 0]
    x, y, z = local[..., 0], local[..., 1], local[..., 2]
    flat = np.hypot(x, y)
    if flat.min() < _SINGULAR:  # a limb along z adducts about the parent's x
        y = np.where(flat < _SINGULAR, -_SINGULAR, y)
        flat = np.maximum(flat, _SINGULAR)
    sine[:, _FLEXION], cosine[:, _FLEXION] = x, -y
    sine[:, _ADDUCTION], cosine[:, _ADDUCTION] = -_SIDE * z, flat
    axes[:, _FLEXION] = roots[:, :, 2]
    scale = (_SIDE / flat)[..., None]
    turned = x[..., None] * roots[:, :, 1] - y[..., None] * roots[:, :, 0]
    axes[:, _ADDUCTION] = scale * turned
    return z


def _ankles(shank: Array, normal: Array, sine: Array, axes: Array) -> None:
    """Ankles: dorsiflexion about the talocrural axis, zero with the sole square to the shank.

    The angle from the shank to the foot has the sine |normal|; a quarter turn and the slope of
    the line from ankle to ball are taken off afterwards.
    """
    length = np.sqrt((normal * normal).sum(-1))
    sine[:, _ANKLE] = length
    z = normal / np.maximum(length, 1e-9)[..., None]
    forward, up, right = _TALOCRURAL
    tilted = forward * cross(z, shank) - up * shank
    axes[:, _ANKLE] = _SIDE[:2, None] * tilted + right * z


def _lumbar(frames: Array, sine: Array, cosine: Array, axes: Array) -> None:
    """Back: extension about the pelvis' z, then bending about x, then rotation about y."""
    pelvis, torso = frames[:, 0], frames[:, 1]
    r = pelvis @ torso.transpose(0, 2, 1)
    sine[:, 14], cosine[:, 14] = -r[:, 0, 1], r[:, 1, 1]
    sine[:, 15], cosine[:, 15] = r[:, 2, 1], np.hypot(r[:, 2, 0], r[:, 2, 2])
    sine[:, 16], cosine[:, 16] = -r[:, 2, 0], r[:, 2, 2]
    axes[:, 14] = pelvis[:, 2]
    axes[:, 15] = _unit(cross(torso[:, 1], pelvis[:, 2]))
    axes[:, 16] = torso[:, 1]
