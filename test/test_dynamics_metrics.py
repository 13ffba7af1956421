import numpy as np
import pytest

from humandyn_ros.dynamics_metrics import average_and_best, foot_mpje, mpje, pcc, vector_rmse
from humandyn_ros.quantities import CANONICAL


def test_mpje_is_the_mean_length_of_the_error():
    estimate, reference = np.zeros((5, 2, 3)), np.zeros((5, 2, 3))
    reference[:, 0] = [3.0, 4.0, 0.0]
    assert mpje(estimate, reference) == pytest.approx(2.5)


def test_a_foot_is_the_sum_of_its_ankle_and_its_ball():
    estimate, reference = np.zeros((4, 24, 3)), np.zeros((4, 24, 3))
    estimate[:, CANONICAL.index['left_ankle'], 2] = 2.0
    reference[:, CANONICAL.index['left_foot'], 2] = 2.0
    reference[:, CANONICAL.index['right_foot'], 0] = 1.5
    assert foot_mpje(estimate, reference) == pytest.approx((0.0, 1.5))


def test_rmse_is_per_frame_over_channels():
    estimate = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert vector_rmse(estimate, np.zeros((2, 2))) == pytest.approx(0.5)


def test_correlation_knows_neither_scale_nor_offset_and_leaves_out_still_channels():
    t = np.linspace(0, 6, 50)
    reference = np.stack([np.sin(t), np.zeros(50)], axis=1)
    estimate = np.stack([3.0 * np.sin(t) + 7.0, t], axis=1)
    assert pcc(estimate, reference) == pytest.approx(1.0)
    assert np.isnan(pcc(estimate, np.zeros((50, 2))))


def test_the_average_may_beat_the_best_representation():
    reference = np.zeros((3, 2))
    average, best, errors = average_and_best(
        {'markers': np.full((3, 2), 2.0), 'smpl': np.full((3, 2), -1.0)}, reference
    )
    assert best == 'smpl'
    assert errors == {'markers': 2.0, 'smpl': 1.0}
    np.testing.assert_allclose(average, 0.5)
