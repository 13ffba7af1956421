import gzip
from pathlib import Path

import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_forces, read_moments, read_motion
from humandyn_ros.recordings.files import read_bytes, stem_and_ending


def test_the_ending_is_the_one_below_the_compression():
    assert stem_and_ending(Path('a/b.c.TRC.gz')) == ('b.c', '.trc')
    assert stem_and_ending(Path('a/b.mot')) == ('b', '.mot')


def test_damaged_compression_names_the_file(tmp_path):
    path = tmp_path / 'x.trc.gz'
    path.write_bytes(gzip.compress(bytes(range(256)) * 100)[:-20])
    with pytest.raises(RecordingError, match=r'x\.trc\.gz: damaged \.gz'):
        read_bytes(path)


@pytest.mark.parametrize('read', [read_motion, read_forces, read_moments])
def test_a_missing_an_empty_and_an_unknown_file_are_told_apart(tmp_path, read):
    with pytest.raises(RecordingError, match=r'none\.c3d: cannot be read \(No such file'):
        read(tmp_path / 'none.c3d')
    (tmp_path / 'void.c3d').touch()
    with pytest.raises(RecordingError, match=r'void\.c3d is empty'):
        read(tmp_path / 'void.c3d')
    with pytest.raises(RecordingError, match=r"unknown kind of .* file '\.xyz': use"):
        read(tmp_path / 'a.xyz')


def test_joint_angles_without_a_model_ask_for_it(tmp_path):
    with pytest.raises(RecordingError, match='--model'):
        read_motion(tmp_path / 'ik.mot')
