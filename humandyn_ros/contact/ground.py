"""Everything that touches one person, followed over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import JointLoads, cross
from humandyn_ros.contact.belt import Belt
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.forces import Distributor, PlaceForces
from humandyn_ros.contact.seat import seat_point, seat_probability
from humandyn_ros.contact.soles import ANKLES, BALLS, Contacts, Soles
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

_LEAST = 1e-6  # contact probability of a foot high in the air
_BALL = slice(2, 4)  # points of a sole under its ball
_LEVEL_M = 0.03  # feet whose heights differ by less stand on one level
_LEFT_HIP, _RIGHT_HIP = CANONICAL.index['left_hip'], CANONICAL.index['right_hip']


@dataclass(frozen=True, eq=False)
class GroundForces:
    """Forces on both feet, left first, and on the seat, per kilogram of body mass.

    Attributes:
        force: (2, 3) N/kg.
        moment: About the origin of the loads (2, 3) N·m/kg.
        centre: Centres of pressure about it (2, 3) m; the middle of the sole without force.
        free: Free moments about the centres of pressure (2, 3) N·m/kg.
        contact: Probability that each foot touches (2,).
        seat: Force of a seat (3,) N/kg.
        seat_at: Where, about the origin (3,) m.
        seat_contact: Its probability.
        unexplained: What is missing at the centre of mass (6,) N/kg, N·m/kg.
    """

    force: Array
    moment: Array
    centre: Array
    free: Array
    contact: Array
    seat: Array
    seat_at: Array
    seat_contact: float
    unexplained: Array


def contact_probability(
    contacts: Contacts, belt: Array, leg: float, config: ContactConfig
) -> Array:
    """Probability that each point of the soles touches (2, 6), from clearance and slip speed.

    Args:
        contacts: Points of the soles.
        belt: Velocity of the floor's surface (3,) m/s.
        leg: Leg length, m.
        config: Thresholds.
    """
    slip = contacts.velocities - belt
    speed = np.sqrt((slip * slip).sum(2)) / np.sqrt(GRAVITY * leg)
    low = (config.clearance - contacts.clearance / leg) / config.clearance_width
    slow = (config.speed - speed) / config.speed_width
    result: Array = 1.0 / ((1.0 + np.exp(-np.maximum(low, -40.0))) * (1.0 + np.exp(-slow)))
    return np.maximum(result, _LEAST)


class Ground:
    """Floor, belt and seat of one person.

    Args:
        height_m: Body height.
        leg_m: Leg length, hip to ankle.
        config: Settings.
    """

    def __init__(self, height_m: float, leg_m: float, config: ContactConfig) -> None:
        self.config = config
        self.soles = Soles(height_m)
        self.belt = Belt()
        self._distributor = Distributor(config)
        self.resize(height_m, leg_m)

    def resize(self, height_m: float, leg_m: float) -> None:
        """Set the person's size, m."""
        self.leg_m = leg_m
        self.soles.resize(height_m)

    def reset(self) -> None:
        """Forget floor, belt and the last answer."""
        self.soles.reset()
        self.belt.reset()
        self._distributor.reset()

    def step(
        self, state: tuple[Array, Array], loads: JointLoads, dt: float, vigour: float = 1.0
    ) -> GroundForces:
        """Forces at one instant.

        Args:
            state: Positions, m, and velocities, m/s, of the canonical joint centres (24, 3).
            loads: What must act on the body.
            dt: Time since the last instant, s.
            vigour: 0 at rest, 1 in walking and running.
        """
        positions, velocities = state
        leg = self.leg_m
        contacts = self.soles.step(positions, velocities)
        surface = self.belt.velocity(leg)
        likely = contact_probability(contacts, surface, leg, self.config)
        points = contacts.positions - loads.origin
        wrench = np.concatenate([loads.force[0], loads.moment[0]])
        seat = 0.0
        if self.config.seat:
            slip = velocities[0] - surface
            seat = seat_probability(
                wrench, points, loads.points[0], float(np.sqrt(slip @ slip)), leg
            )
        seat_at = seat_point(loads.points[0], leg)
        places = np.concatenate([points.reshape(-1, 3), seat_at[None]])
        whole = likely.max(axis=1, keepdims=True)
        chances = np.append(np.concatenate([likely, whole], axis=1), max(seat, 1e-12))
        found = self._distributor.step(places, chances, loads, leg, vigour)
        answer = _gathered(points, likely, found, (seat, seat_at))
        self._learn(state, contacts, answer, dt)
        return answer

    def _learn(
        self, state: tuple[Array, Array], contacts: Contacts, found: GroundForces, dt: float
    ) -> None:
        positions, velocities = state
        load = np.minimum(found.force[:, 2] / GRAVITY, 1.0)
        missing = max(0.0, float(found.unexplained[2])) / GRAVITY
        self.soles.learn(positions, load + missing * _lower(positions), dt)
        if self.config.treadmill:
            low = contacts.clearance[:, _BALL].mean(1) / self.leg_m
            near = np.minimum(np.maximum(2.0 - low / self.config.clearance, 0.0), 1.0)
            balls = contacts.velocities[:, _BALL].mean(1)
            if not self.belt.known:
                load = np.maximum(load, _standing(positions, velocities, balls))
            self.belt.learn(balls, near * load, dt)


def _lower(positions: Array) -> Array:
    """Which foot (2,) is lower: it must stand on something where force is missing."""
    lowest = np.minimum(positions[ANKLES, 2], positions[BALLS, 2])
    result: Array = (lowest <= lowest.min() + _LEVEL_M).astype(float)
    return result


def _standing(positions: Array, velocities: Array, balls: Array) -> Array:
    """Whether each foot (2,) goes back under the pelvis, as feet that stand do in walking."""
    across = positions[_RIGHT_HIP] - positions[_LEFT_HIP]
    relative = balls - velocities[0]
    forward = relative[:, 1] * across[0] - relative[:, 0] * across[1]
    result: Array = (forward < 0.0).astype(float)
    return result


def _gathered(
    points: Array, likely: Array, found: PlaceForces, seat: tuple[float, Array]
) -> GroundForces:
    force = found.soles.sum(1)
    moment = cross(points, found.soles).sum(1)
    load = found.soles[:, :, 2] + 1e-9
    centre = (load[:, :, None] * points).sum(1) / load.sum(1)[:, None]
    return GroundForces(
        force=force,
        moment=moment,
        centre=centre,
        free=moment - cross(centre, force),
        contact=1.0 - np.prod(1.0 - likely, axis=1),
        seat=found.seat,
        seat_at=seat[1],
        seat_contact=seat[0],
        unexplained=found.unexplained,
    )
