"""Estimators that solve a small least-squares problem over the last frames.

Every coordinate is x(t) = b(t)·c; the coefficients c minimise

    sum_i w_i (y_i - b(t_i)·c)² + c·P·c

and the state at the instant is linear in the measurements. While all joints weigh the same, the
weights of that linear map are kept per pattern of stamps, so a step costs one small product;
otherwise every joint has its own system. Both solve the same equations.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpbsv

from humandyn_ros.filters.config import MIN_CUTOFF_HZ, FilterConfig
from humandyn_ros.filters.filter import Filter
from humandyn_ros.filters.history import History
from humandyn_ros.quantities import Array, KinematicState, Mask

Key = TypeVar('Key')
Value = TypeVar('Value')
Stamps = NDArray[np.int64]

TICK_NS = 100  # resolution of the window's times
TICK_S = TICK_NS * 1e-9
MIN_FRAMES = 6
MIN_POINTS = 4  # measurements of a joint in the window
SETTLE_PERIODS = 0.3  # of the cut-off that must lie before the instant
KEPT_DESIGNS, KEPT_MAPS = 8, 64


class Design(NamedTuple):
    """The linear model of one pattern of stamps."""

    basis: Array  # (N, K) at the frames
    wanted: Array  # (3, K) functionals: position, velocity, acceleration at the instant
    penalty: Array  # (D, K) lower band of P
    products: Array  # (N, D·K): summed with weights, the lower band of the rest


class WindowedFilter(Filter):
    """A filter that sees the frames of the last `lag_s` + some periods of its cut-off.

    Attributes:
        look_back_periods: Periods of the cut-off that the window reaches behind the instant.
    """

    look_back_periods: float

    def __init__(self, config: FilterConfig | None = None, joints: int = 24) -> None:
        config = config or FilterConfig()
        longest_s = config.lag_s + self.look_back_periods / MIN_CUTOFF_HZ
        self._history = History(int(longest_s * config.max_rate_hz) + MIN_FRAMES, joints)
        self._lag_ns = round(config.lag_s * 1e9)
        self._designs: dict[tuple[bytes, float], Design] = {}
        self._everybody = np.ones(joints, dtype=np.bool_)
        self._maps: dict[tuple[bytes, float, bytes], tuple[Array, float]] = {}
        super().__init__(config, joints)

    @property
    def lag_ns(self) -> int:
        """Newest stamp minus evaluated instant, exactly."""
        return self._lag_ns

    @abstractmethod
    def _model(self, t: Array, cutoff_hz: float) -> tuple[Array, Array, Array]:
        """The linear model of a window.

        Args:
            t: Times (N,) in s of the frames after the newest stamp (so <= 0), rising.
            cutoff_hz: Cut-off frequency.

        Returns:
            Basis at the frames (N, K); functionals (3, K) for position, velocity, acceleration at
            the instant `-lag_s`; penalty P as a lower
            band (D, K), D the number of diagonals of the normal equations.
        """

    def _evaluate(self, stamp_ns: int) -> KinematicState | None:
        history, cutoff_hz = self._history, self._cutoff_hz
        stamps = history.stamps
        before_ns = self._lag_ns + round(1e9 * SETTLE_PERIODS / cutoff_hz)
        if len(stamps) < MIN_FRAMES or stamp_ns - int(stamps[0]) < before_ns:
            return None
        back_ns = self._lag_ns + round(1e9 * self.look_back_periods / cutoff_hz)
        since = min(int(stamps.searchsorted(stamp_ns - back_ns)), len(stamps) - MIN_FRAMES)
        # Regular streams with rounded stamps then repeat their pattern.
        ago: Stamps = (stamp_ns + TICK_NS // 2 - stamps[since:]) // TICK_NS
        points, weights = history.points[since:], history.weights[since:]
        if history.even[since:].all():
            answer = self._together(ago, weights[:, 0], points)
            return self._state(stamp_ns, answer, self._everybody)
        shared = _shared(weights)
        answer = (
            self._apart(ago, weights, points)
            if shared is None
            else self._together(ago, shared, points)
        )
        return self._state(stamp_ns, answer, self._seen(ago, weights))

    def _state(
        self, stamp_ns: int, answer: tuple[Array, Array | float], seen: Mask
    ) -> KinematicState:
        states, stddev = answer[0].reshape(3, -1, 3), np.sqrt(answer[1]) * self.noise.stddev
        if seen is not self._everybody and not seen.all():
            states = np.where(seen[:, None], states, np.nan)
            stddev = np.where(seen, stddev, np.nan)
        return KinematicState(
            stamp_ns - self._lag_ns, states[0], states[1], states[2], seen, stddev
        )

    def _together(self, ago: Stamps, weights: Array, points: Array) -> tuple[Array, Array | float]:
        """States (3, 3J) and squared gain where all joints have the same weights (N,)."""
        key = (ago.tobytes(), self._cutoff_hz, weights.tobytes())
        if key not in self._maps:
            design = self._design(ago)
            band = (weights @ design.products).reshape(design.penalty.shape) + design.penalty
            solution = solve_band(band, design.wanted.T)
            gain = float(design.wanted[0] @ solution[:, 0])
            _keep(self._maps, KEPT_MAPS, key, (solution.T @ design.basis.T * weights, gain))
        rows, gain = self._maps[key]
        return rows @ points, gain

    def _apart(self, ago: Stamps, weights: Array, points: Array) -> tuple[Array, Array | float]:
        """The same with weights (N, J) of their own per joint."""
        design, joints = self._design(ago), self.joints
        frames, size = design.basis.shape
        solvable = np.count_nonzero(weights, axis=0) >= MIN_POINTS
        weights = np.where(solvable, weights, 1.0)  # of joints that will not count as seen
        bands = (weights.T @ design.products).reshape(joints, *design.penalty.shape)
        bands += design.penalty
        measured = (points.reshape(frames, joints, 3) * weights[:, :, None]).reshape(frames, -1)
        right = np.empty((4, joints, size))
        right[:3] = (measured.T @ design.basis).reshape(joints, 3, size).transpose(1, 0, 2)
        right[3] = design.wanted[0]
        solution = solve_band(
            bands.transpose(1, 0, 2).reshape(len(design.penalty), -1), right.reshape(4, -1).T
        )
        states = (solution.T.reshape(-1, size) @ design.wanted.T).reshape(4, joints, 3)
        return states[:3].transpose(2, 1, 0), states[3, :, 0]

    def _design(self, ago: Stamps) -> Design:
        key = (ago.tobytes(), self._cutoff_hz)
        if key not in self._designs:
            model = self._model(ago.astype(np.float64) * -TICK_S, self._cutoff_hz)
            design = Design(*model, _products(model[0], len(model[2])))
            _keep(self._designs, KEPT_DESIGNS, key, design)
        return self._designs[key]

    def _seen(self, ago: Stamps, weights: Array) -> Mask:
        """Joints (J,) measured within half a gap of the instant, and long enough before it."""
        lag = self._lag_ns / TICK_NS
        measured = weights > 0.0
        nearest = np.where(measured, np.abs(ago - lag)[:, None], np.inf).min(axis=0)
        oldest = np.where(measured, ago[:, None], -np.inf).max(axis=0)
        settled = lag + SETTLE_PERIODS / (self._cutoff_hz * TICK_S)
        enough = np.count_nonzero(measured, axis=0) >= MIN_POINTS
        return np.asarray(
            enough & (nearest <= 0.5 * self.config.gap_s / TICK_S) & (oldest >= settled)
        )

    def _clear(self) -> None:
        self._history.clear()

    def _forget(self, joints: Mask) -> None:
        self._history.forget(joints)

    def _knows(self, stamp_ns: int) -> bool:
        return stamp_ns == self._newest_ns or bool((self._history.stamps == stamp_ns).any())

    def _append(self, stamp_ns: int, points: Array, weights: Array) -> None:
        self._merged = [(stamp_ns, points, weights)]
        self._history.append(stamp_ns, points, weights)

    def _merge(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """The newest frame becomes the average of all that are close to it."""
        self._merged.append((stamp_ns, points, weights))
        stamps, points_, weights_ = (
            np.array(column) for column in zip(*self._merged, strict=True)
        )
        mass = np.repeat(weights_, 3, axis=1)
        mean = (points_ * mass).sum(axis=0) / np.maximum(mass.sum(axis=0), 1e-9)
        mean_ns = stamp_ns - round(float(np.mean(stamp_ns - stamps)))
        self._history.replace_newest(mean_ns, mean, weights_.mean(axis=0))

    def _insert(self, stamp_ns: int, points: Array, weights: Array) -> None:
        self._history.insert(stamp_ns, points, weights)


def _keep(kept: dict[Key, Value], most: int, key: Key, value: Value) -> None:
    """Remember a value; forget all others when there are too many."""
    if len(kept) >= most:
        kept.clear()
    kept[key] = value


def _shared(weights: Array) -> Array | None:
    """Weights (N,) that all joints share, those never measured left aside; None if they differ.

    Half a body, seen by a set of markers on the legs, then costs no more than a whole one.
    """
    most: Array = weights.max(axis=1)
    absent = ~weights.any(axis=0)
    alike = ((weights == most[:, None]) | absent).all()
    return most if alike and np.count_nonzero(most) >= MIN_POINTS else None


def _products(basis: Array, diagonals: int) -> Array:
    """Products of basis functions (N, D·K): row sums with weights give the normal band."""
    frames, size = basis.shape
    products = np.zeros((frames, diagonals, size))
    for d in range(diagonals):
        np.multiply(basis[:, : size - d], basis[:, d:], out=products[:, d, : size - d])
    return products.reshape(frames, -1)


def solve_band(band: Array, right: Array) -> Array:
    """Solve a symmetric positive definite system given by its lower band.

    Raises:
        ArithmeticError: The matrix is not positive definite.
    """
    _, solution, info = dpbsv(band, right, lower=1)
    if info:
        raise ArithmeticError(f'normal equations of size {len(right)} are singular at {info}')
    return np.asarray(solution)
