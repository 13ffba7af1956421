import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.filters import FilterConfig, FixedLagKalman

JOINTS = 3
ALL = np.ones(JOINTS)


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


def parabola(t):
    return np.array([[1.0, 2.0, -3.0], [0.5 * t, -t, 2.0 * t], [t * t, -3 * t * t, t + t * t]])


@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250])
def test_motion_up_to_constant_acceleration_is_recovered_exactly(rate_hz):
    states = drive(FixedLagKalman(joints=JOINTS), regular(rate_hz, 2.0), parabola)
    assert len(states) > rate_hz
    for state in states:
        t = state.stamp_ns * 1e-9
        np.testing.assert_allclose(state.positions, parabola(t), atol=1e-6)
        np.testing.assert_allclose(
            state.velocities, [[0, 0, 0], [0.5, -1, 2], [2 * t, -6 * t, 1 + 2 * t]], atol=1e-5
        )
        np.testing.assert_allclose(
            state.accelerations, [[0, 0, 0], [0, 0, 0], [2, -6, 2]], atol=2e-4
        )


def test_the_lag_is_exact_to_the_nanosecond():
    estimator = FixedLagKalman(FilterConfig(lag_s=0.0734567), JOINTS)
    stamps = regular(59.94, 1.0) + 123456789
    answered = [
        (stamp, state.stamp_ns)
        for stamp in stamps
        if (state := estimator.step(int(stamp), parabola(0.0), ALL)) is not None
    ]
    assert answered and all(newest - at == 73456700 for newest, at in answered)
    assert estimator.lag_ns == 73456700


def test_a_wrong_shape_and_a_jump_back_are_errors():
    estimator = FixedLagKalman(joints=JOINTS)
    with pytest.raises(StreamError, match=r'\(2, 3\)'):
        estimator.step(0, np.zeros((2, 3)), ALL)
    estimator.step(10**9, parabola(0.0), ALL)
    with pytest.raises(StreamError, match='reset'):
        estimator.step(0, parabola(0.0), ALL)
    with pytest.raises(ConfigError, match='cutoff_hz'):
        estimator.cutoff_hz = 0.0
