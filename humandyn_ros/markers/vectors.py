"""Small vector geometry on arrays (..., 3), quick on single frames."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array

_NEXT, _LAST = [1, 2, 0], [2, 0, 1]


def dot(a: Array, b: Array) -> Array:
    """Scalar products (..., 1)."""
    return np.asarray((a * b).sum(-1, keepdims=True), dtype=np.float64)


def length(a: Array) -> Array:
    """Lengths (..., 1)."""
    return np.sqrt(dot(a, a))


def unit(a: Array) -> Array:
    """Directions (..., 3); NaN where the vector is zero."""
    size = length(a)
    return a / np.where(size > 0, size, np.nan)


def cross(a: Array, b: Array) -> Array:
    """Vector products (..., 3)."""
    result: Array = a[..., _NEXT] * b[..., _LAST] - a[..., _LAST] * b[..., _NEXT]
    return result


def across(a: Array, axis: Array) -> Array:
    """Direction of the part of `a` that is perpendicular to the unit vector `axis`."""
    return unit(a - dot(a, axis) * axis)
