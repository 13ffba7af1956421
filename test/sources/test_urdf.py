"""Joint angles of ROS4HRI, placed by the body's URDF."""

from types import SimpleNamespace

import numpy as np
import pytest

from bench.recorded import BODY, CASES, START_NS, stream
from humandyn_ros.errors import StreamError
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.rotations import quat_xyzw_to_matrix
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources.ros4hri import BodiesReader
from humandyn_ros.sources.urdf import Body

ARM = """<?xml version="1.0"?><!-- a comment --><robot name="arm">
 <link name="base"/>
 <joint name="shoulder" type="revolute"><parent link="base"/><child link="upper"/>
  <origin xyz="0 0 1" rpy="0.3 -0.2 0.1"/><axis xyz="0 0 2"/></joint>
 <joint name="elbow" type="fixed"><parent link="upper"/><child link="lower"/>
  <origin xyz="0.3 0 0"/></joint></robot>"""


def turn(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    i, j = ((1, 2), (2, 0), (0, 1))['xyz'.index(axis)]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def test_links_turn_about_their_axes_after_their_origins():
    body = Body(ARM)
    assert body.root == 'base'
    upper, lower = body.links({'shoulder': 0.7})
    expected = turn('z', 0.1) @ turn('y', -0.2) @ turn('x', 0.3) @ turn('z', 0.7)
    np.testing.assert_allclose(quat_xyzw_to_matrix(upper.turn_xyzw), expected, atol=1e-12)
    assert (upper.parent, upper.child, lower.child) == ('base', 'upper', 'lower')
    np.testing.assert_array_equal(lower.place, [0.3, 0.0, 0.0])


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('', 'cannot be read'),
        ('<robot>', 'cannot be read'),
        ('<robot/>', 'no joints'),
        ('<!DOCTYPE r [<!ENTITY a "b">]><robot/>', 'declarations'),
        ('<robot>' + ' ' * 600_000 + '</robot>', 'too long'),
        (ARM.replace('0 0 1', '0 0'), 'three numbers'),
        (ARM.replace('0 0 1', '0 nan 0'), 'three numbers'),
        (ARM.replace('<parent link="base"/>', ''), 'what it joins'),
        (ARM.replace('<parent link="upper"/>', '<parent link="elsewhere"/>'), '2 roots'),
    ],
)  # fmt: skip
def test_what_is_no_body_is_refused(text, told):
    with pytest.raises(StreamError, match=told):
        Body(text)


@pytest.fixture
def said():
    """What ROS4HRI sends in one instant, by topic."""
    case = next(case for case in CASES if case.name == 'ROS4HRI, angles')
    made = {}
    for one in stream(case, 1):
        kind = message_type(one.type_name)
        made[one.topic] = kind.decode(bytes(kind.encode(kind.new(one.fields))))
    return made


def heard(reader, said, *leave_out):
    frames = []
    for topic, message in said.items():
        if not topic.endswith(leave_out or ('nothing',)):
            frames += reader(message, load_format('rep155'), topic)
    return frames


def test_angles_and_urdf_give_every_joint(said):
    (frame,) = heard(BodiesReader(), said)
    assert (frame.body_id, frame.stamp_ns, frame.frame_id) == (BODY, START_NS, 'sensor')
    assert np.isfinite(frame.points).all()


def test_angles_of_a_body_that_tf_does_not_place_are_refused(said):
    with pytest.raises(StreamError, match='where body_7 is'):
        heard(BodiesReader(), said, '/tf')


def test_without_a_urdf_angles_say_nothing(said):
    assert heard(BodiesReader(), said, 'urdf') == []


def test_where_tf_gives_the_joints_angles_are_left_alone(said):
    case = next(case for case in CASES if case.name == 'ROS4HRI')
    (tf,) = (one for one in stream(case, 1) if one.topic == '/tf')
    kind = message_type(tf.type_name)
    whole = kind.decode(bytes(kind.encode(kind.new(tf.fields))))
    frames = heard(BodiesReader(), said | {'/tf': whole})
    assert len(frames) == 1


def test_angles_without_names_are_refused(said):
    topic = f'/humans/bodies/{BODY}/joint_states'
    states = said[topic]
    said[topic] = SimpleNamespace(header=states.header, name=states.name, position=[0.0])
    with pytest.raises(StreamError, match='1 angles for'):
        heard(BodiesReader(), said)
