import numpy as np
import pytest
from scipy.interpolate import BSpline

from humandyn_ros.filters import spline

INTERVALS = 7
REFERENCE = BSpline(np.arange(-5, INTERVALS + 6), np.eye(INTERVALS + 5), 5)


def test_the_basis_and_its_derivatives_are_those_of_scipy():
    at = np.linspace(0, INTERVALS, 50)
    np.testing.assert_allclose(spline.basis(at, INTERVALS), REFERENCE(at), atol=1e-14)
    functionals = spline.functionals(at, INTERVALS)
    for order in range(3):
        expected = REFERENCE.derivative(order)(at) if order else REFERENCE(at)
        np.testing.assert_allclose(functionals[:, order], expected, atol=1e-13)


def test_the_penalty_is_the_integral_of_squared_third_derivatives():
    nodes, weights = np.polynomial.legendre.leggauss(3)  # exact to degree 5, of 4 here
    at = (np.arange(INTERVALS)[:, None] + (nodes + 1) / 2).ravel()
    third = REFERENCE.derivative(3)(at)
    expected = third.T @ (np.tile(weights / 2, INTERVALS)[:, None] * third)
    band = spline.penalty_band(INTERVALS)
    for d in range(spline.ORDER):
        np.testing.assert_allclose(
            band[d, : band.shape[1] - d], np.diagonal(expected, -d), atol=1e-12
        )
    assert np.abs(np.tril(expected, -spline.ORDER)).max() < 1e-12


@pytest.mark.parametrize('intervals', [1, 2, 30])
def test_parabolas_cost_nothing_and_cubics_do(intervals):
    at = np.linspace(0, intervals, 4 * intervals + 9)
    basis = spline.basis(at, intervals)
    band = spline.penalty_band(intervals)
    full = np.zeros((band.shape[1],) * 2)
    for d in range(spline.ORDER):
        full += np.diag(band[d, : band.shape[1] - d], -d)
    full = np.tril(full) + np.tril(full, -1).T
    for power, cost in ((0, 0.0), (1, 0.0), (2, 0.0), (3, 36.0 * intervals)):
        coefficients = np.linalg.lstsq(basis, at**power, rcond=None)[0]
        assert coefficients @ full @ coefficients == pytest.approx(cost, abs=1e-4)
