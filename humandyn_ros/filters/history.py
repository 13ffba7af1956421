"""The last frames of one stream, in order of their stamps, in constant memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.quantities import Array, Mask


class History:
    """Sliding store: the kept rows are contiguous views, nothing is allocated per frame.

    Args:
        capacity: Most frames kept; the oldest goes first.
        joints: Number of joints J.
    """

    def __init__(self, capacity: int, joints: int) -> None:
        self._capacity = capacity
        self._stamps = np.zeros(2 * capacity, dtype=np.int64)
        self._points = np.zeros((2 * capacity, joints * 3))
        self._weights = np.zeros((2 * capacity, joints))
        self._even = np.zeros(2 * capacity, dtype=np.bool_)
        self._start = self._stop = 0

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def stamps(self) -> NDArray[np.int64]:
        """Stamps (N,) in ns, rising."""
        return self._stamps[self._start : self._stop]

    @property
    def points(self) -> Array:
        """Coordinates (N, 3J) in m; 0 where the weight is 0."""
        return self._points[self._start : self._stop]

    @property
    def weights(self) -> Array:
        """Weights (N, J); 0 = not measured."""
        return self._weights[self._start : self._stop]

    @property
    def even(self) -> Mask:
        """Frames (N,) in which all joints weigh the same, and were measured."""
        return self._even[self._start : self._stop]

    def clear(self) -> None:
        """Forget every frame."""
        self._start = self._stop = 0

    def append(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Add a frame (3J,), (J,) that is later than all others."""
        if self._stop == len(self._stamps):
            self._move_to_front()
        self._stop += 1
        self._start = max(self._start, self._stop - self._capacity)
        self._write(self._stop - 1, stamp_ns, points, weights)

    def insert(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Add a frame that is older than the newest, where its stamp belongs."""
        later = len(self) - int(np.searchsorted(self.stamps, stamp_ns))
        self.append(stamp_ns, points, weights)
        place = self._stop - 1 - later
        for rows in (self._stamps, self._points, self._weights, self._even):
            rows[place + 1 : self._stop] = rows[place : self._stop - 1].copy()
        self._write(place, stamp_ns, points, weights)

    def replace_newest(self, stamp_ns: int, points: Array, weights: Array) -> None:
        """Write the newest frame anew."""
        self._write(self._stop - 1, stamp_ns, points, weights)

    def forget(self, joints: Mask) -> None:
        """Drop every measurement of the masked joints (J,)."""
        self.weights[:, joints] = 0.0
        self.even[:] = False

    def _write(self, row: int, stamp_ns: int, points: Array, weights: Array) -> None:
        self._stamps[row] = stamp_ns
        self._points[row] = points
        self._weights[row] = weights
        # Comparing bytes is many times faster than comparing small arrays.
        alike = weights.tobytes() == weights[:1].tobytes() * len(weights)
        self._even[row] = alike and weights[0] > 0.0

    def _move_to_front(self) -> None:
        keep = slice(self._start, self._stop)
        for rows in (self._stamps, self._points, self._weights, self._even):
            rows[: self._stop - self._start] = rows[keep]
        self._start, self._stop = 0, self._stop - self._start
