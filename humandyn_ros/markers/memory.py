"""Markers that are hidden for a while, rebuilt from their segment as it was seen before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.markers.shapes import distances
from humandyn_ros.markers.standin import StandIn
from humandyn_ros.quantities import Array, Mask

_STEP_M = 0.01  # between frames skin carries a marker over bone less far than this ...
_STEP_M_S = 1.0  # ... and this; it slides 20 mm, at 5 Hz with 0.6 m/s (Leardini et al. 2005)
_STIRS = 4.0  # usual changes between frames come on top: noise
_STIRRED = 0.01  # of the usual change is taken from the newest frame


class SegmentMemory:
    """Segments and how the markers of each lie to one another, learnt while they are seen.

    A segment's usual shape is the running mean of the squared distances between its markers. A
    marker that leaves its segment faster than skin can is a wrong one, and counts as hidden.
    Hidden markers are rebuilt, see `StandIn`.

    Args:
        groups: Columns of the markers of each segment.
    """

    def __init__(self, groups: Sequence[NDArray[np.intp]]) -> None:
        widest = max(len(group) for group in groups)
        self._columns = np.zeros((len(groups), widest), dtype=np.intp)
        self._used: Mask = np.zeros((len(groups), widest), dtype=bool)
        for i, group in enumerate(groups):
            self._columns[i, : len(group)], self._used[i, : len(group)] = group, True
        self._known = np.zeros_like(self._used)
        self._both = self._known[:, :, None] & self._known[:, None]
        self._last = np.full((*self._used.shape, 3), np.nan)  # the last answers that were whole
        self._apart = np.full(self._both.shape, np.nan)  # distances in them
        self._squares, self._frames = np.zeros((2, *self._both.shape))
        self._stir_m = np.zeros(len(groups))  # usual change of a distance between frames
        self._standins = [StandIn(len(group)) for group in groups]
        self._groups = groups
        self._own = [slice(0, len(group)) for group in groups]

    def step(self, points: Array, passed_s: float) -> tuple[Array, Mask]:
        """Take one frame.

        Args:
            points: All points (K, 3) m; NaN = not seen.
            passed_s: Time since the frame before.

        Returns:
            The points, hidden markers rebuilt where that is possible, and which were rebuilt
            (K,). The same array came in and goes out where nothing was to be done.
        """
        markers = points[self._columns]
        seen = np.isfinite(markers[..., 0]) & self._used
        apart = distances(markers)
        change = np.abs(apart - self._apart)
        step_m = _STEP_M + _STEP_M_S * passed_s + _STIRS * self._stir_m
        beyond = (change > step_m[:, None, None]) & self._both  # False where not seen
        self._stir(np.where(beyond | np.isnan(change) | ~self._both, 0.0, change))
        idle = np.array([standin.idle for standin in self._standins])
        calm = idle & ~beyond.any(axis=(1, 2)) & (seen == self._known).all(axis=1)
        if calm.all():
            self._learn(apart, self._both)
            self._last, self._apart = markers, apart
            return points, np.zeros(len(points), dtype=bool)
        change = np.where(beyond, change, 0.0)
        return self._mend(points, seen, calm, change, passed_s=passed_s, step_m=step_m)

    def _stir(self, change: Array) -> None:
        pairs = np.maximum(self._both.sum(axis=(1, 2)), 1)
        self._stir_m += _STIRRED * (change.sum(axis=(1, 2)) / pairs - self._stir_m)

    def _learn(self, apart: Array, both: Mask) -> None:
        self._squares += np.where(both, apart * apart, 0.0)
        self._frames += both

    def _mend(
        self,
        points: Array,
        seen: Mask,
        calm: Mask,
        beyond: Array,
        *,
        passed_s: float,
        step_m: Array,
    ) -> tuple[Array, Mask]:
        whole, rebuilt = points.copy(), np.zeros(len(points), dtype=bool)
        markers, trusted = points[self._columns], seen.copy()
        last = np.where(calm[:, None, None], markers, self._last)
        for i in np.flatnonzero(~calm).tolist():
            standin, group, own = self._standins[i], self._groups[i], self._own[i]
            steady = seen[i, own] & standin.settled
            steady &= ~_astray(beyond[i, own, own], steady)
            usual = self._squares[i, own, own] / np.maximum(self._frames[i, own, own], 1.0)
            answer, trusted[i, own] = standin.step(
                markers[i, own],
                steady,
                last[i, own],
                usual,
                passed_s=passed_s,
                step_m=float(step_m[i]),
            )
            whole[group] = answer
            rebuilt[group] |= ~trusted[i, own] & np.isfinite(answer[:, 0])
            if not standin.lost:
                last[i, own] = answer
        self._learn(distances(markers), trusted[:, :, None] & trusted[:, None])
        self._keep(last)
        return whole, rebuilt

    def _keep(self, last: Array) -> None:
        self._last, self._apart = last, distances(last)
        self._known = np.isfinite(last[..., 0]) & self._used
        self._both = self._known[:, :, None] & self._known[:, None]


def _astray(beyond: Array, steady: Mask) -> Mask:
    """The fewest markers without which no distance changed beyond what skin allows.

    Args:
        beyond: By how much distances changed, where that is too much (M, M) m, else 0.
        steady: Which markers are seen as before (M,).
    """
    beyond = np.where(steady[:, None] & steady, beyond, 0.0)
    astray: Mask = np.zeros(len(beyond), dtype=bool)
    while beyond.any():
        worst = int(np.argmax((beyond > 0.0).sum(axis=0) + beyond.sum(axis=0)))
        astray[worst] = True
        beyond[worst] = beyond[:, worst] = 0.0
    return astray
