"""Small vector geometry on arrays (..., 3), quick on single frames."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array

_TINY = 1e-300  # m; keeps a zero vector zero where it is divided by its length


def dot(a: Array, b: Array) -> Array:
    """Scalar products (..., 1)."""
    result: Array = (a[..., None, :] @ b[..., None])[..., 0]
    return result


def length(a: Array) -> Array:
    """Lengths (..., 1)."""
    return np.sqrt(dot(a, a))


def unit(a: Array) -> Array:
    """Directions (..., 3); zero where the vector is zero."""
    return a / np.maximum(length(a), _TINY)


def cross(a: Array, b: Array) -> Array:
    """Vector products (..., 3)."""
    aa, bb = np.concatenate((a, a), axis=-1), np.concatenate((b, b), axis=-1)
    result: Array = aa[..., 1:4] * bb[..., 2:5] - aa[..., 2:5] * bb[..., 1:4]
    return result


def across(a: Array, axis: Array) -> Array:
    """Direction of the part of `a` that is perpendicular to the unit vector `axis`."""
    return unit(a - dot(a, axis) * axis)


def middle(pair: Array) -> Array:
    """Point half way between left and right (T, 2, 3) -> (T, 1, 3)."""
    result: Array = (pair[:, :1] + pair[:, 1:]) * 0.5
    return result


def rightward(pair: Array) -> Array:
    """Vector from left to right (T, 2, 3) -> (T, 1, 3)."""
    result: Array = pair[:, 1:] - pair[:, :1]
    return result
