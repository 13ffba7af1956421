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


@contextmanager
def as_ctrl_c(*chosen: signal.Signals) -> Iterator[None]:
    """Make signals raise KeyboardInterrupt while inside, so that what was started is ended."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in chosen]
    try:
        yield
    finally:
        for number, handler in zip(chosen, before, strict=True):
            signal.signal(number, handler)
