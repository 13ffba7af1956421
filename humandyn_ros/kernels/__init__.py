"""Hot functions that have a compiled twin, which one serves, and since when.

A function marked with `@kernel` serves as it stands, in NumPy or plain numbers. Its twin in
`kernels/compiled.py` takes the same arguments and gives the same numbers to rounding, many times
faster. Which of the two serves is chosen once per process, before the first frame: the twins if
numba is installed and they are compiled already, so that compilation never stalls a stream. The
environment variable HUMANDYN_KERNELS (auto, numpy, numba) overrides the choice.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, ParamSpec, TypeVar

from humandyn_ros.errors import ConfigError
from humandyn_ros.kernels import store

P = ParamSpec('P')
R = TypeVar('R')

AUTO, NUMPY, NUMBA = 'auto', 'numpy', 'numba'
CHOICES = (AUTO, NUMPY, NUMBA)
VARIABLE = 'HUMANDYN_KERNELS'


class Kernel(Generic[P, R]):
    """A function that may be replaced by its compiled twin.

    Attributes:
        name: Module and function, for instance 'body.newton_euler'.
        plain: The function as it is written.
    """

    def __init__(self, plain: Callable[P, R]) -> None:
        self.plain = plain
        self.name = f'{plain.__module__}.{plain.__name__}'.partition('.')[2]
        self.__doc__ = plain.__doc__
        self._serving = plain

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call whichever serves; a twin takes writable float64 arrays only."""
        try:
            return self._serving(*args, **kwargs)
        except TypeError:
            return self.plain(*args, **kwargs)

    def serve(self, twin: Callable[..., Any] | None) -> None:
        """Let a twin serve; None: the function itself."""
        self._serving = twin or self.plain


_kernels: list[Kernel[..., Any]] = []
_chosen: list[str] = []  # one word, once chosen


def kernel(plain: Callable[P, R]) -> Kernel[P, R]:
    """Mark a function that has a compiled twin of the same signature."""
    made = Kernel(plain)
    _kernels.append(made)
    if _chosen == [NUMBA]:
        made.serve(_twins().get(made.name))
    return made


def choose() -> str:
    """Choose for this process, unless it is done; returns 'numpy' or 'numba'.

    Raises:
        ConfigError: HUMANDYN_KERNELS names no choice, or numba, which is not installed.
    """
    if not _chosen:
        wanted = os.environ.get(VARIABLE) or AUTO
        if wanted not in CHOICES:
            raise ConfigError(f'{VARIABLE} = {wanted!r}: one of {", ".join(CHOICES)} is expected')
        if wanted == AUTO:
            wanted = NUMBA if store.ready() else NUMPY
        use(wanted)
    return _chosen[0]


def use(which: str) -> None:
    """Let 'numpy' or 'numba' serve from now on; what is not compiled yet is compiled first.

    Raises:
        ConfigError: numba is not installed.
    """
    twins = _twins() if which == NUMBA else {}
    for one in _kernels:
        one.serve(twins.get(one.name))
    _chosen[:] = [which]


def _twins() -> dict[str, Callable[..., Any]]:
    if not store.installed():
        raise ConfigError("numba is not installed: pip install 'humandyn_ros[fast]'")
    twins: dict[str, Callable[..., Any]] = import_module('humandyn_ros.kernels.compiled').TWINS
    return twins


def prepare() -> str:
    """Have the twins compiled for the next start where they are not; says what happens, or ''.

    Another process of the lowest priority does it, so that this one's stream does not wait.
    """
    if choose() != NUMPY or os.environ.get(VARIABLE) == NUMPY or not store.installed():
        return ''
    if store.ready():
        return ''
    quiet = subprocess.DEVNULL
    command = [sys.executable, '-m', 'humandyn_ros.kernels']
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    return '; faster arithmetic is being compiled in the background, for the next start'
