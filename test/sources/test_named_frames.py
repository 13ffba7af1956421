from types import SimpleNamespace

import numpy as np
import pytest

from humandyn_ros.errors import StreamError
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources.named_frames import FrameReader

REP155 = load_format('rep155')


def link(child, parent='camera', at=(1.0, 2.0, 3.0), sec=5, turn=(0.0, 0.0, 0.0, 1.0)):
    return SimpleNamespace(
        header=SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=0), frame_id=parent),
        child_frame_id=child,
        transform=SimpleNamespace(
            translation=SimpleNamespace(**dict(zip('xyz', at, strict=True))),
            rotation=SimpleNamespace(**dict(zip('xyzw', turn, strict=True))),
        ),
    )


def message(*links):
    return SimpleNamespace(transforms=list(links))


@pytest.mark.parametrize(
    ('child', 'body', 'joint'),
    [
        ('l_knee', '', 'l_knee'),
        ('l_knee_12', '12', 'l_knee'),
        ('l_knee_ab_c', 'ab_c', 'l_knee'),
        ('ann/l_knee', 'ann', 'l_knee'),
        ('waist_3', '3', 'waist'),
    ],
)
def test_a_frames_name_tells_body_and_joint(child, body, joint):
    name = FrameReader().name(child, REP155)
    assert (name.body, REP155.skeleton.joints[name.joint]) == (body, joint)


def test_other_frames_are_left_aside():
    assert FrameReader().name('base_link', REP155) is None
    assert FrameReader()(message(link('base_link', 'odom')), REP155) == ()


def test_points_come_in_the_frame_that_the_body_hangs_from():
    reader = FrameReader()
    reader(message(link('camera', 'map', sec=0)), REP155, '/tf_static')
    (frame,) = reader(message(link('l_knee_1'), link('l_ankle_1', 'l_knee_1')), REP155, '/tf')
    assert frame.frame_id == 'camera'
    assert frame.body_id == 1
    ankle = frame.points[REP155.skeleton.index['l_ankle']]
    np.testing.assert_allclose(ankle, [2.0, 4.0, 6.0])


def test_joints_that_are_fixed_on_others_are_there_too():
    reader = FrameReader()
    reader(message(link('l_ankle_1', 'l_knee_1', (0.0, 0.0, -0.4), 0)), REP155, '/tf_static')
    (frame,) = reader(message(link('l_knee_1')), REP155, '/tf')
    ankle = frame.points[REP155.skeleton.index['l_ankle']]
    np.testing.assert_allclose(ankle, [1.0, 2.0, 2.6])


def test_one_bad_rotation_costs_no_other_joint():
    bad = link('l_knee_1', turn=(0.0, 0.0, 0.0, 0.0))
    (frame,) = FrameReader()(message(bad, link('r_knee_1')), REP155, '/tf')
    assert np.isnan(frame.points[REP155.skeleton.index['l_knee']]).all()
    assert np.isfinite(frame.points[REP155.skeleton.index['r_knee']]).all()


def test_a_name_twice_in_one_message_at_two_times_harms_nothing():
    twice = message(link('l_knee_1', sec=5), link('r_knee_1', sec=5), link('r_knee_1', sec=6))
    (frame,) = FrameReader()(twice, REP155, '/tf')
    assert np.isfinite(frame.points[REP155.skeleton.index['r_knee']]).all()
    swapped = message(link('r_knee_1', sec=6), link('l_knee_1', sec=7), link('l_knee_1', sec=5))
    swapped.transforms.append(link('l_knee_1', sec=4))
    swapped.transforms[-1].header.stamp.sec = 4
    assert len(FrameReader()(swapped, REP155, '/tf')) <= 1


def test_a_circle_of_frames_is_refused():
    circle = message(link('l_knee_1', 'l_hip_1'), link('l_hip_1', 'l_knee_1'))
    with pytest.raises(StreamError, match='circle'):
        FrameReader()(circle, REP155, '/tf')


def test_invented_names_do_not_fill_the_memory():
    reader = FrameReader()
    for k in range(300):
        reader(message(*(link(f'thing{k}_{i}', 'map') for i in range(100))), REP155, '/tf')
    assert len(reader._links) <= 20_100
    assert len(reader._names) <= 20_100
