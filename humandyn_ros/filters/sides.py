"""Left and right that a pose estimator confuses for a few frames, put right."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.quantities import CANONICAL, Array

_LONGEST_NS = 500_000_000  # a source that says so for longer is believed
_GAP_NS = 100_000_000  # from one frame to the next, for a straight line between them
_CLOSER = 4.0  # times nearer in the square, the other way round
_APART_M = 0.05  # less is no confusion, or does no harm
_CROSSING_M = 0.02  # longer than the other way round, two thighs are not a person's
_LINE_NS = 25_000_000  # least time between the two points of a line
_GROUPS = (('hip',), ('knee', 'ankle', 'foot'), ('collar', 'shoulder'), ('elbow', 'wrist', 'hand'))
"""What is confused together, from where it hangs on outwards."""
_HANGS = (None, 'hip', None, 'shoulder')


def _rows(group: tuple[str, ...]) -> NDArray[np.intp]:
    sides = [[CANONICAL.index[f'{side}_{joint}'] for joint in group] for side in ('left', 'right')]
    return np.array(sides, np.intp)


class Sides:
    """Exchanges left and right where both then go on as they went, and otherwise both leap.

    Where a joint must be follows from two of its last points by a straight line. Legs, arms, hips
    and shoulders are judged each as a whole, and nothing is exchanged that would cross thighs or
    upper arms. A source that stays with the other side is believed after half a second: it may
    have been wrong before.
    """

    def __init__(self) -> None:
        self._groups = [_rows(group) for group in _GROUPS]
        self._hangs = [None if name is None else _rows((name,))[:, 0] for name in _HANGS]
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._past: deque[tuple[int, Array]] = deque()
        self._since_ns: list[int | None] = [None] * len(_GROUPS)
        self.exchanged = 0

    def step(self, stamp_ns: int, points: Array, confidence: Array) -> tuple[Array, Array]:
        """Take a frame later than all others; return it with every joint on its side.

        Args:
            stamp_ns: When it was seen.
            points: Canonical joint centres (24, 3) m; NaN = not seen.
            confidence: (24,).
        """
        due = self._due(stamp_ns)
        if due is None or (np.square(points - due).sum(axis=1) <= _APART_M**2).all():
            self._since_ns = [None] * len(_GROUPS)
        else:
            for number, rows in enumerate(self._groups):
                if self._confused(number, stamp_ns, points, due):
                    points, confidence = _exchanged(points, rows), _exchanged(confidence, rows)
                    self.exchanged += 1
        self._past.append((stamp_ns, points))
        return points, confidence

    def _due(self, stamp_ns: int) -> Array | None:
        """Where the joints are due (24, 3); None: too long after the last frame to tell."""
        if not self._past or not 0 < stamp_ns - self._past[-1][0] <= _GAP_NS:
            self._past.clear()
            return None
        newest_ns, newest = self._past[-1]
        while len(self._past) > 2 and newest_ns - self._past[1][0] >= _LINE_NS:
            self._past.popleft()
        older_ns, older = self._past[0]
        if older_ns == newest_ns:
            return None
        due: Array = newest + (stamp_ns - newest_ns) / (newest_ns - older_ns) * (newest - older)
        return due

    def _confused(self, number: int, stamp_ns: int, points: Array, due: Array) -> bool:
        """Whether a group is where it is due only the other way round."""
        rows = self._groups[number]
        seen, due = points[rows], due[rows]
        known = np.isfinite(seen).all(axis=(0, 2)) & np.isfinite(due).all(axis=(0, 2))
        seen, due = seen[:, known], due[:, known]
        straight = np.square(seen - due).sum()
        crossed = np.square(seen[::-1] - due).sum()
        least = 2.0 * known.sum() * _APART_M**2
        if straight <= least + _CLOSER * crossed:
            self._since_ns[number] = None
            return False
        since = self._since_ns[number] = self._since_ns[number] or stamp_ns
        if stamp_ns - since <= _LONGEST_NS and not self._crossing(number, points):
            return True
        self._since_ns[number] = None
        self._past = deque((stamp, _without(past, rows)) for stamp, past in self._past)
        return False

    def _crossing(self, number: int, points: Array) -> bool:
        """Whether thighs, or upper arms, would cross if this group were exchanged."""
        hangs = self._hangs[number]
        if hangs is None:
            return False
        ends = points[self._groups[number][:, 0]]
        now, then = (np.linalg.norm(e - points[hangs], axis=1).sum() for e in (ends, ends[::-1]))
        return bool(then > now + _CROSSING_M)


def _exchanged(values: Array, rows: NDArray[np.intp]) -> Array:
    found: Array = values.copy()
    found[rows] = values[rows[::-1]]
    return found


def _without(values: Array, rows: NDArray[np.intp]) -> Array:
    found: Array = values.copy()
    found[rows] = np.nan
    return found
