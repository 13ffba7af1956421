import pickle

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.mia import MUSCLES, STEPS, read_clip


@pytest.fixture
def folder(tmp_path):
    joints = np.zeros((STEPS, 49, 3), np.float32)
    joints[..., 1] = 1.0  # camera: y down
    np.save(tmp_path / 'joints3d.npy', joints)
    np.save(tmp_path / 'emgvalues.npy', np.tile(np.arange(8.0), (STEPS, 1)))
    np.save(tmp_path / 'pose.npy', np.zeros((STEPS, 72)))
    return tmp_path


def test_a_clip_is_read_z_up_with_its_channels_in_order(folder):
    clip = read_clip(folder)
    assert clip.points.shape == (STEPS, 25, 3)
    assert np.all(clip.points[..., 2] == -1.0)
    assert clip.emg[0, MUSCLES.index('left_biceps')] == 6
    assert clip.rotvecs.shape == (STEPS, 24, 3)
    assert clip.betas is None


def test_emg_stored_channel_first_is_turned(folder):
    np.save(folder / 'emgvalues.npy', np.tile(np.arange(8.0)[:, None], (1, STEPS)))
    assert np.array_equal(read_clip(folder).emg[3], np.arange(8))


@pytest.mark.parametrize(
    'content', [b'', b'\x93NUMPY', pickle.dumps([1]), b'\x00' * 50], ids=str
)  # fmt: skip
def test_a_damaged_file_is_named(folder, content):
    (folder / 'emgvalues.npy').write_bytes(content)
    with pytest.raises(RecordingError, match=r'emgvalues\.npy'):
        read_clip(folder)


def test_objects_and_wrong_shapes_are_refused(folder):
    np.save(folder / 'emgvalues.npy', np.array([{}], object), allow_pickle=True)
    with pytest.raises(RecordingError, match='numbers'):
        read_clip(folder)
    np.save(folder / 'emgvalues.npy', np.zeros((STEPS, 7)))
    with pytest.raises(RecordingError, match='EMG has shape'):
        read_clip(folder)
    (folder / 'emgvalues.npy').unlink()
    with pytest.raises(RecordingError, match='emgvalues'):
        read_clip(folder)
