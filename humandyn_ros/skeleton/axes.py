"""Axes of a source turned to the package's world: z up, right-handed."""

from __future__ import annotations

import numpy as np

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import Array

_ROWS = {
    'X': ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    'Y': ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    'Z': ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    '-X': ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    '-Y': ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    '-Z': ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}

UPWARD = tuple(_ROWS)
"""Names of the axes that may point up; -Y is that of camera (optical) frames."""


def to_z_up(up: str, handedness: str = 'right') -> Array:
    """Matrix (3, 3) that turns a source's vectors into the world's.

    Args:
        up: The source's axis that points up, one of `UPWARD`.
        handedness: 'right' or 'left'; a left-handed frame has one level axis reversed.

    Raises:
        SkeletonError: `up` is not the name of an axis.
    """
    if up not in _ROWS:
        raise SkeletonError(f'up = {up!r}: choose one of {", ".join(UPWARD)}')
    matrix = np.array(_ROWS[up], dtype=float)
    if handedness == 'left':
        matrix = matrix @ np.diag([1.0, -1.0, 1.0] if up[-1] == 'Z' else [1.0, 1.0, -1.0])
    return matrix
