"""How noisy the measured points are, from the points alone."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from humandyn_ros.filters.history import History
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import Array

ORDER = 5  # of the differences: motion below a fifth of the frame rate hardly shows
MEDIAN_OF_LENGTH = 1.5382  # median length of a vector of three standard normal numbers
FIRST_STEP, LAST_STEP = 0.2, 0.02  # of the running median, in natural logarithms
EVERY = 3  # of the frames is looked at
LEARNING_FRAMES = 30.0  # the step falls to half after so many frames, and so on
LEAST_M, MOST_M = 1e-6, 1.0


class NoiseLevel:
    """Standard deviation of the white part of the measurement noise, per joint.

    Divided differences of order 5 over six frames, scaled to unit gain for white noise, cancel
    the motion; a running median of their size (stochastic approximation, Robbins & Monro 1951)
    ignores spikes. Fast motion at low frame rates reads as noise; noise that the sensor smoothed
    is underrated.

    Args:
        joints: Number of points J.
        first_m: Value until measured.
    """

    def __init__(self, joints: int, first_m: float = 0.005) -> None:
        self._first_m = first_m
        self._history = History(ORDER + 1, joints)
        self._stddev = np.empty(joints)
        self.reset()

    @property
    def stddev(self) -> Array:
        """Standard deviation per axis (J,) in m."""
        return self._stddev

    def reset(self) -> None:
        """Forget the past."""
        self._stddev = np.full(len(self._stddev), self._first_m)
        self._frames = 0
        self._history.clear()

    def restart(self) -> None:
        """The next frame is unrelated to the last; the level stays."""
        self._history.clear()

    def step(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Take a frame: points (3J,) in m, weights (J,) with 0 = not seen."""
        history = self._history
        history.append(stamp_ns, points, weights)
        self._frames += 1
        if len(history) > ORDER and self._frames % EVERY == 0:
            self._learn()

    def _learn(self) -> None:
        history = self._history
        ago_us = (history.stamps[-1] - history.stamps) // 1000
        weights = _unit_difference(ago_us.tobytes())
        step = max(FIRST_STEP / (1.0 + self._frames / LEARNING_FRAMES), LAST_STEP)
        learnt = followed(weights, history.points, self._stddev, math.exp(0.75 * step))
        if not history.even.all():
            gaps = (history.weights == 0.0).any(axis=0)
            learnt = np.where(gaps, self._stddev, learnt)
        self._stddev = learnt


@kernel
def followed(weights: Array, points: Array, stddev: Array, factor: float) -> Array:
    """Noise levels (J,) m moved by a factor towards the size of a difference.

    Args:
        weights: Of the frames in the difference (N,).
        points: Frames (N, 3J) m.
        stddev: Levels so far (J,) m.
        factor: How much they rise or fall.
    """
    difference = (weights @ points).reshape(-1, 3)
    length = np.sqrt(np.square(difference).sum(axis=1))  # axes would make heading matter
    above = length > MEDIAN_OF_LENGTH * stddev
    moved = np.where(above, stddev * factor, stddev / factor)
    return np.asarray(np.minimum(np.maximum(moved, LEAST_M), MOST_M))


@lru_cache(maxsize=64)
def _unit_difference(ago_us: bytes) -> Array:
    """Weights of the divided difference over these instants, with unit sum of squares."""
    t = np.frombuffer(ago_us, dtype=np.int64)
    apart = (t[:, None] - t) / t[0] + np.eye(len(t))
    weights = 1.0 / np.prod(apart, axis=1)
    return np.array(weights / np.sqrt(weights @ weights))
