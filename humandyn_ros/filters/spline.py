"""Quintic splines with uniform knots: the function space of the constant-acceleration smoother.

Driving the constant-acceleration model with white jerk and smoothing is the same as penalising
the squared third derivative (Wecker & Ansley 1983, JASA 78:81, for general order): the answer is
a quintic spline. Uniform knots, several per period of the cut-off, span it to 1e-3 of its
acceleration weights whatever the stamps; the system stays small and well conditioned.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from humandyn_ros.quantities import Array

ORDER = 6  # coefficients that are active between two knots of a quintic spline


@cache
def _polynomials(derivative: int) -> Array:
    """(power, active coefficient): basis between two knots (Cox-de Boor, uniform knots)."""
    pieces = [np.ones(1)]
    for degree in range(1, ORDER):
        rise = [np.convolve(p, [j, 1]) for j, p in enumerate(pieces)] + [np.zeros(degree + 1)]
        fall = [np.convolve(p, [degree - j, -1]) for j, p in enumerate(pieces)]
        pieces = [
            (up + down) / degree
            for up, down in zip(rise, [np.zeros(degree + 1), *fall], strict=True)
        ]
    powers: Array = np.array(pieces)[::-1].T
    for _ in range(derivative):
        powers = np.vstack([powers[1:] * np.arange(1, ORDER)[:, None], np.zeros(ORDER)])
    return powers


@cache
def _interval_penalty() -> Array:
    """(6, 6): integral of products of third derivatives over one knot interval."""
    third = _polynomials(3)
    power = np.arange(ORDER)
    return np.asarray(third.T @ (1.0 / (power[:, None] + power + 1)) @ third)


def local_basis(
    at: Array, intervals: int, derivative: int = 0
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Array]:
    """Active basis values at places measured in knot steps from the first knot.

    Args:
        at: Places (N,) in knot steps; outside [0, intervals] the end pieces are continued.
        intervals: Number of knot intervals I; there are I + 5 coefficients.
        derivative: Order of the derivative, per knot step.

    Returns:
        First active coefficient (N,) and the six active values (N, 6).
    """
    first = np.minimum(np.maximum(at, 0.0), intervals - 1).astype(np.intp)
    return first, np.vander(at - first, ORDER, increasing=True) @ _polynomials(derivative)


def basis(at: Array, intervals: int, derivative: int = 0) -> Array:
    """All basis functions at the given places: (N, intervals + 5); see `local_basis`."""
    first, values = local_basis(at, intervals, derivative)
    out = np.zeros((len(at), intervals + ORDER - 1))
    out[np.arange(len(at))[:, None], first[:, None] + np.arange(ORDER)] = values
    return out


def penalty_band(intervals: int) -> Array:
    """Integral of the squared third derivative as a lower band (6, intervals + 5).

    Row d, column k holds the element (k + d, k), per knot step to the power -5.
    """
    size = intervals + ORDER - 1
    band = np.zeros((ORDER, size))
    for d in range(ORDER):
        diagonal = np.diagonal(_interval_penalty(), -d)
        band[d, : size - d] = np.convolve(np.ones(intervals), diagonal)
    return band


@lru_cache(maxsize=64)
def penalty(intervals: int) -> Array:
    """The same as a full symmetric matrix (intervals + 5, intervals + 5)."""
    band = penalty_band(intervals)
    size = band.shape[1]
    lower = sum((np.diag(band[d, : size - d], -d) for d in range(1, ORDER)), np.diag(band[0]))
    return np.asarray(lower + np.tril(lower, -1).T)
