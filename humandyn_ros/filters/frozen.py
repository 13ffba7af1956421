"""Points that a source repeats to the last bit although they moved: hidden, or it hangs."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array, Mask

_JOINT_MPS, _ALL_MPS = 0.5, 0.1  # nothing stops dead from faster: one point, and all together
_TOGETHER = 0.8  # of the points change at once where a sensor measures; of coarse numbers fewer


class Frozen:
    """Tells which points are repeated.

    No body stops from one frame to the next, and no sensor measures the same number twice; who
    has stood still to the last bit all the time (a puppet of a simulator), or came to rest
    slowly, may go on so.

    Args:
        joints: Number of points J.
    """

    def __init__(self, joints: int) -> None:
        self._joints = joints
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._points = np.full((self._joints, 3), np.nan)
        self._changed_ns = np.zeros(self._joints, np.int64)
        self._speed = np.zeros(self._joints)  # m/s, when it last changed
        self._together = False  # whether most changed when any did last

    def step(self, stamp_ns: int, points: Array) -> Mask:
        """Take a frame and return which points were not measured anew (J,).

        Args:
            stamp_ns: When it was seen.
            points: (J, 3) m, NaN = not seen.
        """
        seen = np.isfinite(points).all(axis=1)
        same = (points == self._points).all(axis=1)
        new = seen & ~same
        live = seen & (new | (self._speed > 0.0))  # what is always at the origin tells nothing
        if new.any():
            self._together = bool(new.sum() > _TOGETHER * live.sum())
            self._follow(stamp_ns, points, new)
        elif self._together and live.any() and np.median(self._speed[live]) > _ALL_MPS:
            return np.asarray(same)
        return np.asarray(same & (self._speed > _JOINT_MPS))

    def _follow(self, stamp_ns: int, points: Array, new: Mask) -> None:
        seconds = 1e-9 * np.maximum(stamp_ns - self._changed_ns[new], 1)
        moved = np.linalg.norm(points[new] - self._points[new], axis=1)
        self._speed[new] = np.nan_to_num(moved / seconds)
        self._changed_ns[new] = stamp_ns
        self._points[new] = points[new]
