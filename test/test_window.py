import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.window import Window, WindowConfig, interpolate

JOINTS = 2
ALL = np.ones(JOINTS)


def fill(window, stamps_ns, motion, confidence=ALL):
    for stamp in stamps_ns:
        window.push(int(stamp), motion(stamp * 1e-9), confidence)


def irregular(rate_hz, seconds, seed=0):
    rng = np.random.default_rng(seed)
    steps = rng.uniform(0.75, 1.25, int(rate_hz * seconds)) * 1e9 / rate_hz
    return np.cumsum(steps).astype(np.int64)


def cubic(t):
    t = np.asarray(t)[..., None, None]
    return np.concatenate([t**3 - t, 2.0 * t], axis=-2) * [1.0, -2.0, 0.5]


@pytest.mark.parametrize('rate_hz', [15, 50, 240])
def test_a_cubic_is_met_inside_and_nearly_so_in_the_last_interval(rate_hz):
    window = Window(JOINTS)
    stamps = irregular(60, 3.0)
    fill(window, stamps, cubic)
    result = window.latest(1.0, rate_hz)
    assert len(result.stamps_ns) == rate_hz and result.stamps_ns[-1] == stamps[-1]
    assert np.diff(result.stamps_ns) == pytest.approx(1e9 / rate_hz, abs=1)
    truth = cubic(result.stamps_ns * 1e-9)
    inside = result.stamps_ns < stamps[-2]
    np.testing.assert_allclose(result.points[inside], truth[inside], atol=1e-9)
    np.testing.assert_allclose(result.points, truth, atol=6 * 3 * 0.02**2)
    np.testing.assert_allclose(result.points[-1], truth[-1], atol=1e-12)
    assert result.seen.all()


def test_a_window_is_ready_only_when_it_is_full():
    window = Window(JOINTS)
    for i in range(100):
        window.push(i * 10_000_000, cubic(i * 0.01), ALL)
        assert (window.latest(0.5, 100.0) is not None) == (i >= 49)


def test_a_short_gap_of_the_stream_is_bridged_and_marked():
    window = Window(JOINTS)
    stamps = np.arange(200) * 10_000_000
    fill(window, stamps[(stamps < 15e8) | (stamps > 16e8)], lambda t: 3.0 * cubic(0.0) + t)
    result = window.latest(1.0, 100.0)
    t = result.stamps_ns * 1e-9
    inside = (t > 1.495) & (t < 1.605)
    assert (~result.seen).all(axis=1).tolist() == inside.tolist()
    np.testing.assert_allclose(result.points, 3.0 * cubic(0.0) + t[:, None, None], atol=1e-9)


def test_a_long_gap_of_the_stream_leaves_the_window_unready_until_it_has_passed():
    window = Window(JOINTS)
    stamps = np.arange(300) * 10_000_000
    for stamp in stamps[(stamps < 10e8) | (stamps > 13e8)]:
        window.push(int(stamp), cubic(0.0), ALL)
        ready = window.latest(0.5, 100.0) is not None
        assert ready == (0.49e9 <= stamp < 1e9 or stamp >= 1.31e9 + 0.49e9)


def test_a_joint_is_bridged_for_a_moment_and_open_for_longer():
    window = Window(JOINTS)
    for i in range(200):
        points = np.full((JOINTS, 3), i * 0.01)
        missing = 110 <= i < 115 or 150 <= i < 180 or i >= 195
        points[1] = np.nan if missing and i % 2 else points[1]
        window.push(i * 10_000_000, points, np.array([1.0, 0.0 if missing else 1.0]))
    result = window.latest(1.0, 100.0)
    assert result.seen[:, 0].all() and np.isfinite(result.points[:, 0]).all()
    i = np.round(result.stamps_ns / 1e7).astype(int)
    bridged, open_ = (i >= 110) & (i < 115), ((i >= 150) & (i < 180)) | (i >= 195)
    assert (result.seen[:, 1] == ~(bridged | open_)).all()
    assert (np.isnan(result.points[:, 1]).all(axis=1) == open_).all()
    np.testing.assert_allclose(result.points[bridged, 1, 0], i[bridged] * 0.01, atol=1e-9)


def test_a_joint_that_was_never_seen_is_nan():
    window = Window(JOINTS)
    fill(window, irregular(60, 2.0), cubic, np.array([1.0, 0.0]))
    result = window.latest(1.0, 60.0)
    assert np.isnan(result.points[:, 1]).all() and not result.seen[:, 1].any()
    assert result.seen[:, 0].all()


def test_repeated_and_late_stamps_are_ignored_and_a_reset_empties():
    window = Window(JOINTS)
    fill(window, [0, 10, 10, 5, 20], cubic)
    assert len(window) == 3
    window.reset()
    assert len(window) == 0 and window.latest(1.0, 10.0) is None


def test_memory_stays_constant_and_the_longest_window_can_be_had():
    window = Window(JOINTS, WindowConfig(longest_s=1.0, max_rate_hz=100.0))
    fill(window, np.arange(5000) * 10_000_000, cubic)
    assert len(window) == 104
    assert len(window.latest(1.0, 100.0).points) == 100


def test_a_wrong_shape_and_an_impossible_window_are_errors():
    window = Window(JOINTS)
    with pytest.raises(StreamError, match=r'\(3, 3\)'):
        window.push(0, np.zeros((3, 3)), ALL)
    with pytest.raises(ConfigError, match='longest_s'):
        window.latest(10.0, 60.0)
    with pytest.raises(ConfigError, match='two samples'):
        window.latest(0.01, 60.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=30), st.data())
def test_interpolation_meets_its_points_and_stays_near_them(steps, data):
    t = np.cumsum([0.0, *steps])
    values = np.array(data.draw(st.lists(st.floats(-1, 1), min_size=len(t), max_size=len(t))))
    met, _, distance = interpolate(t, values[:, None], t)
    np.testing.assert_allclose(met[:, 0], values, atol=1e-9)
    assert (distance == 0.0).all()
    between, interval, _ = interpolate(t, values[:, None], np.linspace(0, t[-1], 50))
    assert np.abs(between).max() <= 2.0 and (interval <= max(steps) + 1e-12).all()
    outside, infinite, _ = interpolate(t, values[:, None], np.array([-0.1, t[-1] + 0.1]))
    assert np.isnan(outside).all() and np.isinf(infinite).all()


def test_a_window_may_end_before_the_newest_stamp():
    window = Window(JOINTS)
    fill(window, np.arange(200) * 10_000_000, cubic)
    result = window.latest(0.5, 100.0, until_ns=1_503_000_000)
    assert result.stamps_ns[-1] == 1_503_000_000
    np.testing.assert_allclose(result.points, cubic(result.stamps_ns * 1e-9), atol=1e-9)
    assert window.latest(0.5, 100.0, until_ns=1_990_000_001) is None
    assert window.latest(1.5, 100.0, until_ns=1_400_000_000) is None


def test_a_gap_after_the_end_of_a_window_does_not_matter():
    window = Window(JOINTS)
    fill(window, [*range(0, 10**9, 10**7), 2 * 10**9], cubic)
    assert window.latest(0.5, 100.0, until_ns=980_000_000) is not None
    assert window.latest(0.5, 100.0, until_ns=1_000_000_000) is None
