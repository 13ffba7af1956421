"""Velocity of the floor's surface, from the feet that stand on it."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.quantities import GRAVITY, Array

_MEMORY_S = 1.5  # of standing time: how long the belt's velocity is averaged
_KNOWN_S = 0.3
_MISSING, _LOST_S = 0.5, 0.3  # body weights that nothing carries, and for how long at most
_STILL, _MOVING = 0.06, 0.14  # √(g·leg): slower is a floor, faster is a belt


class Belt:
    """Running mean of the velocity of loaded balls of feet; a floor's is zero.

    Without it the feet of a person on a treadmill would seem to slide.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the surface."""
        self._x = self._y = 0.0
        self._weight_s = 0.0
        self._missing_s = 0.0

    @property
    def known(self) -> bool:
        """Whether feet have stood for long enough to tell."""
        return self._weight_s > _KNOWN_S

    def learn(self, velocity: list[float], weight: float, dt: float) -> None:
        """Take the velocity of the ball of one foot.

        Args:
            velocity: (3,) m/s.
            weight: Load times nearness to the floor, 0-1.
            dt: Time since the last instant, s.
        """
        gain_s = weight * dt
        if gain_s <= 0.0:
            return
        self._weight_s = min(self._weight_s + gain_s, _MEMORY_S)
        share = min(gain_s / self._weight_s, 1.0)
        self._x += share * (velocity[0] - self._x)
        self._y += share * (velocity[1] - self._y)

    def doubt(self, missing: float, dt: float) -> None:
        """Forget the surface when for long nothing carries the weight: no foot stands on it.

        Args:
            missing: Body weights.
            dt: Time since the last instant, s.
        """
        self._missing_s = self._missing_s + dt if missing > _MISSING else 0.0
        if self._missing_s > _LOST_S:
            self.reset()

    def velocity(self, leg: float) -> Array:
        """Velocity of the surface (3,) m/s, horizontal; zero for a leg length at rest."""
        speed = math.hypot(self._x, self._y) / math.sqrt(GRAVITY * leg)
        share = min(1.0, max(0.0, (speed - _STILL) / (_MOVING - _STILL)))
        return np.array([share * self._x, share * self._y, 0.0])
