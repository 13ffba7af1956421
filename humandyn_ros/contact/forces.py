"""Force distribution over the soles and a seat.

Every contact point has a friction cone and one *pendular* direction, towards the centre of mass,
that costs less: forces in walking and running pass near it (Maus et al. 2010, Nature
Communications 1:70). Costs rise as contact becomes less likely, which makes double support
smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.body import cross
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.distribution import distribute
from humandyn_ros.contact.soles import POINTS
from humandyn_ros.quantities import GRAVITY, Array

_FEET = 2 * POINTS
_PLACES = _FEET + 1  # the last is the seat
_EDGES = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
_OWNER = np.concatenate([np.repeat(np.arange(_PLACES), 4), np.arange(_PLACES)])
_SUMS = (np.arange(_PLACES)[:, None] == _OWNER).astype(float)  # generators -> places


@dataclass(frozen=True, eq=False)
class PlaceForces:
    """Forces on the person, per kilogram of body mass.

    Attributes:
        soles: At the points of both soles, left first (2, 6, 3) N/kg.
        seat: (3,) N/kg.
        unexplained: Wrench that contacts do not give (6,) N/kg, N·m/kg about the centre of mass.
    """

    soles: Array
    seat: Array
    unexplained: Array


class Distributor:
    """Distributes the wrench that must act on the body; remembers where its search ended.

    Args:
        config: Friction, costs and slack.
    """

    def __init__(self, config: ContactConfig) -> None:
        self.config = config
        edges = np.concatenate([config.friction * _EDGES, np.ones((4, 1))], axis=1)
        self._forces = np.concatenate([np.tile(edges, (_PLACES, 1)), np.zeros((_PLACES, 3))])
        self._ease = np.where(np.arange(len(_OWNER)) < 4 * _PLACES, 1.0, 1.0 / config.pendular)
        self._ease /= config.regulariser
        self._slack = np.repeat([config.force_slack, config.moment_slack], 3)
        self.reset()

    def reset(self) -> None:
        """Forget the last answer."""
        self._dual: Array | None = None

    def step(
        self, places: Array, likely: Array, wrench: Array, centre: Array, leg: float
    ) -> PlaceForces:
        """Forces at one instant.

        Args:
            places: Points of the soles and the seat (13, 3) m about the origin.
            likely: Their contact probabilities (13,).
            wrench: Force and moment about the origin that must act (6,) N/kg, N·m/kg.
            centre: Centre of mass about the origin (3,) m.
            leg: Leg length, m.
        """
        arms = places - centre
        towards = -arms
        towards[:, 2] += self.config.aim * leg
        towards[_FEET, :2] = 0.0  # a seat pushes up
        forces = self._forces
        forces[4 * _PLACES :] = towards / np.sqrt((towards * towards).sum(1))[:, None]
        columns = np.concatenate([forces, cross(arms[_OWNER], forces) / leg], axis=1).T
        target = wrench / GRAVITY
        target[3:] = (target[3:] - cross(centre, target[:3])) / leg
        ease = (likely**self.config.sharpness)[_OWNER] * self._ease
        weights, self._dual = distribute(columns, ease, target, self._slack, self._dual)
        unexplained = GRAVITY * self._slack * self._dual
        unexplained[3:] *= leg
        parts = _SUMS @ (GRAVITY * weights[:, None] * forces)
        return PlaceForces(parts[:_FEET].reshape(2, POINTS, 3), parts[_FEET], unexplained)
