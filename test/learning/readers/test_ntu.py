import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.ntu import read_ntu

A, B = 72057594037931101, 72057594037931102


def body(name, x, state=2, moved=0.0):
    lines = [f'{name} 0 1 1 1 1 0 0.1 -0.2 2', '25']
    joint = f'{x + moved} 0.5 3.0 250 190 960 540 0 0 0 1 {state}'
    return '\n'.join(lines + [joint] * 25)


def frame(*bodies):
    return '\n'.join([str(len(bodies)), *bodies])


def write(path, *frames):
    path.write_text('\n'.join([str(len(frames)), *frames]) + '\n')
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'S001C001P001R001A001.skeleton'


def test_people_keep_their_place_when_their_order_in_the_file_changes(path):
    clip = read_ntu(
        write(
            path,
            frame(body(A, 0.1), body(B, -0.4)),
            frame(body(B, -0.4, moved=0.1), body(A, 0.1)),
            frame(body(B, -0.4, moved=0.3)),
        )
    )
    assert clip.body_ids.tolist() == [B, A]  # B moves more
    assert np.allclose(clip.points[:, 0, 0, 0], [-0.4, -0.3, -0.1])
    assert np.allclose(clip.points[:2, 1, 0, 0], 0.1)
    assert np.isnan(clip.points[2, 1]).all()
    assert np.all(clip.confidence[2, 1] == 0)


def test_axes_confidence_and_pixels(path):
    clip = read_ntu(write(path, frame(body(A, 0.1, state=1))))
    assert np.allclose(clip.points[0, 0, 0], [0.1, -3.0, 0.5])  # z up
    assert np.all(clip.confidence == 0.5)
    assert np.allclose(clip.image_points[0, 0, 0], [960, 540])


def test_an_empty_frame_is_a_frame_without_people(path):
    clip = read_ntu(write(path, frame(), frame(body(A, 0.1)), '0'))
    assert clip.points.shape[0] == 3
    assert np.isnan(clip.points[0]).all()


@pytest.mark.parametrize(
    'content',
    ['', '5', 'S001', '2\n0\n1\n123 0 1', '1\n1\n1 0 1 1 1 1 0 0 0 2\n24\n', '-3', '1\n1\nx y z'],
)
def test_truncated_and_garbled_files_are_named(path, content):
    path.write_text(content)
    with pytest.raises(RecordingError, match=r'S001C001P001R001A001\.skeleton'):
        read_ntu(path)


def test_every_cut_of_a_file_is_an_error(path):
    whole = write(path, frame(body(A, 0.1)), frame(body(A, 0.2))).read_text()
    for keep in range(1, len(whole) - 200, 97):
        path.write_text(whole[:keep])
        with pytest.raises(RecordingError):
            read_ntu(path)


def test_nobody_is_an_error(path):
    with pytest.raises(RecordingError, match='nobody'):
        read_ntu(write(path, frame(), frame()))
