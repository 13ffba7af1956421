"""Sliding windows of one body: irregular stamps in, a uniform rate out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.filters.history import History
from humandyn_ros.quantities import Array, Mask, MotionWindow

NEAR = 0.75  # usual intervals from a measurement: within a complete stream it is half of one
SAME = 0.01  # usual intervals from a measurement: it is that measurement
ALIKE = 2.0  # cubic interpolation needs neighbouring intervals within this factor
TAPS = np.arange(-1, 3)


@dataclass(frozen=True)
class WindowConfig(Checked):
    """How much of the past is kept, and which gaps are bridged."""

    longest_s: float = setting(4.0, 's', 'longest window that can be asked for', low=0.1, high=60)
    max_rate_hz: float = setting(
        250.0, 'Hz', 'highest input rate at which that much is kept', low=15.0, high=1000.0
    )
    bridge_s: float = setting(
        0.2, 's', 'longest interval that is bridged by interpolation', low=0.02, high=2.0
    )
    min_confidence: float = setting(
        0.05, '', 'a joint below this confidence counts as not seen', low=0.0, high=1.0
    )


class Window:
    """The last seconds of one body, in constant memory.

    Between frames a cubic through the four nearest measurements is taken where these are about
    evenly spaced, else a straight line. Where a frame or a joint is missing, gaps of at most
    `bridge_s` are bridged and marked as not seen; in longer ones, and after a joint's last
    measurement, the joint is NaN. A window across a longer gap of the whole stream is not ready.

    Args:
        joints: Number of points J.
        config: Settings.
    """

    def __init__(self, joints: int = 24, config: WindowConfig | None = None) -> None:
        self.config = config or WindowConfig()
        self.joints = joints
        self._history = History(int(self.config.longest_s * self.config.max_rate_hz) + 4, joints)

    def __len__(self) -> int:
        return len(self._history)

    def reset(self) -> None:
        """Forget the past."""
        self._history.clear()

    def push(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take a frame; repeated and late stamps are ignored.

        Args:
            stamp_ns: When the points were seen.
            points: (J, 3) m; NaN = not seen.
            confidence: (J,) 0-1.

        Raises:
            StreamError: Wrong shape.
        """
        points, confidence = np.asarray(points, float), np.asarray(confidence, float)
        if points.shape != (self.joints, 3) or confidence.shape != (self.joints,):
            raise StreamError(
                f'points {points.shape} with confidence {confidence.shape}: this window was made '
                f'for ({self.joints}, 3) and ({self.joints},)'
            )
        if len(self._history) and stamp_ns <= self._history.stamps[-1]:
            return
        seen = np.isfinite(points).all(axis=1) & (confidence >= self.config.min_confidence)
        kept = np.where(seen[:, None], points, 0.0)
        self._history.append(stamp_ns, kept.ravel(), seen.astype(np.float64))

    def latest(
        self, duration_s: float, rate_hz: float, until_ns: int | None = None
    ) -> MotionWindow | None:
        """The newest stretch at a uniform rate, its last sample at the newest stamp.

        Args:
            duration_s: Length; there are round(duration_s · rate_hz) samples.
            rate_hz: Rate of the samples.
            until_ns: Instant of the last sample, if not the newest stamp.

        Returns:
            The window; None while it is not filled as far as `until_ns`, or a gap longer than
            `bridge_s` lies in it.

        Raises:
            ConfigError: Longer than `longest_s`, or fewer than two samples.
        """
        samples = round(duration_s * rate_hz)
        if samples < 2 or duration_s > self.config.longest_s:
            raise ConfigError(
                f'a window of {duration_s} s at {rate_hz} Hz: needs two samples at least, and at '
                f'most longest_s = {self.config.longest_s} s'
            )
        stamps = self._history.stamps
        before = np.round(np.arange(samples - 1, -1, -1) * (1e9 / rate_hz)).astype(np.int64)
        if len(stamps) < 2:
            return None
        end = stamps[-1] if until_ns is None else np.int64(until_ns)
        if end > stamps[-1] or stamps[0] > end - before[0]:
            return None
        since = int(stamps.searchsorted(end - before[0], side='right')) - 1
        until = int(stamps.searchsorted(end, side='left'))
        # One frame more at either end, for the cubic there.
        rows = slice(max(since - 1, 0), until + 2)
        ago = np.asarray((stamps[rows] - end) * 1e-9, dtype=np.float64)
        within = slice(since - rows.start, until - rows.start)
        if np.diff(ago)[within].max() > self.config.bridge_s:
            return None
        points, seen = self._resample(ago, rows, -1e-9 * before.astype(np.float64))
        return MotionWindow(end - before, rate_hz, points, seen)

    def _resample(self, t: Array, rows: slice, at: Array) -> tuple[Array, Mask]:
        """Points (T, J, 3) and seen (T, J) at the times `at` (T,)."""
        measured = self._history.weights[rows] > 0.0
        values = self._history.points[rows].reshape(len(t), self.joints, 3)
        points = np.full((len(at), self.joints, 3), np.nan)
        seen = np.zeros((len(at), self.joints), dtype=np.bool_)
        usual_s = float(np.median(np.diff(t)))
        always = measured.all(axis=0)
        groups = [always] if always.any() else []
        groups += [np.arange(self.joints) == joint for joint in np.flatnonzero(~always)]
        for joints in groups:
            kept = measured[:, np.argmax(joints)]
            if np.count_nonzero(kept) < 2:
                continue
            flat = values[kept][:, joints].reshape(np.count_nonzero(kept), -1)
            result, interval, distance = interpolate(t[kept], flat, at)
            known = (interval <= self.config.bridge_s) | (distance <= SAME * usual_s)
            points[:, joints] = np.where(known[:, None], result, np.nan).reshape(len(at), -1, 3)
            seen[:, joints] = (known & (distance <= NEAR * usual_s))[:, None]
        return points, seen


def interpolate(t: Array, values: Array, at: Array) -> tuple[Array, Array, Array]:
    """Interpolate between irregular times: cubic where these are about even, else linear.

    Args:
        t: Rising times (N,), at least two.
        values: Values (N, C).
        at: Times asked for (T,).

    Returns:
        Values (T, C), NaN outside `t`; the length of the interval that each is in (T,), infinite
        outside; the distance to the nearest of `t` (T,).
    """
    low = np.clip(np.searchsorted(t, at, side='right') - 1, 0, len(t) - 2)
    interval = t[low + 1] - t[low]
    share = ((at - t[low]) / interval)[:, None]
    out = (1.0 - share) * values[low] + share * values[low + 1]
    cubic = _evenly_spaced(t, low)
    if cubic.any():
        nodes = low[cubic, None] + TAPS
        out[cubic] = np.einsum('tk,tkc->tc', _lagrange(t[nodes], at[cubic]), values[nodes])
    outside = (at < t[0]) | (at > t[-1])
    out[outside] = np.nan
    distance = np.minimum(np.abs(at - t[low]), np.abs(at - t[low + 1]))
    return out, np.where(outside, np.inf, interval), distance


def _evenly_spaced(t: Array, low: NDArray[np.intp]) -> Mask:
    """Where the interval has neighbours on both sides, and all three are alike."""
    intervals = np.diff(t)
    inner = (low >= 1) & (low <= len(t) - 3)
    three = intervals[np.clip(low[:, None] + TAPS[:3], 0, len(intervals) - 1)]
    return np.asarray(inner & (three.max(axis=1) <= ALIKE * three.min(axis=1)))


def _lagrange(nodes: Array, at: Array) -> Array:
    """Weights (T, 4) of the cubic through four nodes (T, 4)."""
    weights = np.ones_like(nodes)
    for k in range(nodes.shape[1]):
        for other in range(nodes.shape[1]):
            if other != k:
                weights[:, k] *= (at - nodes[:, other]) / (nodes[:, k] - nodes[:, other])
    return weights
