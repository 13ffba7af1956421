import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.axes import axis_of, checked_up, to_z_up


def test_a_y_up_vector_turns_about_x():
    np.testing.assert_array_equal(to_z_up(np.array([1.0, 2.0, 3.0]), 'Y'), [1, -3, 2])


@pytest.mark.parametrize('up', ['X', 'Y', 'Z', '-X', '-Y', '-Z'])
def test_every_axis_ends_up_on_z_without_mirroring(up):
    direction = np.zeros(3)
    direction['XYZ'.index(up[-1])] = -1.0 if up[0] == '-' else 1.0
    np.testing.assert_array_equal(to_z_up(direction, up), [0, 0, 1])
    assert np.linalg.det(to_z_up(np.eye(3), up)) == pytest.approx(1.0)
    assert axis_of(0.9 * direction + 0.1) == up


def test_spellings_are_forgiven_and_nonsense_is_not():
    assert checked_up('+y') == 'Y'
    with pytest.raises(RecordingError, match="'up'"):
        checked_up('up')
