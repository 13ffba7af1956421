import dataclasses

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.limits import Limits, SlewLimiter, all_finite, clamp_ground, clamp_torques
from humandyn_ros.quantities import GRAVITY, ContactForce, GroundReaction, InverseDynamics

NAMES = ('hip_flexion_r', 'knee_angle_l', 'lumbar_rotation')


def dynamics(torque: list[float]) -> InverseDynamics:
    one = np.ones(3)
    return InverseDynamics(NAMES, one, 2 * one, np.array(torque), one, one)


def contact(force: tuple[float, float, float]) -> ContactForce:
    return ContactForce('left_foot', np.array(force), np.ones(3), np.zeros(3), 1.0)


def test_the_shipped_limits_load_and_scale_with_body_mass():
    bounds = Limits.load().torque_bounds(NAMES, 80.0)
    assert bounds == pytest.approx([480.0, 480.0, 240.0])


def test_a_coordinate_without_a_limit_is_named():
    with pytest.raises(ConfigError, match='wing_flap'):
        Limits.load().torque_bounds(('wing_flap_r',), 80.0)


def test_torques_are_clipped_on_both_sides():
    clamped = clamp_torques(np.array([900.0, -900.0, 5.0]), np.array([480.0, 480.0, 240.0]))
    assert clamped == pytest.approx([480.0, -480.0, 5.0])


def test_a_step_of_torque_leaves_as_a_ramp_of_the_slew_rate():
    slew = SlewLimiter()
    slew.start_from_zero(0, 1)
    wanted = np.array([50.0])
    out = [float(slew.step(int(k * 1e8), wanted, 100.0)[0]) for k in range(1, 8)]
    assert out == pytest.approx([10, 20, 30, 40, 50, 50, 50])


def test_stamps_that_stand_still_allow_no_change():
    slew = SlewLimiter()
    slew.start_from_zero(5, 1)
    assert slew.step(5, np.array([50.0]), 100.0) == pytest.approx([0.0])


@pytest.mark.parametrize(
    ('vertical', 'expected'), [(-50.0, 0.0), (400.0, 400.0), (1e5, 8 * 70 * GRAVITY)]
)
def test_vertical_force_stays_between_zero_and_the_limit(vertical: float, expected: float):
    ground = GroundReaction(contact((vertical / 10, 0.0, vertical)), contact((0, 0, 0)))
    clamped = clamp_ground(ground, mass_kg=70.0, limit_bw=8.0).left.force
    assert clamped[2] == pytest.approx(expected)
    assert clamped[0] == pytest.approx(expected / 10), 'the direction is kept'


def test_one_nan_anywhere_is_noticed():
    ground = GroundReaction(contact((0, 0, 1)), contact((0, 0, 1)))
    good = dynamics([1.0, 2.0, 3.0])
    assert all_finite(good, ground, np.zeros(6))
    bad = dataclasses.replace(good, stddev=np.array([1.0, np.nan, 1.0]))
    assert not all_finite(bad, ground, np.zeros(6))
    assert not all_finite(good, ground, np.array([0, 0, np.inf, 0, 0, 0]))
