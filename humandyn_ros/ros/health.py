"""What a node reports about itself on /diagnostics: rate, age, latency, drops, problems."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

import numpy as np

from humandyn_ros.ros.messages import ERROR, OK, STALE, WARN, Status

_KEPT = 1000  # newest samples that percentiles are taken over
_USUAL = 101  # newest intervals whose median is the usual one
_MISSED = 1.6  # an interval beyond this many usual ones hides at least one dropped frame
_RECENT_NS = 5_000_000_000  # how long a problem colours the report
_SILENT_NS = 1_500_000_000
_SLOWEST_HZ = 12.0  # body segments accelerate at up to about 6 Hz even in walking


class Health:
    """Counts what comes in and goes out; all times are of one steady clock, ns."""

    def __init__(self) -> None:
        self.received = 0
        self.refused = 0
        self.published = 0
        self.dropped = 0
        self._arrivals_ns: deque[int] = deque(maxlen=_KEPT)
        self._intervals_ns: deque[int] = deque()
        self._sorted_ns: list[int] = []  # the same
        self._latency_ms: deque[float] = deque(maxlen=_KEPT)
        self._age_ms: deque[float] = deque(maxlen=_KEPT)
        self._newest_stamp_ns: int | None = None
        self._problem = ''
        self._problem_ns = 0

    @property
    def arrival_ns(self) -> int | None:
        """When the newest message arrived; None before the first."""
        return self._arrivals_ns[-1] if self._arrivals_ns else None

    def message_received(self, now_ns: int, stamp_ns: int) -> None:
        """Count one usable message; a gap in the stamps counts as drops."""
        self.received += 1
        self._arrivals_ns.append(now_ns)
        last, self._newest_stamp_ns = self._newest_stamp_ns, stamp_ns
        if last is None or not 0 < stamp_ns - last < _RECENT_NS:
            return
        interval = stamp_ns - last
        ordered = self._sorted_ns
        usual = ordered[len(ordered) // 2] if len(ordered) >= 5 else 0
        if usual and interval > _MISSED * usual:
            self.dropped += round(interval / usual) - 1
        self._intervals_ns.append(interval)
        insort(ordered, interval)
        if len(ordered) > _USUAL:
            ordered.pop(bisect_left(ordered, self._intervals_ns.popleft()))

    def trouble(self, now_ns: int, reason: str) -> None:
        """Report a problem for the next seconds."""
        self._problem, self._problem_ns = reason, now_ns

    def estimate_published(self, latency_ms: float, age_ms: float) -> None:
        """Count one published estimate: receive-to-publish time, and age of what it is about."""
        self.published += 1
        self._latency_ms.append(latency_ms)
        self._age_ms.append(age_ms)

    def rate_hz(self, now_ns: int) -> float:
        """Rate of usable input over the last seconds."""
        recent = [t for t in self._arrivals_ns if now_ns - t < _RECENT_NS]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) / max((recent[-1] - recent[0]) * 1e-9, 1e-9)

    def report(self, name: str, now_ns: int, waiting: str) -> Status:
        """Sum up: the level and sentence of the worst thing, then the figures.

        Args:
            name: Whose health it is.
            now_ns: Steady clock.
            waiting: What is said while nothing arrives.
        """
        level, text = self._verdict(now_ns, waiting)
        values = {
            'rate_hz': f'{self.rate_hz(now_ns):.1f}',
            'received': str(self.received),
            'refused': str(self.refused),
            'dropped': str(self.dropped),
            'published': str(self.published),
            **_percentiles('latency_ms', self._latency_ms),
            **_percentiles('age_ms', self._age_ms),
        }
        return Status(name, level, text, values)

    def _verdict(self, now_ns: int, waiting: str) -> tuple[int, str]:
        problem = self._problem if now_ns - self._problem_ns < _RECENT_NS else ''
        if self.arrival_ns is None:
            return (ERROR, problem) if problem else (STALE, waiting)
        if now_ns - self.arrival_ns > _SILENT_NS:
            silence = f'no usable input for {(now_ns - self.arrival_ns) * 1e-9:.1f} s'
            return (ERROR, f'{silence}: {problem}') if problem else (STALE, silence)
        rate_hz = self.rate_hz(now_ns)
        if not problem and self.received > 2 and rate_hz < _SLOWEST_HZ:
            problem = (
                f'input comes at {rate_hz:.1f} Hz: below {_SLOWEST_HZ:g} Hz accelerations, and so '
                'forces, cannot be known'
            )
        return (WARN, problem) if problem else (OK, 'running')


def _percentiles(name: str, samples: deque[float]) -> dict[str, str]:
    if not samples:
        return {}
    p50, p99 = np.percentile(np.array(samples), (50, 99))
    return {f'{name}_p50': f'{p50:.3f}', f'{name}_p99': f'{p99:.3f}'}
