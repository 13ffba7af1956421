"""Generalized coordinates in the names and signs of the Rajagopal 2016 model, from joint centres.

x forward, y up, z to the right, as in OpenSim. Axial rotations of thigh, shank, upper arm and
forearm cannot be seen in joint centres and are not among the coordinates.
Source: Rajagopal et al. 2016, IEEE Trans. Biomed. Eng. 63(10), and its published model.

Plain floats and tuples, not arrays: on single vectors they take a third of NumPy's time, and
`kernels.compiled` compiles the functions of SCALAR as they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, hypot, pi, sqrt

import numpy as np

from humandyn_ros.body import JOINTS, cross
from humandyn_ros.kernels import kernel
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

# Joints beyond which each foot lies, left and right (12, 2).
CARRIES = (
    np.array(
        [
            [name == 'root' or name in (f'{side}_hip', f'{side}_knee', f'{side}_ankle')]
            for side in ('left', 'right')
            for name in JOINTS
        ],
        dtype=float,
    )
    .reshape(2, len(JOINTS))
    .T
)
_ENDS = (
    ('pelvis', 'spine1'), ('left_hip', 'right_hip'),
    ('spine1', 'neck'), ('left_shoulder', 'right_shoulder'),
    ('right_hip', 'right_knee'), ('right_knee', 'right_ankle'), ('right_ankle', 'right_foot'),
    ('left_hip', 'left_knee'), ('left_knee', 'left_ankle'), ('left_ankle', 'left_foot'),
    ('right_shoulder', 'right_elbow'), ('right_elbow', 'right_wrist'),
    ('left_shoulder', 'left_elbow'), ('left_elbow', 'left_wrist'),
)  # fmt: skip
STARTS, STOPS = np.array([[CANONICAL.index[name] for name in ends] for ends in _ENDS]).T

# A nearly straight knee or elbow does not show its axis: there the axis leans on the parent's
# left-right axis, with the weight of a flexion whose sine is this. Knees bend about -z.
_KNEE, _ELBOW = -0.35, 0.35
_TALOCRURAL = (-0.105, -0.174, 0.979)  # axis in the right shank, Rajagopal's model
_RIGHT, _LEFT = 1.0, -1.0
_SINGULAR = 1e-6
RATE_STEP_S = 1e-6  # of the difference that turns angles into rates; errors below 1e-4 rad/s
FOOT_SLOPE_RAD = 0.42  # of the line ankle centre -> ball below the sole, foot flat

Vector = tuple[float, float, float]
Vector4 = tuple[float, float, float, float]
Frame = tuple[Vector, Vector, Vector]  # axes x, y, z


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
    return Coordinates(*measure(positions, velocities))


@kernel
def measure(positions: Array, velocities: Array) -> tuple[Array, Array, Array]:
    """Angles (17,), rates (17,) and axes (17, 3); see `coordinates`."""
    bars = positions.take(STOPS, 0) - positions.take(STARTS, 0)
    turning = velocities.take(STOPS, 0) - velocities.take(STARTS, 0)
    now, axes = evaluate(bars.tolist())
    later, _ = evaluate((bars + RATE_STEP_S * turning).tolist())
    angle = np.array(now)
    turn = np.array(later) - angle
    turn -= 2 * pi * np.rint(turn / (2 * pi))
    return angle, turn / RATE_STEP_S, np.array(axes)


@kernel
def joint_torques(
    loads: tuple[Array, Array, Array],
    ground: tuple[Array, Array],
    axes: Array,
    mass_kg: float,
) -> Array:
    """Torque of every coordinate (17,) N·m.

    Args:
        loads: Joint centres, m, forces, N/kg, and moments, N·m/kg, of JOINTS (12, 3) each.
        ground: Forces on both feet and their moments (2, 3) each, the same units and origin.
        axes: Of the coordinates (17, 3).
        mass_kg: Body mass.
    """
    points, force, moment = loads
    force = force - CARRIES @ ground[0]
    moment = moment - CARRIES @ ground[1] - cross(points, force)
    torque: Array = mass_kg * (axes * moment[JOINT_ROWS]).sum(1)
    return torque


def evaluate(bars: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[Vector, ...]]:
    """Angles and axes, in the order of COORDINATES, for the bars of _ENDS (14, 3)."""
    hips, shoulders = _unit(bars[1]), _unit(bars[3])
    pelvis, torso = _frame(_unit(bars[0]), hips), _frame(_unit(bars[2]), shoulders)
    right = _leg(pelvis, _unit(bars[4]), _unit(bars[5]), _unit(bars[6]), _RIGHT)
    left = _leg(pelvis, _unit(bars[7]), _unit(bars[8]), _unit(bars[9]), _LEFT)
    back = _lumbar(pelvis, torso)
    right_arm = _arm(torso, _unit(bars[10]), _unit(bars[11]), _RIGHT)
    left_arm = _arm(torso, _unit(bars[12]), _unit(bars[13]), _LEFT)
    return (
        right[0] + left[0] + back[0] + right_arm[0] + left_arm[0],
        right[1] + left[1] + back[1] + right_arm[1] + left_arm[1],
    )


def _leg(
    pelvis: Frame, thigh: Vector, shank: Vector, foot: Vector, side: float
) -> tuple[Vector4, tuple[Vector, Vector, Vector, Vector]]:
    (flexion, adduction), (flexes, adducts), lean = _ball(pelvis, thigh, side)
    bend, knee = _hinge(thigh, shank, lean, _KNEE)
    rise, ankle = _ankle(shank, foot, side)
    return (flexion, adduction, bend, rise), (flexes, adducts, knee, ankle)


def _arm(torso: Frame, upper: Vector, forearm: Vector, side: float) -> tuple[Vector, Frame]:
    (flexion, adduction), (flexes, adducts), lean = _ball(torso, upper, side)
    bend, elbow = _hinge(upper, forearm, lean, _ELBOW)
    return (flexion, adduction, bend), (flexes, adducts, elbow)


def _ball(
    parent: Frame, limb: Vector, side: float
) -> tuple[tuple[float, float], tuple[Vector, Vector], Vector]:
    """Flexion about the parent's z, then adduction about the turned x.

    Also returns what of the parent's z is square to the limb.
    """
    forward, up, right = parent
    x, y, z = _dot(forward, limb), _dot(up, limb), _dot(right, limb)
    flat = hypot(x, y)
    if flat < _SINGULAR:  # a limb along z adducts about the parent's x
        y, flat = -_SINGULAR, _SINGULAR
    scale = side / flat
    adducts = _sum(scale * x, up, -scale * y, forward)
    lean = _sum(1.0, right, -z, limb)
    return (atan2(x, -y), atan2(-side * z, flat)), (right, adducts), lean


def _hinge(limb: Vector, child: Vector, lean: Vector, straight: float) -> tuple[float, Vector]:
    """Knee or elbow: bending about the normal of both bars."""
    normal = _cross(limb, child)
    axis = _unit(_sum(1.0, normal, straight, lean))
    return atan2(_dot(normal, axis), _dot(limb, child)), axis


def _ankle(shank: Vector, foot: Vector, side: float) -> tuple[float, Vector]:
    """Dorsiflexion about the talocrural axis, zero with the sole square to the shank."""
    normal = _cross(shank, foot)
    length = sqrt(_dot(normal, normal))
    angle = atan2(length, _dot(shank, foot)) - (pi / 2 - FOOT_SLOPE_RAD)
    z = _sum(1.0 / max(length, 1e-9), normal, 0.0, normal)
    forward, up, right = _TALOCRURAL
    tilted = _sum(side * forward, _cross(z, shank), -side * up, shank)
    return angle, _sum(1.0, tilted, right, z)


def _lumbar(pelvis: Frame, torso: Frame) -> tuple[Vector, Frame]:
    """Extension about the pelvis' z, then bending about x, then rotation about y."""
    forward, up, right = torso
    tilt, level = -_dot(pelvis[0], up), _dot(pelvis[1], up)
    bend, turn, ahead = _dot(pelvis[2], up), -_dot(pelvis[2], forward), _dot(pelvis[2], right)
    angles = (atan2(tilt, level), atan2(bend, hypot(turn, ahead)), atan2(turn, ahead))
    return angles, (pelvis[2], _unit(_cross(up, pelvis[2])), up)


def _frame(spine: Vector, across: Vector) -> Frame:
    """Axes x forward, y up, z right of a part of the trunk."""
    forward = _unit(_cross(spine, across))
    return forward, _cross(across, forward), across


def _unit(bar: Sequence[float]) -> Vector:
    x, y, z = bar[0], bar[1], bar[2]
    scale = 1.0 / max(sqrt(x * x + y * y + z * z), 1e-9)
    return x * scale, y * scale, z * scale


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    ax, ay, az = a
    bx, by, bz = b
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _sum(p: float, a: Vector, q: float, b: Vector) -> Vector:
    """Return p a + q b."""
    return p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2]


SCALAR = (
    _dot, _cross, _sum, _unit, _frame, _lumbar, _ankle, _hinge, _ball, _arm, _leg, evaluate,
)  # fmt: skip
"""Functions of plain numbers, callees first."""
