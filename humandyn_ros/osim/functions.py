"""The scalar functions an OpenSim model uses inside its joints and couplers."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array

Function = Callable[[Array], Array]


def read_function(holder: Element, owner: str) -> Function:
    """Return the function written inside `holder`, directly or under <function>.

    Args:
        holder: Element such as TransformAxis or coupled_coordinates_function.
        owner: What it belongs to, for the error message.

    Raises:
        RecordingError: The function's kind is not known, or its numbers cannot be read.
    """
    for element in (*holder, *(child for inner in holder.findall('function') for child in inner)):
        if element.tag in _READERS:
            try:
                return _READERS[element.tag](element, owner)
            except (TypeError, ValueError) as error:
                raise RecordingError(f'{owner}: {element.tag} cannot be read: {error}') from error
    found = ', '.join(sorted({e.tag for e in holder.iter()} - {holder.tag})) or 'nothing'
    raise RecordingError(
        f'{owner}: no function of a known kind (found {found}); '
        f'known kinds: {", ".join(sorted(_READERS))}'
    )


def numbers(element: Element, tag: str) -> Array:
    """Return the numbers written in the child `tag`, none when it is absent (N,)."""
    return np.array((element.findtext(tag) or '').split(), dtype=float)


def spline(x: Array, y: Array) -> Function:
    """Interpolate as OpenSim's SimmSpline does; straight lines continue it beyond the ends.

    A cubic spline whose third derivative at either end is that of the cubic through the four
    end points (Forsythe, Malcolm, Moler 1977, "Computer Methods for Mathematical
    Computations", routine SPLINE), zero where there are only three points.
    """
    if len(x) != len(y) or len(x) < 2 or np.any(np.diff(x) <= 0):
        raise ValueError(f'spline needs increasing x and as many y: {len(x)=}, {len(y)=}')
    h = np.diff(x)
    slope = np.diff(y) / h
    curvature = _curvatures(x, h, slope)
    first = slope - h * (2 * curvature[:-1] + curvature[1:]) / 6
    last = slope[-1] + h[-1] * (curvature[-2] + 2 * curvature[-1]) / 6

    def value(at: Array) -> Array:
        inside = np.clip(at, x[0], x[-1])
        i = np.clip(np.searchsorted(x, inside, side='right') - 1, 0, len(h) - 1)
        s = inside - x[i]
        cubic = (curvature[i + 1] - curvature[i]) / (6 * h[i])
        result: Array = y[i] + s * (first[i] + s * (curvature[i] / 2 + s * cubic))
        result = result + first[0] * np.minimum(at - x[0], 0) + last * np.maximum(at - x[-1], 0)
        return np.asarray(result, dtype=np.float64)

    return value


def _curvatures(x: Array, h: Array, slope: Array) -> Array:
    """Second derivatives at the knots (N,)."""
    count = len(x)
    if count == 2:
        return np.zeros(2)
    matrix = np.zeros((count, count))
    right = np.zeros(count)
    for i in range(1, count - 1):
        matrix[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        right[i] = 6 * (slope[i] - slope[i - 1])
    matrix[0, :2] = -1, 1
    matrix[-1, -2:] = -1, 1
    if count > 3:
        second = np.diff(slope) / (x[2:] - x[:-2])
        third = 6 * np.diff(second) / (x[3:] - x[:-3])
        right[0], right[-1] = h[0] * third[0], h[-1] * third[-1]
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _constant(element: Element, _: str) -> Function:
    value = float(numbers(element, 'value')[0])
    return lambda at: np.full_like(at, value)


def _polynomial(element: Element, _: str) -> Function:
    coefficients = numbers(element, 'coefficients')  # highest power first
    return lambda at: np.asarray(np.polyval(coefficients, at), dtype=np.float64)


def _knots(element: Element, _: str) -> Function:
    return spline(numbers(element, 'x'), numbers(element, 'y'))


def _piecewise_linear(element: Element, _: str) -> Function:
    x, y = numbers(element, 'x'), numbers(element, 'y')
    return lambda at: np.interp(at, x, y)


def _multiplier(element: Element, owner: str) -> Function:
    inner = read_function(element, owner)
    scale = float(element.findtext('scale') or 1)
    return lambda at: scale * inner(at)


def _sine(element: Element, _: str) -> Function:
    amplitude, omega, phase = (
        float(element.findtext(tag) or default)
        for tag, default in (('amplitude', 1), ('omega', 1), ('phase', 0))
    )
    offset = float(element.findtext('offset') or 0)
    return lambda at: amplitude * np.sin(omega * at + phase) + offset


_READERS: dict[str, Callable[[Element, str], Function]] = {
    'Constant': _constant,
    'LinearFunction': _polynomial,
    'PolynomialFunction': _polynomial,
    'SimmSpline': _knots,
    'NaturalCubicSpline': _knots,  # SimmSpline's name before OpenSim 3
    'PiecewiseLinearFunction': _piecewise_linear,
    'MultiplierFunction': _multiplier,
    'Sine': _sine,
}
