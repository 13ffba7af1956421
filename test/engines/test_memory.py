"""The memory of the hybrid: errors come back where the motion does, on either side."""

import numpy as np

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.memory import (
    LASTS_S,
    TORQUE_ROWS,
    TORQUE_SIGNS,
    Answer,
    Memory,
    likeness,
)
from humandyn_ros.engines.past import COEFFICIENTS, JOINTS

NOTHING = np.zeros(len(COORDINATES))
FEET = np.array([[0.1, 0.05, 0.7], [0.0, 0.0, 0.2]])
TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def legs(seed):
    return 0.3 * np.random.default_rng(seed).standard_normal((2, 6, 3))


def saying(feet, torque=NOTHING):
    return lambda stamp_ns: Answer(stamp_ns, feet, torque)


def taught(alike, error, torque=NOTHING, *, stamp_ns=0, memory=None, share=1.0):
    memory = memory or Memory()
    for number in range(20):
        now = stamp_ns + number * 1_000_000
        memory.answered(Answer(now, FEET, NOTHING), alike, TURN)
        memory.learn(saying((FEET + error) @ TURN.T, torque), now, share)
    return memory


def test_nothing_is_corrected_before_anything_was_learned():
    feet, torque, belief = Memory().correction(legs(0))
    assert not feet.any()
    assert not torque.any()
    assert belief == 0.0


def test_an_error_is_put_right_where_the_legs_do_the_same():
    error = np.array([[0.01, 0.0, -0.1], [0.0, 0.02, 0.1]])
    torque = np.linspace(-0.02, 0.02, len(COORDINATES))
    feet, turned, belief = taught(legs(0), error, torque).correction(legs(0))
    np.testing.assert_allclose(feet, error * belief, atol=1e-9)
    np.testing.assert_allclose(turned, torque * belief, atol=1e-9)
    assert belief > 0.95


def test_what_one_leg_does_is_known_of_the_other():
    error = np.array([[0.01, 0.03, -0.1], [0.0, 0.02, 0.1]])
    torque = np.linspace(-0.02, 0.02, len(COORDINATES))
    mirrored = legs(0)[:, [3, 4, 5, 0, 1, 2]] * np.array([1.0, -1.0, 1.0])
    feet, turned, _ = taught(legs(0), error, torque).correction(mirrored)
    np.testing.assert_allclose(feet, error[::-1] * np.array([1.0, -1.0, 1.0]), atol=4e-3)
    np.testing.assert_allclose(turned, torque[TORQUE_ROWS] * TORQUE_SIGNS, atol=1e-3)


def test_other_motion_is_left_alone():
    feet, _, belief = taught(legs(0), np.ones((2, 3))).correction(legs(5) + 2.0)
    assert np.abs(feet).max() < 1e-6
    assert belief < 1e-6


def test_it_forgets():
    memory = taught(legs(0), np.ones((2, 3)))
    later = round(1e9 * LASTS_S) + 1_000_000_000
    taught(legs(5) + 2.0, np.zeros((2, 3)), stamp_ns=later, memory=memory)
    assert memory.correction(legs(0))[2] < 1e-6
    memory.reset()
    assert memory.correction(legs(5) + 2.0)[2] == 0.0


def test_only_a_share_of_the_difference_is_held_against_the_network():
    error = np.array([[0.01, 0.0, -0.1], [0.0, 0.02, 0.1]])
    feet, _, belief = taught(legs(0), error, share=0.25).correction(legs(0))
    np.testing.assert_allclose(feet, 0.25 * error * belief, atol=1e-9)


def test_errors_of_late_are_left_out_where_asked_for():
    memory = taught(legs(0), np.ones((2, 3)))
    assert memory.correction(legs(0), -1)[2] == 0.0
    few, _, belief = memory.correction(legs(0), 4_000_000)
    np.testing.assert_allclose(few, belief)
    assert 0.9 < belief < memory.correction(legs(0))[2]


def test_an_instant_of_which_physics_says_nothing_is_not_compared():
    memory = Memory()
    memory.answered(Answer(0, FEET, NOTHING), legs(0), TURN)
    memory.learn(lambda stamp_ns: None, 50_000_000)
    memory.learn(saying(FEET), 60_000_000)
    assert memory.correction(legs(0))[2] == 0.0


def test_an_instant_that_physics_has_not_reached_waits():
    memory = Memory()
    memory.answered(Answer(30_000_000, FEET, NOTHING), legs(0), TURN)
    memory.learn(saying(FEET), 20_000_000)
    assert memory.correction(legs(0))[2] == 0.0
    memory.learn(saying(FEET), 40_000_000)
    assert memory.correction(legs(0))[2] > 0.5


def test_after_more_errors_than_are_kept_the_newest_remain():
    memory, error = Memory(), np.array([[0.0, 0.0, 0.1], [0.0, 0.0, 0.1]])
    for number in range(9000):
        memory.answered(Answer(number * 1000, FEET, NOTHING), legs(0), TURN)
        sign = 1.0 if number >= 5000 else -1.0
        memory.learn(saying((FEET + sign * error) @ TURN.T), number * 1000)
    feet, _, belief = memory.correction(legs(0))
    np.testing.assert_allclose(feet, error * belief, atol=1e-9)
    assert belief > 0.999


def test_likeness_does_not_depend_on_place():
    coefficients = np.random.default_rng(1).standard_normal((COEFFICIENTS, len(JOINTS), 3))
    here = likeness(coefficients, TURN)
    assert here.shape == (2, 6, 3)
    np.testing.assert_allclose(likeness(coefficients + 3.0, TURN), here, atol=1e-12)
