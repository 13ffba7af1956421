"""Where compiled kernels are kept, and whether they are there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata, util
from pathlib import Path

# Files whose text decides what is compiled: code, and constants that become part of it.
_SOURCES = (
    'kernels/compiled.py', 'quantities.py', 'body.py', 'coordinates.py', 'activity.py',
    'safety.py', 'uncertainty.py', 'contact/*.py', 'filters/*.py',
)  # fmt: skip
_READY = 'ready'


def installed() -> bool:
    """Whether numba is installed."""
    return util.find_spec('numba') is not None


def ready() -> bool:
    """Whether numba is installed and every kernel of this version is compiled."""
    return installed() and (folder() / _READY).exists()


@cache
def folder() -> Path:
    """Folder of this version's kernels, below NUMBA_CACHE_DIR or the user's cache.

    Its name follows from everything that compiled code depends on, so a change of any of it
    leaves the old folder alone.
    """
    package = Path(__file__).parents[1]
    key = hashlib.sha256()
    for name in _SOURCES:
        for path in sorted(package.glob(name)):
            key.update(path.read_bytes())
    for text in (sys.version, metadata.version('numba'), str(package), _processor()):
        key.update(text.encode())
    given = os.environ.get('NUMBA_CACHE_DIR')
    cached = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    base = Path(given) if given else Path(cached) / 'humandyn_ros'
    return base / f'kernels-{key.hexdigest()[:16]}'


def _processor() -> str:
    """What the processor can do."""
    with contextlib.suppress(OSError):
        for line in Path('/proc/cpuinfo').read_text().splitlines():
            if line.startswith(('flags', 'Features')):
                return line
    return platform.processor()


def mark_ready() -> None:
    """Note that every kernel is compiled."""
    (folder() / _READY).touch()


@contextlib.contextmanager
def alone() -> Iterator[bool]:
    """Whether this process may compile: of several at a time only the first.

    Raises:
        OSError: The folder cannot be written.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / 'lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
