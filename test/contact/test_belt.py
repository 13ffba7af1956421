"""The velocity of the floor's surface."""

import numpy as np
import pytest

from humandyn_ros.contact.belt import Belt

LEG = 0.86


def test_the_first_loaded_foot_already_tells():
    belt = Belt()
    belt.learn([-1.2, 0.1, 0.3], 0.5, 0.01)
    np.testing.assert_allclose(belt.velocity(LEG), [-1.2, 0.1, 0.0])
    assert not belt.known


def test_noise_is_averaged_and_a_new_speed_followed():
    belt, rng = Belt(), np.random.default_rng(0)
    for _ in range(600):
        belt.learn([-1.2 + 0.2 * rng.normal(), 0.2 * rng.normal(), 0.0], 1.0, 0.01)
    assert belt.known
    assert belt.velocity(LEG)[0] == pytest.approx(-1.2, abs=0.05)
    for _ in range(600):
        belt.learn([-2.0, 0.0, 0.0], 1.0, 0.01)
    assert belt.velocity(LEG)[0] == pytest.approx(-2.0, abs=0.05)


def test_a_foot_in_the_air_teaches_nothing():
    belt = Belt()
    belt.learn([3.0, 0.0, 0.0], 0.0, 0.01)
    assert not belt.velocity(LEG).any()


def test_slow_rolling_of_the_foot_is_not_a_belt():
    belt = Belt()
    for _ in range(100):
        belt.learn([0.1, 0.0, 0.0], 1.0, 0.01)
    assert not belt.velocity(LEG).any()


def test_a_belt_on_which_no_foot_stands_for_long_is_forgotten():
    belt = Belt()
    belt.learn([-10.0, 1.0, 0.0], 1.0, 0.01)
    for missing in (*[1.0] * 25, 0.2, *[1.0] * 25):  # noise, or a flight that is misjudged
        belt.doubt(missing, 0.01)
    assert belt.velocity(LEG)[0] == pytest.approx(-10.0)
    for _ in range(10):
        belt.doubt(1.0, 0.01)
    assert not belt.velocity(LEG).any()
