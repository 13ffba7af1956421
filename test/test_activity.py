"""Cut-off frequencies by motion and noise."""

import numpy as np
import pytest

from humandyn_ros.activity import HIGH_HZ, LOW_HZ, CutoffPolicy
from humandyn_ros.quantities import CANONICAL, GRAVITY

LEG = 0.86
SHANKS = [CANONICAL.index[f'{s}_{j}'] for s in ('left', 'right') for j in ('knee', 'ankle')]


def moving(speed, leg=LEG):
    """Legs that move against the pelvis at a speed in √(g·leg)."""
    velocities = np.zeros((24, 3))
    velocities[SHANKS, 0] = speed * np.sqrt(GRAVITY * leg)
    return velocities


def settled(speed, noise_m=0.0, leg=LEG, policy=None):
    policy = policy or CutoffPolicy()
    for _ in range(400):
        policy.step(moving(speed, leg), noise_m, leg, 0.01)
    return policy


def test_standing_walking_and_running_ask_for_rising_cutoffs():
    quiet, walk, run = (settled(speed).cutoff_hz for speed in (0.01, 0.45, 0.85))
    assert 2.0 < quiet < 2.5
    assert 5.8 < walk < 6.6
    assert 6.6 < run < 7.4


def test_noise_lowers_the_cutoff_more_in_walking_than_in_running():
    walk = settled(0.45, 0.003).cutoff_hz / settled(0.45).cutoff_hz
    run = settled(0.85, 0.003).cutoff_hz / settled(0.85).cutoff_hz
    assert walk < 0.7 < run < 1.0


def test_a_child_who_walks_alike_gets_a_higher_cutoff_by_the_pendulum_law():
    ratio = settled(0.45, leg=0.5).cutoff_hz / settled(0.45).cutoff_hz
    assert ratio == pytest.approx(np.sqrt(LEG / 0.5), rel=0.07)


def test_a_vertical_jump_counts_as_motion():
    jumping = np.zeros((24, 3))
    jumping[:, 2] = 2.0
    policy = CutoffPolicy()
    for _ in range(100):
        policy.step(jumping, 0.0, LEG, 0.01)
    assert policy.cutoff_hz > 6.0


def test_the_cutoff_moves_in_few_steps_and_stays_within_bounds():
    policy = CutoffPolicy()
    rng = np.random.default_rng(0)
    seen = [policy.step(moving(0.45 + 0.02 * rng.normal()), 0.0, LEG, 0.01) for _ in range(500)]
    assert len(set(seen[100:])) <= 2
    assert settled(5.0, leg=0.2).cutoff_hz <= HIGH_HZ * 1.06
    assert settled(0.0, 0.1).cutoff_hz >= LOW_HZ / 1.06


def test_vigour_and_running_are_shares():
    assert settled(0.0).vigour == 0.0
    assert settled(0.45).vigour == 1.0
    assert settled(0.45).running == 0.0
    assert settled(1.0).running == 1.0


def test_reset_forgets():
    policy = settled(0.85)
    policy.reset()
    assert policy.cutoff_hz == CutoffPolicy().cutoff_hz
    assert policy.vigour == 0.0


def test_noise_lowers_the_cutoff_less_where_feet_step_than_in_a_squat_of_the_same_speed():
    squatting, stepping = CutoffPolicy(), CutoffPolicy()
    walk = moving(0.25)
    walk[SHANKS[2:]] = 0.0
    walk *= np.sqrt(2.0)  # one leg swings, the other stands: the same mean speed
    for _ in range(400):
        squatting.step(moving(0.25), 0.003, LEG, 0.01)
        stepping.step(walk, 0.003, LEG, 0.01)
    assert stepping.cutoff_hz > 1.3 * squatting.cutoff_hz
