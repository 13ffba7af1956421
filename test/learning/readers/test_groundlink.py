import os

import numpy as np
import pytest

from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.groundlink import read_forces, read_motion

torch = pytest.importorskip('torch')

FRAMES = 4


def contact():
    force = torch.zeros(FRAMES, 2, 3)
    force[:, 0, 2] = 0.7  # kN on the left foot
    place = torch.zeros(FRAMES, 2, 3)
    place[:, :, 0] = 0.25
    return {'CoP': place, 'GRF': force}


def test_forces_are_newtons_and_an_unloaded_foot_has_no_centre_of_pressure(tmp_path):
    path = tmp_path / 's001_20220513_walk_1.npy'
    np.save(path, contact(), allow_pickle=True)
    feet = read_forces(path)
    assert np.allclose(feet.forces[:, 0], [0, 0, 700])
    assert np.allclose(feet.centres_of_pressure[:, 0], [0.25, 0, 0])
    assert np.isnan(feet.centres_of_pressure[:, 1]).all()


def test_a_preprocessed_trial_has_its_centres_of_pressure_in_the_world(tmp_path):
    turn = rotations.exp(np.array([0, 0, np.pi / 2]))
    there = np.eye(4)
    there[:3, :3], there[:3, 3] = turn, [1.0, 2.0, 0.0]
    torch.save(
        contact()
        | {
            'angles': torch.zeros(FRAMES, 22, 3), 'trans': torch.ones(FRAMES, 1, 3),
            'poses': torch.zeros(FRAMES, 23, 3), 'framerate': 250.0, 'gender': np.array('male'),
            'to_global': torch.tensor(np.tile(there, (FRAMES, 1, 1)), dtype=torch.float32),
        },
        tmp_path / 'trial.pth',
    )  # fmt: skip
    motion = read_motion(tmp_path / 'trial.pth')
    assert motion.rate_hz == 250.0
    assert np.allclose(motion.feet.centres_of_pressure[:, 0], [1.0, 2.25, 0.0], atol=1e-6)
    assert np.allclose(motion.feet.forces[:, 0], [0, 0, 700])
    assert np.allclose(motion.pelvis, 1.0)


class Hostile:
    def __reduce__(self):
        return os.mkdir, ('OWNED',)


def test_a_hostile_or_damaged_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'a.npy'
    np.save(path, np.array({'CoP': Hostile()}), allow_pickle=True)
    with pytest.raises(RecordingError, match='it wants'):
        read_forces(path)
    assert not (tmp_path / 'OWNED').exists()
    np.save(path, contact(), allow_pickle=True)
    content = path.read_bytes()
    for keep in (3, 40, 200, len(content) - 30):
        path.write_bytes(content[:keep])
        with pytest.raises(RecordingError, match=r'a\.npy'):
            read_forces(path)
    np.save(path, {'CoP': 1}, allow_pickle=True)
    with pytest.raises(RecordingError, match='CoP and GRF'):
        read_forces(path)
