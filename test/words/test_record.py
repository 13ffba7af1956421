import numpy as np
import pytest

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.synthetic import person
from humandyn_ros.words.record import LONGEST_S, RATE_HZ, Record, Track, on_grid

SECOND = 1_000_000_000
STEP = 20_000_000


@pytest.fixture(scope='module')
def frames():
    return list(person('squat', rate_hz=50.0, duration_s=6.0).frames())


def recorded(frames, hidden=()):
    record = Record()
    for frame in frames:
        points = frame.points.copy()
        points[list(hidden)] = np.nan
        record.points.add(frame.stamp_ns, points.reshape(-1))
    return record


def test_rows_are_interpolated_and_gaps_are_not_bridged():
    track = Track()
    for stamp in (0, 100, 200, 700, 800):
        track.add(stamp * 1_000_000, [stamp, 2.0])
    grid = np.array([0, 50, 200, 300, 500, 750, 800, 900, 1300], np.int64) * 1_000_000
    found = on_grid(track.snapshot(), grid)
    np.testing.assert_allclose(found[:3, 0], [0.0, 50.0, 200.0])
    assert np.isnan(found[3:5]).all()
    np.testing.assert_allclose(found[5:8, 0], [750.0, 800.0, 800.0])
    assert np.isnan(found[8]).all()


def test_late_rows_are_dropped_old_ones_forgotten_and_a_leap_back_begins_afresh():
    track = Track()
    for stamp in (10, 12, 11, 12, 40):
        track.add(stamp * SECOND, [1.0])
    assert [stamp // SECOND for stamp, _ in track.snapshot()] == [40]
    track.add(39 * SECOND + SECOND // 2, [1.0])
    assert len(track.snapshot()) == 1
    track.add(2 * SECOND, [1.0])
    assert track.newest_ns == track.oldest_ns == 2 * SECOND


def test_a_stretch_measures_what_was_published_about_it(frames):
    record = recorded(frames)
    start, end = frames[0].stamp_ns, frames[-1].stamp_ns
    for stamp in range(start, end, STEP):
        record.see_torques(stamp, ['knee_angle_r', 'wheel'], np.array([0.7, 0.0]),
                           np.array([-55.0, 9.0]))  # fmt: skip
        record.forces['left'].add(stamp, (0.0, 0.0, 300.0))
        record.forces['right'].add(stamp, (0.0, 0.0, 500.0))
        record.bearing.add(stamp, (100.0, 900.0))
        record.see_action(stamp, 'squat' if stamp > start + SECOND else 'stand')
    cut = record.stretch(start, end)
    stretch = cut.measured(100.0)
    assert stretch.points.shape == (round((end - start) * 1e-9 * RATE_HZ) + 1, 24, 3)
    assert stretch.label == 'squat' and (stretch.began_ns, stretch.stamp_ns) == (start, end)
    numbers = stretch.facts.numbers
    assert (numbers['right_force'], numbers['peak_force']) == (500.0, 900.0)
    assert numbers['right_knee_torque'] == 55.0 and 'left_knee_torque' not in numbers
    assert numbers['seat'] == pytest.approx(100 * 100 / 980.665)
    # Angles of one joint alone are not taken: the rest is measured in the points.
    assert numbers['right_knee_to'] > 60.0


def test_published_angles_are_believed(frames):
    record = recorded(frames)
    for stamp in range(frames[0].stamp_ns, frames[-1].stamp_ns, STEP):
        record.see_torques(stamp, COORDINATES, np.full(17, np.radians(33.0)), np.zeros(17))
    facts = record.stretch(frames[0].stamp_ns, frames[-1].stamp_ns).measured(None).facts
    assert facts.numbers['right_knee_from'] == pytest.approx(33.0)


def test_long_stretches_are_cut_and_short_ones_left_out(frames):
    record = recorded(frames)
    end = frames[-1].stamp_ns
    assert record.stretch(end - SECOND // 10, end) is None
    assert Record().stretch(0, SECOND) is None
    for frame in frames:
        record.points.add(frame.stamp_ns + 6 * SECOND, frame.points.reshape(-1))
    cut = record.stretch(0, end + 6 * SECOND)
    assert (cut.end_ns - cut.began_ns) == LONGEST_S * 1e9


def test_joints_that_are_never_seen_are_not_told_of(frames):
    facts = recorded(frames, hidden=(4, 18)).stretch(0, 5 * SECOND).measured(70.0).facts
    assert 'left_knee_to' not in facts.numbers and 'left_arm_to' not in facts.numbers
    assert facts.numbers['right_knee_to'] > 60.0
    assert recorded(frames, hidden=(0,)).stretch(0, 5 * SECOND).measured(70.0) is None
    feet = recorded(frames, hidden=(1, 2, 7)).stretch(0, 5 * SECOND).measured(70.0).facts
    assert 'speed' not in feet.numbers and 'steps' not in feet.numbers


def test_noise_is_smoothed_away(frames):
    random = np.random.default_rng(0)
    noisy = [f.points + random.normal(0.0, 0.01, (24, 3)) for f in frames]
    record = Record()
    for frame, points in zip(frames, noisy, strict=True):
        record.points.add(frame.stamp_ns, points.reshape(-1))
    clean = recorded(frames).stretch(0, 6 * SECOND).measured(None).facts.numbers
    told = record.stretch(0, 6 * SECOND).measured(None).facts.numbers
    assert told['sink'] == pytest.approx(clean['sink'], abs=2.0)
    assert told['right_knee_to'] == pytest.approx(clean['right_knee_to'], abs=8.0)
