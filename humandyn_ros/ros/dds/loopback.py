"""Sockets that other machines cannot reach.

Cyclone 11 binds its receiving sockets to every address of the host, whatever interfaces it is
told to use, and sorts out afterwards what came in. Bound to the loopback device, the kernel lets
nothing from the network through to them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

_OPEN_FILES = Path('/proc/self/fd')
_LOOPBACK = b'lo'


@contextlib.contextmanager
def confined(wanted: bool) -> Iterator[None]:
    """Bind the UDP sockets that are opened inside to the loopback device (Linux 5.7 and later).

    Elsewhere the middleware's own filter remains.
    """
    before = set(_sockets()) if wanted else set()
    yield
    if wanted:
        for number in set(_sockets()) - before:
            _confine(number)


def _sockets() -> Iterator[int]:
    """File descriptors of this process that are sockets."""
    for entry in _OPEN_FILES.iterdir() if _OPEN_FILES.is_dir() else ():
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                yield int(entry.name)


def _confine(number: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as ours:
        if ours.type == socket.SOCK_DGRAM and ours.family in (socket.AF_INET, socket.AF_INET6):
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _LOOPBACK)
