import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humandyn_ros import rotations

RNG = np.random.default_rng(0)
VECTORS = RNG.uniform(-1, 1, (200, 3))
VECTORS *= RNG.uniform(0, np.pi - 1e-6, (200, 1)) / np.linalg.norm(VECTORS, axis=1, keepdims=True)


def test_exp_agrees_with_scipy_on_random_rotation_vectors():
    np.testing.assert_allclose(
        rotations.exp(VECTORS), Rotation.from_rotvec(VECTORS).as_matrix(), atol=1e-14
    )


def test_log_undoes_exp_up_to_half_a_turn():
    np.testing.assert_allclose(rotations.log(rotations.exp(VECTORS)), VECTORS, atol=1e-8)


@pytest.mark.parametrize('angle', [0.0, 1e-12, 1e-9, 1e-6, 1e-3, np.pi - 1e-9, np.pi])
def test_log_undoes_exp_at_the_ends_of_the_range(angle: float):
    vector = angle * np.array([0.6, 0.0, 0.8])
    np.testing.assert_allclose(rotations.log(rotations.exp(vector)), vector, atol=1e-9)


def test_quaternions_agree_with_scipy_and_have_no_negative_scalar():
    quat = rotations.matrix_to_quat_xyzw(rotations.exp(VECTORS))
    expected = Rotation.from_rotvec(VECTORS).as_quat(canonical=True)
    assert (quat[:, 3] >= 0).all()
    np.testing.assert_allclose(quat, expected, atol=1e-12)


def test_a_quaternion_of_any_length_gives_a_rotation():
    quat = RNG.normal(size=(50, 4)) * 7
    matrix = rotations.quat_xyzw_to_matrix(quat)
    np.testing.assert_allclose(matrix, Rotation.from_quat(quat).as_matrix(), atol=1e-12)


def test_six_numbers_survive_the_round_trip_and_any_six_give_a_rotation():
    matrix = rotations.exp(VECTORS)
    back = rotations.six_d_to_matrix(rotations.matrix_to_six_d(matrix))
    np.testing.assert_allclose(back, matrix, atol=1e-12)
    free = rotations.six_d_to_matrix(RNG.normal(size=(50, 6)))
    np.testing.assert_allclose(np.linalg.det(free), 1, atol=1e-12)


def test_skew_is_the_cross_product():
    a, b = RNG.normal(size=(2, 20, 3))
    product = np.einsum('...ij,...j->...i', rotations.skew(a), b)
    np.testing.assert_allclose(product, np.cross(a, b), atol=1e-14)
