import pickle

import numpy as np
import pytest

from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.imdy import ImdyMotion, read_raw, read_sequence
from humandyn_ros.quantities import CANONICAL

FRAMES = 3


def store(path, content):
    path.write_bytes(pickle.dumps(content))


def raw(folder, **changes):
    """raw_train with one sequence: body turned about z, left elbow bent by 0.5 rad about y."""
    body = rotations.exp(np.array([0.0, 0.0, 0.7]))
    world = np.tile(body, (FRAMES, 24, 1, 1))
    bent = rotations.exp(np.array([0.0, 0.5, 0.0]))
    for joint in ('left_elbow', 'left_wrist', 'left_hand'):
        world[:, CANONICAL.index[joint]] = body @ bent
    quats = np.roll(rotations.matrix_to_quat_xyzw(world), 1, axis=-1)  # real part first
    content = {
        'pos': [np.ones((FRAMES, 24, 3))],
        'rot': [quats],
        'torque': [np.full((FRAMES, 24, 3), 6.0)],
        'grf': [np.full((FRAMES, 24, 3), 10.0)],
        'weight': [70.0],
    } | changes
    for name, value in content.items():
        store(folder / f'{name}.pkl', value)
    return folder


def test_torques_are_halved_and_the_roots_row_is_dropped(tmp_path):
    (sequence,) = read_raw(raw(tmp_path))
    assert sequence.torques.shape == (FRAMES, 23, 3)
    assert np.all(sequence.torques == 3.0)  # stored: the sum of two simulation steps
    assert np.all(sequence.forces == 10.0)
    assert sequence.mass_kg == 70.0


def test_world_orientations_become_smpl_rotations_relative_to_the_parent(tmp_path):
    (sequence,) = read_raw(raw(tmp_path))
    turn = rotations.exp(np.full(3, 2 * np.pi / 3 / np.sqrt(3)))  # the simulator's axes to SMPL's
    root = rotations.exp(np.array([0.0, 0.0, 0.7])) @ turn
    assert np.allclose(rotations.exp(sequence.rotvecs[:, 0]), root)
    elbow = sequence.rotvecs[:, CANONICAL.index['left_elbow']]
    assert np.allclose(elbow, turn.T @ [0.0, 0.5, 0.0])
    others = [j for j in range(1, 24) if j != CANONICAL.index['left_elbow']]
    assert np.allclose(sequence.rotvecs[:, others], 0, atol=1e-9)


def test_a_converted_sequence_is_read(tmp_path):
    path = tmp_path / '0.pkl'
    joints = np.zeros((FRAMES, 24, 3))
    content = {
        'qpos': joints,
        'jpos': np.zeros((FRAMES, 45, 3)),
        'mpos': np.zeros((FRAMES, 66, 3)),
    }
    store(path, content | {'torque': joints + 2, 'grf': joints})
    sequence = read_sequence(path)
    assert sequence.points.shape == (FRAMES, 24, 3)
    assert sequence.markers.shape == (FRAMES, 66, 3)
    assert np.all(sequence.torques == 1.0)
    assert sequence.mass_kg is None


def test_a_motion_of_addbiomechanics_is_read(tmp_path):
    path = tmp_path / 'walking.pkl'
    store(path, {'key': ('subject10/T061', 6000, 7999), 'fps': 100, 'weight': 90.7,
                 'qpos': np.zeros((FRAMES, 23))})  # fmt: skip
    motion = read_sequence(path)
    assert isinstance(motion, ImdyMotion)
    assert (motion.name, motion.rate_hz, motion.mass_kg) == ('subject10/T061', 100.0, 90.7)


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'rot': [np.zeros((FRAMES, 24, 3))]}, 'rot has shape'),
        ({'torque': [np.zeros((FRAMES + 1, 24, 3))]}, 'frames do not agree'),
        ({'grf': []}, 'different lengths'),
        ({'pos': {'a': 1}}, 'list of arrays'),
        ({'pos': ['nonsense']}, 'not an array'),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, said):
    with pytest.raises(RecordingError, match=said):
        read_raw(raw(tmp_path, **change))


def test_another_pickle_is_no_sequence(tmp_path):
    store(tmp_path / 'a.pkl', {'x': 1})
    with pytest.raises(RecordingError, match='qpos'):
        read_sequence(tmp_path / 'a.pkl')
