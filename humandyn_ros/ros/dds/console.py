"""Logging as ROS 2 does it: lines on standard error, and messages on /rosout."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from humandyn_ros.ros.dds.arguments import LEVELS
from humandyn_ros.ros.handle import Level


class Console:
    """Prints one node's log lines, and hands them on to /rosout.

    Args:
        logger: Name shown with each line.
        level: Lowest level that is shown: 'debug', 'info', 'warn', 'error' or 'fatal'.
        show: Whether to print at all.
    """

    def __init__(self, logger: str, level: str, show: bool) -> None:
        self._logger = logger
        self._lowest = LEVELS[level]
        self._show = show
        self._said: set[str] = set()
        self.forward: Callable[[dict[str, Any]], None] | None = None

    def log(self, level: Level, text: str, once: str = '') -> None:
        """Log a line; with `once`, only the first time for that key."""
        if LEVELS[level] < self._lowest or (once and once in self._said):
            return
        self._said.add(once)
        now_ns = time.time_ns()
        seconds, nanoseconds = divmod(now_ns, 10**9)
        if self._show:
            line = f'[{level.upper()}] [{seconds}.{nanoseconds:09d}] [{self._logger}]: {text}'
            print(line, file=sys.stderr, flush=True)
        if self.forward is not None:
            stamp = {'sec': seconds, 'nanosec': nanoseconds}
            self.forward(
                {'stamp': stamp, 'level': LEVELS[level], 'name': self._logger, 'msg': text}
            )
