"""Compile the kernels for the next start: `python -m humandyn_ros.kernels`."""

from __future__ import annotations

import os
import sys

from humandyn_ros import kernels
from humandyn_ros.kernels import store


def main() -> int:
    """Compile what is not compiled yet; returns the exit status."""
    if not store.installed():
        print('numba is not installed: NumPy serves')
        return 0
    os.nice(19)
    try:
        with store.alone() as mine:
            if mine and not store.ready():
                kernels.use(kernels.NUMBA)
                store.mark_ready()
    except OSError as error:
        print(f'compiled kernels cannot be kept, so NumPy serves: {error}', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
