import csv
import lzma
import tarfile

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_motion, to_z_up

SKELETON = """:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name lfemur
     direction 0 -1 0
     length 8
     axis 0 0 90 XYZ
    dof rx ry rz
  end
  begin
     id 2
     name ltibia
     direction 0 -1 0
     length 7
     axis 0 0 0 XYZ
    dof rx
  end
:hierarchy
  begin
    root lfemur
    lfemur ltibia
  end
"""
MOTION = """#!OML:ASF
:FULLY-SPECIFIED
:DEGREES
1
root 0 15 0 0 0 0
lfemur 0 0 0
ltibia 0
2
root 1 15 0 0 0 0
lfemur 90 0 0
ltibia -90
"""
UNIT = 0.0254 / 0.45


def pair(tmp_path, motion=MOTION, skeleton=SKELETON, name='14'):
    (tmp_path / f'{name}.asf').write_text(skeleton)
    path = tmp_path / '14_06.amc'
    path.write_text(motion)
    return path


def test_bones_end_where_their_own_axes_turn_them(tmp_path):
    recording = read_motion(pair(tmp_path))
    assert recording.names == ('root', 'lfemur', 'ltibia')
    assert recording.parents == (-1, 0, 1)
    np.testing.assert_allclose(
        recording.points[0] / UNIT, [[0, 15, 0], [0, 7, 0], [0, 0, 0]], atol=1e-9
    )
    # The thigh's own x axis is the world's y: turned about itself it stays where it is,
    # and takes the shank, bent towards +z in the thigh's axes, to +x.
    np.testing.assert_allclose(
        recording.points[1] / UNIT, [[1, 15, 0], [1, 7, 0], [8, 7, 0]], atol=1e-9
    )
    assert recording.rate_hz == 120.0
    assert 'assumed' in recording.notes[1]


def test_rate_and_skeleton_can_be_given(tmp_path):
    path = pair(tmp_path)
    (tmp_path / 'other.asf').write_text(SKELETON.replace('length 8', 'length 9'))
    recording = read_motion(path, asf=tmp_path / 'other.asf', rate_hz=60.0)
    assert recording.points[0, 1, 1] / UNIT == pytest.approx(6.0)
    assert recording.rate_hz == 60.0


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        ({'motion': MOTION.replace('ltibia -90\n', '')}, 'frame 2 lacks bones'),
        (
            {'motion': MOTION.replace('lfemur 90 0 0', 'lfemur 90 0')},
            "line 10 .'lfemur', 2 values",
        ),
        ({'motion': MOTION.replace('-90', 'inf')}, 'absurd'),
        ({'motion': '#\n'}, 'no frames'),
        ({'skeleton': SKELETON[:200]}, 'section :'),
        ({'skeleton': SKELETON.replace('lfemur ltibia', 'lfemur foot')}, 'unknown bones'),
    ],
)
def test_a_damaged_pair_is_refused_with_what_is_wrong(tmp_path, change, told):
    with pytest.raises(RecordingError, match=told):
        read_motion(pair(tmp_path, **change))


def test_a_motion_without_its_skeleton_says_what_is_there(tmp_path):
    (tmp_path / 'a.amc').write_text(MOTION)
    with pytest.raises(RecordingError, match=r'needs its skeleton \.asf beside it \(found: none'):
        read_motion(tmp_path / 'a.amc')


def test_a_real_walk_matches_the_figures_of_its_index(data, tmp_path):
    folder = data / 'mocap_cmu'
    with lzma.open(folder / 'subject_035.tar.xz') as stream, tarfile.open(fileobj=stream) as tar:
        tar.extractall(tmp_path, filter='data')
    with (folder / 'index.csv').open() as stream:
        rows = [r for r in csv.DictReader(stream) if r['archive'] == 'subject_035.tar.xz']
    row = min((r for r in rows if r['format'] == 'amc'), key=lambda r: int(r['frames']))
    recording = read_motion(tmp_path / row['path'])
    points = to_z_up(recording.points, recording.up)
    assert len(points) == int(row['frames'])
    assert np.median(points[:, 0, 2]) == pytest.approx(
        float(row['root_height_median_m']), abs=3e-3
    )
    lowest = np.percentile(points[..., 2].min(1), 5)
    assert lowest == pytest.approx(float(row['low_m']), abs=5e-3)
