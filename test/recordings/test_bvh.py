import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings import read_motion

TREE = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Knee
  {
    OFFSET 0 -45 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -50 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0083333
"""
FRAMES = '0 95 0 0 0 0 0 0 0\n10 95 0 90 0 0 0 90 0\n'


def bvh(tmp_path, text):
    path = tmp_path / 'a.bvh'
    path.write_text(text)
    return path


def test_joints_and_tips_are_placed_by_the_angles(tmp_path):
    recording = read_motion(bvh(tmp_path, TREE + FRAMES))
    assert recording.names == ('Hips', 'Knee', 'Knee_end')
    assert recording.parents == (-1, 0, 1)
    assert (recording.kind, recording.up) == ('joints', 'Y')
    assert 'centimetres' in recording.notes[0]
    np.testing.assert_allclose(recording.points[0], [[0, 0.95, 0], [0, 0.5, 0], [0, 0, 0]])
    # hip turned 90° about z takes "down" to +x; the knee then 90° about its x takes it to z.
    np.testing.assert_allclose(
        recording.points[1], [[0.1, 0.95, 0], [0.55, 0.95, 0], [0.55, 0.95, -0.5]], atol=1e-12
    )


def test_unit_and_rate_can_be_given(tmp_path):
    recording = read_motion(bvh(tmp_path, TREE + FRAMES), unit_m=1.0, rate_hz=60.0)
    assert recording.points[0, 0, 1] == 95.0
    assert recording.stamps_ns.tolist() == [0, 16_666_667]


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        (TREE, '2 frames promised, 0 are there'),
        (TREE + FRAMES[:18], '2 frames promised, 1 are there'),
        (TREE + FRAMES.replace('90\n', 'x\n') + '1 2', 'corrupt|columns'),
        (TREE.replace('OFFSET 0 -45 0', 'OFFSET 0 -9999 0') + FRAMES, 'fits no usual unit'),
        (TREE.replace('Knee', 'Knee }') + FRAMES, 'corrupt'),
        (TREE.replace('Zrotation', 'Qrotation') + FRAMES, 'Qrotation'),
        ('MOTION\n', 'HIERARCHY'),
        (TREE.replace('0.0083333', '0') + FRAMES, 'Frame Time'),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path, text, told):
    with pytest.raises(RecordingError, match=told):
        read_motion(bvh(tmp_path, text))
