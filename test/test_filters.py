import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.filters import (
    Butterworth,
    FilterConfig,
    FixedLagKalman,
    NoiseLevel,
    SavitzkyGolay,
    kalman,
    make_filter,
    smooth,
)
from humandyn_ros.filters.gate import Gate

JOINTS = 3
ALL = np.ones(JOINTS)
WINDOWED = [FixedLagKalman, SavitzkyGolay]
KINDS = ['kalman', 'savitzky_golay', 'butterworth']


def drive(estimator, stamps_ns, motion, confidence=None):
    """Every state the estimator answers; `motion(t)` gives points (J, 3) at t in s."""
    states = []
    for i, stamp in enumerate(stamps_ns):
        weights = ALL if confidence is None else confidence[i]
        state = estimator.step(int(stamp), motion(stamp * 1e-9), weights)
        if state is not None:
            states.append(state)
    return states


def regular(rate_hz, seconds):
    return np.round(np.arange(int(rate_hz * seconds)) * 1e9 / rate_hz).astype(np.int64)


def jittered(rate_hz, seconds, seed=0):
    """Irregular stamps with one frame in ten dropped."""
    rng = np.random.default_rng(seed)
    stamps = regular(rate_hz, seconds)
    stamps = stamps + rng.uniform(-0.2e9 / rate_hz, 0.2e9 / rate_hz, len(stamps)).astype(int)
    return stamps[rng.random(len(stamps)) > 0.1]


def parabola(t):
    return np.array([[1.0, 2.0, -3.0], [0.5 * t, -t, 2.0 * t], [t * t, -3 * t * t, t + t * t]])


def parabola_rates(t):
    velocity = np.array([[0, 0, 0], [0.5, -1, 2], [2 * t, -6 * t, 1 + 2 * t]])
    return velocity, np.array([[0, 0, 0], [0, 0, 0], [2.0, -6, 2]])


def swing(t, hz=1.0):
    """A smooth motion of 0.3 m amplitude."""
    phase = 2 * np.pi * hz * t + np.arange(JOINTS)[:, None] + np.array([0.0, 0.5, 2.0])
    return 0.3 * np.sin(phase)


def noisy(motion, stddev_m, seed=0):
    rng = np.random.default_rng(seed)
    return lambda t: motion(t) + stddev_m * rng.normal(size=(JOINTS, 3))


def kalman_rts(t, measured, cutoff_hz, wanted):
    """Textbook constant-acceleration Kalman filter and RTS pass: state at frame `wanted`."""
    q = np.mean(np.diff(t)) * (2 * np.pi * cutoff_hz) ** 6 / (np.sqrt(2) - 1)
    mean, cov = np.zeros((3, measured.shape[1])), np.eye(3) * 1e7
    priors, posteriors, steps = [], [], []
    for i, y in enumerate(measured):
        step = np.eye(3)
        if i:
            d = t[i] - t[i - 1]
            step = np.array([[1, d, d * d / 2], [0, 1, d], [0, 0, 1]])
            jerk = np.array(
                [
                    [d**5 / 20, d**4 / 8, d**3 / 6],
                    [d**4 / 8, d**3 / 3, d**2 / 2],
                    [d**3 / 6, d**2 / 2, d],
                ]
            )
            mean, cov = step @ mean, step @ cov @ step.T + q * jerk
        priors.append((mean, cov))
        steps.append(step)
        gain = cov[:, 0] / (cov[0, 0] + 1.0)
        keep = np.eye(3) - np.outer(gain, [1, 0, 0])
        mean = mean + np.outer(gain, y - mean[0])
        cov = keep @ cov @ keep.T + np.outer(gain, gain)
        posteriors.append((mean, cov))
    for i in range(len(t) - 2, wanted - 1, -1):
        prior_mean, prior_cov = priors[i + 1]
        gain = np.linalg.solve(prior_cov, steps[i + 1] @ posteriors[i][1]).T
        ahead, spread = mean - prior_mean, cov - prior_cov
        mean = posteriors[i][0] + gain @ ahead
        cov = posteriors[i][1] + gain @ spread @ gain.T
    return mean, cov


@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250])
@pytest.mark.parametrize('kind', WINDOWED)
def test_motion_up_to_constant_acceleration_is_recovered_exactly(kind, rate_hz):
    states = drive(kind(joints=JOINTS), regular(rate_hz, 2.0), parabola)
    assert len(states) > rate_hz
    for state in states:
        t = state.stamp_ns * 1e-9
        velocity, acceleration = parabola_rates(t)
        np.testing.assert_allclose(state.positions, parabola(t), atol=1e-6)
        np.testing.assert_allclose(state.velocities, velocity, atol=1e-5)
        np.testing.assert_allclose(state.accelerations, acceleration, atol=2e-4)


def test_butterworth_recovers_constant_velocity_once_it_settled():
    estimator = Butterworth(joints=JOINTS)
    states = drive(estimator, jittered(60, 5.0), lambda t: parabola(t) * [[1], [1], [0]])
    for state in states[-30:]:
        line = parabola(state.stamp_ns * 1e-9) * [[1], [1], [0]]
        np.testing.assert_allclose(state.positions, line, atol=1e-5)
        np.testing.assert_allclose(state.velocities[1], [0.5, -1, 2], atol=1e-5)
        np.testing.assert_allclose(state.accelerations, 0, atol=1e-3)


@pytest.mark.parametrize('cutoff_hz', [2.0, 4.0, 7.0])
@pytest.mark.parametrize('knots, tolerance', [(12, [1e-4, 1e-3, 5e-3]), (48, [1e-5, 1e-5, 1e-4])])
def test_the_smoother_equals_kalman_filter_and_rts_pass(monkeypatch, cutoff_hz, knots, tolerance):
    monkeypatch.setattr(kalman, 'KNOTS_PER_PERIOD', knots)
    rng = np.random.default_rng(1)
    stamps = np.cumsum(rng.integers(80_000, 120_000, 60)) * 100
    wanted = 52  # so that the instant is a frame, as the textbook wants
    lag_s = (stamps[-1] - stamps[wanted]) * 1e-9
    estimator = FixedLagKalman(FilterConfig(cutoff_hz=cutoff_hz, lag_s=lag_s), 1)
    estimator.look_back_periods = 5.0  # all frames below
    measured = swing(stamps[:, None, None] * 1e-9)[:, 0] + 0.01 * rng.normal(size=(60, 3))
    for stamp, points in zip(stamps, measured, strict=True):
        state = estimator.step(int(stamp), points[None], np.ones(1))
    mean, cov = kalman_rts(stamps * 1e-9, measured, cutoff_hz, wanted)
    ours = np.stack([state.positions[0], state.velocities[0], state.accelerations[0]])
    usual = 0.2 * (2 * np.pi) ** np.arange(3)  # of the swing: m, m/s, m/s²
    assert (np.abs(ours - mean).max(axis=1) < usual * tolerance).all()
    gain = state.stddev[0] / estimator.noise.stddev[0]
    assert gain == pytest.approx(np.sqrt(cov[0, 0]), rel=1e-2)


@pytest.mark.parametrize('kind', WINDOWED)
@pytest.mark.parametrize('rate_hz', [30, 100])
def test_joints_together_and_apart_give_the_same_numbers(kind, rate_hz):
    stamps = jittered(rate_hz, 2.0)
    motion = noisy(swing, 0.005)
    points = [motion(stamp * 1e-9) for stamp in stamps]
    together, apart = kind(joints=JOINTS), kind(joints=JOINTS)
    for i, (stamp, point) in enumerate(zip(stamps, points, strict=True)):
        common = together.step(int(stamp), point, ALL)
        weights = ALL if i % 20 else np.array([1.0, 1.0, 0.5])
        single = apart.step(int(stamp), point, weights)  # one joint differs: all solved apart
        if common is not None:
            for name in ('positions', 'velocities', 'accelerations', 'stddev'):
                a, b = getattr(common, name), getattr(single, name)
                np.testing.assert_allclose(a[:2], b[:2], rtol=1e-6, atol=1e-8)
    assert common is not None


def test_the_lag_is_exact_to_the_nanosecond():
    for kind in KINDS:
        estimator = make_filter(FilterConfig(kind=kind, lag_s=0.0734567), JOINTS)
        stamps = regular(59.94, 2.0) + 123456789
        answered = [
            (stamp, state.stamp_ns)
            for stamp in stamps
            if (state := estimator.step(int(stamp), parabola(0.0), ALL)) is not None
        ]
        assert answered and all(newest - at == estimator.lag_ns for newest, at in answered)
        assert kind == 'butterworth' or estimator.lag_ns == 73456700


@pytest.mark.parametrize('rate_hz', [60, 100, 250])
@pytest.mark.parametrize('cutoff_hz', [2.5, 4.0])
def test_half_the_power_passes_at_the_cutoff(rate_hz, cutoff_hz):
    stamps = regular(rate_hz, 10.0)
    points = np.sin(2 * np.pi * cutoff_hz * stamps * 1e-9)[:, None, None] * np.ones((1, 3))
    smoothed = smooth(stamps, points, np.ones((len(stamps), 1)), cutoff_hz=cutoff_hz)
    middle = smoothed.positions[len(stamps) // 4 : -len(stamps) // 4, 0, 0]
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(np.sqrt(0.5), rel=0.01)


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250, 1000])
def test_a_swing_with_noise_is_followed_at_every_rate(kind, rate_hz):
    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = drive(estimator, jittered(rate_hz, 3.0), noisy(swing, 0.003))
    assert len(states) > 2 * min(rate_hz, 190) * 0.6
    ahead = 1e-6
    for state in states:
        t = state.stamp_ns * 1e-9
        velocity = (swing(t + ahead) - swing(t - ahead)) / (2 * ahead)
        assert np.abs(state.positions - swing(t)).max() < 0.025
        assert np.abs(state.velocities - velocity).max() < 0.45
        assert np.abs(state.accelerations + (2 * np.pi) ** 2 * swing(t)).max() < 9.0
    assert estimator.rejected == 0 and estimator.restarts == 0


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('rate_hz', [30, 100])
def test_a_spike_of_a_metre_moves_the_estimate_less_than_a_centimetre(kind, rate_hz):
    stamps = regular(rate_hz, 2.0)
    motion = noisy(swing, 0.003)
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
def test_a_joint_that_stays_elsewhere_is_believed_after_the_gap(kind):
    def motion(t):
        return swing(t) + np.array([[0.0], [0.0], [1.0 if t > 1.5 else 0.0]])

    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = drive(estimator, regular(60, 3.0), motion)
    assert 5 < estimator.rejected < 20
    np.testing.assert_allclose(states[-1].positions, motion(states[-1].stamp_ns * 1e-9), atol=0.03)
    for state in states:  # never in between
        offset = (state.positions - swing(state.stamp_ns * 1e-9))[2]
        assert np.isnan(offset).all() or min(abs(offset).max(), abs(offset - 1).max()) < 0.06


@pytest.mark.parametrize('kind', KINDS)
def test_a_joint_unseen_for_longer_than_the_gap_is_nan_and_comes_back(kind):
    def motion(t):
        points = swing(t)
        if 1.5 < t < 2.5:
            points[1] = np.nan
        return points

    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    states = {state.stamp_ns: state for state in drive(estimator, regular(60, 4.0), motion)}
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
def test_a_short_gap_of_one_joint_is_bridged(kind):
    def motion(t):
        points = swing(t)
        if 1.50 < t < 1.58:
            points[1] = np.nan
        return points

    states = drive(make_filter(FilterConfig(kind=kind), JOINTS), regular(60, 3.0), motion)
    for state in states:
        assert state.seen.all()
        error = state.positions - swing(state.stamp_ns * 1e-9)
        assert np.abs(error).max() < (0.05 if kind == 'butterworth' else 0.03)


@pytest.mark.parametrize('kind', WINDOWED)
def test_less_confidence_means_less_influence_and_none_means_none(kind):
    stamps = regular(60, 1.0)
    states = {}
    for confidence in (0.0, 0.2, 1.0):
        estimator = kind(FilterConfig(outlier_gate=1000.0), 2)
        for i, stamp in enumerate(stamps):
            bad = i == len(stamps) - 5
            points = np.array([[0.0, 0, 0], [0.0, 0, 0.1 if bad else 0.0]])
            weights = np.array([1.0, confidence if bad else 1.0])
            states[confidence] = estimator.step(int(stamp), points, weights)
    heights = [states[c].positions[1, 2] for c in (0.0, 0.2, 1.0)]
    assert abs(heights[0]) < 1e-12
    assert 0.001 < heights[1] < 0.6 * heights[2]
    assert states[0.0].stddev[1] > states[1.0].stddev[1]


def test_a_late_frame_counts_as_if_it_had_come_in_time():
    stamps = [int(stamp) for stamp in regular(60, 2.0)]
    motion = noisy(swing, 0.003)
    points = {stamp: motion(stamp * 1e-9) for stamp in stamps}
    in_order, late = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    swapped = [*stamps[:-3], stamps[-2], stamps[-3], stamps[-1]]
    for a, b in zip(stamps, swapped, strict=True):
        expected = in_order.step(a, points[a], ALL)
        state = late.step(b, points[b], ALL)
    assert late.late == 1
    np.testing.assert_array_equal(state.accelerations, expected.accelerations)


def test_repeated_stamps_are_ignored_and_counted():
    once, twice = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    for stamp in regular(60, 1.0):
        a = once.step(int(stamp), swing(stamp * 1e-9), ALL)
        b = twice.step(int(stamp), swing(stamp * 1e-9), ALL)
        assert twice.step(int(stamp), np.zeros((JOINTS, 3)), ALL) is None
    assert twice.repeated == 60 and once.repeated == 0
    np.testing.assert_array_equal(a.velocities, b.velocities)


@pytest.mark.parametrize('kind', KINDS)
def test_a_jump_ahead_restarts_without_memory(kind):
    estimator, fresh = (make_filter(FilterConfig(kind=kind), JOINTS) for _ in range(2))
    drive(estimator, regular(60, 1.0), swing)
    later = regular(60, 2.0) + 5 * 10**9
    again = drive(estimator, later, lambda t: swing(t) + 7.0)
    first = drive(fresh, later, lambda t: swing(t) + 7.0)
    assert estimator.restarts == 1
    assert [state.stamp_ns for state in again] == [state.stamp_ns for state in first]
    np.testing.assert_array_equal(again[0].accelerations, first[0].accelerations)


def test_one_frame_a_second_is_answered_by_nothing_and_a_note():
    estimator = FixedLagKalman(joints=JOINTS)
    assert drive(estimator, regular(1, 20.0), swing) == []
    assert 'rate is too low' in estimator.note and estimator.restarts == 19
    drive(estimator, regular(60, 1.0) + 20 * 10**9, swing)
    assert estimator.note == ''


def test_a_kilohertz_is_averaged_down_and_gains_precision():
    few, many = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    slow = drive(few, regular(250, 2.0), noisy(swing, 0.01))
    fast = drive(many, regular(1000, 2.0), noisy(swing, 0.01))
    assert abs(len(slow) - len(fast)) < 3

    def rmse(states):
        return np.sqrt(np.mean([(s.positions - swing(s.stamp_ns * 1e-9)) ** 2 for s in states]))

    assert rmse(fast) < 0.7 * rmse(slow)


@pytest.mark.parametrize('kind', WINDOWED)
def test_changing_the_cutoff_leaves_no_transient(kind):
    """A parabola lies in every cut-off's pass band, so nothing may move."""
    estimator = kind(joints=JOINTS)
    rng = np.random.default_rng(0)
    for i, stamp in enumerate(regular(100, 4.0)):
        if i > 100:
            estimator.cutoff_hz = rng.uniform(2.0, 9.0)
        state = estimator.step(int(stamp), parabola(stamp * 1e-9), ALL)
        if i > 100:
            velocity, acceleration = parabola_rates(state.stamp_ns * 1e-9)
            np.testing.assert_allclose(state.velocities, velocity, atol=1e-4)
            np.testing.assert_allclose(state.accelerations, acceleration, atol=2e-3)


def test_changing_the_cutoff_of_butterworth_leaves_no_jump():
    fixed, changed = Butterworth(joints=JOINTS), Butterworth(joints=JOINTS)
    for i, stamp in enumerate(regular(100, 3.0)):
        changed.cutoff_hz = 4.0 if i < 250 else 4.5
        a = fixed.step(int(stamp), swing(stamp * 1e-9), ALL)
        b = changed.step(int(stamp), swing(stamp * 1e-9), ALL)
        if i == 250:
            np.testing.assert_allclose(b.positions, a.positions, atol=1e-4)
            np.testing.assert_allclose(b.velocities, a.velocities, atol=0.01)
            assert changed.lag_ns < fixed.lag_ns and b.stamp_ns > a.stamp_ns


def test_a_slowly_changing_cutoff_changes_the_output_slowly():
    stamps = regular(100, 4.0)
    motion = noisy(swing, 0.005)
    points = [motion(stamp * 1e-9) for stamp in stamps]
    fixed, moving = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    steps = []
    for i, (stamp, point) in enumerate(zip(stamps, points, strict=True)):
        moving.cutoff_hz = 4.0 * 1.002 ** (i % 2)
        a, b = fixed.step(int(stamp), point, ALL), moving.step(int(stamp), point, ALL)
        if a is not None:
            steps.append(np.abs(b.accelerations - a.accelerations).max())
    assert 0 < max(steps) < 0.2


def test_what_a_caller_hands_over_is_not_changed():
    estimator = FixedLagKalman(joints=JOINTS)
    for i, stamp in enumerate(regular(60, 1.0)):
        points = swing(stamp * 1e-9) + (100.0 if i == 50 else 0.0)
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


@settings(max_examples=15, deadline=None)
@given(st.floats(-100, 100), st.floats(-20, 20), st.integers(0, 2**60), st.sampled_from(WINDOWED))
def test_moving_the_world_moves_the_answer_alike(offset, speed, shift_ns, kind):
    stamps = jittered(50, 1.0)
    here, there = kind(joints=JOINTS), kind(joints=JOINTS)
    for stamp in stamps:
        t = stamp * 1e-9
        a = here.step(int(stamp), swing(t), ALL)
        b = there.step(int(stamp) + shift_ns, swing(t) + offset + speed * t, ALL)
    at = a.stamp_ns * 1e-9
    np.testing.assert_allclose(b.positions, a.positions + offset + speed * at, atol=1e-5)
    np.testing.assert_allclose(b.velocities, a.velocities + speed, atol=1e-4)
    np.testing.assert_allclose(b.accelerations, a.accelerations, atol=2e-3)


def test_the_gate_judges_joints_together_as_it_does_one_by_one():
    rng = np.random.default_rng(0)
    together, apart = Gate(FilterConfig(), 2), Gate(FilterConfig(), 3)
    unseen = np.array([True, True, False])  # so that the second never judges all together
    found = 0
    for stamp in jittered(100, 5.0):
        points = swing(stamp * 1e-9)
        points[:2] += 0.3 * (rng.random((2, 1)) < 0.05) + 0.003 * rng.normal(size=(2, 3))
        a, _ = together.check(int(stamp), points[:2], np.ones(2, bool), np.full(2, 0.003))
        b, _ = apart.check(int(stamp), points, unseen, np.full(3, 0.003))
        assert (a == b[:2]).all() and not b[2]
        found += a.sum()
    assert 20 < found < 100


@pytest.mark.parametrize('rate_hz', [30, 100])
@pytest.mark.parametrize('stddev_m', [0.0005, 0.005, 0.02])
def test_the_noise_level_is_measured_in_spite_of_motion_and_spikes(rate_hz, stddev_m):
    level = NoiseLevel(JOINTS)
    motion = noisy(lambda t: swing(t, 0.8), stddev_m)
    for i, stamp in enumerate(jittered(rate_hz, 400.0 / rate_hz * 3)):
        points = motion(stamp * 1e-9) + (1.0 if i % 50 == 0 else 0.0)
        level.step(int(stamp), points.ravel(), ALL)
    np.testing.assert_allclose(level.stddev, stddev_m, rtol=0.5)


def test_smoothing_a_recording_agrees_with_the_stream_far_from_its_ends():
    config = FilterConfig(lag_s=0.5, cutoff_hz=4.0)
    stamps = jittered(100, 3.0)
    motion = noisy(swing, 0.005)
    points = np.array([motion(stamp * 1e-9) for stamp in stamps])
    offline = smooth(stamps, points, np.ones(points.shape[:2]), config=config)
    estimator = FixedLagKalman(config, JOINTS)
    states = [estimator.step(int(s), p, ALL) for s, p in zip(stamps, points, strict=True)]
    at = {int(stamp): i for i, stamp in enumerate(stamps)}
    compared = 0
    for state in states:
        if state is None or not 1e9 < state.stamp_ns < 2e9:
            continue
        near = int(np.argmin(np.abs(stamps - state.stamp_ns)))
        step = (state.stamp_ns - stamps[near]) * 1e-9
        expected = offline.positions[near] + step * (
            offline.velocities[near] + 0.5 * step * offline.accelerations[near]
        )
        np.testing.assert_allclose(state.positions, expected, atol=3e-4)
        compared += 1
    assert compared > 50 and len(at) == len(stamps)
    assert offline.seen.all()


def test_smoothing_recovers_a_parabola_and_leaves_long_gaps_open():
    stamps = jittered(60, 4.0)
    t = stamps * 1e-9
    points = np.array([parabola(x) for x in t])
    points[(t > 1.0) & (t < 2.0), 1] = np.nan
    points[(t > 3.0) & (t < 3.1), 2] = np.nan
    confidence = np.random.default_rng(0).uniform(0.3, 1.0, points.shape[:2])
    out = smooth(stamps, points, confidence)
    gap = (t > 1.0) & (t < 2.0)
    assert (out.seen[:, 1] == ~gap).all() and out.seen[:, [0, 2]].all()
    truth = np.array([parabola(x) for x in t])
    np.testing.assert_allclose(out.positions[out.seen], truth[out.seen], atol=1e-7)
    np.testing.assert_allclose(out.accelerations[:, 2], [[2.0, -6, 2]] * len(t), atol=1e-4)
    assert np.isnan(out.velocities[gap, 1]).all() and np.isnan(out.stddev[gap, 1]).all()


def test_smoothing_says_how_sure_it_is():
    stamps = regular(60, 4.0)
    points = np.random.default_rng(0).normal(size=(len(stamps), 200, 3)) * 0.01
    out = smooth(stamps, points, np.ones(points.shape[:2]), cutoff_hz=3.0)
    spread = out.positions.std(axis=(1, 2))
    middle = slice(60, 180)
    # The prior's share of the posterior variance is a sixth at most (white jerk, 6th order).
    assert 0.85 < np.mean(spread[middle] / out.stddev[middle].mean(axis=1)) < 1.0
    assert out.stddev[0].mean() > 2 * out.stddev[120].mean()


def test_stamps_that_do_not_rise_cannot_be_smoothed():
    with pytest.raises(ValueError, match='rise'):
        smooth(np.array([0, 0, 1]), np.zeros((3, 1, 3)), np.ones((3, 1)))


def test_a_wrong_shape_and_a_jump_back_are_errors():
    estimator = FixedLagKalman(joints=JOINTS)
    with pytest.raises(StreamError, match=r'\(2, 3\)'):
        estimator.step(0, np.zeros((2, 3)), ALL)
    estimator.step(10**9, parabola(0.0), ALL)
    with pytest.raises(StreamError, match='reset'):
        estimator.step(0, parabola(0.0), ALL)
    estimator.reset()
    assert estimator.step(0, parabola(0.0), ALL) is None
    with pytest.raises(ConfigError, match='cutoff_hz'):
        estimator.cutoff_hz = 0.0
    with pytest.raises(ConfigError, match='kalman'):
        FilterConfig(kind='median')
