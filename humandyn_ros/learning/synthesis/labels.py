"""Labels of a whole recording by the physics of the engine, without lag and without noise.

points, velocities, accelerations -> Newton-Euler loads -> places of contact -> forces
-> torque at the 24 joints and about the Rajagopal coordinates
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from humandyn_ros.activity import CutoffPolicy
from humandyn_ros.body import JOINTS, cross
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.coordinates import JOINT_ROWS
from humandyn_ros.learning.synthesis.angles import many_coordinates
from humandyn_ros.learning.synthesis.forces import Forces, share_out
from humandyn_ros.learning.synthesis.loads import BEYOND, Loads, WholeBody
from humandyn_ros.learning.synthesis.touch import OTHERS, SEAT, SOLE, Ground, Places
from humandyn_ros.quantities import CANONICAL, Array

_POLICY_HZ = 30.0  # rate at which the vigour of a motion is looked at
_LUMBAR = JOINTS.index('lumbar')
_FEET = np.array(
    [[CANONICAL.index[f'{s}_{j}'] for j in ('ankle', 'foot')] for s in ('left', 'right')]
)
_ROWS = np.array(
    [CANONICAL.index.get('spine1' if j == 'lumbar' else j, 0) for j in JOINTS], np.intp
)


JOINT_ROWS_24 = _ROWS[JOINT_ROWS]
"""Canonical joint whose moment each Rajagopal coordinate projects (17,)."""


@dataclass(frozen=True)
class Body:
    """Whose motion it is."""

    mass_kg: float
    height_m: float
    sex: str = 'average'


@dataclass(frozen=True, eq=False)
class Kinematics:
    """Motion at a uniform rate; standing balls of the feet at their height above z = 0."""

    rate_hz: float
    points: Array  # (T, 24, 3) m
    velocities: Array  # (T, 24, 3) m/s
    accelerations: Array  # (T, 24, 3) m/s²
    lift_m: float  # ankle above ball when the sole is flat
    seat: Array | None = None  # probability of a seat (T,), where it is known


@dataclass(frozen=True, eq=False)
class Labels:
    """What acts; the fields are those of LabelledMotion."""

    angle: Array
    rate: Array
    torque_rajagopal: Array
    torque_smpl: Array
    ground_force: Array
    centre_of_pressure: Array
    free_moment: Array
    contact_force: Array
    contact: Array
    residual: Array


@dataclass(frozen=True)
class Labeller:
    """The physics of one person over whole recordings.

    Attributes:
        body: Mass, height, sex.
        contact: Thresholds and costs, the engine's own.
        slack: Factor on what the distribution may leave unexplained; below 1 the labels hold
            Newton's laws more closely than a live engine, whose motion is uncertain, should.
    """

    body: Body
    contact: ContactConfig = field(default_factory=ContactConfig)
    slack: float = 0.1

    def balance(self, motion: Kinematics) -> tuple[Loads, Places, Forces]:
        """Loads, places of contact and forces of every frame."""
        loads = WholeBody(self.body.sex).loads(
            motion.points, motion.velocities, motion.accelerations
        )
        leg = leg_length(motion.points)
        ground = Ground(self.body.height_m, leg, motion.lift_m, self.contact)
        vigour = vigour_of(motion, leg)
        places = ground.places(motion.points, motion.velocities, loads, vigour, motion.seat)
        return loads, places, share_out(places, loads, leg, vigour, self.contact, slack=self.slack)

    def label(self, motion: Kinematics) -> Labels:
        """All labels of a motion."""
        loads, places, forces = self.balance(motion)
        mass, rows = self.body.mass_kg, contact_rows(loads, places, forces)
        force, moment = rows
        beyond_force = loads.force - BEYOND @ force
        beyond_moment = loads.moment - BEYOND @ moment
        torque = beyond_moment - cross(loads.joints, beyond_force)
        angle, rate, axes = many_coordinates(motion.points, motion.velocities)
        about = torque[:, _ROWS].copy()
        lumbar = lumbar_of(self.body.sex) @ loads.joints
        about[:, _LUMBAR] += cross(loads.joints[:, _ROWS[_LUMBAR]] - lumbar, beyond_force[:, 3])
        feet = feet_of(places, forces, loads.origin)
        return Labels(
            angle,
            rate,
            mass * (axes * about[:, JOINT_ROWS]).sum(2),
            mass * torque,
            mass * feet[0],
            feet[1],
            mass * feet[2],
            mass * force,
            places.feet,
            forces.unexplained,
        )


def lumbar_of(sex: str) -> Array:
    """Weights (24,) of the joint centres that give the lumbar joint of the physics engine."""
    from humandyn_ros.body import BodyModel  # noqa: PLC0415 - one row of it

    weights: Array = BodyModel(sex).joint_weights[_LUMBAR]
    return weights


def leg_length(points: Array) -> float:
    """Median length (m) from hip over knee to ankle."""
    legs = [[CANONICAL.index[f'{s}_{j}'] for j in ('hip', 'knee', 'ankle')] for s in SIDES]
    bars = np.linalg.norm(np.diff(points[:, legs], axis=2), axis=3)
    return float(np.median(bars.sum(2)))


SIDES = ('left', 'right')


def vigour_of(motion: Kinematics, leg_m: float) -> Array:
    """0 at rest, 1 from walking on (T,), by the engine's own policy."""
    policy, every = CutoffPolicy(), max(1, round(motion.rate_hz / _POLICY_HZ))
    dt, found = every / motion.rate_hz, []
    for velocities in motion.velocities[::every]:
        policy.step(velocities, 0.0, leg_m, dt)
        found.append(policy.vigour)
    frames = np.arange(len(motion.points))
    return np.interp(frames, frames[::every], found)


def contact_rows(loads: Loads, places: Places, forces: Forces) -> tuple[Array, Array]:
    """Contact forces by the joint whose part they act on (T, 24, 3) N/kg, N·m/kg at the origin.

    Heel: ankle; ball and toes: foot; where a foot rolls: in proportion of both; seat: pelvis.
    """
    count = len(CANONICAL.joints)
    force, moment = np.zeros((2, len(places.at), count, 3))

    def act(row: int, at: Array, push: Array) -> None:
        force[:, row] += push
        moment[:, row] += cross(at, push)

    for side, (ankle, ball) in enumerate(_FEET):
        for k in range(SOLE - 1):
            place = side * SOLE + k
            act(ankle if k < 2 else ball, places.at[:, place], forces.at[:, place])
        place = side * SOLE + SOLE - 1
        at, push = places.at[:, place], forces.at[:, place]
        foot = loads.joints[:, ball] - loads.joints[:, ankle]
        along = (foot * (at - loads.joints[:, ankle]))[:, :2].sum(1)
        share = np.clip(along / np.maximum((foot[:, :2] ** 2).sum(1), 1e-6), 0.0, 1.0)[:, None]
        under = np.where(share < 1.0, loads.joints[:, ball], at)
        under = np.concatenate([under[:, :2], at[:, 2:]], 1)
        act(ball, under, share * push)
        force[:, ankle] += (1 - share) * push
        moment[:, ankle] += cross(at, push) - cross(under, share * push)
    act(0, places.at[:, SEAT], forces.at[:, SEAT])
    for k, row in enumerate(OTHERS, start=SEAT + 1):
        act(row, places.at[:, k], forces.at[:, k])
    return force, moment


def feet_of(places: Places, forces: Forces, origin: Array) -> tuple[Array, Array, Array]:
    """Force (T, 2, 3) N/kg, centre of pressure m (NaN in the air), free moment N·m/kg."""
    frames = len(places.at)
    at = places.at[:, :SEAT].reshape(frames, 2, SOLE, 3)
    push = forces.at[:, :SEAT].reshape(frames, 2, SOLE, 3)
    force, load = push.sum(2), push[..., 2]
    total = load.sum(2)
    centre = np.einsum('tsp,tspi->tsi', load, at) / np.maximum(total, 1e-9)[..., None]
    free = cross(at, push).sum(2) - cross(centre, force)
    centre = np.where((total > 0.05)[..., None], centre + origin[:, None], np.nan)
    return force, centre, free
