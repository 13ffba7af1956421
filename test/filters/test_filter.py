import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.filters import (
    FilterConfig,
    FixedLagKalman,
    make_filter,
)

JOINTS = 3
ALL = np.ones(JOINTS)
KINDS = ['kalman', 'savitzky_golay', 'butterworth']


def test_the_lag_is_exact_to_the_nanosecond(take):
    for kind in KINDS:
        estimator = make_filter(FilterConfig(kind=kind, lag_s=0.0734567), JOINTS)
        stamps = take.regular(59.94, 2.0) + 123456789
        answered = [
            (stamp, state.stamp_ns)
            for stamp in stamps
            if (state := estimator.step(int(stamp), take.parabola(0.0), ALL)) is not None
        ]
        assert answered and all(newest - at == estimator.lag_ns for newest, at in answered)
        assert kind == 'butterworth' or estimator.lag_ns == 73456700


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250, 1000])
def test_a_swing_with_noise_is_followed_at_every_rate(kind, rate_hz, take):
    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = take.drive(estimator, take.jittered(rate_hz, 3.0), take.noisy(take.swing, 0.003))
    assert len(states) > 2 * min(rate_hz, 190) * 0.6
    ahead = 1e-6
    for state in states:
        t = state.stamp_ns * 1e-9
        velocity = (take.swing(t + ahead) - take.swing(t - ahead)) / (2 * ahead)
        assert np.abs(state.positions - take.swing(t)).max() < 0.025
        assert np.abs(state.velocities - velocity).max() < 0.45
        assert np.abs(state.accelerations + (2 * np.pi) ** 2 * take.swing(t)).max() < 9.0
    assert estimator.rejected == 0 and estimator.restarts == 0


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('rate_hz', [30, 100])
def test_a_spike_of_a_metre_moves_the_estimate_less_than_a_centimetre(kind, rate_hz, take):
    stamps = take.regular(rate_hz, 2.0)
    motion = take.noisy(take.swing, 0.003)
    points = np.array([motion(stamp * 1e-9) for stamp in stamps])
    spiked = points.copy()
    spiked[len(stamps) * 3 // 4, 1] += [1.0, 0.0, 0.0]
    with_spike, without = (make_filter(FilterConfig(kind=kind), JOINTS) for _ in range(2))
    for stamp, dirty, clean in zip(stamps, spiked, points, strict=True):
        a = with_spike.step(int(stamp), dirty, ALL)
        b = without.step(int(stamp), clean, ALL)
        if a is not None:
            assert np.abs(a.positions - b.positions).max() < 0.01
    assert with_spike.rejected == 1 and without.rejected == 0


@pytest.mark.parametrize('kind', KINDS)
def test_a_joint_that_stays_elsewhere_is_believed_after_the_gap(kind, take):
    def motion(t):
        return take.swing(t) + np.array([[0.0], [0.0], [1.0 if t > 1.5 else 0.0]])

    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = take.drive(estimator, take.regular(60, 3.0), motion)
    assert 5 < estimator.rejected < 20
    np.testing.assert_allclose(states[-1].positions, motion(states[-1].stamp_ns * 1e-9), atol=0.03)
    for state in states:  # never in between
        offset = (state.positions - take.swing(state.stamp_ns * 1e-9))[2]
        assert np.isnan(offset).all() or min(abs(offset).max(), abs(offset - 1).max()) < 0.06


@pytest.mark.parametrize('kind', KINDS)
def test_a_joint_unseen_for_longer_than_the_gap_is_nan_and_comes_back(kind, take):
    def motion(t):
        points = take.swing(t)
        if 1.5 < t < 2.5:
            points[1] = np.nan
        return points

    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = {
        state.stamp_ns: state for state in take.drive(estimator, take.regular(60, 4.0), motion)
    }
    seen = np.array([state.seen for state in states.values()])
    t = np.array(list(states)) * 1e-9
    assert seen[:, [0, 2]].all()
    assert not seen[(t > 1.7) & (t < 2.5), 1].any()
    assert seen[(t < 1.5) | (t > 3.2), 1].all()
    for state in states.values():
        for field in (state.positions, state.velocities, state.accelerations):
            assert (np.isfinite(field).all(axis=1) == state.seen).all()
        assert (np.isfinite(state.stddev) == state.seen).all()


@pytest.mark.parametrize('kind', KINDS)
def test_a_short_gap_of_one_joint_is_bridged(kind, take):
    def motion(t):
        points = take.swing(t)
        if 1.50 < t < 1.58:
            points[1] = np.nan
        return points

    states = take.drive(
        make_filter(FilterConfig(kind=kind), JOINTS), take.regular(60, 3.0), motion
    )
    for state in states:
        assert state.seen.all()
        error = state.positions - take.swing(state.stamp_ns * 1e-9)
        assert np.abs(error).max() < (0.05 if kind == 'butterworth' else 0.03)


def test_repeated_stamps_are_ignored_and_counted(take):
    once, twice = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    for stamp in take.regular(60, 1.0):
        a = once.step(int(stamp), take.swing(stamp * 1e-9), ALL)
        b = twice.step(int(stamp), take.swing(stamp * 1e-9), ALL)
        assert twice.step(int(stamp), np.zeros((JOINTS, 3)), ALL) is None
    assert twice.repeated == 60 and once.repeated == 0
    np.testing.assert_array_equal(a.velocities, b.velocities)


@pytest.mark.parametrize('kind', KINDS)
def test_a_jump_ahead_restarts_without_memory(kind, take):
    estimator, fresh = (make_filter(FilterConfig(kind=kind), JOINTS) for _ in range(2))
    take.drive(estimator, take.regular(60, 1.0), take.swing)
    later = take.regular(60, 2.0) + 5 * 10**9
    again = take.drive(estimator, later, lambda t: take.swing(t) + 7.0)
    first = take.drive(fresh, later, lambda t: take.swing(t) + 7.0)
    assert estimator.restarts == 1
    assert [state.stamp_ns for state in again] == [state.stamp_ns for state in first]
    np.testing.assert_array_equal(again[0].accelerations, first[0].accelerations)


def test_one_frame_a_second_is_answered_by_nothing_and_a_note(take):
    estimator = FixedLagKalman(joints=JOINTS)
    assert take.drive(estimator, take.regular(1, 20.0), take.swing) == []
    assert 'rate is too low' in estimator.note and estimator.restarts == 19
    take.drive(estimator, take.regular(60, 1.0) + 20 * 10**9, take.swing)
    assert estimator.note == ''


def test_what_a_caller_hands_over_is_not_changed(take):
    estimator = FixedLagKalman(joints=JOINTS)
    for i, stamp in enumerate(take.regular(60, 1.0)):
        points = take.swing(stamp * 1e-9) + (100.0 if i == 50 else 0.0)
        confidence = np.array([1.0, 3.0, 0.0])
        before = points.copy(), confidence.copy()
        estimator.step(int(stamp), points, confidence)
        np.testing.assert_array_equal(points, before[0])
        np.testing.assert_array_equal(confidence, before[1])
    assert estimator.rejected == 2


@pytest.mark.parametrize('kind', KINDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_stream_gives_finite_numbers_or_nan_where_unseen(kind, data):
    joints = 2
    estimator = make_filter(FilterConfig(kind=kind, lag_s=data.draw(st.floats(0.0, 0.2))), joints)
    stamp = data.draw(st.integers(0, 2**60))
    steps = st.sampled_from(
        [0, 1, 10**6, 4 * 10**6, 10**7, 33 * 10**6, 70 * 10**6, 10**9, -(10**7)]
    )
    values = st.sampled_from([0.0, 1.0, 1.001, -30.0, np.nan, np.inf, 1e9])
    last = -1
    for step in data.draw(st.lists(steps, min_size=10, max_size=60)):
        stamp += step
        points = np.array(data.draw(st.lists(values, min_size=6, max_size=6))).reshape(joints, 3)
        confidence = np.array(
            data.draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, np.nan]), min_size=2, max_size=2))
        )
        estimator.cutoff_hz = data.draw(st.sampled_from([0.5, 4.0, 30.0]))
        try:
            state = estimator.step(stamp, points, confidence)
        except StreamError:
            estimator.reset()
            last = -1
            continue
        if state is None:
            continue
        assert state.stamp_ns > last
        last = state.stamp_ns
        for field in (state.positions, state.velocities, state.accelerations):
            assert (np.isfinite(field) == state.seen[:, None]).all()
        assert (np.isfinite(state.stddev) == state.seen).all()


def test_a_wrong_shape_and_a_jump_back_are_errors(take):
    estimator = FixedLagKalman(joints=JOINTS)
    with pytest.raises(StreamError, match=r'\(2, 3\)'):
        estimator.step(0, np.zeros((2, 3)), ALL)
    estimator.step(10**9, take.parabola(0.0), ALL)
    with pytest.raises(StreamError, match='reset'):
        estimator.step(0, take.parabola(0.0), ALL)
    estimator.reset()
    assert estimator.step(0, take.parabola(0.0), ALL) is None
    with pytest.raises(ConfigError, match='cutoff_hz'):
        estimator.cutoff_hz = 0.0
    with pytest.raises(ConfigError, match='kalman'):
        FilterConfig(kind='median')
