"""A .b3d file written here to the layout of SubjectOnDisk.proto."""

import struct

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers import protobuf
from humandyn_ros.learning.readers.b3d import read_b3d

DOFS, FRAMES = 7, 3


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = b''
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack('<d', value)
    content = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(content)) + content


def doubles(number: int, values) -> bytes:
    return field(number, np.asarray(values, '<f8').tobytes())


def sensor(t: int) -> bytes:
    return doubles(2, [0.1, 1.0 + t, 0.3, np.nan, np.nan, np.nan])


def processed(t: int, kind: int) -> bytes:
    vectors = {8: [0, 700.0, 0, 1, 2, 3], 6: [0.1, 0, 0.2, 0, 0, 0], 7: [0] * 6, 9: [0, 0.9, 0.1]}
    rows = {n: np.full(DOFS, 10.0 * kind + n + t) for n in (1, 2, 3, 4)}
    body = b''.join(doubles(n, v) for n, v in {**rows, **vectors}.items())
    return body + doubles(16, [0.0, 1.0, 0.5])


def whole(passes=(0, 1), marker_names=('LASI', 'RASI')) -> bytes:
    trials = b''
    for name, reasons in (('walk', [0, 0, 0]), ('run', [0, 5, 0])):
        content = field(1, name) + field(2, bytes(reasons)) + field(3, FRAMES) + field(4, 0.01)
        content += b''.join(field(5, field(1, kind)) for kind in passes)
        trials += field(9, content)
    header = field(1, DOFS) + field(2, 2) + field(3, len(sensor(0)))
    header += field(4, len(processed(0, 0))) + field(6, 'calcn_r') + field(6, 'calcn_l') + trials
    header += field(13, 'female') + field(14, 1.7) + field(15, 68.0) + field(16, 33)
    header += b''.join(field(17, name) for name in marker_names)
    frames = b''
    for trial in range(2):
        for t in range(FRAMES):
            frames += sensor(t + 10 * trial)
            frames += b''.join(processed(t + 100 * trial, kind) for kind in passes)
    return struct.pack('<q', len(header)) + header + frames


@pytest.fixture
def path(tmp_path):
    (tmp_path / 'subject.b3d').write_bytes(whole())
    return tmp_path / 'subject.b3d'


def test_the_person_and_the_trials_are_read(path):
    subject = read_b3d(path)
    assert (subject.mass_kg, subject.height_m, subject.sex, subject.age_years) == (
        68.0, 1.7, 'female', 33,
    )  # fmt: skip
    assert subject.marker_names == ('LASI', 'RASI')
    assert subject.contact_bodies == ('calcn_r', 'calcn_l')
    assert subject.trial_names == ('walk', 'run')
    assert subject.dofs == DOFS


def test_points_and_forces_are_turned_to_z_up_and_unseen_markers_are_nan(path):
    trial = read_b3d(path).trial(0)
    assert trial.rate_hz == pytest.approx(100)
    assert np.allclose(trial.markers[:, 0], [[0.1, -0.3, 1.0], [0.1, -0.3, 2.0], [0.1, -0.3, 3.0]])
    assert np.isnan(trial.markers[:, 1]).all()
    assert np.allclose(trial.forces[0], [[0, 0, 700.0], [1, -3, 2]])
    assert np.allclose(trial.centres_of_pressure[0, 0], [0.1, -0.2, 0])
    assert np.allclose(trial.centre_of_mass[0], [0, -0.1, 0.9])
    assert np.allclose(trial.joint_centres[0], [[0, -0.5, 1.0]])


def test_the_last_pass_is_taken(path):
    trial = read_b3d(path).trial(1)
    assert trial.passes == ('kinematics', 'dynamics')
    assert np.all(trial.angles[2] == 10 + 1 + 102)
    assert np.all(trial.torques[0] == 10 + 4 + 100)


def test_missing_forces_are_told_from_zero_forces(path):
    assert read_b3d(path).trial(0).forces_measured.tolist() == [True, True, True]
    assert read_b3d(path).trial(1).forces_measured.tolist() == [True, False, True]


def test_a_trial_that_is_not_there_is_named(path):
    with pytest.raises(RecordingError, match='trial 2 of 2'):
        read_b3d(path).trial(2)


@pytest.mark.parametrize('keep', [0, 4, 8, 60, 120])
def test_a_header_that_is_cut_off_is_an_error(path, keep):
    path.write_bytes(whole()[:keep])
    with pytest.raises(RecordingError, match=r'subject\.b3d'):
        read_b3d(path)


def test_frames_that_are_cut_off_are_an_error_and_earlier_trials_still_read(path):
    path.write_bytes(whole()[:-1])
    assert len(read_b3d(path).trial(0).angles) == FRAMES
    with pytest.raises(RecordingError, match='cut off'):
        read_b3d(path).trial(1)


def test_garbage_is_an_error_that_names_the_file(path):
    rng = np.random.default_rng(0)
    for size in (9, 100, 1000):
        path.write_bytes(struct.pack('<q', size - 8) + rng.bytes(size - 8))
        with pytest.raises(RecordingError, match=r'subject\.b3d'):
            read_b3d(path)


def test_damaged_frames_are_an_error_that_names_the_file(path):
    content = bytearray(whole())
    content[-40:] = b'\xff' * 40
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r'subject\.b3d'):
        read_b3d(path).trial(1)


def test_integers_may_be_packed_or_not_and_negative():
    packed = protobuf.parse(field(2, b'\x01\x96\x01'))
    loose = protobuf.parse(field(2, 1) + field(2, 150))
    assert protobuf.integers(packed, 2) == protobuf.integers(loose, 2) == [1, 150]
    assert protobuf.integer(protobuf.parse(field(1, -5)), 1) == -5
