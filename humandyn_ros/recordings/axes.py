"""From a file's axes to the world of this package: z up, right-handed."""

from __future__ import annotations

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array

# Rows of proper rotations; Y is (x, y, z) -> (x, -z, y), the usual one for OpenSim files.
_TO_Z_UP = {
    'X': ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    '-X': ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    'Y': ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    '-Y': ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    'Z': ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    '-Z': ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}


def checked_up(up: str) -> str:
    """Return the axis in its usual spelling ('y', '+Y' -> 'Y').

    Raises:
        RecordingError: It is none of X, Y, Z, -X, -Y, -Z.
    """
    axis = up.strip().upper().removeprefix('+')
    if axis not in _TO_Z_UP:
        raise RecordingError(f'up axis {up!r} is unknown: use one of {", ".join(_TO_Z_UP)}')
    return axis


def to_z_up(vectors: Array, up: str) -> Array:
    """Rotate vectors (..., 3) from axes whose `up` axis points upwards to z up.

    Raises:
        RecordingError: `up` is not an axis.
    """
    rotation = np.array(_TO_Z_UP[checked_up(up)], float)
    result: Array = vectors @ rotation.T
    return result


def axis_of(direction: Array) -> str:
    """Return the axis nearest to a direction (3,), such as 'Z' or '-Y'."""
    index = int(np.argmax(np.abs(direction)))
    return ('-' if direction[index] < 0 else '') + 'XYZ'[index]
