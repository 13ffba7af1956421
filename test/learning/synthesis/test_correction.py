"""The gates on what contacts leave unexplained."""

import numpy as np

from humandyn_ros.learning.synthesis.correction import trusted, usable
from humandyn_ros.quantities import GRAVITY


def test_a_network_may_learn_from_more_than_is_trusted():
    residual = np.zeros((40, 6))
    residual[10, 3], residual[20, 2], residual[30, 5] = 0.25, 0.35 * GRAVITY, 0.9
    assert np.flatnonzero(~usable(residual)).tolist() == [20, 30]
    assert (usable(residual) | ~trusted(residual, 60.0)).all()


def test_neighbours_of_a_bad_frame_are_not_trusted_but_usable():
    residual = np.zeros((9, 6))
    residual[4, 4] = 0.2
    assert trusted(residual, 60.0).tolist() == [True] * 2 + [False] * 5 + [True] * 2
    assert usable(residual).all()
