"""Joints that were not seen, from those that were."""

import numpy as np
import pytest

from humandyn_ros.quantities import CANONICAL
from humandyn_ros.upper_body import SWAY, Completion

INDEX = CANONICAL.index
LEGS = [0, *(i for n, i in INDEX.items() if any(k in n for k in ('hip', 'knee', 'ankle', 'foot')))]


def whole(seed=0):
    return np.random.default_rng(seed).normal(size=(3, 24, 3))


def hidden(names, state):
    gaps = np.zeros(24, dtype=bool)
    gaps[[INDEX[name] for name in names]] = True
    return np.where(gaps[:, None], np.nan, state)


def test_a_complete_state_is_left_alone():
    state = tuple(whole())
    *found, missing = Completion(1.75).step(*state)
    for given, answered in zip(state, found, strict=True):
        assert answered is given
    assert missing == ()


def test_what_was_seen_stays_and_what_was_not_is_finite():
    rng = np.random.default_rng(1)
    for _ in range(100):
        gaps = rng.uniform(size=24) < rng.uniform()
        state = np.where(gaps[:, None], np.nan, whole())
        *found, _ = Completion(1.75).step(*state)
        for given, answered in zip(state, found, strict=True):
            assert np.isfinite(answered).all()
            np.testing.assert_allclose(answered[~gaps], given[~gaps], atol=1e-12)


def test_nothing_seen_is_a_person_standing_at_the_origin():
    *found, missing = Completion(1.75).step(*np.full((3, 24, 3), np.nan))
    assert np.isfinite(found).all()
    assert 'hips' in missing
    assert found[0][INDEX['head'], 2] > found[0][INDEX['neck'], 2] > found[0][0, 2]


def test_an_unseen_hip_mirrors_the_other_about_the_pelvis():
    state = whole()
    places, *_ = Completion(1.75).step(*hidden(['left_hip'], state))
    expected = 2 * state[0][0] - state[0][INDEX['right_hip']]
    np.testing.assert_allclose(places[INDEX['left_hip']], expected)


def lower_body(running):
    gaps = np.ones(24, dtype=bool)
    gaps[LEGS] = False
    state = whole()
    state[0, INDEX['left_hip']] = [0.0, 0.1, 0.9]
    state[0, INDEX['right_hip']] = [0.0, -0.1, 0.9]
    state = np.where(gaps[:, None], np.nan, state)
    return state, Completion(1.75).step(*state, running)


def test_an_unseen_trunk_follows_the_pelvis_up_and_down_but_sways_less():
    state, (_, _, second, missing) = lower_body(0.0)
    pelvis, neck = state[2][0], second[INDEX['neck']]
    assert neck[2] == pytest.approx(pelvis[2])
    assert neck[0] == pytest.approx(SWAY[0] * pelvis[0])  # forward is x here
    assert neck[1] == pytest.approx(SWAY[1] * pelvis[1])
    assert {'trunk', 'arms'} <= set(missing)


def test_unseen_arms_swing_against_each_other_without_a_net_force():
    _, (_, _, second, _) = lower_body(0.0)
    both = second[INDEX['left_elbow']] + second[INDEX['right_elbow']]
    shoulders = second[INDEX['left_shoulder']] + second[INDEX['right_shoulder']]
    np.testing.assert_allclose(both, shoulders, atol=1e-12)
    apart = second[INDEX['left_elbow']] - second[INDEX['left_shoulder']]
    assert abs(apart[0]) > 0.01


def test_in_running_unseen_arms_rise_with_the_opposite_thigh():
    _, (_, _, walk, _) = lower_body(0.0)
    state, (_, _, run, _) = lower_body(1.0)
    lift = run[INDEX['left_elbow'], 2] - walk[INDEX['left_elbow'], 2]
    thigh = (state[2][INDEX['right_knee']] - state[2][INDEX['right_hip']])[2]
    assert lift * thigh > 0.0
    np.testing.assert_allclose(run[INDEX['left_elbow'], :2], walk[INDEX['left_elbow'], :2])


def test_turning_the_person_turns_the_answer():
    state, (places, first, second, _) = lower_body(0.5)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    *turned, _ = Completion(1.75).step(*(state @ turn.T), 0.5)
    for one, other in zip((places, first, second), turned, strict=True):
        np.testing.assert_allclose(one @ turn.T, other, atol=1e-12)
