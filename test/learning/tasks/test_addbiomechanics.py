"""A person of AddBiomechanics as material: the reader itself has tests of its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.hdys import HdysConfig
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.readers.b3d import B3dSubject, B3dTrial
from humandyn_ros.learning.settings import read_settings, split_settings
from humandyn_ros.learning.tasks import Progress, addbiomechanics
from humandyn_ros.learning.tasks.addbiomechanics import from_b3d
from humandyn_ros.learning.tasks.clips import clip_source
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig, hdys_sequences
from humandyn_ros.learning.tasks.imdys import ImdysTask
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig, imdys_windows
from humandyn_ros.resources import resource

FRAMES = 80


def subject(path='a.b3d', dofs=23):
    return B3dSubject(
        Path(path), 70.0, 1.75, 'female', 30, dofs, ('LASI',) * 30, ('calcn_r', 'calcn_l'),
        ('walk',), b'', {},
    )  # fmt: skip


def trial(rate_hz=200.0, dofs=23):
    rng = np.random.default_rng(0)
    t = np.arange(FRAMES)[:, None] / rate_hz
    markers = rng.normal(0, 0.3, (30, 3)) + 0.1 * np.sin(6 * t)[:, :, None]
    markers[10:20, 3] = np.nan
    table = np.sin(t + np.arange(dofs))
    torques = 50.0 * table
    torques[:6] = np.nan
    forces = np.zeros((FRAMES, 2, 3))
    forces[:, 0, 2], forces[:, 1, 2] = 500.0, 200.0  # right, left
    nothing = np.zeros((FRAMES, 2, 3))
    return B3dTrial(
        'walk', rate_hz, ('kinematics', 'dynamics'), markers, table, table, table, torques,
        np.zeros((FRAMES, 12, 3)), np.zeros((FRAMES, 3)), forces, nothing, nothing,
        np.arange(FRAMES) < 70,
    )  # fmt: skip


def test_a_trial_becomes_a_clip_without_the_residuals_of_the_root():
    clip = from_b3d(subject(), trial(), 100.0)
    assert len(clip) == FRAMES // 2
    np.testing.assert_array_equal(clip.torque[3:], trial().torques[6::2, 6:])
    assert clip.feet[0].tolist() == [[0, 0, 200.0], [0, 0, 500.0]]  # left, right
    assert clip.keep.tolist() == [3 <= i < 35 for i in range(FRAMES // 2)]


def test_both_networks_take_it():
    clip = from_b3d(subject(), trial(), 100.0)
    config = ImdysTaskConfig(
        net=ImdysConfig(input='markers'), targets=('joint_torque', 'feet'), rate_hz=100.0
    )
    windows = imdys_windows(clip, config, None)
    assert windows['joint_torque'].shape[1:] == (17,)
    assert len(windows['feet']) == len(windows['states']) > 20
    assert all(np.isfinite(array).all() for array in windows.values())
    hdys = HdysTaskConfig(net=HdysConfig(angles=23), rate_hz=100.0)
    sequences = hdys_sequences(clip, hdys, ('markers', 'angles', 'torque', 'feet'))
    for name in ('markers', 'angles', 'torque', 'feet'):
        assert sequences[f'{name}_known'].any()
    assert not sequences['keypoints_known'].any()


def test_the_shipped_settings_train_on_it(tmp_path, monkeypatch):
    monkeypatch.setattr(addbiomechanics, 'read_b3d', subject)
    monkeypatch.setattr(B3dSubject, 'trial', lambda self, index: trial())
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'AB01.b3d').touch()
    file = resource('config', 'training', 'imdys_addbiomechanics.yaml')
    found = read_settings('imdys', file, ['batch=8', 'net.layers=1'])
    _, own = split_settings(found, ImdysTask.Config)
    task = ImdysTask(own, tmp_path)
    model = task.model()
    batch = next(task.batches('train', 0))
    terms = task.losses(model, batch, Progress('simulated', 0, 1, 0))
    assert set(terms) == {'joint_torque', 'feet', 'change/feet', 'forward'} | (
        {'feet/contact'} & set(terms)
    )
    assert all(torch.isfinite(term) for term in terms.values())
    assert task.score(model, 'validation')['joint_torque_mae_nm_per_kg'] > 0
    assert tuple(task.exportable(model).manifest['coordinates'])[3] == 'knee_angle_r'


def test_people_not_files_are_kept_for_validation(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(
        addbiomechanics, 'read_b3d', lambda path: read.append(path) or subject(path)
    )
    monkeypatch.setattr(B3dSubject, 'trial', lambda self, index: trial())
    (tmp_path / 'train').mkdir()
    for person in range(10):
        for part in range(2):
            (tmp_path / 'train' / f'AB{person:02d}_split{part}.b3d').touch()
    found = {}
    for split in ('train', 'validation'):
        read.clear()
        assert list(clip_source('addbiomechanics', tmp_path, 100.0, 100)(split, 0))
        found[split] = {path.stem[:4] for path in read}
    assert found['validation'] == {'AB00'}
    assert found['train'] == {f'AB{person:02d}' for person in range(1, 10)}


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(ConfigError, match='give their folder'):
        clip_source('addbiomechanics', None, 100.0, 1)
    with pytest.raises(ConfigError, match=r'holds no \.b3d'):
        list(clip_source('addbiomechanics', tmp_path, 100.0, 1)('train', 0))
    with pytest.raises(ConfigError, match='39 coordinates'):
        from_b3d(subject(dofs=39), trial(), 100.0)
    with pytest.raises(ConfigError, match='200 Hz, no whole multiple of rate_hz = 30'):
        from_b3d(subject(), trial(), 30.0)
