"""The smoother over a whole recording: the same model as the default, without a lag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import StreamError
from humandyn_ros.filters import spline
from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.filters.kalman import KNOTS_PER_PERIOD, capped_cutoff_hz, stiffness
from humandyn_ros.filters.noise import NoiseLevel
from humandyn_ros.filters.windowed import MIN_POINTS, solve_band
from humandyn_ros.quantities import Array, Mask

NEIGHBOURS = 20  # knots beyond which a coefficient no longer matters for the variance
FRAMES_AT_ONCE = 64


class Smoothed(NamedTuple):
    """Motion at every stamp of a recording; NaN where not seen."""

    positions: Array  # (T, J, 3) m
    velocities: Array  # (T, J, 3) m/s
    accelerations: Array  # (T, J, 3) m/s²
    seen: Mask  # (T, J) measured, or in a gap of at most gap_s
    stddev: Array  # (T, J) m, of the positions, per axis


def smooth(
    stamps_ns: NDArray[np.int64],
    points: Array,
    confidence: Array,
    *,
    cutoff_hz: float | None = None,
    config: FilterConfig | None = None,
) -> Smoothed:
    """Smooth a whole recording, using the frames before and after every instant.

    Args:
        stamps_ns: Rising stamps (T,).
        points: (T, J, 3) m; NaN = not seen.
        confidence: (T, J) 0-1.
        cutoff_hz: Half-power frequency; absent: that of `config`.
        config: Gap policy and least confidence; lag, kind and outlier gate do not apply.

    Raises:
        StreamError: Stamps that do not rise.
    """
    config = config or FilterConfig()
    stamps_ns = np.asarray(stamps_ns, dtype=np.int64)
    if (np.diff(stamps_ns) <= 0).any():
        where = int(np.argmax(np.diff(stamps_ns) <= 0)) + 1
        raise StreamError(
            f'stamps_ns[{where}] = {stamps_ns[where]} does not rise from frame to frame: sort the '
            'frames and drop repeated ones'
        )
    finite = np.isfinite(points).all(axis=2) & (confidence >= config.min_confidence)
    weights = np.where(finite, np.minimum(confidence, 1.0), 0.0)
    points = np.where(finite[:, :, None], points, 0.0)
    noise = _noise(stamps_ns, points, weights, config.noise_m)
    states = np.full((3, *points.shape), np.nan)
    stddev = np.full(weights.shape, np.nan)
    for joints, run in _stretches(stamps_ns, weights, round(config.gap_s * 1e9)):
        t = (stamps_ns[run] - stamps_ns[run.start]) * 1e-9
        wanted, gain = _solve(
            t, weights[run, joints[0]], points[run, joints], cutoff_hz or config.cutoff_hz
        )
        states[:, run, joints] = wanted
        stddev[run, joints] = gain[:, None] * noise[joints]
    return Smoothed(states[0], states[1], states[2], np.isfinite(stddev), stddev)


def _noise(stamps_ns: NDArray[np.int64], points: Array, weights: Array, first_m: float) -> Array:
    level = NoiseLevel(weights.shape[1], first_m)
    for stamp, point, weight in zip(stamps_ns, points, weights, strict=True):
        level.step(int(stamp), point.ravel(), weight)
    return level.stddev


def _stretches(
    stamps_ns: NDArray[np.int64], weights: Array, gap_ns: int
) -> Iterator[tuple[NDArray[np.intp], slice]]:
    """Joints of equal weights, and frames in which these have no gap beyond the policy."""
    groups: dict[bytes, list[int]] = {}
    for joint, column in enumerate(weights.T):
        groups.setdefault(column.tobytes(), []).append(joint)
    for joints in groups.values():
        measured = np.flatnonzero(weights[:, joints[0]])
        breaks = np.flatnonzero(np.diff(stamps_ns[measured]) > gap_ns) + 1
        for rows in np.split(measured, breaks):
            if len(rows) >= MIN_POINTS:
                yield np.array(joints), slice(int(rows[0]), int(rows[-1]) + 1)


def _solve(t: Array, weights: Array, points: Array, cutoff_hz: float) -> tuple[Array, Array]:
    """States (3, N, J, 3) and gains (N,) for joints that share their weights (N,)."""
    interval_s = t[-1] / (len(t) - 1)
    cutoff_hz = capped_cutoff_hz(cutoff_hz, interval_s)
    knots_hz = KNOTS_PER_PERIOD * cutoff_hz
    intervals = max(1, int(np.ceil(t[-1] * knots_hz)))
    at = intervals - (t[-1] - t) * knots_hz
    first, values = spline.local_basis(at, intervals)
    band = stiffness(cutoff_hz, interval_s) * spline.penalty_band(intervals)
    for d in range(spline.ORDER):
        for a in range(spline.ORDER - d):
            np.add.at(band[d], first + a, weights * values[:, a] * values[:, a + d])
    columns = first[:, None] + np.arange(spline.ORDER)
    places = np.arange(len(t) + 1) * spline.ORDER
    from scipy.sparse import csr_array  # noqa: PLC0415 - slow to import, and not needed live

    basis = csr_array((values.ravel(), columns.ravel(), places), (len(t), band.shape[1]))
    right = basis.T @ (weights[:, None] * points.reshape(len(t), -1))
    solution = solve_band(band, right)
    wanted = spline.local_functionals(at, intervals)
    wanted *= np.array([1.0, knots_hz, knots_hz * knots_hz])[:, None]
    states = np.stack(
        [
            sum(w[:, a, None] * solution[first + a] for a in range(spline.ORDER))
            for w in wanted.swapaxes(0, 1)
        ]
    )
    return states.reshape(3, *points.shape), _gains(band, first, values)


def _gains(band: Array, first: NDArray[np.intp], values: Array) -> Array:
    """Square root of b·A⁻¹·b at every frame, from the part of A that matters there."""
    out = np.empty(len(first))
    for start in range(0, len(first), FRAMES_AT_ONCE):
        frames = slice(start, start + FRAMES_AT_ONCE)
        low = max(0, int(first[frames][0]) - NEIGHBOURS)
        high = min(band.shape[1], int(first[frames][-1]) + spline.ORDER + NEIGHBOURS)
        right = np.zeros((high - low, len(first[frames])))
        rows = first[frames, None] - low + np.arange(spline.ORDER)
        np.put_along_axis(right, rows.T, values[frames].T, axis=0)
        answer = solve_band(band[:, low:high], right)
        out[frames] = np.sqrt((right * answer).sum(axis=0))
    return out
