"""Everything that touches one person, followed over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import JointLoads, cross, lever
from humandyn_ros.contact.belt import Belt
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.forces import Distributor
from humandyn_ros.contact.seat import seat_point, seat_probability
from humandyn_ros.contact.soles import BALLS, POINTS, Contacts, Soles
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

Thresholds = tuple[tuple[float, float], tuple[float, float]]

LEAST = 1e-6  # contact probability of a foot high in the air
_ONES = np.ones(3)
_SLOWEST = 0.3  # vigour below which the slip threshold stays
NO_SEAT = 1e-12
_SLIGHT = 0.02  # body weights
_STEP = 0.02  # leg lengths: feet whose heights differ by less stand on one level
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
    contacts: Contacts, belt: Array, leg: float, config: ContactConfig, vigour: float = 1.0
) -> Array:
    """Probability that each point of the soles touches (2, 6), from clearance and slip speed.

    Args:
        contacts: Points of the soles.
        belt: Velocity of the floor's surface (3,) m/s.
        leg: Leg length, m.
        config: Thresholds.
        vigour: 0 at rest, 1 from walking on: slow steps have slow swings.
    """
    fast = config.speed * max(vigour, _SLOWEST), config.speed_width * max(vigour, _SLOWEST)
    high = config.clearance, config.clearance_width
    return likelihood(contacts.clearance, contacts.velocities, belt, leg, (high, fast))


@kernel
def likelihood(
    clearance: Array, velocities: Array, belt: Array, leg: float, thresholds: Thresholds
) -> Array:
    """Probability that each point of the soles touches (2, 6).

    Args:
        clearance: (2, 6) m.
        velocities: (2, 6, 3) m/s.
        belt: Velocity of the floor's surface (3,) m/s.
        leg: Leg length, m.
        thresholds: Clearance, leg lengths, and slip speed, √(g·leg), at which contact is as
            likely as not, each with its softness.
    """
    (clear, clear_width), (fast, fast_width) = thresholds
    slip = velocities - belt
    speed = np.sqrt((slip * slip) @ _ONES) / math.sqrt(GRAVITY * leg)
    low = (clear - clearance / leg) / clear_width
    slow = (fast - speed) / fast_width
    odds = (1.0 + np.exp(np.minimum(-low, 40.0))) * (1.0 + np.exp(np.minimum(-slow, 40.0)))
    result: Array = np.maximum(1.0 / odds, LEAST)
    return result


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
        likely = contact_probability(contacts, surface, leg, self.config, vigour)
        seat, seat_at = 0.0, seat_point(loads.points[0], leg)
        places, chances = arrange(contacts.positions, loads.origin, likely, seat_at)
        points = places[:-1].reshape(2, POINTS + 1, 3)
        if self.config.seat:
            speed = math.dist(velocities[0].tolist(), surface.tolist())
            touching = chances[POINTS : -1 : POINTS + 1]
            seat = seat_probability(loads, points, touching, speed, leg)
            chances[-1] = max(seat, NO_SEAT)
        turn = _turn(positions)
        forces, carried = self._distributor.step(places, chances, loads, leg, vigour, turn=turn)
        steepness = 1.0 + (self.config.transfer - 1.0) * vigour
        steepen(forces, steepness)
        answer = _answer(loads, points, forces, likely, (carried, seat_at, seat))
        self._learn(state, contacts, answer, dt)
        return answer

    def _claims(
        self, positions: Array, contacts: Contacts, found: GroundForces, load: list[float]
    ) -> list[float]:
        """How much each foot must stand on something higher than its floor, 0-1.

        What carries a person must be somewhere: a foot that stays where it is while weight is
        missing, or beside the other that carries it, stands on a step, a box or a rung.
        """
        assert self.soles.levels is not None
        missing = max(0.0, float(found.unexplained[2])) / GRAVITY
        missing = missing if missing > _SLIGHT else 0.0
        levels = self.soles.levels.tolist()
        if not missing and abs(levels[0] - levels[1]) <= _STEP * self.leg_m:
            return [0.0, 0.0]
        balls = positions[BALLS, 2].tolist()
        step, claims = _STEP * self.leg_m, [missing, missing]
        for foot, other in ((0, 1), (1, 0)):
            if abs(balls[foot] - levels[other]) < step < levels[other] - levels[foot]:
                claims[foot] += load[other]
            if claims[foot]:
                slip = math.dist(contacts.velocities[foot, 2], self.belt.velocity(self.leg_m))
                rest = 1.0 - slip / (self.config.speed * math.sqrt(GRAVITY * self.leg_m))
                claims[foot] *= max(0.0, rest) * (1.0 - float(found.contact[foot]))
        return claims

    def _learn(
        self, state: tuple[Array, Array], contacts: Contacts, found: GroundForces, dt: float
    ) -> None:
        positions, velocities = state
        load = [min(z / GRAVITY, 1.0) for z in found.force[:, 2].tolist()]
        claims = self._claims(positions, contacts, found, load)
        self.soles.learn(positions, load, claims, dt)
        if self.config.treadmill:
            self.belt.doubt(max(0.0, float(found.unexplained[2])) / GRAVITY, dt)
            reach = self.leg_m * self.config.clearance
            balls = velocities.take(BALLS, 0)
            for foot, above in enumerate(contacts.ball_clearance.tolist()):
                known = self.belt.known or not _goes_back(positions, velocities[0], balls[foot])
                weight = min(max(2.0 - above / reach, 0.0), 1.0)
                weight *= load[foot] if known else 1.0
                if weight > 0.0:
                    self.belt.learn(balls[foot].tolist(), weight, dt)


@kernel
def arrange(positions: Array, origin: Array, likely: Array, seat_at: Array) -> tuple[Array, Array]:
    """Where forces may act about the origin (15, 3), and how likely (15,): feet, then the seat.

    A foot rolls where it touches at all; the seat is unlikely until it is judged.
    """
    places = np.empty((2 * POINTS + 3, 3))
    places[:-1] = (positions - origin).reshape(-1, 3)
    places[-1] = seat_at
    chances = np.empty(len(places))
    feet = chances[:-1].reshape(2, POINTS + 1)
    feet[:, :POINTS] = likely
    feet[:, POINTS] = likely.max(1)
    chances[-1] = NO_SEAT
    return places, chances


def _goes_back(positions: Array, pelvis: Array, ball: Array) -> bool:
    """Whether a foot goes back under the pelvis, as feet that stand do in walking."""
    across = positions[_RIGHT_HIP] - positions[_LEFT_HIP]
    relative = ball - pelvis
    return bool(relative[1] * across[0] < relative[0] * across[1])


def _turn(positions: Array) -> Array:
    """Level rotation (3, 3) from the world to axes of which the second points to the left hip."""
    x, y, _ = (positions[_LEFT_HIP] - positions[_RIGHT_HIP]).tolist()
    level = math.hypot(x, y)
    s, c = (x / level, y / level) if level > 1e-6 else (0.0, 1.0)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@kernel
def steepen(forces: Array, exponent: float) -> None:
    """Steepen the transfer of load between the feet, in place (2, 7, 3); its vertical sum stays.

    A smoother spreads the transfer over its own response time, longer than double support in a
    brisk walk. Near half and half the shares change `exponent` times as fast, at the ends slower.
    """
    left, right = forces[:, :, 2].sum(1).tolist()
    if exponent <= 1.0 or min(left, right) <= 0.0:
        return
    share = left / (left + right)
    powers = share**exponent, (1.0 - share) ** exponent
    steep = powers[0] / (powers[0] + powers[1])
    forces[0] *= steep / share
    forces[1] *= (1.0 - steep) / (1.0 - share)


def _answer(
    loads: JointLoads,
    points: Array,
    forces: Array,
    likely: Array,
    seat: tuple[Array, Array, float],
) -> GroundForces:
    wanted = loads.force[0], loads.moment[0], loads.mass_centre
    force, moment, centre, free, contact, left = totals(
        points, forces, likely, (seat[0], seat[1]), wanted
    )
    return GroundForces(force, moment, centre, free, contact, *seat, left)


@kernel
def totals(
    points: Array,
    forces: Array,
    likely: Array,
    seat: tuple[Array, Array],
    wanted: tuple[Array, Array, Array],
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Sum up the contacts: the first five attributes of `GroundForces`, and its last.

    Args:
        points: Contact points (2, 7, 3) m.
        forces: At these (2, 7, 3) N/kg.
        likely: Contact probabilities (2, 6).
        seat: Force on the seat, N/kg, and where it acts, m, (3,) each.
        wanted: Force, N/kg, and moment, N·m/kg, that must act on the body, and its mass
            centre, m, (3,) each.
    """
    force = forces.sum(1)
    moment = cross(points, forces).sum(1)
    load = forces[:, :, 2] + 1e-9
    centre = (load[:, None] @ points)[:, 0] / load.sum(1)[:, None]
    missing = wanted[0] - force[0] - force[1] - seat[0]
    turning = wanted[1] - moment[0] - moment[1] - lever(seat[1], seat[0])
    unexplained = np.concatenate([missing, turning - lever(wanted[2], missing)])
    contact: Array = 1.0 - (1.0 - likely).prod(1)
    return force, moment, centre, moment - cross(centre, force), contact, unexplained
