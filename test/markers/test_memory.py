import numpy as np
import pytest

from humandyn_ros.markers.memory import SegmentMemory
from humandyn_ros.rotations import exp

RATE_HZ = 100.0
PELVIS = np.array([[0.1, 0.12, 0.0], [0.1, -0.12, 0.0], [-0.1, 0.05, 0.02], [-0.1, -0.05, 0.02]])
GROUP = np.arange(4)


def moved(count: int = 200, shape=PELVIS):
    """A segment that walks, turns and sways (T, 4, 3)."""
    t = np.arange(count) / RATE_HZ
    turn = exp(np.stack([0.1 * np.sin(6 * t), 0.1 * np.cos(5 * t), 0.8 * t], axis=-1))
    way = np.stack([1.2 * t, 0.05 * np.sin(6 * t), 1.0 + 0.03 * np.sin(12 * t)], axis=-1)
    return shape @ np.swapaxes(turn, -1, -2) + way[:, None]


def wobbling(count: int = 200):
    """The same with skin that slides by 4 mm twice a second."""
    t = np.arange(count)[:, None, None] / RATE_HZ
    phase = np.arange(4)[:, None]
    slid = PELVIS + 0.004 * np.sin(4 * np.pi * t + phase) * np.array([0.3, 0.5, 1.0])
    return moved(count, slid)


def remembered(points):
    memory = SegmentMemory([np.arange(points.shape[1])])
    answers = [memory.step(frame, 1 / RATE_HZ) for frame in points]
    return np.stack([a for a, _ in answers]), np.stack([r for _, r in answers])


def test_a_hidden_marker_of_a_rigid_segment_is_where_it_would_be():
    truth = moved()
    points = truth.copy()
    points[80:150, 3] = np.nan
    answer, rebuilt = remembered(points)
    np.testing.assert_allclose(answer, truth, atol=1e-5)
    assert rebuilt.sum() == 70 and rebuilt[80:150, 3].all()


@pytest.mark.parametrize('marker', range(4))
def test_neither_hiding_nor_returning_makes_a_step(marker):
    truth = wobbling()
    points = truth.copy()
    points[80:120, marker] = np.nan
    answer, _ = remembered(points)
    error = answer[:, marker] - truth[:, marker]
    assert np.abs(error).max() < 0.03
    change = np.linalg.norm(np.diff(error, axis=0), axis=-1)
    assert change[79] < 0.003, 'where it is hidden'
    assert change[119:].max() < 0.003, 'where it returns'
    np.testing.assert_array_equal(answer[:80], truth[:80])
    np.testing.assert_array_equal(answer[140:], truth[140:])


def test_a_long_gap_ends_in_the_usual_shape_not_in_that_of_the_last_frame():
    truth = wobbling(600)
    points = truth.copy()
    points[312:580, 3] = np.nan
    error = np.linalg.norm(remembered(points)[0][:, 3] - truth[:, 3], axis=-1)
    assert np.sqrt(np.mean(error[350:580] ** 2)) < 0.012


def test_a_marker_never_seen_is_not_invented():
    points = moved()
    points[:, 3] = np.nan
    answer, rebuilt = remembered(points)
    np.testing.assert_array_equal(answer, points)
    assert not rebuilt.any()


def test_two_markers_carry_the_segment_on_for_half_a_second_and_one_does_not():
    truth = moved()
    points = truth.copy()
    points[80:180, 2:] = np.nan
    answer, _ = remembered(points)
    assert np.linalg.norm(answer[80:100] - truth[80:100], axis=-1).max() < 0.02
    assert np.isnan(answer[135:180, 2:]).all() and np.isfinite(answer[181:]).all()
    points = truth.copy()
    points[80:180, 1:] = np.nan
    assert np.isnan(remembered(points)[0][80:180, 1:]).all()


def test_a_marker_that_jumps_off_its_segment_is_rebuilt_until_it_is_back():
    truth = moved()
    points = truth.copy()
    points[80:95, 1] += [0.0, 0.1, 0.05]
    answer, rebuilt = remembered(points)
    np.testing.assert_allclose(answer, truth, atol=1e-4)
    assert rebuilt[80:95, 1].all() and not rebuilt[:, [0, 2, 3]].any()


def test_a_ghost_that_returns_elsewhere_than_the_segment_is_refused():
    truth = moved()
    points = truth.copy()
    points[80:120, 2] = np.nan
    points[90:93, 2] = truth[90:93, 2] + [0.08, 0.0, 0.06]
    np.testing.assert_allclose(remembered(points)[0], truth, atol=1e-4)


def test_a_marker_that_was_moved_is_believed_after_half_a_second():
    points = moved()
    points[80:, 1] += 0.3 * (points[80:, 0] - points[80:, 3])
    answer, rebuilt = remembered(points)
    off = np.linalg.norm(answer - points, axis=-1)[:, 1]
    assert off[90:120].min() > 0.01
    assert off[150:].max() < 1e-12 and not rebuilt[135:].any()


def test_noise_of_video_is_not_taken_for_wrong_markers():
    points = moved(400) + np.random.default_rng(1).normal(scale=0.01, size=(400, 4, 3))
    answer, rebuilt = remembered(points)
    assert rebuilt[100:].mean() < 0.02
    assert np.isfinite(answer).all()


def test_segments_do_not_touch_each_other_or_other_points():
    both = np.concatenate([moved(), moved() + 1.0, moved()[:, :1] * 2], axis=1)
    hidden = both.copy()
    hidden[80:120, 6] = np.nan
    memory = SegmentMemory([GROUP, GROUP + 4])
    answer = np.stack([memory.step(frame, 1 / RATE_HZ)[0] for frame in hidden])
    others = [0, 1, 2, 3, 4, 5, 7, 8]
    np.testing.assert_array_equal(answer[:, others], both[:, others])
    np.testing.assert_allclose(answer[:, 6], both[:, 6], atol=1e-4)


def test_a_segment_that_was_gone_and_comes_back_elsewhere_is_taken_as_it_is():
    points = moved()
    points[80:120] = np.nan
    points[120:] += 3.0
    answer, rebuilt = remembered(points)
    np.testing.assert_array_equal(answer, points)
    assert not rebuilt.any()
