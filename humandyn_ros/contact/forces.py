"""Force distribution over the soles and a seat.

Every contact point has a friction cone. Where each foot rolls there is a *pendular* direction as
well, towards the centre of mass, that costs less: forces in walking and running pass near it
(Maus et al. 2010, Nature Communications 1:70). Costs rise as contact becomes less likely, which
makes double support smooth.
"""

from __future__ import annotations

import numpy as np

from humandyn_ros.body import JointLoads, lever
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.distribution import distribute
from humandyn_ros.contact.soles import POINTS
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import GRAVITY, Array
from humandyn_ros.rotations import skew

_FOOT = POINTS + 1  # places of a foot: points of its sole, and where it rolls
_SEAT = 2 * _FOOT
_PLACES = _SEAT + 1
_LEAST_SLACK = 1e-3
_EDGES = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
_CONES = [place for place in range(_PLACES) if place % _FOOT != POINTS]
AIMED = np.array([POINTS, _FOOT + POINTS, _SEAT])
OWNER = np.array([*np.repeat(_CONES, 4), *AIMED])
_AIM = slice(4 * len(_CONES), None)
_SUMS = (np.arange(_PLACES)[:, None] == OWNER).astype(float)  # generators -> places
_ONES = np.ones(3)


class Distributor:
    """Distributes the wrench that must act on the body; remembers where its search ended.

    Args:
        config: Friction, costs and slack.
    """

    def __init__(self, config: ContactConfig) -> None:
        self.config = config
        edges = np.concatenate([config.friction * _EDGES, np.ones((4, 1))], axis=1)
        forces = np.concatenate([np.tile(edges, (len(_CONES), 1)), np.zeros((3, 3))])
        # Moments of the cones are linear in the places: the columns of moments from the arms.
        moments = np.zeros((3, len(OWNER), _PLACES, 3))
        for k in range(_AIM.start):
            moments[:, k, OWNER[k]] = -skew(forces[k])
        self._moments = moments.reshape(3 * len(OWNER), 3 * _PLACES)
        self._columns = np.zeros((6, len(OWNER)))
        self._columns[:3] = forces.T
        self._ease = np.full(len(OWNER), 1.0 / config.regulariser)
        self._ease[_AIM] /= config.pendular
        self._slack = np.repeat([config.side_slack, config.moment_slack], 3)
        self._slack[2] = config.force_slack
        self.reset()

    def reset(self) -> None:
        """Forget the last answer."""
        self._dual: Array | None = None

    def step(
        self,
        places: Array,
        likely: Array,
        loads: JointLoads,
        leg: float,
        vigour: float,
        *,
        turn: Array,
    ) -> tuple[Array, Array]:
        """Forces at one instant.

        Args:
            places: Places of both feet and the seat (15, 3) m about the origin.
            likely: Their contact probabilities (15,).
            loads: What must act on the body.
            leg: Leg length, m.
            vigour: 0 at rest, 1 in walking and running: how much may stay unexplained.
            turn: Level rotation (3, 3) from the world to the person's own axes, along which the
                cones have their edges: whichever way somebody faces, the forces are the same.

        Returns:
            Forces at the places of both feet (2, 7, 3) and on the seat (3,) N/kg.
        """
        columns = self._columns
        target, ease = aim(
            (places, likely),
            (loads.mass_centre, loads.force[0], loads.moment[0]),
            (turn, leg, self.config.sharpness),
            columns,
            (self._moments, self._ease),
        )
        slack = self._slack * max(vigour * vigour, _LEAST_SLACK)
        weights, self._dual = distribute(columns, ease, target, slack, self._dual)
        parts = gather(columns, weights, turn)
        return parts[:_SEAT].reshape(2, _FOOT, 3), parts[_SEAT]


@kernel
def aim(
    contacts: tuple[Array, Array],
    loads: tuple[Array, Array, Array],
    scales: tuple[Array, float, float],
    columns: Array,
    fixed: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Write the generators' columns (6, N) in place.

    Args:
        contacts: Places about the origin (15, 3) m, and how likely each touches (15,).
        loads: Mass centre, force and moment about the origin (3,) each, per kilogram.
        scales: Rotation (3, 3) to the person's axes, leg length, m, and sharpness.
        columns: Forces of the cones stand in their first rows.
        fixed: Matrix (3 N, 45) from the places to the columns' last rows, and ease of the
            generators where contact is sure (N,).

    Returns:
        The wrench they must give (6,), and their ease (N,).
    """
    (places, likely), (moments, easiest) = contacts, fixed
    (centre, force, moment), (turn, leg, sharpness) = loads, scales
    arms = (places - centre) @ turn.T
    columns[3:] = (moments @ (arms / leg).ravel()).reshape(3, -1)
    towards = -arms.take(AIMED, 0)
    towards[2, :2] = 0.0  # a seat pushes up; the feet towards the centre, without a moment
    columns[:3, _AIM] = (towards / np.sqrt((towards * towards) @ _ONES)[:, None]).T
    columns[3:5, -1] = arms[_SEAT, 1] / leg, -arms[_SEAT, 0] / leg
    target = np.empty(6)
    target[:3] = turn @ force
    target[3:] = turn @ (moment - lever(centre, force)) / leg
    target /= GRAVITY
    return target, (likely**sharpness).take(OWNER) * easiest


@kernel
def gather(columns: Array, weights: Array, turn: Array) -> Array:
    """Forces at the places (15, 3) N/kg in world axes, from what the generators carry (N,)."""
    parts: Array = _SUMS @ (GRAVITY * weights * columns[:3]).T @ turn
    return parts
