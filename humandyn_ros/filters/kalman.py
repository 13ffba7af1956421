"""The default estimator: constant-acceleration Kalman smoother with a fixed lag."""

from __future__ import annotations

import numpy as np

from humandyn_ros.filters import spline
from humandyn_ros.filters.windowed import WindowedFilter
from humandyn_ros.quantities import Array

KNOTS_PER_PERIOD = 12  # of the cut-off; acceleration weights are then within 0.3 % of the limit
LEAST_FRAMES_PER_PERIOD = 3  # a higher cut-off than this would only pass noise
HALF_POWER = np.sqrt(2.0) - 1.0


class FixedLagKalman(WindowedFilter):
    """Most probable motion given the window: white noise on points, white jerk on the model.

    Minimises, for each coordinate,

        sum_i c_i (y_i - x(t_i))² / r + (1/q) ∫ x'''(t)² dt

    which is what the constant-acceleration Kalman filter with a Rauch-Tung-Striebel pass gives
    over the same frames (Rauch et al. 1965; Wahba 1978 for the spline form). Far from the edges
    of a window with frame interval T the response is 1 / (1 + (r T / q) ω⁶); half of the power
    passes at the cut-off ω_c where

        q / r = T ω_c⁶ / (√2 - 1)

    so a cut-off means the same at every frame rate. T is the mean interval of the window.
    """

    look_back_periods = 1.25  # older frames weigh less than 2 %

    def _model(self, t: Array, cutoff_hz: float) -> tuple[Array, Array, Array]:
        interval_s = -t[0] / (len(t) - 1)
        cutoff_hz = capped_cutoff_hz(cutoff_hz, interval_s)
        knots_hz = KNOTS_PER_PERIOD * cutoff_hz
        intervals = max(1, int(np.ceil(-t[0] * knots_hz)))
        instant = np.array([intervals - self.config.lag_s * knots_hz])
        wanted = spline.functionals(instant, intervals)[0]
        wanted *= np.array([1.0, knots_hz, knots_hz * knots_hz])[:, None]
        return (
            spline.basis(intervals + t * knots_hz, intervals),
            wanted,
            stiffness(cutoff_hz, interval_s) * spline.penalty_band(intervals),
        )


def capped_cutoff_hz(cutoff_hz: float, interval_s: float) -> float:
    """The cut-off, at most a third of the frame rate."""
    return min(cutoff_hz, 1.0 / (LEAST_FRAMES_PER_PERIOD * interval_s))


def stiffness(cutoff_hz: float, interval_s: float) -> float:
    """Factor of `spline.penalty_band` beside measurements of weight 1: r / q in knot steps."""
    knots_hz = KNOTS_PER_PERIOD * cutoff_hz
    return float(HALF_POWER * knots_hz**5 / ((2 * np.pi * cutoff_hz) ** 6 * interval_s))
