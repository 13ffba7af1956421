"""A record of what is published about one body, and stretches cut out of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.words.facts import Measured, measure
from humandyn_ros.words.slots import SIDES
from humandyn_ros.words.telling import Stretch

RATE_HZ = 30.0
LONGEST_S = 8.0  # of a stretch
_KEPT_NS = 14_000_000_000  # boundaries are told late
_LEAST_S = 0.5
_BRIDGED_NS = 400_000_000  # longest gap that is bridged: one lost frame at 5 Hz
_LEAP_NS = 1_000_000_000  # stamps that go back by more are of another time
_SEEN, _ANGLES_KNOWN = 0.5, 0.8  # share of a stretch
_SMOOTHING = np.array([-2.0, 3.0, 6.0, 7.0, 6.0, 3.0, -2.0]) / 21.0
"""Quadratic over seven frames (Savitzky and Golay 1964): points come as a pose estimator sees."""

Row = Sequence[float] | Array
Rows = list[tuple[int, Row]]


class Track:
    """Rows of numbers with stamps, the newest seconds of them."""

    def __init__(self) -> None:
        self._rows: deque[tuple[int, Row]] = deque()

    @property
    def newest_ns(self) -> int | None:
        """Stamp of the newest row."""
        return self._rows[-1][0] if self._rows else None

    @property
    def oldest_ns(self) -> int | None:
        """Stamp of the oldest row."""
        return self._rows[0][0] if self._rows else None

    def add(self, stamp_ns: int, row: Row) -> None:
        """Add a row; late ones are dropped, and a leap back begins afresh."""
        newest = self.newest_ns
        if newest is not None and stamp_ns <= newest:
            if newest - stamp_ns < _LEAP_NS:
                return
            self._rows.clear()
        self._rows.append((stamp_ns, row))
        while stamp_ns - self._rows[0][0] > _KEPT_NS:
            self._rows.popleft()

    def snapshot(self) -> Rows:
        """The rows now."""
        return list(self._rows)

    def clear(self) -> None:
        """Forget them."""
        self._rows.clear()


def on_grid(rows: Rows, grid_ns: NDArray[np.int64]) -> Array:
    """Rows (K) at other instants (T, K), NaN where nothing was measured near."""
    stamps = np.array([stamp for stamp, _ in rows], np.int64)
    values = np.array([row for _, row in rows], np.float64)
    found = np.full((len(grid_ns), *values.shape[1:]), np.nan)
    seconds, at = (stamps - stamps[0]) * 1e-9, (grid_ns - stamps[0]) * 1e-9
    for column in range(values.shape[1]):
        known = np.isfinite(values[:, column])
        if not known.any():
            continue
        here = stamps[known]
        after = np.minimum(np.searchsorted(here, grid_ns), len(here) - 1)
        before = np.maximum(after - 1, 0)
        gap = np.where(grid_ns <= here[0], here[0] - grid_ns, here[after] - here[before])
        gap = np.maximum(gap, grid_ns - here[-1])
        near = (gap <= _BRIDGED_NS) | (here[after] == grid_ns)
        line = np.interp(at, seconds[known], values[known, column])
        found[near, column] = line[near]
    return found


class Record:
    """The newest seconds of everything published about one body."""

    def __init__(self) -> None:
        self.points, self.torques, self.bearing = Track(), Track(), Track()
        self.forces = {side: Track() for side in SIDES}
        self._actions: deque[tuple[int, str]] = deque(maxlen=2000)
        self._columns: dict[tuple[str, ...], NDArray[np.intp]] = {}

    def see_torques(
        self, stamp_ns: int, names: Sequence[str], position: Array, effort: Array
    ) -> None:
        """Take joint angles (rad) and torques (N·m) of named Rajagopal coordinates."""
        key = tuple(names)
        if key not in self._columns:
            self._columns[key] = np.array([COORDINATES.index(n) for n in key if n in COORDINATES])
        known = [i for i, name in enumerate(key) if name in COORDINATES]
        row = np.full(2 * len(COORDINATES), np.nan)
        row[self._columns[key]] = np.asarray(position)[known]
        row[self._columns[key] + len(COORDINATES)] = np.asarray(effort)[known]
        self.torques.add(stamp_ns, row)

    def see_action(self, stamp_ns: int, label: str) -> None:
        """Take the action of one instant."""
        self._actions.append((stamp_ns, label))

    def label(self, began_ns: int, end_ns: int) -> str:
        """The action told most often in a stretch; '' where none was."""
        told = Counter(name for stamp, name in self._actions if began_ns <= stamp < end_ns)
        return told.most_common(1)[0][0] if told else ''

    @property
    def newest_ns(self) -> int | None:
        """The newest instant about which everything that comes was published."""
        points, torques = self.points.newest_ns, self.torques.newest_ns
        if points is None or torques is None or points - torques > _LEAP_NS:
            return points
        return min(points, torques)

    def clear(self) -> None:
        """Forget everything."""
        for track in (self.points, self.torques, self.bearing, *self.forces.values()):
            track.clear()
        self._actions.clear()

    def stretch(self, began_ns: int, end_ns: int) -> Cut | None:
        """Cut a stretch out, at most LONGEST_S long; None where too little was seen of it."""
        oldest = self.points.oldest_ns
        if oldest is None:
            return None
        began_ns = max(began_ns, end_ns - int(LONGEST_S * 1e9), oldest)
        if (end_ns - began_ns) * 1e-9 < _LEAST_S:
            return None
        return Cut(
            began_ns, end_ns, self.points.snapshot(), self.torques.snapshot(),
            {side: track.snapshot() for side, track in self.forces.items()},
            self.bearing.snapshot(), self.label(began_ns, end_ns),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows of a stretch, not yet measured: that is not for the thread that takes messages."""

    began_ns: int
    end_ns: int
    points: Rows
    torques: Rows
    forces: dict[str, Rows]
    bearing: Rows
    label: str

    def measured(self, mass_kg: float | None) -> Stretch | None:
        """Measure it; None where the body was hardly seen.

        Args:
            mass_kg: Body mass, where it is known.
        """
        count = int((self.end_ns - self.began_ns) * 1e-9 * RATE_HZ) + 1
        grid = self.began_ns + np.round(np.arange(count) * (1e9 / RATE_HZ)).astype(np.int64)
        points = on_grid(self.points, grid)
        if np.isfinite(points[:, :3]).all(1).mean() < _SEEN:  # of the pelvis
            return None
        points = _smooth(_filled(points)).reshape(count, len(CANONICAL.joints), 3)
        facts = measure(self._all(grid, points, mass_kg))
        return Stretch(self.began_ns, self.end_ns, RATE_HZ, points, facts, self.label)

    def _all(self, grid: NDArray[np.int64], points: Array, mass_kg: float | None) -> Measured:
        size = len(COORDINATES)
        torques = on_grid(self.torques, grid) if self.torques else None
        forces, bearing = None, None
        if all(self.forces.values()):
            forces = np.stack([on_grid(self.forces[side], grid) for side in SIDES], axis=1)
        if self.bearing:
            bearing = on_grid(self.bearing, grid)
        angles = None if torques is None else torques[:, :size]
        if angles is not None and np.isfinite(angles).mean() < _ANGLES_KNOWN:
            angles = None
        return Measured(
            rate_hz=RATE_HZ,
            points=points,
            angles=angles,
            torques=None if torques is None else torques[:, size:],
            forces=forces,
            seat=None if bearing is None else bearing[:, 0],
            support=None if bearing is None else bearing[:, 1],
            mass_kg=mass_kg,
        )


def _filled(points: Array) -> Array:
    """Points with gaps bridged by what was seen last, or next."""
    filled: Array = points.copy()
    frames = np.arange(len(points))
    for column in range(points.shape[1]):
        known = np.isfinite(points[:, column])
        if known.any() and not known.all():
            filled[:, column] = np.interp(frames, frames[known], points[known, column])
    return filled


def _smooth(points: Array) -> Array:
    """Points without the noise of single frames."""
    half = len(_SMOOTHING) // 2
    ends = (2 * points[:1] - points[half:0:-1], 2 * points[-1:] - points[-2 : -half - 2 : -1])
    padded = np.concatenate([ends[0], points, ends[1]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(_SMOOTHING), axis=0)
    smoothed: Array = np.asarray(windows @ _SMOOTHING)
    return smoothed
