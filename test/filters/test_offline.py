import numpy as np
import pytest

from humandyn_ros.errors import StreamError
from humandyn_ros.filters import FilterConfig, FixedLagKalman, smooth

JOINTS = 3
ALL = np.ones(JOINTS)


def test_smoothing_a_recording_agrees_with_the_stream_far_from_its_ends(take):
    config = FilterConfig(lag_s=0.5, cutoff_hz=4.0)
    stamps = take.jittered(100, 3.0)
    motion = take.noisy(take.swing, 0.005)
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


def test_smoothing_recovers_a_parabola_and_leaves_long_gaps_open(take):
    stamps = take.jittered(60, 4.0)
    t = stamps * 1e-9
    points = np.array([take.parabola(x) for x in t])
    points[(t > 1.0) & (t < 2.0), 1] = np.nan
    points[(t > 3.0) & (t < 3.1), 2] = np.nan
    confidence = np.random.default_rng(0).uniform(0.3, 1.0, points.shape[:2])
    out = smooth(stamps, points, confidence)
    gap = (t > 1.0) & (t < 2.0)
    assert (out.seen[:, 1] == ~gap).all() and out.seen[:, [0, 2]].all()
    truth = np.array([take.parabola(x) for x in t])
    np.testing.assert_allclose(out.positions[out.seen], truth[out.seen], atol=1e-7)
    np.testing.assert_allclose(out.accelerations[:, 2], [[2.0, -6, 2]] * len(t), atol=1e-4)
    assert np.isnan(out.velocities[gap, 1]).all() and np.isnan(out.stddev[gap, 1]).all()


def test_smoothing_says_how_sure_it_is(take):
    stamps = take.regular(60, 4.0)
    points = np.random.default_rng(0).normal(size=(len(stamps), 200, 3)) * 0.01
    out = smooth(stamps, points, np.ones(points.shape[:2]), cutoff_hz=3.0)
    spread = out.positions.std(axis=(1, 2))
    middle = slice(60, 180)
    # The prior's share of the posterior variance is a sixth at most (white jerk, 6th order).
    assert 0.85 < np.mean(spread[middle] / out.stddev[middle].mean(axis=1)) < 1.0
    assert out.stddev[0].mean() > 2 * out.stddev[120].mean()


def test_stamps_that_do_not_rise_cannot_be_smoothed():
    with pytest.raises(StreamError, match=r'stamps_ns\[\d+\] = .*rise'):
        smooth(np.array([0, 0, 1]), np.zeros((3, 1, 3)), np.ones((3, 1)))
