import numpy as np
import pytest

from humandyn_ros.learning.tasks.point_masses import clip, point_masses
from humandyn_ros.quantities import CANONICAL, GRAVITY


def test_contact_forces_carry_the_weight_on_average():
    vertical = np.mean([clip(30.0, [0, 0, n]).contact_force[..., 2].sum(1).mean()
                        / clip(30.0, [0, 0, n]).mass_kg for n in range(8)])  # fmt: skip
    assert vertical == pytest.approx(GRAVITY, rel=0.1)


def test_the_feet_are_the_sums_of_their_bodies():
    made = clip(30.0, [0, 0, 0])
    left = [CANONICAL.index['left_ankle'], CANONICAL.index['left_foot']]
    np.testing.assert_allclose(made.feet[:, 0], made.contact_force[:, left].sum(axis=1))


def test_newton_holds_at_a_hand_free_of_contact():
    # A hand is one point mass, so the torque of its wrist is its lever arm times its inertia.
    rate, fine = 30.0, 4
    made = clip(rate, [0, 0, 3])
    again = clip(rate * fine, [0, 0, 3])
    assert made.torque_smpl.shape == (40, 24, 3)
    assert again.rate_hz == rate * fine
    tips = [CANONICAL.index['left_hand'], CANONICAL.index['right_hand']]
    np.testing.assert_allclose(made.torque_smpl[:, tips], 0.0, atol=1e-9)
    np.testing.assert_allclose(made.torque_smpl[:, 0], 0.0)


def test_the_same_seed_gives_the_same_clip_and_splits_differ():
    source = point_masses(None, 30.0)
    first, again = next(iter(source('train', 1))), next(iter(source('train', 1)))
    np.testing.assert_array_equal(first.joints, again.joints)
    assert not np.allclose(first.joints, next(iter(source('test', 1))).joints)
    assert not np.allclose(first.joints, next(iter(source('train', 2))).joints)
