"""From a file's axes to the world of this package: z up, right-handed."""

from __future__ import annotations

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.skeleton import axes


def checked_up(up: str) -> str:
    """Return the axis in its usual spelling ('y', '+Y' -> 'Y').

    Raises:
        RecordingError: It is none of X, Y, Z, -X, -Y, -Z.
    """
    axis = up.strip().upper().removeprefix('+')
    if axis not in axes.UPWARD:
        raise RecordingError(f'up axis {up!r} is unknown: use one of {", ".join(axes.UPWARD)}')
    return axis


def to_z_up(vectors: Array, up: str) -> Array:
    """Rotate vectors (..., 3) from axes whose `up` axis points upwards to z up.

    Raises:
        RecordingError: `up` is not an axis.
    """
    result: Array = vectors @ axes.to_z_up(checked_up(up)).T
    return result


def axis_of(direction: Array) -> str:
    """Return the axis nearest to a direction (3,), such as 'Z' or '-Y'."""
    index = int(np.argmax(np.abs(direction)))
    return ('-' if direction[index] < 0 else '') + 'XYZ'[index]
