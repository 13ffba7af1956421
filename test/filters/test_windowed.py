import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.filters import (
    FilterConfig,
    FixedLagKalman,
    SavitzkyGolay,
)

JOINTS = 3
ALL = np.ones(JOINTS)
WINDOWED = [FixedLagKalman, SavitzkyGolay]


@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250])
@pytest.mark.parametrize('kind', WINDOWED)
def test_motion_up_to_constant_acceleration_is_recovered_exactly(kind, rate_hz, take):
    states = take.drive(kind(joints=JOINTS), take.regular(rate_hz, 2.0), take.parabola)
    assert len(states) > rate_hz
    for state in states:
        t = state.stamp_ns * 1e-9
        velocity, acceleration = take.parabola_rates(t)
        np.testing.assert_allclose(state.positions, take.parabola(t), atol=1e-6)
        np.testing.assert_allclose(state.velocities, velocity, atol=1e-5)
        np.testing.assert_allclose(state.accelerations, acceleration, atol=2e-4)


@pytest.mark.parametrize('kind', WINDOWED)
@pytest.mark.parametrize('rate_hz', [30, 100])
def test_joints_together_and_apart_give_the_same_numbers(kind, rate_hz, take):
    stamps = take.jittered(rate_hz, 2.0)
    motion = take.noisy(take.swing, 0.005)
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


@pytest.mark.parametrize('kind', WINDOWED)
@pytest.mark.parametrize('bump_m', [0.1, 0.0])
def test_less_confidence_means_less_influence_and_none_means_none(kind, bump_m, take):
    stamps = take.regular(60, 1.0)
    states = {}
    for confidence in (0.0, 0.2, 1.0):
        estimator = kind(FilterConfig(outlier_gate=1000.0), 2)
        for i, stamp in enumerate(stamps):
            bad = i == len(stamps) - 5
            points = np.array([[0.0, 0, 0], [0.0, 0, bump_m if bad else 0.0]])
            weights = np.array([1.0, confidence if bad else 1.0])
            states[confidence] = estimator.step(int(stamp), points, weights)
    heights = [states[c].positions[1, 2] for c in (0.0, 0.2, 1.0)]
    assert abs(heights[0]) < 1e-12
    if bump_m:
        assert 0.001 < heights[1] < 0.6 * heights[2]
    else:  # a bump would raise the noise that is measured
        assert states[0.0].stddev[1] > states[0.2].stddev[1] > states[1.0].stddev[1]


def test_a_late_frame_counts_as_if_it_had_come_in_time(take):
    stamps = [int(stamp) for stamp in take.regular(60, 2.0)]
    motion = take.noisy(take.swing, 0.003)
    points = {stamp: motion(stamp * 1e-9) for stamp in stamps}
    in_order, late = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    swapped = [*stamps[:-3], stamps[-2], stamps[-3], stamps[-1]]
    for a, b in zip(stamps, swapped, strict=True):
        expected = in_order.step(a, points[a], ALL)
        state = late.step(b, points[b], ALL)
    assert late.late == 1
    np.testing.assert_array_equal(state.accelerations, expected.accelerations)


def test_a_kilohertz_is_averaged_down_and_gains_precision(take):
    few, many = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    slow = take.drive(few, take.regular(250, 2.0), take.noisy(take.swing, 0.01))
    fast = take.drive(many, take.regular(1000, 2.0), take.noisy(take.swing, 0.01))
    assert abs(len(slow) - len(fast)) < 3

    def rmse(states):
        return np.sqrt(
            np.mean([(s.positions - take.swing(s.stamp_ns * 1e-9)) ** 2 for s in states])
        )

    assert rmse(fast) < 0.7 * rmse(slow)


@pytest.mark.parametrize('kind', WINDOWED)
def test_changing_the_cutoff_leaves_no_transient(kind, take):
    """A take.parabola lies in every cut-off's pass band, so nothing may move."""
    estimator = kind(joints=JOINTS)
    rng = np.random.default_rng(0)
    for i, stamp in enumerate(take.regular(100, 4.0)):
        if i > 100:
            estimator.cutoff_hz = rng.uniform(2.0, 9.0)
        state = estimator.step(int(stamp), take.parabola(stamp * 1e-9), ALL)
        if i > 100:
            velocity, acceleration = take.parabola_rates(state.stamp_ns * 1e-9)
            np.testing.assert_allclose(state.velocities, velocity, atol=1e-4)
            np.testing.assert_allclose(state.accelerations, acceleration, atol=2e-3)


@settings(max_examples=15, deadline=None)
@given(st.floats(-100, 100), st.floats(-20, 20), st.integers(0, 2**60), st.sampled_from(WINDOWED))
def test_moving_the_world_moves_the_answer_alike(take, offset, speed, shift_ns, kind):
    stamps = take.jittered(50, 1.0)
    here, there = kind(joints=JOINTS), kind(joints=JOINTS)
    for stamp in stamps:
        t = stamp * 1e-9
        a = here.step(int(stamp), take.swing(t), ALL)
        b = there.step(int(stamp) + shift_ns, take.swing(t) + offset + speed * t, ALL)
    at = a.stamp_ns * 1e-9
    np.testing.assert_allclose(b.positions, a.positions + offset + speed * at, atol=1e-5)
    np.testing.assert_allclose(b.velocities, a.velocities + speed, atol=1e-4)
    np.testing.assert_allclose(b.accelerations, a.accelerations, atol=2e-3)
