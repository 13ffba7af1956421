"""SMPL through smplx, on a body of a few vertices made here in the layout of the model file."""

import sys

import numpy as np
import pytest

from humandyn_ros.errors import MissingDependencyError, RecordingError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings.amass import assumed_rest

torch = pytest.importorskip('torch')

from humandyn_ros.learning.readers.smpl import load_smpl  # noqa: E402


def model(**changes):
    """One vertex on each joint, which moves with it; first shape coefficient: larger."""
    rest = assumed_rest(1.7)
    parents = np.array(CANONICAL.parents)
    parents[0] = 2**32 - 1
    shapes = np.zeros((24, 3, 10))
    shapes[..., 0] = 0.1 * rest
    return {
        'v_template': rest, 'shapedirs': shapes, 'posedirs': np.zeros((24, 3, 207)),
        'J_regressor': np.eye(24), 'weights': np.eye(24), 'f': np.zeros((2, 3), np.uint32),
        'kintree_table': np.array([parents, np.arange(24)], np.int64),
    } | changes  # fmt: skip


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **model())
    return tmp_path / 'SMPL_NEUTRAL.npz'


@pytest.fixture
def body(path):
    pytest.importorskip('smplx')
    return load_smpl(path)


def test_the_rest_joints_and_their_shape_come_from_the_model(body):
    assert np.allclose(body.rest_joints(), assumed_rest(1.7), atol=1e-6)
    taller = body.rest_joints(np.eye(16)[0])  # more coefficients than the model has
    assert np.allclose(taller, 1.1 * assumed_rest(1.7), atol=1e-6)


def test_turning_a_hip_moves_the_leg_and_has_a_gradient(body):
    turns = torch.zeros(2, 24, 3)
    turns[1, CANONICAL.index['left_hip'], 0] = -np.pi / 2
    turns.requires_grad_()
    joints, vertices = body.place(turns, torch.tensor([0.0, 0.0, 1.0]).expand(2, 3))
    rest = assumed_rest(1.7) + [0, 0, 1.0]
    hip, knee = CANONICAL.index['left_hip'], CANONICAL.index['left_knee']
    length = np.linalg.norm(rest[knee] - rest[hip])
    assert np.allclose(joints[0].detach(), rest, atol=1e-6)
    assert np.allclose((joints[1, knee] - joints[1, hip]).detach(), [0, 0, length], atol=1e-6)
    assert vertices.shape == (2, 24, 3)
    joints[1, knee].sum().backward()
    assert turns.grad.abs().max() > 0.1


def test_an_amass_archive_gets_the_bodys_own_segment_lengths(body, tmp_path):
    poses = np.zeros((4, 156))
    poses[:, 0] = np.pi / 2  # y up -> z up
    archive = tmp_path / 'walk_poses.npz'
    betas = np.eye(16)[0]
    np.savez(archive, poses=poses, trans=np.zeros((4, 3)), mocap_framerate=60.0, betas=betas)
    recording = body.read_amass(archive)
    rest = 1.1 * assumed_rest(1.7)
    expected = np.stack([rest[:, 0], -rest[:, 2], rest[:, 1]], -1)
    assert np.allclose(recording.points, expected, atol=1e-5)
    assert not recording.notes


def test_an_absent_file_or_another_one_is_named(path):
    pytest.importorskip('smplx')
    with pytest.raises(RecordingError, match=r'smpl\.is\.tue\.mpg\.de'):
        load_smpl(path.with_name('SMPL_MALE.pkl'))
    np.savez(path, x=np.zeros(3))
    with pytest.raises(RecordingError, match='v_template'):
        load_smpl(path)
    np.savez(path, **model(weights=np.eye(23)))
    with pytest.raises(RecordingError, match='weights has shape'):
        load_smpl(path)
    path.with_suffix('.pkl').write_bytes(b'\x80\x04 nonsense')
    with pytest.raises(RecordingError, match='pkl'):
        load_smpl(path.with_suffix('.pkl'))


def test_without_smplx_the_remedy_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'smplx', None)
    with pytest.raises(MissingDependencyError, match=r'humandyn_ros\[smpl\]'):
        load_smpl(path)
