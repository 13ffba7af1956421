"""Soles from ankle and ball: contact points, their clearance above the floor and their speed.

The floor is found from the feet themselves: the lowest level at which each foot's ball has come
to carry load, and how much higher ankles then are. So neither the height of a marker above the
sole nor the height of the floor in the sensor's frame has to be known, and a step or a box is a
floor of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_BREADTH_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
)
from humandyn_ros.body import cross
from humandyn_ros.quantities import CANONICAL, Array

_ANKLES = np.array([CANONICAL.index['left_ankle'], CANONICAL.index['right_ankle']])
_BALLS = np.array([CANONICAL.index['left_foot'], CANONICAL.index['right_foot']])
# Contact points: which joint centre they hang on (0 ankle, 1 ball), then forward and leftward
# in foot lengths and breadths. The heel's rim lies a quarter of the foot behind the ankle, the
# toes' tips as far before the ball (Winter 2009, figure 4.1; Hawes and Sovak 1994).
_POINTS = np.array(
    [
        [0, -0.20, 0.25], [0, -0.20, -0.25],
        [1, 0.0, 0.5], [1, 0.0, -0.5],
        [1, 0.17, 0.3], [1, 0.17, -0.3],
    ]
)  # fmt: skip
POINTS = len(_POINTS)
_ON_BALL = _POINTS[:, 0].astype(int)
_BALL_HEIGHT_PER_HEIGHT = 0.018
_SINK_S, _RISE_S = 0.05, 0.4  # times in which a floor level follows a foot down, and up


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points of both soles, left foot first.

    Attributes:
        positions: (2, 6, 3) m, on the floor.
        clearance: Height above the floor (2, 6) m.
        velocities: (2, 6, 3) m/s.
    """

    positions: Array
    clearance: Array
    velocities: Array


class Soles:
    """Contact points of one person's feet, with the floor under each foot.

    Args:
        height_m: Body height.
    """

    def __init__(self, height_m: float) -> None:
        self.resize(height_m)
        self.reset()

    def resize(self, height_m: float) -> None:
        """Set another body height, m."""
        self._length = FOOT_LENGTH_PER_HEIGHT * height_m
        self._forward = _POINTS[:, 1:2] * self._length
        self._left = _POINTS[:, 2:3] * FOOT_BREADTH_PER_HEIGHT * height_m
        self._drop = np.array([ANKLE_HEIGHT_PER_HEIGHT, _BALL_HEIGHT_PER_HEIGHT]) * height_m

    def reset(self) -> None:
        """Forget the floor."""
        self.levels: Array | None = None  # (2,) m, of the balls when they stand
        self._lift = float(self._drop[0] - self._drop[1])  # of the ankles above them

    def step(self, positions: Array, velocities: Array) -> Contacts:
        """Contact points for one instant.

        Args:
            positions: Canonical joint centres (24, 3) m.
            velocities: Theirs (24, 3) m/s.
        """
        ends = np.stack([positions[_ANKLES], positions[_BALLS]], axis=1)  # (2 feet, 2, 3)
        if self.levels is None:
            lowest = min(ends[:, 1, 2].min(), ends[:, 0, 2].min() - self._lift)
            self.levels = np.full(2, lowest)
        along = ends[:, 1] - ends[:, 0]
        length = np.maximum(np.sqrt((along * along).sum(1)), 1e-3)[:, None]
        forward, left, up = _sole_axes(along / length, np.clip(self._lift / length, 0.0, 0.9))
        offset = self._forward * forward[:, None] + self._left * left[:, None]
        offset -= self._drop[_ON_BALL][:, None] * up[:, None]
        place = ends[:, _ON_BALL] + offset
        ends_velocity = np.stack([velocities[_ANKLES], velocities[_BALLS]], axis=1)
        spin = cross(along, ends_velocity[:, 1] - ends_velocity[:, 0]) / length**2
        moving = ends_velocity[:, _ON_BALL] + cross(spin[:, None], offset)
        floor = (self.levels - self._drop[1])[:, None]
        clearance = place[:, :, 2] - floor
        # The ankle's own height above the ball is learnt; the assumed drop of the heel is not.
        clearance[:, :2] -= self._lift - (self._drop[0] - self._drop[1])
        place[:, :, 2] = floor
        return Contacts(place, clearance, moving)

    def learn(self, positions: Array, load: Array, dt: float) -> None:
        """Move the floor levels: down with any foot, up with a foot that carries load.

        Args:
            positions: Canonical joint centres (24, 3) m.
            load: Vertical force on each foot (2,) in body weights.
            dt: Time since the last step, s.
        """
        assert self.levels is not None
        balls, ankles = positions[_BALLS, 2], positions[_ANKLES, 2]
        low = np.minimum(balls, ankles - self._lift)
        rate = np.where(low < self.levels, dt / _SINK_S, np.clip(load, 0.0, 1.0) * dt / _RISE_S)
        self.levels = self.levels + np.minimum(rate, 1.0) * (low - self.levels)


def _sole_axes(along: Array, slope: Array) -> tuple[Array, Array, Array]:
    """Forward, left and up axes of soles (2, 3) from ankle -> ball directions.

    Args:
        along: Unit directions (2, 3).
        slope: Sine of their fall towards the ball when the sole is flat (2, 1).
    """
    left = np.stack([-along[:, 1], along[:, 0], np.zeros(2)], axis=1)
    left /= np.maximum(np.sqrt((left * left).sum(1)), 1e-6)[:, None]
    over = cross(along, left)
    cosine = np.sqrt(1.0 - slope**2)
    return cosine * along + slope * over, left, cosine * over - slope * along
