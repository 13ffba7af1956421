"""Local cubic fit around the evaluated instant."""

from __future__ import annotations

import numpy as np

from humandyn_ros.filters.windowed import WindowedFilter
from humandyn_ros.quantities import Array

DEGREE = 3
HALF_WINDOW_PERIODS = 0.625  # (degree + 1) / 6.4, see SavitzkyGolay


class SavitzkyGolay(WindowedFilter):
    """Cubic least-squares fit over a sliding window, evaluated at the instant.

    The window reaches 0.625 periods of the cut-off behind the instant and up to the newest frame;
    a centred window of that half-length has its half-power frequency at the cut-off (Schafer
    2011, eq. 12: f_c = (n + 1) / (3.2 M - 4.6) in half sample rates, for long windows). A lag
    longer than this half-length smooths more than the cut-off says; a shorter one less.
    """

    look_back_periods = HALF_WINDOW_PERIODS

    def _model(self, t: Array, cutoff_hz: float) -> tuple[Array, Array, Array]:
        scale = 1.0 / -t[0]  # times in [-1, 0] keep the normal equations well conditioned
        power = np.arange(DEGREE + 1)
        instant = -self.config.lag_s * scale
        wanted = np.zeros((3, DEGREE + 1))
        for order in range(3):
            falling = np.prod([power - k for k in range(order)], axis=0) * scale**order
            wanted[order] = falling * instant ** np.maximum(power - order, 0)
        return (
            np.vander(t * scale, DEGREE + 1, increasing=True),
            wanted,
            np.zeros((DEGREE + 1, DEGREE + 1)),  # no penalty; the band is the whole matrix
        )
