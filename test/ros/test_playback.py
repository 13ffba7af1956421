import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.bags import write_skeletons
from humandyn_ros.errors import ConfigError, HumandynError, RecordingError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.ros.playback import Playback, SourceConfig, load_time_line
from humandyn_ros.synthetic import person

SECOND = 1_000_000_000


@pytest.fixture(scope='module')
def walk():
    return load_time_line(SourceConfig('synthetic:walk'))


def played(line, seconds, step_s=0.001, **changes):
    """(steady time, stamp, frames) of everything due while a clock runs from zero."""
    playback = Playback(line, SourceConfig(**changes))
    playback.start(0, 100 * SECOND)
    return [
        (step, stamp, frames)
        for step in (round(i * step_s * 1e9) for i in range(round(seconds / step_s)))
        for stamp, frames in playback.due(step)
    ]


def test_the_synthetic_person_is_a_source(walk):
    assert walk.format == 'smpl_24'
    assert walk.interval_ns == 10_000_000
    assert walk.instants[0][1][0].skeleton == CANONICAL


def test_frames_are_due_at_their_own_pace_with_their_own_stamps(walk):
    frames = played(walk, 1.0, step_s=0.0005)
    assert len(frames) == 101
    stamps = np.array([stamp for _, stamp, _ in frames])
    assert set(np.diff(stamps)) == {10_000_000}
    steady = np.array([at for at, _, _ in frames])
    late = steady - (stamps - 100 * SECOND)
    period = Playback(walk, SourceConfig()).period_s * 1e9
    assert late.min() >= -period / 2 - 1
    assert late.max() <= 0


def test_stamps_may_stay_as_recorded(walk):
    stamps = [stamp for _, stamp, _ in played(walk, 0.5, stamps='recorded')]
    assert stamps == [stamp for stamp, _ in walk.instants[: len(stamps)]]


def test_double_speed_halves_the_wait_but_not_the_spacing_of_stamps(walk):
    frames = played(walk, 1.0, speed=2.0)
    assert len(frames) == pytest.approx(201, abs=1)
    assert set(np.diff([stamp for _, stamp, _ in frames])) == {10_000_000}


def test_the_period_divides_the_interval_of_the_motion():
    for rate_hz in (1.0, 15.0, 30.0, 60.0, 100.0, 250.0, 1000.0):
        line = load_time_line(SourceConfig('synthetic:stand', rate_hz=rate_hz))
        period_s = Playback(line, SourceConfig()).period_s
        assert 0.0005 <= period_s <= 0.005
        assert line.interval_ns * 1e-9 / period_s == pytest.approx(
            round(line.interval_ns * 1e-9 / period_s), rel=1e-6
        )


def test_a_loop_goes_on_after_a_pause_with_growing_stamps():
    line = load_time_line(SourceConfig('synthetic:stand'))
    seconds = line.duration_s
    frames = played(line, 2 * seconds + 0.5, loop=True, loop_pause_s=1.0)
    gaps = np.diff([stamp for _, stamp, _ in frames])
    assert set(gaps) == {10_000_000, SECOND + 10_000_000}
    assert (gaps > SECOND).sum() == 1


def test_without_loop_it_ends(walk):
    playback = Playback(walk, SourceConfig())
    assert not playback.started
    assert list(playback.due(5)) == []
    playback.start(0, 0)
    assert not playback.finished
    assert len(list(playback.due(3600 * SECOND))) == len(walk.instants)
    assert playback.finished


def test_noise_is_gaussian_per_axis_and_the_same_for_the_same_seed(walk):
    clean = played(walk, 2.0)
    noisy = played(walk, 2.0, noise_mm=10.0, seed=4)
    again = played(walk, 2.0, noise_mm=10.0, seed=4)
    other = played(walk, 2.0, noise_mm=10.0, seed=5)
    error = np.array([a[2][0].points - b[2][0].points for a, b in zip(noisy, clean, strict=True)])
    assert error.std(axis=(0, 1)) == pytest.approx([0.01] * 3, rel=0.05)
    np.testing.assert_array_equal(noisy[7][2][0].points, again[7][2][0].points)
    assert not np.array_equal(noisy[7][2][0].points, other[7][2][0].points)


def test_several_people_stand_side_by_side_with_numbers_of_their_own(walk):
    (_, _, frames), *_ = played(walk, 0.1, people=3)
    assert [frame.body_id for frame in frames] == [1, 2, 3]
    np.testing.assert_allclose(frames[2].points - frames[0].points, np.tile([0, 3.0, 0], (24, 1)))


def test_a_bag_with_two_people_plays_both_on_one_time_line(tmp_path):
    one = person('walk', rate_hz=50.0, duration_s=1.0)
    late = dataclasses.replace(one, body_id=8, stamps_ns=one.stamps_ns + SECOND // 2)
    write_skeletons(tmp_path / 'two', [one, late])
    line = load_time_line(SourceConfig(str(tmp_path / 'two')))
    bodies = [tuple(frame.body_id for frame in frames) for _, frames in line.instants]
    assert bodies[0] == (1,)
    assert (1, 8) in bodies
    assert bodies[-1] == (8,)
    assert line.duration_s == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize(
    ('source', 'error', 'words'),
    [
        ('synthetic:moonwalk', ConfigError, 'walk'),
        ('nowhere.trc', RecordingError, 'nowhere.trc'),
        ('nowhere.xyz', RecordingError, 'xyz'),
    ],
)
def test_a_source_that_cannot_be_played_says_why(source, error, words):
    with pytest.raises(error, match=words):
        load_time_line(SourceConfig(source))


def test_a_format_that_does_not_fit_is_refused():
    with pytest.raises(HumandynError, match='openpose_25'):
        load_time_line(SourceConfig('synthetic:stand', format='openpose_25'))


@pytest.mark.skipif('HUMANDYN_DATA' not in os.environ, reason='HUMANDYN_DATA is not set')
def test_a_real_recording_of_markers_plays_z_up_in_its_formats_order():
    folder = Path(os.environ['HUMANDYN_DATA']) / 'walk_rajagopal2016'
    file = next(iter(sorted(folder.rglob('*.trc*'))))
    line = load_time_line(SourceConfig(str(file)))
    frame = line.instants[len(line.instants) // 2][1][0]
    heights = frame.points[:, 2]
    assert 1.2 < np.nanmax(heights) < 2.2
    assert -0.1 < np.nanmin(heights) < 0.3
