"""Which measured points are believed."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import Array, Mask

NEVER_NS = -(1 << 62)
Number = TypeVar('Number', float, Array)
BASELINE_NS = 20_000_000  # least time between the two points of the line


class OutlierGate:
    """Rejects points that are too far from a straight line through two points believed before.

    The line goes through the newest and one at least 20 ms older. The innovation may come from
    noise (its variance follows from that of the three points) and from acceleration, whose share
    of the innovation is a/2 · age · (age + length of the line), the age cut at that length. So a
    true motion passes, whatever the filter's cut-off. A joint unseen or not believed for `gap_s`
    is lost: its next point is believed and begins a new past.

    Args:
        config: Settings; `outlier_gate`, `outlier_acceleration` and `gap_s` matter here.
        joints: Number of points J.
    """

    def __init__(self, config: FilterConfig, joints: int) -> None:
        self._factor2 = 3.0 * config.outlier_gate**2  # three axes
        self._half_acceleration = 0.5 * config.outlier_acceleration
        self._gap_s = config.gap_s
        self._joints = joints
        self._nobody = np.zeros(joints, dtype=np.bool_)
        self.reset()

    @property
    def believed_ns(self) -> NDArray[np.int64]:
        """Stamp (J,) of each joint's last believed point."""
        return self._stamps

    def reset(self) -> None:
        """Forget the past."""
        self._stamps, self._foot_stamps, self._next_stamps = np.full(
            (3, self._joints), NEVER_NS, dtype=np.int64
        )
        self._points, self._foot, self._next = np.zeros((3, self._joints, 3))
        self._due_ns = NEVER_NS  # when the foot of the lines moves on
        self._alike = False  # whether all joints share their stamps

    def check(self, stamp_ns: int, points: Array, seen: Mask, noise_m: Array) -> tuple[Mask, Mask]:
        """Judge a frame and learn from it, unless it is older than what was learnt.

        Args:
            stamp_ns: When the points were measured.
            points: (J, 3) m.
            seen: (J,) which of them were measured.
            noise_m: (J,) standard deviation per axis.

        Returns:
            The outliers (J,) and the joints that begin a new past (J,).
        """
        if self._alike and seen.all() and self._as_expected(stamp_ns, points, noise_m):
            return self._nobody, self._nobody
        age = np.asarray((stamp_ns - self._stamps) * 1e-9, dtype=np.float64)
        baseline = (self._stamps - self._foot_stamps) * 1e-9 + 1e-9
        known = age <= self._gap_s
        ahead = age / baseline
        moved = self._half_acceleration * age * (np.minimum(np.abs(age), baseline) + baseline)
        predicted = self._points + ahead[:, None] * (self._points - self._foot)
        limit2 = self._variance(ahead) * (noise_m * noise_m) + moved * moved
        far = np.square(points - predicted).sum(axis=1) > limit2
        outliers = seen & known & (self._foot_stamps > NEVER_NS) & far
        self._learn(stamp_ns, points, seen & ~outliers & (age > 0.0), known)
        return outliers, np.asarray(seen & ~known)

    def _as_expected(self, stamp_ns: int, points: Array, noise_m: Array) -> bool:
        """The same in a fraction of the time where all joints go on together; learns if so."""
        age = (stamp_ns - int(self._stamps[0])) * 1e-9
        baseline = int(self._stamps[0] - self._foot_stamps[0]) * 1e-9 + 1e-9
        if not 0.0 < age <= self._gap_s:
            return False
        ahead = age / baseline
        moved = self._half_acceleration * age * (min(age, baseline) + baseline)
        limit = self._variance(ahead), moved * moved
        if strays(points, (self._points, self._foot), noise_m, ahead, limit):
            return False
        if stamp_ns >= self._due_ns:
            self._foot, self._next = self._next, points
            self._foot_stamps[:] = self._next_stamps
            self._next_stamps[:] = stamp_ns
            self._due_ns = stamp_ns + BASELINE_NS
        self._points = points
        self._stamps[:] = stamp_ns
        return True

    def _variance(self, ahead: Number) -> Number:
        """Of an innovation `ahead` line lengths beyond the line's end, for noise of variance 1."""
        return (2.0 * ahead * (ahead + 1.0) + 2.0) * self._factor2

    def _learn(self, stamp_ns: int, points: Array, believed: Mask, known: Mask) -> None:
        begins = believed & ~known
        moves = begins
        if stamp_ns >= self._due_ns:
            moves = believed
            self._due_ns = stamp_ns + BASELINE_NS
        self._foot_stamps = np.where(moves, self._next_stamps, self._foot_stamps)
        self._foot_stamps[begins] = NEVER_NS
        self._next_stamps = np.where(moves, stamp_ns, self._next_stamps)
        self._foot = np.where(moves[:, None], self._next, self._foot)
        self._next = np.where(moves[:, None], points, self._next)
        self._stamps = np.where(believed, stamp_ns, self._stamps)
        self._points = np.where(believed[:, None], points, self._points)
        stamps = np.stack([self._stamps, self._foot_stamps, self._next_stamps])
        self._alike = bool((stamps == stamps[:, :1]).all() and stamps[1, 0] > NEVER_NS)


@kernel
def intact(points: Array, weights: Array, farthest_m: float, least: float) -> bool:
    """Whether a frame needs no mending: every coordinate nearer than this, weights least to 1."""
    # Minimum and maximum are NaN where any number is.
    return bool(
        -farthest_m < points.min()
        and points.max() < farthest_m
        and least <= weights.min()
        and weights.max() <= 1.0
    )


@kernel
def strays(
    points: Array,
    line: tuple[Array, Array],
    noise_m: Array,
    ahead: float,
    limit: tuple[float, float],
) -> bool:
    """Whether any point is farther from its line than is believable.

    Args:
        points: (J, 3) m.
        line: Ends and beginnings of the lines (J, 3) m.
        noise_m: Standard deviation per axis (J,).
        ahead: How far beyond the end, in line lengths.
        limit: The greatest squared distance: factor of the noise's variance, and constant, m².
    """
    last, foot = line
    away = np.square(points - (last + ahead * (last - foot))).sum(axis=1)
    return bool((away > limit[0] * (noise_m * noise_m) + limit[1]).any())
