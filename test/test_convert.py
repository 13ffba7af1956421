import os
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.bags import read_skeletons
from humandyn_ros.convert import convert_file, convert_joints
from humandyn_ros.errors import RecordingError, SkeletonError
from humandyn_ros.motion import MotionOptions, load_motion
from humandyn_ros.quantities import CANONICAL

HEADER = (
    'PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n'
    '100\t100\t3\t{count}\tm\nFrame#\tTime\t{names}\n\t\tX1\n\n'
)


def trc(tmp_path, names):
    rows = [
        '\t'.join(str(x) for x in (k + 1, 0.01 * k, *np.arange(1, 3 * len(names) + 1)))
        for k in range(3)
    ]
    path = tmp_path / 'a.trc'
    head = HEADER.format(count=len(names), names='\t\t\t'.join(names))
    path.write_text(head + '\n'.join(rows) + '\n')
    return path


def test_points_are_put_in_the_order_of_the_named_format(tmp_path):
    names = CANONICAL.joints[::-1]
    told = convert_file(trc(tmp_path, names), tmp_path / 'bag', format='smpl_24', up='Z')
    (got,) = read_skeletons(tmp_path / 'bag')
    assert got.format == 'smpl_24'
    assert got.names == CANONICAL.joints
    np.testing.assert_array_equal(got.points[0, 0], [70, 71, 72])
    assert '3 frames of 24 points (smpl_24) at 100 Hz on /skeletons, mcap' in told


def test_unknown_points_keep_their_names_and_it_is_said(tmp_path):
    told = convert_file(trc(tmp_path, ('p', 'q')), tmp_path / 'bag', up='Z', storage='sqlite3')
    assert 'no format recognised' in told
    assert read_skeletons(tmp_path / 'bag')[0].names == ('p', 'q')


def test_a_named_format_that_does_not_fit_is_an_error_and_leaves_no_bag(tmp_path):
    with pytest.raises(SkeletonError, match='smpl_24'):
        convert_file(trc(tmp_path, ('p', 'q')), tmp_path / 'bag', format='smpl_24')
    with pytest.raises(RecordingError, match='no file'):
        convert_file(tmp_path / 'no file.trc', tmp_path / 'bag')
    assert not (tmp_path / 'bag').exists()


def test_a_real_walk_becomes_a_bag_of_its_marker_set(tmp_path):
    folder = os.environ.get('HUMANDYN_DATA')
    if not folder:
        pytest.skip('HUMANDYN_DATA is not set: no real recordings to read')
    told = convert_file(
        Path(folder) / 'walk_rajagopal2016' / 'markers_walk.trc.gz', tmp_path / 'bag'
    )
    assert '(rajagopal)' in told
    (got,) = read_skeletons(tmp_path / 'bag')
    assert (got.kind, len(got.stamps_ns)) == ('markers', 238)
    assert 1.4 < np.nanmax(got.points[..., 2]) < 1.7


def test_a_static_trial_turns_markers_into_joint_centres_in_the_bag(recordings, tmp_path):
    child = recordings / 'gait_children' / 'HC030A'
    options = MotionOptions(
        source=child / 'Straight' / 'HC030A05.c3d.gz', static=child / 'Static' / 'HC030A01.c3d.gz'
    )
    told = convert_joints(options, tmp_path / 'bag')
    assert '197 frames of 24 points (smpl_24)' in told
    (got,) = read_skeletons(tmp_path / 'bag')
    assert got.names == CANONICAL.joints
    expected = load_motion(options).points
    np.testing.assert_allclose(got.points, expected, atol=1e-6)  # float32 on the wire
