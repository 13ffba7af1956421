"""Signals that end a run: a spin stops, and SIGTERM is as good as Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a stop while inside; the main thread alone may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    chosen = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop()) for number in chosen]
    try:
        yield
    finally:
        for number, handler in zip(chosen, before, strict=True):
            signal.signal(number, handler)


class _Seen:
    """The signals of one `as_ctrl_c`; those of a process are all there can be."""

    interrupted = False


@contextmanager
def as_ctrl_c(*chosen: signal.Signals) -> Iterator[None]:
    """Make signals, and Ctrl-C, raise KeyboardInterrupt while inside: what was started is ended.

    Python drops what is raised inside a finalizer or a weak reference's callback, so a loop inside
    calls `check_interrupt` besides.
    """

    def interrupt(*_: object) -> None:
        _Seen.interrupted = True
        raise KeyboardInterrupt

    _Seen.interrupted = False
    numbers = (signal.SIGINT, *chosen)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def check_interrupt() -> None:
    """Raise KeyboardInterrupt if a signal asked for it and Python dropped it."""
    if _Seen.interrupted:
        raise KeyboardInterrupt
