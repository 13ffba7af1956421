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

ANKLES = np.array([CANONICAL.index['left_ankle'], CANONICAL.index['right_ankle']])
KNEES = np.array([CANONICAL.index['left_knee'], CANONICAL.index['right_knee']])
BALLS = np.array([CANONICAL.index['left_foot'], CANONICAL.index['right_foot']])
# Contact points: which joint centre they hang on (0 ankle, 1 ball), then forward and leftward
# in foot lengths and breadths. The heel's rim lies a quarter of the foot behind the ankle, the
# toes' tips as far before the ball (Winter 2009, figure 4.1; Hawes and Sovak 1994).
_POINTS = np.array(
    [
        [0, -0.20, 0.25], [0, -0.20, -0.25],
        [1, 0.0, 0.5], [1, 0.0, -0.5],
        [1, 0.22, 0.3], [1, 0.22, -0.3],
    ]
)  # fmt: skip
POINTS = len(_POINTS)
_ENDS = np.concatenate([ANKLES, BALLS])
_ON_BALL = _POINTS[:, 0].astype(int)
_TO_POINTS = np.eye(2)[_ON_BALL]  # ankle and ball -> points (6, 2)
_BALL_HEIGHT_PER_HEIGHT = 0.018
_LEFTWARD, _LEFT_SIGNS = np.array([1, 0, 2]), np.array([-1.0, 1.0, 0.0])  # z × direction
_FLAT_S, _TILTED_S = 0.1, 0.8  # times in which the height of a flat foot's ankle is learnt
_LOADED, _NEAR = 0.3, 0.15  # body weights; share of the ankle's height
ROLL_START, ROLL_RADIUS, ROLL_END = 0.035, 0.24, 0.5
_HORIZONTAL = np.array([1.0, 1.0, 0.0])
_SINK_S, _RISE_S = 0.05, 0.4  # times in which a floor level follows a foot down, and up


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points of both soles, left foot first.

    Attributes:
        positions: (2, 7, 3) m, on the floor; the last is where the foot rolls.
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
        self._drop = np.array([ANKLE_HEIGHT_PER_HEIGHT, _BALL_HEIGHT_PER_HEIGHT]) * height_m
        self._local = np.column_stack(  # points in the sole's axes, forward, left, up (6, 3)
            [
                _POINTS[:, 1] * FOOT_LENGTH_PER_HEIGHT * height_m,
                _POINTS[:, 2] * FOOT_BREADTH_PER_HEIGHT * height_m,
                -self._drop[_ON_BALL],
            ]
        )

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
        ends = positions.take(_ENDS, 0).reshape(2, 2, 3).transpose(1, 0, 2)  # (foot, end, 3)
        moving = velocities.take(_ENDS, 0).reshape(2, 2, 3).transpose(1, 0, 2)
        if self.levels is None:
            lowest = min(ends[:, 1, 2].min(), ends[:, 0, 2].min() - self._lift)
            self.levels = np.full(2, lowest)
        along = ends[:, 1] - ends[:, 0]
        squares = np.maximum((along * along).sum(1), 1e-6)[:, None]
        axes = _sole_axes(along / np.sqrt(squares), self._lift / np.sqrt(squares))
        spin = cross(along, moving[:, 1] - moving[:, 0]) / squares
        place = _TO_POINTS @ ends + self._local @ axes
        speed = _TO_POINTS @ moving + self._local @ cross(spin[:, None], axes)
        floor = (self.levels - self._drop[1])[:, None]
        clearance = place[:, :, 2] - floor
        # The ankle's own height above the ball is learnt; the assumed drop of the heel is not.
        clearance[:, :2] -= self._lift - (self._drop[0] - self._drop[1])
        knees = positions.take(KNEES, 0)
        place = np.concatenate([place, self._rolling(ends[:, 0], knees, along)], axis=1)
        place[:, :, 2] = floor
        return Contacts(place, clearance, speed)

    def _rolling(self, ankles: Array, knees: Array, along: Array) -> Array:
        """Where a foot that walks carries its load (2, 1, 3) m, height aside.

        Over the shank's lean the centre of pressure moves along the foot as a wheel rolls
        (Hansen, Childress, Knox 2004, Clinical Biomechanics 19:407).
        """
        level = along * _HORIZONTAL
        level /= np.maximum(np.sqrt((level * level).sum(1)), 1e-6)[:, None]
        shank = knees - ankles
        length = np.sqrt((shank * shank).sum(1))
        lean = (shank * level).sum(1) / np.maximum(length, 1e-3)
        forward = ROLL_START + ROLL_RADIUS * np.minimum(np.maximum(lean, -0.35), ROLL_END)
        place: Array = ankles + (2.0 * length * forward)[:, None] * level
        return place[:, None]

    def learn(self, positions: Array, load: Array, dt: float) -> None:
        """Move the floor levels: down with any foot, up with a foot that carries load.

        Args:
            positions: Canonical joint centres (24, 3) m.
            load: Vertical force on each foot (2,) in body weights.
            dt: Time since the last step, s.
        """
        assert self.levels is not None
        balls, ankles = positions[BALLS, 2], positions[ANKLES, 2]
        rate = np.where(balls < self.levels, dt / _SINK_S, np.minimum(load, 1.0) * dt / _RISE_S)
        self.levels = self.levels + np.minimum(rate, 1.0) * (balls - self.levels)
        self._learn_lift(ankles - balls, balls - self.levels, load, dt)

    def _learn_lift(self, lift: Array, above: Array, load: Array, dt: float) -> None:
        """How much higher the ankle is when the sole is flat: its least while the ball carries."""
        flat = (load > _LOADED) & (above < _NEAR * self._drop[0])
        if not flat.any():
            return
        change = lift[flat] - self._lift
        gain = np.where(change < 0.0, dt / _FLAT_S, dt / _TILTED_S)
        self._lift += float((np.minimum(gain, 1.0) * change).mean())
        self._lift = min(max(self._lift, 0.2 * self._drop[0]), 2.5 * self._drop[0])


def _sole_axes(along: Array, slope: Array) -> Array:
    """Forward, left and up axes of soles (2, axis, 3) from ankle -> ball directions.

    Args:
        along: Unit directions (2, 3).
        slope: Sine of their fall towards the ball when the sole is flat (2, 1).
    """
    slope = np.minimum(np.maximum(slope, 0.0), 0.9)
    cosine = np.sqrt(1.0 - slope * slope)
    axes = np.empty((2, 3, 3))
    left = along.take(_LEFTWARD, 1) * _LEFT_SIGNS
    left /= np.maximum(np.sqrt((left * left).sum(1)), 1e-6)[:, None]
    over = cross(along, left)
    axes[:, 0] = cosine * along + slope * over
    axes[:, 1] = left
    axes[:, 2] = cosine * over - slope * along
    return axes
