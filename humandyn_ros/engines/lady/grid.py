"""Irregular frames to a uniform rate, one at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from humandyn_ros.quantities import Array


class Sample(NamedTuple):
    """One instant of the uniform rate."""

    stamp_ns: int
    values: Array  # (P, V, values); NaN = not seen
    fresh: bool  # the first after a start or a gap


class UniformRate:
    """Straight lines between frames, read at fixed intervals from the first frame on.

    Frames no further than a twentieth of an interval from a reading are taken as they are.

    Args:
        rate_hz: Rate of the samples.
        bridge_s: Longest interval between frames that is bridged; after a longer one, or when
            time jumps back by more than that, it starts anew.
    """

    def __init__(self, rate_hz: float, bridge_s: float) -> None:
        self._period = 1e9 / rate_hz
        self._bridge = bridge_s * 1e9
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._last: tuple[int, Array] | None = None
        self._start, self._count = 0, 0

    def push(self, stamp_ns: int, values: Array) -> list[Sample]:
        """Take a frame and return the samples it completes; late stamps are ignored."""
        last = self._last
        if last is not None and -self._bridge <= stamp_ns - last[0] <= 0:
            return []
        self._last = (stamp_ns, values)
        if last is None or not 0 < stamp_ns - last[0] <= self._bridge:
            self._start, self._count = stamp_ns, 1
            return [Sample(stamp_ns, values, True)]
        samples = []
        while (at := self._next()) <= stamp_ns + 0.05 * self._period:
            share = float(np.clip((at - last[0]) / (stamp_ns - last[0]), 0.0, 1.0))
            samples.append(Sample(at, _between(last[1], values, share), False))
            self._count += 1
        return samples

    def _next(self) -> int:
        return self._start + round(self._count * self._period)


def _between(old: Array, new: Array, share: float) -> Array:
    """Straight line; at the ends the frame itself, so that a lost joint does not reach further."""
    if share > 0.95:
        return new
    return old if share < 0.05 else (1.0 - share) * old + share * new
