"""Soles from ankle and ball: contact points, their clearance above the floor and their speed.

The floor is found from the feet themselves: the lowest level at which each foot's ball has come
to carry load, and how much higher ankles then are. So neither the height of a marker above the
sole nor the height of the floor in the sensor's frame has to be known, and a step or a box is a
floor of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_BREADTH_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
)
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import CANONICAL, Array

# Left and right knee, ankle and ball: rows of the joint centres that a foot needs.
_ROWS = np.array(
    [
        CANONICAL.index[f'{side}_{j}']
        for side in ('left', 'right')
        for j in ('knee', 'ankle', 'foot')
    ]
)
BALLS = _ROWS[[2, 5]]
# Contact points: the joint centre they hang on (0 ankle, 1 ball), then forward and leftward in
# foot lengths and breadths. The heel's rim lies a quarter of the foot behind the ankle, the toes'
# tips as far before the ball (Winter 2009, figure 4.1; Hawes and Sovak 1994).
_POINTS = np.array(
    [
        [0, -0.20, 0.25], [0, -0.20, -0.25],
        [1, 0.0, 0.5], [1, 0.0, -0.5],
        [1, 0.26, 0.3], [1, 0.26, -0.3],
    ]
)  # fmt: skip
POINTS = len(_POINTS)
_BALL_HEIGHT_PER_HEIGHT = 0.018
# Over the shank's lean (its sine) the centre of pressure moves along the foot as a wheel rolls
# (Hansen, Childress, Knox 2004, Clinical Biomechanics 19:407); in leg lengths before the ankle.
ROLL_LEANS = (-0.3, -0.1, 0.1, 0.3, 0.45)
ROLL_PLACES = (-0.03, -0.002, 0.058, 0.13, 0.155)
_FLAT_S, _TILTED_S = 0.1, 0.8  # times in which the height of a flat foot's ankle is learnt
_LOADED, _NEAR = 0.3, 0.15  # body weights; share of the ankle's height
_SINK_S, _RISE_S = 0.05, 0.4  # times in which a floor level follows a foot down, and up
_STEP_S = 0.04  # and up to a foot that must stand on something higher

Vector = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points of both soles, left foot first.

    Attributes:
        positions: (2, 7, 3) m, on the floor; the last is where the foot rolls.
        clearance: Height of the others above the floor (2, 6) m.
        velocities: Of the others (2, 6, 3) m/s.
        ball_clearance: Height of the balls above where they stand (2,) m.
    """

    positions: Array
    clearance: Array
    velocities: Array
    ball_clearance: Array


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
        self._ankle_height = ANKLE_HEIGHT_PER_HEIGHT * height_m
        self._ball_height = _BALL_HEIGHT_PER_HEIGHT * height_m
        on_ball = _POINTS[:, 0]
        # Points from ankle, ball, forward, left and up (6, 5).
        self._local = np.column_stack(
            [
                1.0 - on_ball,
                on_ball,
                _POINTS[:, 1] * FOOT_LENGTH_PER_HEIGHT * height_m,
                _POINTS[:, 2] * FOOT_BREADTH_PER_HEIGHT * height_m,
                np.where(on_ball > 0.0, -self._ball_height, -self._ankle_height),
            ]
        )

    def reset(self) -> None:
        """Forget the floor."""
        self.levels: Array | None = None  # (2,) m, of the balls when they stand
        self._lift = self._ankle_height - self._ball_height  # of the ankles above them

    def step(self, positions: Array, velocities: Array) -> Contacts:
        """Contact points for one instant.

        Args:
            positions: Canonical joint centres (24, 3) m.
            velocities: Theirs (24, 3) m/s.
        """
        places, speeds = positions.take(_ROWS, 0), velocities.take(_ROWS, 0)
        if self.levels is None:
            heights = places[:, 2].tolist()
            lowest = min(min(heights[i + 2], heights[i + 1] - self._lift) for i in (0, 3))
            self.levels = np.full(2, lowest)
        sizes = self._lift, self._ankle_height, self._ball_height
        return Contacts(*touch(places, speeds, self.levels, self._local, sizes))

    def learn(self, positions: Array, load: list[float], claims: list[float], dt: float) -> None:
        """Move the floor levels: down with any foot, up with a foot that carries or must carry.

        Args:
            positions: Canonical joint centres (24, 3) m.
            load: Vertical force on both feet in body weights.
            claims: How much each foot must stand on something higher than its floor, 0-1.
            dt: Time since the last step, s.
        """
        assert self.levels is not None
        heights, levels = positions.take(_ROWS, 0)[:, 2].tolist(), self.levels.tolist()
        for foot, carried in enumerate(load):
            above = heights[3 * foot + 2] - levels[foot]
            rise = carried / _RISE_S + claims[foot] / _STEP_S
            rate = dt / _SINK_S if above < 0.0 else dt * rise
            levels[foot] += min(rate, 1.0) * above
        self.levels = np.array(levels)
        self._learn_lift(heights, levels, load, dt)

    def _learn_lift(
        self, heights: list[float], levels: list[float], load: list[float], dt: float
    ) -> None:
        """How much higher the ankle is when the sole is flat: its least while the ball carries."""
        changes = []
        for foot in (0, 1):
            ankle, ball = heights[3 * foot + 1 : 3 * foot + 3]
            if load[foot] > _LOADED and ball - levels[foot] < _NEAR * self._ankle_height:
                change = ankle - ball - self._lift
                changes.append(change * min(1.0, dt / (_FLAT_S if change < 0.0 else _TILTED_S)))
        if changes:
            lift = self._lift + sum(changes) / len(changes)
            self._lift = min(max(lift, 0.2 * self._ankle_height), 2.5 * self._ankle_height)


@kernel
def touch(
    places: Array,
    speeds: Array,
    levels: Array,
    local: Array,
    sizes: tuple[float, float, float],
) -> tuple[Array, Array, Array, Array]:
    """Find the contact points of both feet: the attributes of `Contacts`.

    Args:
        places: Left and right knee, ankle and ball (6, 3) m.
        speeds: Theirs (6, 3) m/s.
        levels: Heights of the balls when they stand (2,) m.
        local: Points of the sole from ankle, ball, forward, left and up (6, 5).
        sizes: Heights, m: of the ankle above the ball when the sole is flat, of the ankle and
            of the ball above the sole.
    """
    lift, ankle_height, ball_height = sizes
    p, v = places.tolist(), speeds.tolist()
    feet = [foot((p[i], p[i + 1], p[i + 2]), (v[i + 1], v[i + 2]), lift) for i in (0, 3)]
    frames = np.array([found[0] for found in feet])
    points = np.empty((2, POINTS + 1, 3))
    points[:, :POINTS] = local @ frames
    points[:, POINTS] = [found[2] for found in feet]
    floor = (levels - ball_height)[:, None]
    # The ankle's own height above the ball is learnt; the assumed drop of the heel is not.
    raised = (lift - ankle_height + ball_height) * local[:, 0]
    clearance = points[:, :POINTS, 2] - floor - raised
    points[:, :, 2] = floor
    moving = local @ np.array([found[1] for found in feet])
    return points, clearance, moving, frames[:, 1, 2] - levels


def foot(
    places: tuple[Sequence[float], Sequence[float], Sequence[float]],
    speeds: tuple[Sequence[float], Sequence[float]],
    lift: float,
) -> tuple[tuple[Vector, ...], tuple[Vector, ...], Vector]:
    """Frame of a foot, its rates and where it rolls, in plain numbers (six vectors only).

    Args:
        places: Knee, ankle and ball, m.
        speeds: Of ankle and ball, m/s.
        lift: Height of the ankle above the ball when the sole is flat, m.

    Returns:
        Ankle, ball and the sole's forward, left and up axes; their rates; the rolling point.
    """
    (knee, ankle, ball), (ankle_speed, ball_speed) = places, speeds
    kx, ky, kz = _between(ankle, knee)
    ax, ay, az = _between(ankle, ball)
    square = max(ax * ax + ay * ay + az * az, 1e-6)
    length, level = math.sqrt(square), max(math.hypot(ax, ay), 1e-6)
    hx, hy = ax / level, ay / level
    pitch = math.atan2(az, level) + math.asin(min(max(lift / length, 0.0), 0.9))
    c, s = math.cos(pitch), math.sin(pitch)
    forward, left, up = (c * hx, c * hy, s), (-hy, hx, 0.0), (-s * hx, -s * hy, c)
    vx, vy, vz = _between(ankle_speed, ball_speed)
    spin = (
        (ay * vz - az * vy) / square,
        (az * vx - ax * vz) / square,
        (ax * vy - ay * vx) / square,
    )
    shank = math.sqrt(kx * kx + ky * ky + kz * kz)
    lean = (kx * hx + ky * hy) / max(shank, 1e-3)
    on = 2.0 * shank * _rolled(lean) * math.cos(min(pitch, 0.0))  # a raised heel: seen from above
    return (
        (_vector(ankle), _vector(ball), forward, left, up),
        (
            _vector(ankle_speed),
            _vector(ball_speed),
            _turned(spin, forward),
            _turned(spin, left),
            _turned(spin, up),
        ),
        (ankle[0] + on * hx, ankle[1] + on * hy, 0.0),
    )


def _vector(at: Sequence[float]) -> Vector:
    return at[0], at[1], at[2]


def _between(start: Sequence[float], end: Sequence[float]) -> Vector:
    return end[0] - start[0], end[1] - start[1], end[2] - start[2]


def _turned(spin: Vector, axis: Vector) -> Vector:
    """Rate of an axis that turns with this angular velocity."""
    (x, y, z), (a, b, c) = spin, axis
    return y * c - z * b, z * a - x * c, x * b - y * a


def _rolled(lean: float) -> float:
    """Where a foot rolls at this lean: piecewise linear, constant beyond the ends."""
    if lean <= ROLL_LEANS[0]:
        return ROLL_PLACES[0]
    for k in range(1, len(ROLL_LEANS)):
        if lean < ROLL_LEANS[k]:
            share = (lean - ROLL_LEANS[k - 1]) / (ROLL_LEANS[k] - ROLL_LEANS[k - 1])
            return ROLL_PLACES[k - 1] + share * (ROLL_PLACES[k] - ROLL_PLACES[k - 1])
    return ROLL_PLACES[-1]


SCALAR = _vector, _between, _turned, _rolled, foot
"""Functions of plain numbers, which `kernels.compiled` compiles as they stand."""
