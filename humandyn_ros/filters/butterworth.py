"""Causal Butterworth low-pass; its delay is the declared lag."""

from __future__ import annotations

import numpy as np

from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.filters.filter import Filter
from humandyn_ros.filters.gate import NEVER_NS
from humandyn_ros.quantities import Array, KinematicState, Mask

ORDER = 4
SETTLE_PERIODS = 1.5  # of the cut-off, until a start from rest is forgotten
_ANGLES = np.pi * (np.arange(ORDER) + 0.5) / ORDER + np.pi / 2
POLES = np.exp(1j * _ANGLES)  # of the unit low-pass (Butterworth 1930)
COEFFICIENTS = np.real(np.poly(POLES))  # s⁴ ... s⁰
DELAY = COEFFICIENTS[-2]  # at low frequency, in units of 1 / ω_c
NOISE_BANDWIDTH = np.pi / (2 * ORDER) / np.sin(np.pi / (2 * ORDER))  # in units of the cut-off
_MODES = np.vander(POLES, ORDER, increasing=True).T  # columns: (1, p, p², p³)
_FROM_MODES = np.linalg.inv(_MODES)


class Butterworth(Filter):
    """Fourth-order low-pass in continuous time, stepped exactly between irregular stamps.

    An all-pole filter has its output and the output's derivatives as states, so velocity and
    acceleration need no differences, and a new cut-off leaves no jump in any of them. Between
    frames the input is a straight line: for u(t) = u₀ + s t the steady answer is u(t) - D s with
    D = `DELAY` / ω_c, and what deviates from it decays with the poles. The state is declared to be
    about the instant D ago. A joint that is not seen goes on at its velocity.

    `lag_ns` follows `cutoff_hz`, not `lag_s`; late frames cannot be sorted in and are ignored.
    """

    def __init__(self, config: FilterConfig | None = None, joints: int = 24) -> None:
        self._states = np.zeros((ORDER, joints * 3))
        super().__init__(config, joints)

    @property
    def lag_ns(self) -> int:
        """Delay of the filter at its present cut-off frequency."""
        return round(1e9 * float(DELAY) / (2 * np.pi * self._cutoff_hz))

    def _clear(self) -> None:
        self._states[:] = 0.0
        self._input = np.zeros(self.joints * 3)
        self._time_ns = self._answered_ns = NEVER_NS
        self._since_ns = np.full(self.joints, NEVER_NS, dtype=np.int64)
        self._interval_s = 0.0

    def _forget(self, joints: Mask) -> None:
        self._since_ns[joints] = NEVER_NS

    def _knows(self, stamp_ns: int) -> bool:
        return stamp_ns == self._newest_ns

    def _insert(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Nothing: the past is summed up already."""

    def _merge(self, stamp_ns: int, points: Array, weights: Array) -> None:
        self._append(stamp_ns, points, weights)

    def _append(self, stamp_ns: int, points: Array, weights: Array) -> None:
        omega = 2 * np.pi * self._cutoff_hz
        dt = (stamp_ns - self._time_ns) * 1e-9 if self._time_ns > NEVER_NS else 0.0
        seen = np.repeat(weights > 0.0, 3)
        velocity = self._states[1] + DELAY / omega * self._states[2]
        target = np.where(seen, points, self._input + dt * velocity)
        if dt > 0.0:
            self._advance(dt, omega, (target - self._input) / dt)
        fresh = np.repeat((weights > 0.0) & (self._since_ns == NEVER_NS), 3)
        self._states[:, fresh] = 0.0
        self._states[0, fresh] = points[fresh]
        self._since_ns[fresh[::3]] = stamp_ns
        self._input, self._time_ns, self._interval_s = target, stamp_ns, dt

    def _advance(self, dt: float, omega: float, slope: Array) -> None:
        """Step all states (4, 3J) by dt seconds while the input rises by `slope` per second."""
        scale = omega ** np.arange(ORDER)[:, None]
        step = np.real((_MODES * np.exp(POLES * omega * dt)) @ _FROM_MODES)
        deviation = self._states / scale
        deviation[0] -= self._input - DELAY / omega * slope
        deviation[1] -= slope / omega
        deviation = step @ deviation
        deviation[0] += self._input + (dt - DELAY / omega) * slope
        deviation[1] += slope / omega
        self._states = deviation * scale

    def _evaluate(self, stamp_ns: int) -> KinematicState | None:
        instant_ns = stamp_ns - self.lag_ns
        settle_ns = round(1e9 * SETTLE_PERIODS / self._cutoff_hz)
        started = self._since_ns > NEVER_NS
        seen = started & (stamp_ns - self._since_ns >= settle_ns)
        seen &= stamp_ns - self._gate.believed_ns <= self._gap_ns
        if not seen.any() or instant_ns <= self._answered_ns:
            return None
        self._answered_ns = instant_ns
        gain = np.sqrt(2 * NOISE_BANDWIDTH * self._cutoff_hz * self._interval_s)
        states = np.where(seen[:, None], self._states[:3].reshape(3, -1, 3), np.nan)
        stddev = np.where(seen, gain * self.noise.stddev, np.nan)
        return KinematicState(instant_ns, states[0], states[1], states[2], seen, stddev)
