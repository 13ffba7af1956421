"""Which cut-off frequency the filter should use now, from measured motion and measured noise.

Quiet stance needs 2-3 Hz (the split between the feet is a small moment over the stance width),
walking 4-5 Hz, running 8 Hz. The measure of motion is the speed of the legs against the pelvis in
units of √(g·leg), so it means the same for a child and an adult; frequencies scale with √(g/leg).
"""

from __future__ import annotations

import math
from bisect import bisect

import numpy as np

from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

LEGS = np.array(
    [CANONICAL.index[f'{s}_{j}'] for s in ('left', 'right') for j in ('knee', 'ankle')]
)
_REFERENCE_LEG_M = 0.86  # an adult of 1.75 m; there the frequencies below apply as they are
# √(g·leg): standing, shifting, squatting, walking, running.
_MOTION = (0.02, 0.10, 0.25, 0.45, 0.85)
_CUTOFF_HZ = (2.2, 3.2, 4.8, 6.2, 7.0)
_WALKING = 0.4  # √(g·leg)
_RUNNING = 0.6, 0.9
_RISE_S, _FALL_S = 0.15, 0.6  # times in which the measure follows motion up and down
_STEP = 1.06  # cut-offs are answered on a geometric grid, so that filters can keep their weights
_FIRST = 26  # of that grid, before anything is known: 4.5 Hz
# Noise density of joint centres (standard deviation over √cut-off) at which walking begins to need
# a lower cut-off; accelerations grow with the square of speed, so it does too.
_NOISE_M = 0.36e-3  # m/√Hz
_CAUTION = 0.185
_STEPPING = 0.35  # √(g·leg), of one ankle against the other: load changes fast in any walk
_QUIET = 0.5  # of walking: below it noise is judged as here
LOW_HZ, HIGH_HZ = 1.5, 12.0


class CutoffPolicy:
    """Cut-off frequency for one person, smooth in time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the motion so far."""
        self._motion: float | None = None
        self._steps = 0.0
        self._grid: int | None = None

    @property
    def cutoff_hz(self) -> float:
        """The cut-off to use now."""
        return float(_STEP ** (self._grid if self._grid is not None else _FIRST))

    @property
    def vigour(self) -> float:
        """0 at rest, 1 from walking on."""
        return min(1.0, (self._motion or 0.0) / _WALKING)

    @property
    def running(self) -> float:
        """0 for slower motion than a fast walk, 1 for running."""
        low, high = _RUNNING
        return min(1.0, max(0.0, ((self._motion or 0.0) - low) / (high - low)))

    def step(self, velocities: Array, noise_m: float, leg_m: float, dt: float) -> float:
        """Take one instant and answer the cut-off to use from now on, Hz.

        Args:
            velocities: Canonical joint centres', none missing (24, 3) m/s.
            noise_m: Standard deviation of the filtered joint centres, m.
            leg_m: Leg length.
            dt: Time since the last instant, s.
        """
        motion, steps = briskness(velocities, math.sqrt(GRAVITY * leg_m))
        if self._motion is None:
            self._motion = motion
        self._motion = _followed(self._motion, motion, dt)
        self._steps = _followed(self._steps, steps, dt)
        scale = math.sqrt(_REFERENCE_LEG_M / leg_m)
        wanted = scale * _wanted_hz(self._motion)
        wanted = min(max(wanted * self._caution(noise_m), LOW_HZ), HIGH_HZ)
        place = math.log(wanted) / math.log(_STEP)
        if self._grid is None or abs(place - self._grid) > 0.8:
            self._grid = round(place)
        return self.cutoff_hz

    def _caution(self, noise_m: float) -> float:
        """Less than one where noise is dense against motion, whatever frame rate and cut-off."""
        steps = min(self._steps / _STEPPING, 1.0)
        agility = max((self._motion or 0.0) / _WALKING, steps, _QUIET)
        bearable = _NOISE_M * agility**2
        density = noise_m / math.sqrt(self.cutoff_hz)
        return float((1.0 + (density / bearable) ** 2) ** -_CAUTION)


def _wanted_hz(motion: float) -> float:
    """Cut-off for a measure of motion, from the table."""
    above = bisect(_MOTION, motion)
    if above in (0, len(_MOTION)):
        return _CUTOFF_HZ[min(above, len(_MOTION) - 1)]
    low, high = _MOTION[above - 1], _MOTION[above]
    share = (motion - low) / (high - low)
    return _CUTOFF_HZ[above - 1] + share * (_CUTOFF_HZ[above] - _CUTOFF_HZ[above - 1])


def _followed(past: float, now: float, dt: float) -> float:
    """A measure that follows motion quickly up and slowly down."""
    return past + min(1.0, dt / (_RISE_S if now > past else _FALL_S)) * (now - past)


@kernel
def briskness(velocities: Array, unit: float) -> tuple[float, float]:
    """Two measures of motion at one instant.

    Args:
        velocities: Canonical joint centres' (24, 3) m/s.
        unit: √(g·leg), m/s.

    Returns:
        How fast the legs move against the pelvis, or the pelvis rises or falls; and how fast one
        ankle moves against the other: fast in every step, on any floor or belt.
    """
    legs = velocities.take(LEGS, 0)
    relative = legs - velocities[0]
    mean = math.sqrt(float((relative * relative).sum()) / len(LEGS))
    left, right = legs[1::2].tolist()
    return max(mean, abs(float(velocities[0, 2]))) / unit, math.dist(left, right) / unit
