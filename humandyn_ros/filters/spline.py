"""Quintic splines with uniform knots: the function space of the constant-acceleration smoother.

Driving the constant-acceleration model with white jerk and smoothing is the same as penalising
the squared third derivative (Wecker & Ansley 1983, JASA 78:81, for general order): the answer is
a quintic spline. Uniform knots, several per period of the cut-off, span it to 1e-3 of its
acceleration weights whatever the stamps; the system stays small and well conditioned.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

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


def local_basis(at: Array, intervals: int) -> tuple[NDArray[np.intp], Array]:
    """Active basis values at places measured in knot steps from the first knot.

    Args:
        at: Places (N,) in knot steps; outside [0, intervals] the end pieces are continued.
        intervals: Number of knot intervals I; there are I + 5 coefficients.

    Returns:
        First active coefficient (N,) and the six active values (N, 6).
    """
    first, powers = _locate(at, intervals)
    return first, powers @ _polynomials(0)


def basis(at: Array, intervals: int) -> Array:
    """All basis functions at the given places: (N, intervals + 5); see `local_basis`."""
    first, values = local_basis(at, intervals)
    out = np.zeros((len(at), intervals + ORDER - 1))
    out[np.arange(len(at))[:, None], first[:, None] + np.arange(ORDER)] = values
    return out


def local_functionals(at: Array, intervals: int) -> Array:
    """Active values of the basis and its first two derivatives per knot step: (N, 3, 6)."""
    _, powers = _locate(at, intervals)
    return np.asarray((powers @ _up_to_second()).transpose(1, 0, 2))


def functionals(at: Array, intervals: int) -> Array:
    """The same for all basis functions: (N, 3, intervals + 5)."""
    first, powers = _locate(at, intervals)
    out = np.zeros((len(at), 3, intervals + ORDER - 1))
    values = (powers @ _up_to_second()).transpose(1, 0, 2)
    for row, start, value in zip(out, first, values, strict=True):
        row[:, start : start + ORDER] = value
    return out


@cache
def _up_to_second() -> Array:
    return np.array([_polynomials(order) for order in range(3)])


def _locate(at: Array, intervals: int) -> tuple[NDArray[np.intp], Array]:
    """Knot interval (N,) of each place, and powers 0-5 (N, 6) of the way into it."""
    first = np.minimum(np.maximum(at, 0.0), intervals - 1).astype(np.intp)
    powers = np.ones((ORDER, len(at)))
    way = at - first
    for power in range(1, ORDER):
        np.multiply(powers[power - 1], way, out=powers[power])
    return first, powers.T


@lru_cache(maxsize=64)
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
