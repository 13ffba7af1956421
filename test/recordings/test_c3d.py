import gzip
import random

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_forces, read_motion
from humandyn_ros.recordings.c3d import C3d, has_plates

POINTS = np.random.default_rng(0).normal(0.0, 900.0, (7, 4, 3))


def test_markers_of_another_library_come_back_in_metres(write_c3d):
    path = write_c3d(POINTS, ['Anna:LASI', 'RASI', 'LKJC', '*7'], rate=150.0)
    recording = read_motion(path)
    assert recording.names == ('LASI', 'RASI'), 'joint centres and unlabelled points are no inputs'
    np.testing.assert_allclose(recording.points, POINTS[:, :2] * 1e-3, rtol=1e-6)
    assert recording.rate_hz == 150.0
    assert recording.stamps_ns[1] == 6_666_667
    assert '2 model outputs' in ' '.join(recording.notes)


def test_a_point_at_the_origin_or_beyond_any_laboratory_was_not_seen(write_c3d):
    points = POINTS.copy()
    points[2, 0] = 0.0
    points[3, 1] = 1e30
    recording = read_motion(write_c3d(points, ['A', 'B', 'C', 'D']))
    assert np.isnan(recording.points[2, 0]).all()
    assert np.isnan(recording.points[3, 1]).all()
    assert recording.confidence.sum() == 26


def test_model_outputs_named_by_the_file_are_left_out(write_c3d):
    path = write_c3d(POINTS, ['A', 'LHipAngles', 'JUG', 'B'], POINT={'ANGLES': ['LHipAngles']})
    assert read_motion(path).names == ('A', 'JUG', 'B')


def test_up_is_taken_from_the_screen_axes_without_plates(write_c3d):
    assert read_motion(write_c3d(POINTS, 'ABCD')).up == 'Z'
    assert read_motion(write_c3d(POINTS, 'ABCD', POINT={'Y_SCREEN': ['+Y']})).up == 'Y'
    assert read_motion(write_c3d(POINTS, 'ABCD'), up='X').up == 'X'


def test_a_file_without_markers_says_so(write_c3d):
    with pytest.raises(RecordingError, match='no markers'):
        read_motion(write_c3d(POINTS[:, :1], ['LKJC']))


def test_truncation_is_noticed_wherever_it_happens(write_c3d, tmp_path):
    whole = write_c3d(POINTS, 'ABCD').read_bytes()
    cut = tmp_path / 'cut.c3d'
    for size in (1, 300, 600, 1500, len(whole) // 2, len(whole) - 80):
        cut.write_bytes(whole[:size])
        with pytest.raises(RecordingError, match=r'cut\.c3d'):
            read_motion(cut)


def test_a_mutated_file_is_read_or_refused_and_never_crashes(write_c3d, tmp_path):
    whole = write_c3d(POINTS, 'ABCD', analogs=np.ones((14, 6))).read_bytes()
    generator = random.Random(1)
    refused = 0
    for _ in range(150):
        mutated = bytearray(whole)
        for _ in range(generator.choice((1, 5, 30))):
            mutated[generator.randrange(len(mutated))] = generator.randrange(256)
        path = tmp_path / 'mutated.c3d'
        path.write_bytes(mutated)
        try:
            assert np.isfinite(read_motion(path).points[..., 0]).sum() >= 0
        except RecordingError:
            refused += 1
    assert 20 < refused < 140


def test_every_real_file_equals_what_ezc3d_reads(data, tmp_path):
    ezc3d = pytest.importorskip('ezc3d')
    for packed in sorted((data / 'gait_children').rglob('*.c3d.gz'))[:3]:
        plain = tmp_path / 'x.c3d'
        plain.write_bytes(gzip.decompress(packed.read_bytes()))
        theirs, ours = ezc3d.c3d(str(plain)), C3d(packed)
        np.testing.assert_array_equal(ours.analogs, theirs['data']['analogs'][0].T)
        seen = theirs['data']['points'][:3].transpose(2, 1, 0)
        seen[(seen == 0).all(-1)] = np.nan
        np.testing.assert_array_equal(ours.points, seen)


def test_the_markers_of_a_child_and_her_sizes_are_read(data):
    recording = read_motion(data / 'gait_children/HC030A/Straight/HC030A05.c3d.gz')
    assert recording.up == 'Z'
    assert {'LASI', 'RASI', 'SACR', 'LKNE', 'RHEE', 'CLAV'} <= set(recording.names)
    assert not {'PELO', 'LFEA', 'CentreOfMass'} & set(recording.names)
    assert not [name for name in recording.names if name.endswith(('Angles', 'Moment'))]
    assert recording.parameters['Bodymass'] == pytest.approx(45.8)


def test_a_file_tells_whether_it_has_plates(data, write_c3d):
    assert has_plates(data / 'gait_children/HC030A/Straight/HC030A05.c3d.gz')
    bare = write_c3d(POINTS, 'ABCD')
    assert not has_plates(bare)
    with pytest.raises(RecordingError, match='no force plate data'):
        read_forces(bare)
