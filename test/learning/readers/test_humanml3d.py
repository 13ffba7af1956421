import json

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.humanml3d import JOINTS, read_humanml3d


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_motion_is_read_z_up(tmp_path):
    points = np.zeros((5, 22, 3))
    points[..., 1] = np.arange(22)  # y up in the file
    clip = read_humanml3d(write(tmp_path / 'a.json', {'skeletons': points.tolist()}))
    assert clip.points.shape == (5, len(JOINTS.joints), 3)
    assert np.array_equal(clip.points[0, :, 2], np.arange(22))


@pytest.mark.parametrize(
    'content',
    [
        '', '{"skeletons": [[[0, 1', '[]', '{"poses": []}', '{"skeletons": []}', '[' * 5000,
        {'skeletons': [[[0, 1, 2]] * 21]}, {'skeletons': [[[0, 1, None]] * 22]},
        '{"skeletons": "text"}', '{"skeletons": [[[0, 1], [2]]]}',
    ],
)  # fmt: skip
def test_what_is_no_motion_is_named(tmp_path, content):
    path = write(tmp_path / 'a.json', content)
    with pytest.raises(RecordingError, match=r'a\.json'):
        read_humanml3d(path)
