import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings import read_motion
from humandyn_ros.recordings.amass import assumed_rest

UPRIGHT = np.array([np.pi / 2, 0.0, 0.0])  # SMPL's y up to the world's z up


def archive(tmp_path, frames=5, joints=52, **changes):
    poses = np.zeros((frames, 3 * joints))
    poses[:, :3] = UPRIGHT
    arrays = {
        'poses': poses,
        'trans': np.tile([0.5, 0.2, 1.0], (frames, 1)),
        'mocap_framerate': np.array(60.0),
        'betas': np.zeros(16),
    }
    path = tmp_path / 'a.npz'
    np.savez(path, **{k: v for k, v in (arrays | changes).items() if v is not None})
    return path


def place_of(recording, name):
    return recording.points[0, CANONICAL.index[name]]


@pytest.mark.parametrize('joints', [24, 52, 55])
def test_rest_joints_of_the_archive_are_placed(tmp_path, joints):
    rest = np.vstack([assumed_rest(1.8) + 0.1, np.zeros((28, 3))])
    recording = read_motion(archive(tmp_path, joints=joints, J=rest))
    assert recording.names == CANONICAL.joints
    assert (recording.up, recording.format, recording.rate_hz) == ('Z', 'smpl_24', 60.0)
    upright = rest[:24] @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T
    pelvis = rest[0] + np.array([0.5, 0.2, 1.0])
    np.testing.assert_allclose(recording.points[0], upright - upright[0] + pelvis, atol=1e-12)
    assert recording.notes == ()


def test_a_bent_knee_takes_the_foot_back(tmp_path):
    poses = np.zeros((5, 156))
    poses[:, :3] = UPRIGHT
    poses[:, 3 * CANONICAL.index['left_knee']] = np.pi / 2
    recording = read_motion(archive(tmp_path, poses=poses))
    ankle, knee = place_of(recording, 'left_ankle'), place_of(recording, 'left_knee')
    assert ankle[2] == pytest.approx(knee[2])
    assert ankle[1] > knee[1] + 0.35, 'the body faces -y, so back is +y'


def test_without_rest_joints_a_height_is_assumed_and_said(tmp_path):
    recording = read_motion(archive(tmp_path))
    assert 'height of 1.70 m' in recording.notes[0]
    assert place_of(recording, 'head')[2] == pytest.approx(1.54, abs=0.08)
    assert recording.points[..., 2].min() == pytest.approx(0.02, abs=0.01)
    assert place_of(recording, 'left_hip')[0] > place_of(recording, 'right_hip')[0]
    taller = read_motion(archive(tmp_path), height_m=1.9)
    assert place_of(taller, 'head')[2] > place_of(recording, 'head')[2] + 0.1


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'poses': None}, 'needs poses'),
        ({'mocap_framerate': None}, 'mocap_framerate'),
        ({'trans': np.zeros((4, 3))}, 'do not fit'),
        ({'poses': np.full((5, 156), np.nan)}, 'not finite'),
        ({'poses': np.zeros((5, 30))}, 'do not fit'),
        ({'J': np.zeros((3, 3))}, 'rest joint locations'),
        ({'poses': np.array([{}], dtype=object)}, 'not a readable .npz'),
    ],
)
def test_other_archives_are_refused(tmp_path, changes, told):
    with pytest.raises(RecordingError, match=told):
        read_motion(archive(tmp_path, **changes))


def test_a_truncated_archive_is_refused(tmp_path):
    path = archive(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(RecordingError, match=r'a\.npz'):
        read_motion(path)
