"""Newton-Euler loads of whole recordings, summed beyond each of the 24 canonical joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import SQUARE, THIN_M, BodyModel, cross, trunk_line
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

# The first joint of the tree that carries each segment. The trunk is cut at the level of spine1
# (the navel) and again where the chest begins, spine2; above it one rigid chest hangs on both
# spine2 and spine3.
_CARRIER = {
    'pelvis': 'pelvis', 'abdomen': 'spine1', 'chest': 'spine3', 'head': 'neck',
    'thigh': 'hip', 'shank': 'knee', 'foot': 'ankle',
    'upper_arm': 'shoulder', 'forearm': 'elbow', 'hand': 'wrist',
}  # fmt: skip


def beyond() -> Array:
    """1 where joint j is, or lies beyond, joint i of the tree (24, 24)."""
    count = len(CANONICAL.joints)
    result = np.eye(count)
    for j in range(count):
        i = CANONICAL.parents[j]
        while i >= 0:
            result[i, j] = 1.0
            i = CANONICAL.parents[i]
    return result


BEYOND = beyond()


@dataclass(frozen=True, eq=False)
class Loads:
    """What must act on the body beyond each joint, per kilogram of body mass.

    Attributes:
        origin: World position of the pelvis (T, 3) m.
        joints: Joint centres about it (T, 24, 3) m.
        force: Inertial force minus weight beyond each joint (T, 24, 3) N/kg.
        moment: The same about the origin (T, 24, 3) N·m/kg.
        centre: Centre of mass about the origin (T, 3) m.
        inertia: Of the whole body about its centre of mass (T, 3, 3) m².
    """

    origin: Array
    joints: Array
    force: Array
    moment: Array
    centre: Array
    inertia: Array


class WholeBody:
    """The physics engine's segments over all frames of a recording.

    Args:
        sex: Which of de Leva's tables: 'female', 'male' or 'average'.
    """

    def __init__(self, sex: str) -> None:
        parts = BodyModel(sex).segments
        self.mass = np.array([part.mass for part in parts])
        self._centres = np.stack([part.centre for part in parts])
        self._behind = np.array([[part.behind] for part in parts])
        self._bars = np.concatenate([part.bars for part in parts])
        self._second = np.concatenate([part.second for part in parts])[:, None]
        self._line = trunk_line()
        rows = [CANONICAL.index[carrier(part.name)] for part in parts]
        owner = np.repeat(rows, [len(part.bars) for part in parts])
        self._carried, self._carried_bars = BEYOND[:, rows], BEYOND[:, owner]

    def loads(self, points: Array, velocities: Array, accelerations: Array) -> Loads:
        """Loads without contacts.

        Args:
            points: (T, 24, 3) m.
            velocities: (T, 24, 3) m/s.
            accelerations: (T, 24, 3) m/s².
        """
        origin = points[:, 0]
        joints = points - origin[:, None]
        back, swaying = many_backwards(points, velocities, accelerations)
        arms, bars = self._centres @ joints + self._behind * back, self._bars @ joints
        bent = self._line @ accelerations
        moved = self._centres @ bent + self._behind * swaying
        force = self.mass[:, None] * (moved + [0.0, 0.0, GRAVITY])
        turning = cross(bars, self._second * (self._bars @ bent))
        moment = self._carried @ cross(arms, force) + self._carried_bars @ turning
        centre = self.mass @ arms
        return Loads(
            origin,
            joints,
            self._carried @ force,
            moment,
            centre,
            self._inertia(arms - centre[:, None], bars),
        )

    def _inertia(self, arms: Array, bars: Array) -> Array:
        spread = np.einsum('s,tsi,tsj->tij', self.mass, arms, arms)
        spread += np.einsum('s,tsi,tsj->tij', self._second[:, 0], bars, bars)
        trace = np.trace(spread, axis1=1, axis2=2)
        result: Array = trace[:, None, None] * np.eye(3) - spread
        return result


def many_backwards(points: Array, velocities: Array, accelerations: Array) -> tuple[Array, Array]:
    """`body.backwards` of many instants: (T, 1, 3) each."""
    (across, trunk), (v, w), (a, b) = (
        np.moveaxis(SQUARE @ state, 1, 0) for state in (points, velocities, accelerations)
    )
    scale = 1.0 / np.maximum(np.linalg.norm(across, axis=1), THIN_M)[:, None]
    second = cross(a, trunk) + 2.0 * cross(v, w) + cross(across, b)
    return (scale * cross(across, trunk))[:, None], (scale * second)[:, None]


def carrier(segment: str) -> str:
    """The canonical joint on which a segment of the body model hangs."""
    side, _, kind = segment.partition('_')
    if side in ('left', 'right'):
        return f'{side}_{_CARRIER[kind]}'
    return _CARRIER[segment]
