import gzip

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_motion, to_z_up

HEADER = (
    'PathFileType\t4\t(X/Y/Z)\tx.trc\n'
    'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tN\n'
    '{rate}\t{rate}\t{frames}\t2\t{units}\t{rate}\t1\t{frames}\n'
    'Frame#\tTime\tA\t\t\tB\t\t\n'
    '\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n'
)
ROWS = '1\t0.000\t1\t2\t3\t4\t5\t6\n2\t0.007\t1\t2\t3\t\t\t\n3\t0.013\t1\t2\t3\t0\t0\t0\n'


def trc(tmp_path, rows=ROWS, frames=3, units='mm', rate=150.0):
    path = tmp_path / 'walk.trc'
    path.write_text(HEADER.format(rate=rate, frames=frames, units=units) + rows)
    return path


def test_markers_come_in_metres_and_what_was_not_seen_is_nan(tmp_path):
    recording = read_motion(trc(tmp_path))
    assert recording.names == ('A', 'B')
    np.testing.assert_allclose(recording.points[0], [[1e-3, 2e-3, 3e-3], [4e-3, 5e-3, 6e-3]])
    assert np.isnan(recording.points[1:, 1]).all()
    assert recording.confidence.tolist() == [[1, 1], [1, 0], [1, 0]]
    assert (recording.kind, recording.up, recording.name) == ('markers', 'Y', 'walk')


def test_times_printed_with_few_digits_become_the_uniform_ones(tmp_path):
    recording = read_motion(trc(tmp_path))
    assert recording.stamps_ns.tolist() == [0, 6_666_667, 13_333_333]
    assert recording.rate_hz == 150.0


def test_a_dropped_frame_stays_a_gap(tmp_path):
    rows = ROWS.replace('0.013', '0.100')
    assert read_motion(trc(tmp_path, rows)).stamps_ns.tolist() == [0, 7_000_000, 100_000_000]


def test_frames_carry_stamp_skeleton_and_points(tmp_path):
    frames = list(read_motion(trc(tmp_path), format='mine').frames())
    assert [frame.stamp_ns for frame in frames] == [0, 6_666_667, 13_333_333]
    assert frames[0].skeleton.name == 'mine'
    assert frames[0].skeleton.parents == (-1, -1)


def test_a_compressed_file_is_read_as_it_is(tmp_path):
    plain = trc(tmp_path)
    packed = tmp_path / 'walk.trc.gz'
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(read_motion(packed).points, read_motion(plain).points)


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        ({'frames': 9}, 'promises 9 frames, 3 are there'),
        ({'units': 'furlong'}, 'furlong'),
        ({'rows': ''}, 'no frames'),
        ({'rows': ROWS.replace('\t5', '\tx')}, 'line 7'),
        ({'rows': ROWS.replace('0.013', '0.002')}, 'time does not increase'),
        ({'rows': ROWS.replace('0.013', '')}, 'time column has gaps'),
        ({'rows': ROWS.replace('\t6\n', '\t6\t7\n')}, 'line 7 has 9 columns'),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path, change, told):
    with pytest.raises(RecordingError, match=told):
        read_motion(trc(tmp_path, **change))


def test_real_markers_stand_on_the_floor_head_up(data):
    recording = read_motion(data / 'walk_rajagopal2016' / 'markers_walk.trc.gz')
    points = to_z_up(recording.points, recording.up)
    assert points.shape == (238, 41, 3)
    assert 0.0 < points[..., 2].min() < 0.05
    assert 1.4 < points[:, recording.names.index('R.Shoulder'), 2].mean() < 1.6
    assert points[:, recording.names.index('L.ASIS'), 1].mean() > (
        points[:, recording.names.index('R.ASIS'), 1].mean()
    ), 'left is +y for someone who walks along +x'


def test_gaps_of_a_real_recording_are_kept(data):
    folder = data / 'run_modsim2018' / 'ExpData'
    recording = read_motion(folder / 'motion_capture_run.trc.gz')
    assert 0.2 < 1 - recording.confidence.mean() < 0.3
