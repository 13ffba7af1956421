"""Where a person touches the ground or a seat, in every frame of a recording at once.

The rules are those of `contact`: six points and a rolling point per sole, a seat under who sits,
probabilities from clearance and slip. With the whole recording at hand, the floor is known from
the start. Knees, hands, hips, shoulders, elbows and head are further places when they are low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_BREADTH_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
)
from humandyn_ros.contact.config import ContactConfig
from humandyn_ros.contact.seat import seat_point
from humandyn_ros.contact.soles import ROLL_LEANS, ROLL_PLACES
from humandyn_ros.learning.synthesis.angles import unit
from humandyn_ros.learning.synthesis.loads import Loads
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

BALL_HEIGHT_PER_HEIGHT = 0.018  # ball of the foot above the sole
# Points of a sole: 0 on the ankle, 1 on the ball; forwards and leftwards in foot sizes.
_POINTS = np.array(
    [[0, -0.2, 0.25], [0, -0.2, -0.25], [1, 0, 0.5], [1, 0, -0.5], [1, 0.26, 0.3], [1, 0.26, -0.3]]
)
SOLE = len(_POINTS) + 1  # with the rolling point
SEAT = 2 * SOLE
# Other parts that may carry, and how high their joint centre then is, of body height.
_LOW = {
    'left_knee': 0.035, 'right_knee': 0.035, 'left_hip': 0.06, 'right_hip': 0.06,
    'left_shoulder': 0.055, 'right_shoulder': 0.055, 'left_elbow': 0.03, 'right_elbow': 0.03,
    'left_hand': 0.025, 'right_hand': 0.025, 'head': 0.06,
}  # fmt: skip
OTHERS = tuple(CANONICAL.index[name] for name in _LOW)
_HEIGHTS = np.array(list(_LOW.values()))
_LEAST = 1e-6
_SLOWEST = 0.3  # vigour below which the slip threshold stays
_SLOW_BALL = 0.25  # m/s: a ball of a foot that stands
LEGS = np.array(
    [[CANONICAL.index[f'{s}_{j}'] for j in ('knee', 'ankle', 'foot')] for s in ('left', 'right')]
)


@dataclass(frozen=True, eq=False)
class Places:
    """Where forces may act.

    Attributes:
        at: Two soles of seven points, the seat, then OTHERS: (T, P, 3) m about the origin.
        likely: Probability of contact (T, P).
        feet: Probability that each foot touches (T, 2).
        seat: Probability of a seat (T,).
    """

    at: Array
    likely: Array
    feet: Array
    seat: Array


def floor_of(points: Array, rate_hz: float) -> tuple[float, float]:
    """Height of the standing balls of the feet, and of the ankles above them, m.

    Args:
        points: (T, 24, 3) m, z up.
        rate_hz: Frame rate.
    """
    balls, ankles = points[:, LEGS[:, 2]], points[:, LEGS[:, 1]]
    speed = np.linalg.norm(np.gradient(balls, 1 / rate_hz, axis=0), axis=2)
    still = speed < max(_SLOW_BALL, float(np.quantile(speed, 0.1)))
    level = float(np.quantile(balls[..., 2][still], 0.2))
    rest = still & (balls[..., 2] < level + 0.03)
    above = (ankles - balls)[..., 2][rest]
    return level, max(float(np.quantile(above, 0.2)) if len(above) else 0.0, 0.0)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    result: Array = 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))
    return result


class Ground:
    """A flat floor at z = 0 under one person.

    Args:
        height_m: Body height.
        leg_m: Leg length, hip to ankle.
        lift_m: How much higher the ankle is than the ball when the sole is flat.
        config: Thresholds.
    """

    def __init__(
        self, height_m: float, leg_m: float, lift_m: float, config: ContactConfig
    ) -> None:
        self.height_m, self.leg_m, self.lift_m, self.config = height_m, leg_m, lift_m, config
        self._ball = BALL_HEIGHT_PER_HEIGHT * height_m
        self._forward = _POINTS[:, 1] * FOOT_LENGTH_PER_HEIGHT * height_m
        self._left = _POINTS[:, 2] * FOOT_BREADTH_PER_HEIGHT * height_m
        self._down = np.where(_POINTS[:, 0] > 0, self._ball, ANKLE_HEIGHT_PER_HEIGHT * height_m)

    def places(
        self,
        points: Array,
        velocities: Array,
        loads: Loads,
        vigour: Array,
        seat: Array | None = None,
    ) -> Places:
        """Find what touches.

        Args:
            points: (T, 24, 3) m, standing balls at their height above z = 0.
            velocities: (T, 24, 3) m/s.
            loads: Of the same frames.
            vigour: 0 at rest, 1 from walking on (T,).
            seat: Probability of a seat (T,), where it is known.
        """
        soles = [self._sole(points, velocities, side, vigour) for side in (0, 1)]
        likely = np.stack([chance for _, chance in soles], 1)  # (T, 2, 6)
        at = np.concatenate([place for place, _ in soles], 1) - loads.origin[:, None]
        feet = 1.0 - (1.0 - likely).prod(2)
        if seat is None:
            slip = np.linalg.norm(velocities[:, 0], axis=1)
            seat = self._seat(loads, at, likely.max(2), slip)
        rolling = np.concatenate([likely, likely.max(2, keepdims=True)], 2)
        lows = self._low(points, velocities, vigour)
        below = np.array(seat_point(np.zeros(3), self.leg_m))
        seat_at = np.broadcast_to(below, (len(points), 1, 3))
        others = points[:, OTHERS] * [1.0, 1.0, 0.0] - loads.origin[:, None]
        return Places(
            np.concatenate([at, seat_at, others], 1),
            np.concatenate(
                [rolling.reshape(len(points), -1), np.maximum(seat, 1e-12)[:, None], lows], 1
            ),
            feet,
            seat,
        )

    def _sole(
        self, points: Array, velocities: Array, side: int, vigour: Array
    ) -> tuple[Array, Array]:
        """Points of one sole on the floor (T, 7, 3) m, and how likely they touch (T, 6)."""
        knee, ankle, ball = np.moveaxis(points[:, LEGS[side]], 1, 0)
        _, ankle_speed, ball_speed = np.moveaxis(velocities[:, LEGS[side]], 1, 0)
        arm, rate = ball - ankle, ball_speed - ankle_speed
        square = np.maximum((arm**2).sum(1), 1e-6)
        level = np.maximum(np.hypot(arm[:, 0], arm[:, 1]), 1e-6)
        heading = arm[:, :2] / level[:, None]
        slope = np.arcsin(np.clip(self.lift_m / np.sqrt(square), 0.0, 0.9))
        pitch = np.arctan2(arm[:, 2], level) + slope
        axes = _sole_axes(heading, pitch)
        spin = np.cross(arm, rate) / square[:, None]
        local = np.stack([self._forward, self._left, -self._down], 1)  # (6, 3)
        on_ball = _POINTS[:, 0][:, None]
        base = ankle[:, None] * (1 - on_ball) + ball[:, None] * on_ball
        moving = ankle_speed[:, None] * (1 - on_ball) + ball_speed[:, None] * on_ball
        offset = local @ np.swapaxes(axes, 1, 2)
        at, speed = base + offset, moving + np.cross(spin[:, None], offset)
        raised = (self.lift_m + self._ball - self._down[0]) * (1 - _POINTS[:, 0])
        chance = self._chance(at[..., 2] - raised, np.linalg.norm(speed, axis=2), vigour)
        shank = np.maximum(np.linalg.norm(knee - ankle, axis=1), 1e-3)
        lean = ((knee - ankle)[:, :2] * heading).sum(1) / shank
        roll = ankle.copy()
        roll[:, :2] += (2 * shank * np.interp(lean, ROLL_LEANS, ROLL_PLACES))[:, None] * heading
        placed = np.concatenate([at, roll[:, None]], 1)
        placed[..., 2] = 0.0
        return placed, chance

    def _chance(self, clearance: Array, speed: Array, vigour: Array) -> Array:
        """`contact.ground.contact_probability`."""
        rule = self.config
        low = (rule.clearance - clearance / self.leg_m) / rule.clearance_width
        quick = speed / np.sqrt(GRAVITY * self.leg_m) / np.maximum(vigour, _SLOWEST)[:, None]
        return np.maximum(sigmoid(low) * sigmoid((rule.speed - quick) / rule.speed_width), _LEAST)

    def _low(self, points: Array, velocities: Array, vigour: Array) -> Array:
        """How likely other parts lie on the floor (T, len(OTHERS))."""
        clearance = points[:, OTHERS, 2] - _HEIGHTS * self.height_m
        speed = np.linalg.norm(velocities[:, OTHERS], axis=2)
        return self._chance(clearance, speed, vigour)

    def _seat(self, loads: Loads, at: Array, touching: Array, speed: Array) -> Array:
        """`contact.seat.seat_probability` (T,)."""
        force, moment = loads.force[:, 0], loads.moment[:, 0]
        counts = np.minimum(touching / np.clip(touching.max(1, keepdims=True), 1e-6, 0.2), 1.0)
        share = (0.05 + counts) / (0.05 + counts).sum(1, keepdims=True)
        floor = -loads.origin[:, 2]
        up = np.maximum(force[:, 2], 1.0)
        needed = (floor[:, None] * force[:, :2] + np.stack([-moment[:, 1], moment[:, 0]], 1)) / (
            up[:, None]
        )
        soles = at.reshape(len(at), 2, SOLE, 3)[..., :2]
        away = unit(-(share[..., None] * soles.mean(2)).sum(1))
        reach = np.einsum('tsni,ti->tsn', soles, away).max(2)
        reach = (reach - 0.5 * self.leg_m * (1 - counts)).max(1)
        outside = ((away * needed).sum(1) - reach) / self.leg_m
        low = sigmoid((0.78 + floor / self.leg_m) / 0.04)
        still = sigmoid((0.25 - speed / np.sqrt(GRAVITY * self.leg_m)) / 0.05)
        chance: Array = low * sigmoid((outside - 0.05) / 0.02) * still
        return np.where((low < 1e-3) | (force[:, 2] < 1.0), 0.0, chance)


def _sole_axes(heading: Array, pitch: Array) -> Array:
    """Forward, left and up of a sole as columns (T, 3, 3)."""
    (x, y), c, s, zero = heading.T, np.cos(pitch), np.sin(pitch), np.zeros(len(pitch))
    columns = [[c * x, c * y, s], [-y, x, zero], [-s * x, -s * y, c]]
    return np.stack([np.stack(column, 1) for column in columns], 2)
