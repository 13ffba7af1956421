"""Checks that readers share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array


def shaped(path: Path, name: str, value: Any, *shape: int | None) -> Array:
    """Return `value` as float64 of the given shape, None = any length.

    Raises:
        RecordingError: It is no array of numbers, or of another shape.
    """
    expected = ', '.join('any' if n is None else str(n) for n in shape)
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{path}: {name} is not an array ({expected})') from error
    fits = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise RecordingError(f'{path}: {name} has shape {array.shape}, expected ({expected})')
    return array


def same_length(path: Path, **arrays: Array) -> int:
    """Return the common number of frames.

    Raises:
        RecordingError: The arrays do not have as many frames as each other.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise RecordingError(f'{path}: numbers of frames do not agree: {lengths}')
    return next(iter(lengths.values()))


def load_npy(path: Path) -> Any:
    """Read a .npy file that holds numbers (no pickle inside).

    Raises:
        RecordingError: Missing, truncated, or holds objects.
    """
    try:
        with path.open('rb') as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except OSError as error:
        raise RecordingError(f'{path}: cannot be read ({error.strerror or error})') from error
    except Exception as error:
        raise RecordingError(f'{path}: not a .npy file of numbers ({error})') from error
