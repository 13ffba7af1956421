"""What all estimators share: which frames and points are believed, and when time restarts."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.filters.config import MAX_CUTOFF_HZ, MIN_CUTOFF_HZ, FilterConfig
from humandyn_ros.filters.gate import NEVER_NS, OutlierGate, intact
from humandyn_ros.filters.noise import NoiseLevel
from humandyn_ros.quantities import Array, KinematicState, Mask

FARTHEST_M = 1e6  # coordinates beyond are no measurements
CLOSE = 0.9  # frames nearer than this share of the shortest interval are averaged


class Filter(ABC):
    """Position, velocity and acceleration of J points at a declared age.

    Frames come in order of their stamps, at 15-250 Hz, regular or not. A repeated stamp is
    ignored; a frame that is late by less than the lag is sorted in; later ones are ignored; a
    stamp further back than `gap_s` is an error, and `reset` starts anew. A jump ahead of more than
    `gap_s` restarts by itself. Outliers count as not seen (see `OutlierGate`).

    Args:
        config: Settings.
        joints: Number of points J.

    Attributes:
        repeated: Frames ignored because their stamp was known.
        late: Frames that came out of order.
        rejected: Points rejected as outliers.
        weights: Of the points (J,) of the newest frame, 0 = not seen or not believed.
        restarts: Jumps ahead of more than `gap_s`.
    """

    def __init__(self, config: FilterConfig | None = None, joints: int = 24) -> None:
        self.config = config or FilterConfig()
        self.joints = joints
        self._cutoff_hz = self.config.cutoff_hz
        self._gap_ns = round(self.config.gap_s * 1e9)
        self._gate = OutlierGate(self.config, joints)
        self._close_ns = round(CLOSE * 1e9 / self.config.max_rate_hz)
        self.noise = NoiseLevel(joints, self.config.noise_m)
        self.repeated = self.late = self.rejected = self.restarts = 0
        self.reset()

    @property
    @abstractmethod
    def lag_ns(self) -> int:
        """Newest stamp minus evaluated instant, exactly."""

    @property
    def cutoff_hz(self) -> float:
        """Half-power frequency of the steady response; may be set at any time."""
        return self._cutoff_hz

    @cutoff_hz.setter
    def cutoff_hz(self, value: float) -> None:
        if not MIN_CUTOFF_HZ <= value <= MAX_CUTOFF_HZ:
            raise ConfigError(
                f'cutoff_hz = {value} Hz: must lie in [{MIN_CUTOFF_HZ}, {MAX_CUTOFF_HZ}]'
            )
        self._cutoff_hz = float(value)

    @property
    def note(self) -> str:
        """Why there is no output although frames arrive; '' while all is well."""
        if not self._interrupted:
            return ''
        return (
            f'frames are more than gap_s = {self.config.gap_s} s apart: the rate is too low, '
            'at least 15 Hz is needed'
        )

    def reset(self) -> None:
        """Forget the past: the next frame is unrelated to the last."""
        self._newest_ns = NEVER_NS
        self._taken_ns = NEVER_NS
        self._gate.reset()
        self._interrupted = False
        self.weights = np.zeros(self.joints)
        self.noise.reset()
        self._clear()

    def step(self, stamp_ns: int, points: Array, confidence: Array) -> KinematicState | None:
        """Take one frame; answer for the instant `stamp_ns - lag_ns`.

        Args:
            stamp_ns: When the points were seen.
            points: (J, 3) m; NaN or infinite = not seen.
            confidence: (J,) 0-1, the relative information of each point.

        Returns:
            The state, NaN where `seen` is False; None while warming up, and for repeated, late
            and averaged frames.

        Raises:
            StreamError: Wrong shape, or a stamp more than `gap_s` before the newest.
        """
        points, weights = self._measured(points, confidence)
        if stamp_ns <= self._newest_ns:
            self._out_of_order(stamp_ns, points, weights)
            return None
        self._interrupted = NEVER_NS < self._newest_ns < stamp_ns - self._gap_ns
        if self._interrupted:
            self.restarts += 1
            self._restart()
        flat, weights = self._judged(stamp_ns, points, weights)
        self._newest_ns, self.weights = stamp_ns, weights
        if stamp_ns - self._taken_ns < self._close_ns:
            self._merge(stamp_ns, flat, weights)
            return None
        self._taken_ns = stamp_ns
        self._append(stamp_ns, flat, weights)
        self.noise.step(stamp_ns, flat, weights)
        return self._evaluate(stamp_ns)

    def _measured(self, points: Array, confidence: Array) -> tuple[Array, Array]:
        """Finite points (J, 3) and their weights (J,); weight 0 = not seen."""
        points = np.array(points, dtype=np.float64)  # the caller may use its own again
        weights = np.array(confidence, dtype=np.float64)
        if points.shape != (self.joints, 3) or weights.shape != (self.joints,):
            raise StreamError(
                f'points {points.shape} with confidence {weights.shape}: this filter was made '
                f'for ({self.joints}, 3) and ({self.joints},)'
            )
        if intact(points, weights, FARTHEST_M, self.config.min_confidence):
            return points, weights
        believed = weights >= self.config.min_confidence  # False for NaN
        believed &= (np.abs(points) < FARTHEST_M).all(axis=1)
        return (
            np.where(believed[:, None], points, 0.0),
            np.where(believed, np.minimum(weights, 1.0), 0.0),
        )

    def _out_of_order(self, stamp_ns: int, points: Array, weights: Array) -> None:
        behind_ns = self._newest_ns - stamp_ns
        if behind_ns > self._gap_ns:
            raise StreamError(
                f'stamp {stamp_ns} ns lies {behind_ns * 1e-9:.3f} s before the newest: '
                'reset() the filter to go on from there'
            )
        if self._knows(stamp_ns):
            self.repeated += 1
            return
        self.late += 1
        if behind_ns <= self.lag_ns:
            self._insert(stamp_ns, *self._judged(stamp_ns, points, weights))

    def _restart(self) -> None:
        self._gate.reset()
        self.noise.restart()
        self._clear()

    def _judged(self, stamp_ns: int, points: Array, weights: Array) -> tuple[Array, Array]:
        """Points (3J,) and weights (J,) without outliers; drops the past of lost joints."""
        outliers, fresh = self._gate.check(stamp_ns, points, weights > 0.0, self.noise.stddev)
        if outliers.any():
            self.rejected += int(outliers.sum())
            weights = np.where(outliers, 0.0, weights)
            points = np.where(outliers[:, None], 0.0, points)
        if fresh.any():
            self._forget(fresh)
        return points.ravel(), weights

    @abstractmethod
    def _clear(self) -> None:
        """Forget all frames."""

    @abstractmethod
    def _forget(self, joints: Mask) -> None:
        """Drop the past of some joints."""

    @abstractmethod
    def _knows(self, stamp_ns: int) -> bool:
        """Whether a frame of this stamp was taken."""

    @abstractmethod
    def _append(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Take a frame (3J,), (J,) later than all others."""

    @abstractmethod
    def _merge(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Take a frame too close to the last for a state of its own."""

    @abstractmethod
    def _insert(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Take a late frame."""

    @abstractmethod
    def _evaluate(self, stamp_ns: int) -> KinematicState | None:
        """The state at `stamp_ns - lag_ns`; None while warming up."""
