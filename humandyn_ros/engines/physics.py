"""The physics engine: filtered joint centres in, joint torques and ground reactions out.

complete missing joints -> Newton-Euler loads -> contact, belt, seat -> force distribution
-> joint moments -> Rajagopal coordinates
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from humandyn_ros.activity import CutoffPolicy
from humandyn_ros.body import BodyModel
from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.contact import ContactConfig, Ground, GroundForces
from humandyn_ros.coordinates import COORDINATES, coordinates, joint_torques
from humandyn_ros.quantities import (
    Array,
    ContactForce,
    Dynamics,
    GroundReaction,
    InverseDynamics,
    KinematicState,
)
from humandyn_ros.stature import Stature
from humandyn_ros.uncertainty import torque_stddev
from humandyn_ros.upper_body import Completion

_FIRST_STEP_S = 0.01
_LONGEST_STEP_S = 0.2
_FEET = ('left_foot', 'right_foot')
_NOTHING = np.zeros(3)


@dataclass(frozen=True)
class PhysicsConfig(Checked):
    """Settings of the physics engine."""

    cutoff_hz: float | None = setting(
        None, 'Hz', 'cut-off of the filter; absent: by activity and noise', low=0.5, high=30.0
    )
    contact: ContactConfig = field(default_factory=ContactConfig)


class PhysicsEngine:
    """Newton-Euler inverse dynamics and ground reactions of one person.

    Args:
        person: Body mass, height, sex; what is absent is measured or assumed, and noted.
        config: Settings.
    """

    name = 'physics'

    def __init__(self, person: PersonConfig, config: PhysicsConfig | None = None) -> None:
        self.person = person
        self.config = config or PhysicsConfig()
        self._stature = Stature(person)
        self._body = BodyModel(person.sex)
        self._completion = Completion(self._stature.height_m)
        self._ground = Ground(self._stature.height_m, self._stature.leg_m, self.config.contact)
        self._policy = CutoffPolicy()
        self._stamp_ns: int | None = None

    @property
    def mass_kg(self) -> float:
        """Body mass, given or assumed."""
        return self._stature.mass_kg

    @property
    def height_m(self) -> float:
        """Body height, given or measured from the legs."""
        return self._stature.height_m

    @property
    def leg_m(self) -> float:
        """Length of the legs."""
        return self._stature.leg_m

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency that the filter before this engine should use now."""
        return self.config.cutoff_hz or self._policy.cutoff_hz

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex; floor, belt and measured legs stay known."""
        if person.sex != self.person.sex:
            self._body = BodyModel(person.sex)
        self.person = person
        self._stature.set_person(person)
        self._resize()

    def reset(self) -> None:
        """Forget the motion so far, and the size that was measured."""
        self._stature.reset()
        self._resize()
        self._ground.reset()
        self._policy.reset()
        self._stamp_ns = None

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Filtered motion is all that this engine needs."""

    def step(self, state: KinematicState) -> Dynamics:
        """Dynamics at the instant of the state; states come in order of their stamps."""
        dt = self._interval(state.stamp_ns)
        if self._stature.learn(state.positions):
            self._resize()
        positions, velocities, accelerations, missing = self._completion.step(
            state.positions, state.velocities, state.accelerations, self._policy.running
        )
        loads = self._body.loads(positions, velocities, accelerations)
        noise = _noise(state)
        ground = self._ground.step((positions, velocities), loads, dt, self._policy.vigour)
        self._policy.step(velocities, noise, self._stature.leg_m, dt)
        at = coordinates(positions, velocities)
        torque = joint_torques(
            (loads.points, loads.force, loads.moment),
            (ground.force, ground.moment),
            at.axes,
            self.mass_kg,
        )
        stddev = torque_stddev(
            torque,
            (noise, self.cutoff_hz),
            ground,
            missing,
            (self.mass_kg, self._stature.leg_m),
        )
        return Dynamics(
            InverseDynamics(COORDINATES, at.angle, at.rate, torque, stddev, torque * at.rate),
            self._reaction(ground, loads.origin),
            ground.unexplained,
            self._stature.notes + tuple(f'{part} not seen: assumed' for part in missing),
        )

    def _resize(self) -> None:
        self._completion.height_m = self._stature.height_m
        self._ground.resize(self._stature.height_m, self._stature.leg_m)

    def _interval(self, stamp_ns: int) -> float:
        if self._stamp_ns is None:
            dt = _FIRST_STEP_S
        else:
            dt = min(max(1e-9 * (stamp_ns - self._stamp_ns), 0.0), _LONGEST_STEP_S)
        self._stamp_ns = stamp_ns
        return dt

    def _reaction(self, ground: GroundForces, origin: Array) -> GroundReaction:
        mass = self.mass_kg
        feet = mass * ground.force, mass * ground.free, ground.centre + origin
        left, right = map(ContactForce, _FEET, *feet, ground.contact.tolist())
        if ground.seat_contact < 0.05:
            return GroundReaction(left, right)
        seat = ContactForce(
            'seat', mass * ground.seat, _NOTHING, ground.seat_at + origin, ground.seat_contact
        )
        return GroundReaction(left, right, (seat,))


def _noise(state: KinematicState) -> float:
    """Mean standard deviation of the seen joint centres, m; 0 where none is known."""
    mean = float(state.stddev.sum()) / len(state.stddev)
    if math.isfinite(mean):
        return mean
    spread = state.stddev[np.isfinite(state.stddev)]
    return float(spread.sum()) / len(spread) if len(spread) else 0.0
