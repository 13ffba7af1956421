import numpy as np
import pytest

from humandyn_ros.drawing import PARTS, beads, strokes
from humandyn_ros.drawing.layout import part_of
from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.skeleton import load_format


@pytest.mark.parametrize(
    ('name', 'part'),
    [
        ('HandTipLeft', 'left_arm'), ('RKnee', 'right_leg'), ('left_upper_leg', 'left_leg'),
        ('left_eye', 'head'), ('mid_hip', 'trunk'), ('spine_chest', 'trunk'),
        ('left_foot_index', 'left_leg'), ('right_index', 'right_arm'), ('LWrist', 'left_arm'),
    ],
)  # fmt: skip
def test_a_joint_belongs_to_the_part_its_name_says(name, part):
    assert part_of(name) == part


@pytest.mark.parametrize(
    'name', ['kinect_25', 'coco_17', 'openpose_25', 'smpl_24', 'h36m_17', 'zed_38', 'lara_19']
)
def test_every_format_has_arms_and_legs_on_both_sides_and_a_heading(name):
    layout = strokes(load_format(name).skeleton)
    assert {PARTS[i] for i in layout.part} >= {'left_arm', 'right_arm', 'left_leg', 'right_leg'}
    assert len(layout.sides) >= 2


def test_strokes_are_a_dot_per_joint_and_a_stroke_per_segment():
    layout = strokes(CANONICAL)
    assert len(layout) == 24 + 23
    assert layout.dot.sum() == 24
    assert np.all(layout.end[~layout.dot] == 1)


def test_the_released_layout_of_the_kinect_has_265_gaussians():
    layout = beads(load_format('kinect_25').skeleton)
    assert len(layout) == 265
    assert np.all(layout.start == layout.end)
    # Tenth bead of the first segment (base of the spine to its middle).
    assert (layout.first[34], layout.second[34]) == (0, 1)
    assert layout.start[34] == pytest.approx(10 / 11)


def test_a_segment_between_joints_that_are_not_there_is_refused():
    with pytest.raises(SkeletonError, match='24 joints'):
        beads(CANONICAL, segments=[(0, 24)])
