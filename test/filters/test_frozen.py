import numpy as np

from humandyn_ros.filters.frozen import Frozen
from humandyn_ros.synthetic import person

STEP_NS = 33_333_333


def stale(points: np.ndarray, step_ns: int = STEP_NS) -> np.ndarray:
    frozen = Frozen(points.shape[1])
    return np.array([frozen.step(k * step_ns, p) for k, p in enumerate(points)])


def test_a_walker_who_stops_dead_to_the_last_bit_is_a_source_that_hangs():
    points = person('walk', rate_hz=30.0, duration_s=3.0).points
    points[60:] = points[59]
    found = stale(points)
    assert found[60:].all()
    assert not found[:60].any()


def test_points_that_a_source_never_fills_do_not_hide_that_it_hangs():
    points = person('walk', rate_hz=30.0, duration_s=3.0).points
    points[:, 12:] = 0.0
    points[60:] = points[59]
    found = stale(points)
    assert found[60:].all()
    assert not found[:60].any()


def test_noise_alone_tells_that_a_source_hangs():
    points = person('stand', rate_hz=30.0, duration_s=3.0, noise_m=0.005).points
    points[60:] = points[59]
    assert stale(points)[60:].all()


def test_a_puppet_that_never_moves_is_seen():
    points = np.repeat(person('stand', rate_hz=30.0, duration_s=1.0).points[:1], 90, axis=0)
    assert not stale(points).any()


def test_a_puppet_that_comes_to_rest_slowly_is_seen():
    points = np.repeat(person('stand', rate_hz=30.0, duration_s=1.0).points[:1], 120, axis=0)
    time = np.clip(np.arange(120) / 60.0, 0.0, 1.0)
    points[:, :, 0] += 0.3 * np.cos(np.pi * time)[:, None]
    assert not stale(points).any()


def test_of_frames_that_are_sent_twice_every_second_one_is_stale():
    points = person('walk', rate_hz=30.0, duration_s=4.0).points[45:]  # at full speed
    found = stale(np.repeat(points, 2, axis=0), STEP_NS // 2)
    assert found[3::2].all()
    assert not found[::2].any()


def test_one_joint_that_stands_while_it_should_swing_is_stale():
    points = person('walk', rate_hz=30.0, duration_s=3.0).points
    ankle = 7
    fast = 1 + int(np.linalg.norm(np.diff(points[:60, ankle], axis=0), axis=1).argmax())
    points[fast + 1 : fast + 4, ankle] = points[fast, ankle]
    found = stale(points)
    assert found[fast + 1 : fast + 4, ankle].all()
    found[fast + 1 : fast + 4, ankle] = False
    assert not found.any()


def test_coarse_numbers_of_who_comes_to_rest_are_measurements():
    points = person('stand', rate_hz=100.0, duration_s=1.0).points[:1]
    down = 0.3 * np.cos(np.pi * np.clip(np.arange(300) / 100.0, 0.0, 1.0))
    lowered = np.linspace(0.0, 1.0, 24)[None, :, None] * down[:, None, None] * [0.0, 0.0, 1.0]
    coarse = np.round(points + lowered, 2)  # whole centimetres
    assert not stale(coarse, 10_000_000)[110:].any()


def test_points_that_were_hidden_are_new_when_they_return():
    points = person('walk', rate_hz=30.0, duration_s=3.0).points
    points[40:45] = np.nan
    assert not stale(points).any()
