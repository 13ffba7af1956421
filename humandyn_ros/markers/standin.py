"""Where the hidden markers of one segment are."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.markers.shapes import from_distances, laid, lengths
from humandyn_ros.quantities import Array, Mask

_MISSED_M = 0.04  # a rebuilt marker may be off by this ...
_MISSED_M_S = 1.0  # ... and this while two others carry the segment on
_FORGET_S = 0.1  # a rebuilt segment falls back to its usual shape
_BLEND_S = 0.1  # a marker that returns takes over
_LATE = 4.0  # power of its share that it has a say with in where the others are
_STUBBORN_S = 0.5  # a marker that stays elsewhere for longer was moved there
_BLIND_S = 0.5  # for so long two markers carry a segment on
_UNTURNED = 0.1  # weight of 'not turned since the last frame' where only two markers tell ...
_LINE = 1e-6  # ... and else, for markers that lie on a line


class StandIn:
    """Rebuilds hidden markers of one segment from those that are seen.

    A hidden marker is where the segment's shape, laid on the markers that are seen, puts it.
    The shape starts as it was in the last frame and falls back to the usual one, and a marker
    that returns takes over gradually, so neither makes a step.

    Args:
        count: Markers of the segment (M).

    Attributes:
        idle: Nothing is hidden, nothing takes over.
        lost: The last answer was not whole.
        settled: Markers that are believed as they are seen (M,).
    """

    def __init__(self, count: int) -> None:
        self.idle, self.lost = True, False
        self.settled: Mask = np.ones(count, dtype=bool)
        self._share = np.ones(count)  # of the measurement: 0 hidden, 1 seen for a while
        self._hidden_s, self._elsewhere_s = np.zeros((2, count))
        self._blind_s = 0.0

    def step(
        self,
        points: Array,
        steady: Mask,
        last: Array,
        usual: Array,
        *,
        passed_s: float,
        step_m: float,
    ) -> tuple[Array, Mask]:
        """Take one frame.

        Args:
            points: Markers (M, 3) m; NaN = not seen.
            steady: Which are seen as before (M,).
            last: The last answer that was whole (M, 3); NaN where a marker was never seen.
            usual: Mean squared distances (M, M) m²; 0 where none is known.
            passed_s: Time since the frame before.
            step_m: How far markers may move in the segment between frames.

        Returns:
            The markers, NaN where nothing can be said, and which measurements count (M,).
        """
        known, seen = np.isfinite(last[:, 0]), np.isfinite(points[:, 0])
        share = np.where(steady, 1.0, np.where(seen & ~self.settled, self._share, 0.0))
        alone = self.lost or share[known].sum() < 2.0
        weight = np.where(known & seen, 1.0 if alone else share**_LATE, 0.0)
        placed = self._placed(points, weight, last, usual, passed_s)
        missed_m = step_m + _MISSED_M + _MISSED_M_S * (self._blind_s > 0.0) * self._hidden_s
        far = lengths(placed - points) > missed_m  # False where it could not be placed
        elsewhere = seen & ~steady & far & (not alone)
        self._elsewhere_s = np.where(elsewhere, self._elsewhere_s + passed_s, 0.0)
        refused = elsewhere & (self._elsewhere_s < _STUBBORN_S)
        trusted = seen & ~refused
        believed = trusted & (steady | np.isnan(placed[:, 0]) | self.lost)
        self._share = share + passed_s / _BLEND_S
        self._settle(trusted, believed, known, passed_s)
        answer = self._mixed(points, placed, trusted)
        self.lost = not np.isfinite(answer[known, 0]).all()
        return answer, trusted

    def _settle(self, trusted: Mask, believed: Mask, known: Mask, passed_s: float) -> None:
        self._hidden_s = np.where(known & ~trusted, self._hidden_s + passed_s, 0.0)
        taken = np.where(trusted, np.minimum(self._share, 1.0), 0.0)
        self._share = np.where(believed | ~known, 1.0, taken)
        self.settled = self._share == 1.0
        self.idle = bool(self.settled.all())

    def _mixed(self, points: Array, placed: Array, trusted: Mask) -> Array:
        """Measurements by their share, eased in; what is rebuilt else."""
        share = self._share[:, None]
        mixed = placed + share * share * (3.0 - 2.0 * share) * (points - placed)
        mixed = np.where(share == 1.0, points, mixed)
        answer: Array = np.where(trusted[:, None], mixed, placed)
        return answer

    def _placed(
        self, points: Array, weight: Array, last: Array, usual: Array, passed_s: float
    ) -> Array:
        """Every marker where those with a weight put it; NaN where they cannot."""
        count = int((weight > 0.0).sum())
        self._blind_s = 0.0 if count > 2 else self._blind_s + passed_s
        if count < 2 or (count == 2 and (self.lost or self._blind_s > _BLIND_S)):
            return np.full_like(points, np.nan)
        shape = _relaxed(last, usual, math.exp(-passed_s / _FORGET_S))
        open_turn = _LINE + _UNTURNED * max(0.0, 3.0 - float(weight.sum()))
        return laid(shape, points, weight, 0.0 if self.lost else open_turn)


def _relaxed(last: Array, usual: Array, share: float) -> Array:
    """The last shape, that share of its way from the usual one."""
    known = np.isfinite(last[:, 0])
    squares = usual[np.ix_(known, known)]
    if known.sum() < 3 or (squares + np.eye(len(squares)) == 0.0).any():
        return last
    shape = last.copy()
    shape[known] = from_distances(squares, last[known])
    result: Array = shape + share * (last - shape)
    return result
