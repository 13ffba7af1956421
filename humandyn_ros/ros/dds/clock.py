"""ROS time and timers: the system clock or /clock, jumps, and callbacks at a period."""

from __future__ import annotations

import time
from collections.abc import Callable

from humandyn_ros.errors import ConfigError


class RosClock:
    """ROS time: the system clock, or what /clock said last while simulated (0 before that)."""

    def __init__(self) -> None:
        self.simulated = False
        self._simulated_ns = 0
        self._watchers: list[Callable[[int], None]] = []

    def now_ns(self) -> int:
        """Return ROS time."""
        return self._simulated_ns if self.simulated else time.time_ns()

    def on_jump(self, callback: Callable[[int], None]) -> None:
        """Call back with the jump in ns when time goes backwards or its source changes."""
        self._watchers.append(callback)

    def simulate(self, simulated: bool) -> None:
        """Choose the source; a change counts as a jump."""
        if simulated == self.simulated:
            return
        before = self.now_ns()
        self.simulated = simulated
        self._jumped(self.now_ns() - before)

    def tick(self, stamp_ns: int) -> None:
        """Take one /clock message."""
        jump = stamp_ns - self._simulated_ns
        self._simulated_ns = stamp_ns
        if self.simulated and jump < 0:
            self._jumped(jump)

    def _jumped(self, jump_ns: int) -> None:
        for watcher in tuple(self._watchers):
            watcher(jump_ns)


class PeriodicTimer:
    """Calls back at a period of a clock; missed periods are skipped, not made up for."""

    def __init__(
        self, period_s: float, callback: Callable[[], None], clock_ns: Callable[[], int]
    ) -> None:
        self._period_ns = round(period_s * 1e9)
        if self._period_ns <= 0:
            raise ConfigError(f'timer period {period_s} s: must be positive')
        self._callback = callback
        self._clock_ns = clock_ns
        self.cancelled = False
        self.restart()

    def restart(self) -> None:
        """Count the period from now on."""
        self._due_ns = self._clock_ns() + self._period_ns

    def cancel(self) -> None:
        """Stop it for good."""
        self.cancelled = True

    def due_in_ns(self) -> int:
        """Return how long to wait, negative when late."""
        return self._due_ns - self._clock_ns()

    def serve(self) -> bool:
        """Call back if due, and tell whether it was."""
        late_ns = -self.due_in_ns()
        if self.cancelled or late_ns < 0:
            return False
        self._due_ns += (late_ns // self._period_ns + 1) * self._period_ns
        self._callback()
        return True


class Timers:
    """The timers of one node, on the steady clock or on ROS time."""

    def __init__(self, clock: RosClock) -> None:
        self._clock = clock
        self._steady: list[PeriodicTimer] = []
        self._ros: list[PeriodicTimer] = []
        clock.on_jump(self._restart)

    def add(self, period_s: float, callback: Callable[[], None], steady: bool) -> PeriodicTimer:
        """Start a timer.

        Raises:
            ConfigError: The period is not positive.
        """
        now = time.monotonic_ns if steady else self._clock.now_ns
        timer = PeriodicTimer(period_s, callback, now)
        (self._steady if steady else self._ros).append(timer)
        return timer

    def due_in_ns(self) -> int | None:
        """Return when to look next; None: nothing due before a message arrives."""
        # Simulated time moves with /clock only, which ends every wait anyway.
        waiting = self._steady if self._clock.simulated else self._steady + self._ros
        return min((timer.due_in_ns() for timer in waiting), default=None)

    def serve(self) -> bool:
        """Call back every timer that is due, and tell whether any was."""
        served = False
        for timers in (self._steady, self._ros):
            for timer in tuple(timers):
                served |= timer.serve()
            timers[:] = [timer for timer in timers if not timer.cancelled]
        return served

    def _restart(self, jump_ns: int) -> None:
        del jump_ns
        for timer in self._ros:
            timer.restart()
