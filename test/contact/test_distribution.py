"""The force distribution: its optimum, its uniqueness, its cones."""

import numpy as np
import pytest
from scipy.optimize import nnls

from humandyn_ros.contact.distribution import distribute


def problem(rng, generators=40):
    points = rng.normal(size=(generators, 3)) * [0.3, 0.3, 0.0]
    edges = np.c_[rng.choice([-0.6, 0.6], size=(generators, 2)), np.ones(generators)]
    columns = np.vstack([edges.T, np.cross(points, edges).T])
    ease = 10 ** rng.uniform(-5, 2, generators)
    wrench = rng.normal(size=6) * [0.2, 0.2, 1.0, 0.3, 0.3, 0.1]
    return columns, ease, wrench, np.full(6, 10 ** rng.uniform(-4, -2))


@pytest.mark.parametrize('seed', range(20))
def test_it_is_the_nonnegative_least_squares_optimum(seed):
    columns, ease, wrench, slack = problem(np.random.default_rng(seed))
    weights, _ = distribute(columns, ease, wrench, slack)
    system = np.vstack([columns / np.sqrt(slack)[:, None], np.diag(1 / np.sqrt(ease))])
    right = np.concatenate([wrench / np.sqrt(slack), np.zeros(len(ease))])
    expected, _ = nnls(system, right)
    assert np.abs(weights - expected).max() < 1e-8


def test_the_answer_does_not_depend_on_where_the_search_starts():
    rng = np.random.default_rng(1)
    for _ in range(200):
        given = problem(rng)
        cold, _ = distribute(*given)
        warm, _ = distribute(*given, start=10 * rng.normal(size=6))
        assert np.abs(cold - warm).max() < 1e-7


def test_forces_only_push_and_what_is_missing_is_reported():
    rng = np.random.default_rng(2)
    for _ in range(50):
        columns, ease, wrench, slack = problem(rng)
        weights, dual = distribute(columns, ease, wrench, slack)
        assert (weights >= 0).all()
        np.testing.assert_allclose(columns @ weights + slack * dual, wrench, atol=1e-8)


def test_a_pull_is_left_unexplained():
    columns, ease, _, slack = problem(np.random.default_rng(3))
    pull = np.array([0.0, 0.0, -1.0, 0.0, 0.0, 0.0])
    weights, _ = distribute(columns, ease, pull, slack)
    assert weights @ columns[2] < 1e-12
