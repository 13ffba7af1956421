"""The segment model and Newton-Euler inverse dynamics in Cartesian form.

Every segment is a rigid set of bars between joint centres. Its centre of mass and its bars are
fixed linear combinations of the 24 joint centres and of one vector out of the back, so that all
inertial loads, summed over the part of the body beyond every joint, come from three constant
matrices and one cross product:

    force   f = m (a - g)                at the centre of mass
    moment  n = Σ k d × d̈                of bars with direction d and second moment k |d|²

For bars of constant length this is Euler's equation of the rigid segment exactly: with
Ḣ = d/dt ∫ r × v dm and r linear in the joint centres, ω does not appear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import TRUNK_BEHIND, SegmentTable, segment_table
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])
_J = len(CANONICAL.joints)
HEAD_CENTRE = 1.2  # head's centre of mass, neck -> head lengths beyond the neck

JOINTS = (
    'root', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
    'lumbar', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
)  # fmt: skip
"""Joints whose moments are computed; 'root' is the pelvis centre, beyond it the whole body."""


def cross(a: Array, b: Array) -> Array:
    """Row-wise cross product (..., 3); NumPy's own costs ten times as much on small arrays."""
    a1, a2 = a.take(_NEXT, -1), a.take(_AFTER, -1)
    result: Array = a1 * b.take(_AFTER, -1) - a2 * b.take(_NEXT, -1)
    return result


def lever(arm: Array, force: Array) -> Array:
    """Moment of one force: the cross product of two vectors (3,), faster still."""
    (x, y, z), (a, b, c) = arm.tolist(), force.tolist()
    return np.array([y * c - z * b, z * a - x * c, x * b - y * a])


@dataclass(frozen=True, eq=False)
class Segment:
    """One rigid segment.

    Attributes:
        name: For instance 'left_thigh'.
        mass: Share of body mass.
        centre: Weights of the joint centres that give the centre of mass (24,), sum 1.
        bars: Weights that give the directions of its bars (B, 24), sum 0.
        second: Share of body mass times squared radius, per squared bar length (B,).
        beyond: Joints of JOINTS that carry it.
        behind: How far the centre of mass lies behind those joint centres, trunk lengths.
    """

    name: str
    mass: float
    centre: Array
    bars: Array
    second: Array
    beyond: tuple[str, ...]
    behind: float = 0.0


def _at(**weights: float) -> Array:
    row = np.zeros(_J)
    for name, weight in weights.items():
        row[CANONICAL.index[name]] = weight
    return row


# Where the joint centres of the trunk lie along the line from mid-hip to mid-shoulder.
TRUNK_LEVELS = {
    'pelvis': 0.0, 'left_hip': 0.0, 'right_hip': 0.0, 'spine1': 0.25, 'spine2': 0.44,
    'spine3': 0.62, 'neck': 1.07, 'left_collar': 1.03, 'right_collar': 1.03,
    'left_shoulder': 1.0, 'right_shoulder': 1.0,
}  # fmt: skip


def trunk_line() -> Array:
    """Matrix (24, 24) that moves hips and shoulders to the line that fits the whole trunk best.

    Applied to accelerations, where a rigid trunk is such a line exactly. It uses what eleven noisy
    points know about the trunk instead of what four do: the noise of the body's acceleration
    falls by 30 %. Differences between left and right stay.
    """
    levels = np.array(list(TRUNK_LEVELS.values()))
    points = np.stack([_at(**{name: 1.0}) for name in TRUNK_LEVELS])
    lines = np.linalg.pinv(np.stack([np.ones_like(levels), levels], axis=1)) @ points
    matrix = np.eye(_J)
    for part, level in (('hip', 0.0), ('shoulder', 1.0)):
        pair = [CANONICAL.index[f'{side}_{part}'] for side in ('left', 'right')]
        matrix[pair] += lines[0] + level * lines[1] - matrix[pair].mean(axis=0)
    return matrix


_MID_HIP = _at(left_hip=0.5, right_hip=0.5)
_MID_SHOULDER = _at(left_shoulder=0.5, right_shoulder=0.5)
_TRUNK = _MID_SHOULDER - _MID_HIP
THIN_M = 1e-3  # shoulders count as this far apart at least
SQUARE = np.stack([_at(right_shoulder=1.0, left_shoulder=-1.0), _TRUNK])


@kernel
def backwards(positions: Array, velocities: Array, accelerations: Array) -> tuple[Array, Array]:
    """Vector out of the back, as long as the trunk, and its second derivative (3,) each.

    It is square to shoulders and trunk, whose lengths do not change.

    Args:
        positions: Canonical joint centres (24, 3) m.
        velocities: Theirs (24, 3) m/s.
        accelerations: Theirs (24, 3) m/s².
    """
    (across, trunk), (v, w), (a, b) = (
        SQUARE @ positions,
        SQUARE @ velocities,
        SQUARE @ accelerations,
    )
    scale = 1.0 / max(math.hypot(*across.tolist()), THIN_M)
    second = lever(a, trunk) + 2.0 * lever(v, w) + lever(across, b)
    return scale * lever(across, trunk), scale * second


def _lumbar(table: SegmentTable) -> Array:
    """The lumbar joint: the navel's level on the line from mid-hip to mid-shoulder."""
    weights: Array = _MID_HIP + table.trunk[2] * _TRUNK
    return weights


def _limb(
    table: SegmentTable, kind: str, ends: tuple[str, str], beyond: tuple[str, ...]
) -> Segment:
    i = table.row(kind)
    side = ends[0].split('_')[0]
    proximal, distal = _at(**{ends[0]: 1.0}), _at(**{ends[1]: 1.0})
    bar = distal - proximal
    second = table.mass[i] * np.mean(table.gyration[i, :2] ** 2)
    return Segment(
        f'{side}_{kind}',
        float(table.mass[i]),
        proximal + table.centre[i] * bar,
        bar[None],
        np.array([second]),
        ('root', *beyond),
    )


def _trunk_part(table: SegmentTable, kind: str, beyond: tuple[str, ...], across: Array) -> Segment:
    """Chest, abdomen or pelvis: one bar along the trunk and one across.

    Between them they give the moments of inertia about the left-right and the long axis exactly.
    """
    i = table.row(kind)
    chest, abdomen, pelvis = table.trunk
    top = {'chest': chest + abdomen + pelvis, 'abdomen': abdomen + pelvis, 'pelvis': pelvis}[kind]
    length = {'chest': chest, 'abdomen': abdomen, 'pelvis': pelvis}[kind]
    centre = _MID_HIP + (top - table.centre[i] * length) * _TRUNK
    along, over = table.gyration[i, 1] * length, table.gyration[i, 2] * length
    return Segment(
        kind,
        float(table.mass[i]),
        centre,
        np.stack([_TRUNK, across]),
        float(table.mass[i]) * np.array([along**2, over**2]),
        ('root', *beyond),
        TRUNK_BEHIND,
    )


def _head(table: SegmentTable) -> Segment:
    i = table.row('head')
    bar = _at(head=1.0, neck=-1.0)
    second = table.mass[i] * np.mean(table.gyration[i] ** 2) * 1.5**2
    return Segment(
        'head',
        float(table.mass[i]),
        _at(neck=1.0) + HEAD_CENTRE * bar,
        bar[None],
        np.array([second]),
        ('root', 'lumbar'),
    )


def segments(table: SegmentTable) -> tuple[Segment, ...]:
    """Sixteen segments over the canonical joint centres."""
    # Shoulder joint centres stand about 0.7 trunk lengths apart, hip centres about 0.35.
    hips = _at(right_hip=1.0, left_hip=-1.0) / 0.35
    shoulders = _at(right_shoulder=1.0, left_shoulder=-1.0) / 0.7
    found = [
        _trunk_part(table, 'pelvis', (), hips),
        _trunk_part(table, 'abdomen', ('lumbar',), shoulders),
        _trunk_part(table, 'chest', ('lumbar',), shoulders),
        _head(table),
    ]
    for side in ('left', 'right'):
        leg = [f'{side}_{part}' for part in ('hip', 'knee', 'ankle', 'foot')]
        arm = [f'{side}_{part}' for part in ('shoulder', 'elbow', 'wrist', 'hand')]
        for i, kind in enumerate(('thigh', 'shank', 'foot')):
            found.append(_limb(table, kind, (leg[i], leg[i + 1]), tuple(leg[: i + 1])))
        for i, kind in enumerate(('upper_arm', 'forearm', 'hand')):
            carriers = ('lumbar', *arm[: min(i + 1, 2)])
            found.append(_limb(table, kind, (arm[i], arm[i + 1]), carriers))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class JointLoads:
    """What must act on the body beyond each joint for the motion to happen, per kilogram.

    Attributes:
        points: Where: joint centres relative to `origin` (12, 3) m, rows as in JOINTS.
        force: Inertial force minus weight of everything beyond (12, 3) N/kg.
        moment: The same about `origin` (12, 3) N·m/kg.
        origin: World position of the pelvis (3,) m.
        mass_centre: Centre of mass of the body relative to `origin` (3,) m.
    """

    points: Array
    force: Array
    moment: Array
    origin: Array
    mass_centre: Array

    def about_joints(self) -> Array:
        """Moments about the joints' own centres (12, 3) N·m/kg."""
        result: Array = self.moment - cross(self.points, self.force)
        return result


class BodyModel:
    """Masses as shares of body mass, lengths from the joint centres themselves.

    Args:
        sex: Which of de Leva's tables: 'female', 'male' or 'average'.
    """

    def __init__(self, sex: str = 'average') -> None:
        self.table = segment_table(sex)
        self.segments = segments(self.table)
        parts = self.segments
        bars = np.concatenate([part.bars for part in parts])
        owner = np.repeat(np.arange(len(parts)), [len(part.bars) for part in parts])
        self.mass = np.array([part.mass for part in parts])
        self.joint_weights = self._joint_weights()
        centres = np.stack([part.centre for part in parts])
        behind = np.array([part.behind for part in parts])
        back = np.concatenate([behind, np.zeros(len(bars))])[:, None]  # weights of `backwards`
        placed, none = np.concatenate([centres, bars]), np.zeros((len(JOINTS), 1))
        self._points = np.block([[self.joint_weights, none], [placed, back]])
        self._inertia = np.block([placed @ trunk_line(), back])
        self._share = np.concatenate([self.mass, *(part.second for part in parts)])
        carried = np.array([[name in part.beyond for part in parts] for name in JOINTS], float)
        self._moment_sums = np.concatenate([carried, carried[:, owner]], axis=1)
        self._force_sums = np.concatenate([carried, np.zeros((len(JOINTS), len(bars)))], axis=1)
        self._weight = np.zeros((len(self._inertia), 3))
        self._weight[: len(parts), 2] = GRAVITY * self.mass
        # The body's centre of mass: weights of the joint centres (24,), and of `backwards`.
        self.centre_weights: Array = self.mass @ centres
        self.behind = float(self.mass @ behind)

    def _joint_weights(self) -> Array:
        special = {'root': _at(pelvis=1.0), 'lumbar': _lumbar(self.table)}
        return np.stack([special[j] if j in special else _at(**{j: 1.0}) for j in JOINTS])

    def loads(self, positions: Array, velocities: Array, accelerations: Array) -> JointLoads:
        """Newton-Euler loads at one instant, without contacts.

        Args:
            positions: Canonical joint centres (24, 3) m, none missing.
            velocities: Theirs (24, 3) m/s.
            accelerations: Theirs (24, 3) m/s².
        """
        back, turning = backwards(positions, velocities, accelerations)
        found = newton_euler(
            np.concatenate([positions, [positions[0] + back]]),
            np.concatenate([accelerations, [turning]]),
            (self._points, self._inertia, self._force_sums, self._moment_sums, self._weight),
            (self._share, self.mass),
        )
        joints, force, moment, centre = found
        return JointLoads(joints, force, moment, positions[0], centre)


@kernel
def newton_euler(
    positions: Array,
    accelerations: Array,
    matrices: tuple[Array, Array, Array, Array, Array],
    shares: tuple[Array, Array],
) -> tuple[Array, Array, Array, Array]:
    """Loads at one instant: points, forces and moments (12, 3) each, mass centre (3,).

    Args:
        positions: Canonical joint centres, then a point behind the pelvis (25, 3) m.
        accelerations: Theirs, but the last relative to the pelvis (25, 3) m/s².
        matrices: Weights of these that give joints, mass centres and bars (12 + P, 25);
            that give accelerations of the last two (P, 25); sums of their forces and moments
            over what lies beyond each joint (12, P) each; their weights (P, 3) N/kg.
        shares: Mass or second moment of each of the P, and mass of each segment.
    """
    points_of, inertia, force_sums, moment_sums, weight = matrices
    share, mass = shares
    points = points_of @ (positions - positions[0])
    arms, joints = points[len(JOINTS) :], points[: len(JOINTS)]
    force = share[:, None] * (inertia @ accelerations) + weight
    centre = mass @ arms[: len(mass)]
    return joints, force_sums @ force, moment_sums @ cross(arms, force), centre
