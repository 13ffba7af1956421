import numpy as np
import pytest

from humandyn_ros.filters import (
    FilterConfig,
    FixedLagKalman,
    kalman,
    smooth,
)

JOINTS = 3
ALL = np.ones(JOINTS)


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


@pytest.mark.parametrize('cutoff_hz', [2.0, 4.0, 7.0])
@pytest.mark.parametrize('knots, tolerance', [(12, [1e-4, 1e-3, 5e-3]), (48, [1e-5, 1e-5, 1e-4])])
def test_the_smoother_equals_kalman_filter_and_rts_pass(
    monkeypatch, cutoff_hz, knots, tolerance, take
):
    monkeypatch.setattr(kalman, 'KNOTS_PER_PERIOD', knots)
    rng = np.random.default_rng(1)
    stamps = np.cumsum(rng.integers(80_000, 120_000, 60)) * 100
    wanted = 52  # so that the instant is a frame, as the textbook wants
    lag_s = (stamps[-1] - stamps[wanted]) * 1e-9
    estimator = FixedLagKalman(FilterConfig(cutoff_hz=cutoff_hz, lag_s=lag_s), 1)
    estimator.look_back_periods = 5.0  # all frames below
    measured = take.swing(stamps[:, None, None] * 1e-9)[:, 0] + 0.01 * rng.normal(size=(60, 3))
    for stamp, points in zip(stamps, measured, strict=True):
        state = estimator.step(int(stamp), points[None], np.ones(1))
    mean, cov = kalman_rts(stamps * 1e-9, measured, cutoff_hz, wanted)
    ours = np.stack([state.positions[0], state.velocities[0], state.accelerations[0]])
    usual = 0.2 * (2 * np.pi) ** np.arange(3)  # of the take.swing: m, m/s, m/s²
    assert (np.abs(ours - mean).max(axis=1) < usual * tolerance).all()
    gain = state.stddev[0] / estimator.noise.stddev[0]
    assert gain == pytest.approx(np.sqrt(cov[0, 0]), rel=1e-2)


@pytest.mark.parametrize('rate_hz', [60, 100, 250])
@pytest.mark.parametrize('cutoff_hz', [2.5, 4.0])
def test_half_the_power_passes_at_the_cutoff(rate_hz, cutoff_hz, take):
    stamps = take.regular(rate_hz, 10.0)
    points = np.sin(2 * np.pi * cutoff_hz * stamps * 1e-9)[:, None, None] * np.ones((1, 3))
    smoothed = smooth(stamps, points, np.ones((len(stamps), 1)), cutoff_hz=cutoff_hz)
    middle = smoothed.positions[len(stamps) // 4 : -len(stamps) // 4, 0, 0]
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_a_slowly_changing_cutoff_changes_the_output_slowly(take):
    stamps = take.regular(100, 4.0)
    motion = take.noisy(take.swing, 0.005)
    points = [motion(stamp * 1e-9) for stamp in stamps]
    fixed, moving = FixedLagKalman(joints=JOINTS), FixedLagKalman(joints=JOINTS)
    steps = []
    for i, (stamp, point) in enumerate(zip(stamps, points, strict=True)):
        moving.cutoff_hz = 4.0 * 1.002 ** (i % 2)
        a, b = fixed.step(int(stamp), point, ALL), moving.step(int(stamp), point, ALL)
        if a is not None:
            steps.append(np.abs(b.accelerations - a.accelerations).max())
    assert 0 < max(steps) < 0.2
