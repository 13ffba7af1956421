import dataclasses

import numpy as np
import pytest

from humandyn_ros.quantities import CANONICAL, GroundReaction
from humandyn_ros.ros import markers
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.markers import MarkerConfig

ADD, DELETE = 0, 2
BONES, JOINTS, LABEL, LEFT, RIGHT = range(5)


def drawn(handle, estimate, config=None):
    message = markers.draw(handle, config or MarkerConfig(), estimate, 'world')
    kind = message_type(markers.MARKER_ARRAY)
    array = kind.decode(bytes(kind.encode(message)))
    return {marker.id: marker for marker in array.markers}


def test_a_whole_person_is_bones_joints_label_and_two_arrows(fake, estimate):
    seen = drawn(fake(), estimate())
    assert sorted(seen) == [BONES, JOINTS, LABEL, LEFT, RIGHT]
    assert len(seen[BONES].points) == 2 * 23
    assert len(seen[JOINTS].points) == len(seen[JOINTS].colors) == 24
    assert {marker.ns for marker in seen.values()} == {'b3'}
    assert {marker.header.frame_id for marker in seen.values()} == {'world'}
    assert {(m.header.stamp.sec, m.header.stamp.nanosec) for m in seen.values()} == {(5, 7)}


def test_the_force_arrow_starts_at_the_centre_of_pressure_and_is_to_scale(fake, estimate):
    arrow = drawn(fake(), estimate(), MarkerConfig(newton_per_m=500.0))[LEFT]
    foot, tip = arrow.points
    assert (foot.x, foot.y, foot.z) == (0.1, 0.1, 0.0)
    assert tip.z - foot.z == pytest.approx(400.0 / 500.0)


def test_a_foot_in_the_air_has_its_arrow_removed(fake, estimate):
    given = estimate()
    air = dataclasses.replace(
        given.ground.left, force=np.zeros(3), centre_of_pressure=np.full(3, np.nan)
    )
    seen = drawn(fake(), estimate(ground=GroundReaction(air, given.ground.right)))
    assert seen[LEFT].action == DELETE
    assert seen[RIGHT].action == ADD


def test_joints_redden_with_torque_and_are_grey_while_invalid(fake, estimate):
    config = MarkerConfig(torque_full_scale_nm=60.0)
    colours = drawn(fake(), estimate(), config)[JOINTS].colors
    hip = colours[CANONICAL.index['right_hip']]
    assert (hip.r, hip.g) == (pytest.approx(0.5), pytest.approx(0.5))
    assert colours[CANONICAL.index['head']].r == 0.0
    grey = drawn(fake(), estimate(valid=False, reason='stale'))[JOINTS].colors
    assert {colour.r for colour in grey} == {grey[0].g}


def test_joints_that_were_not_seen_are_left_out(fake, estimate):
    given = estimate()
    points = given.state.positions.copy()
    points[CANONICAL.index['left_elbow']] = np.nan
    state = dataclasses.replace(given.state, positions=points)
    seen = drawn(fake(), estimate(state=state))
    assert len(seen[JOINTS].points) == 23
    assert len(seen[BONES].points) == 2 * 21
    nobody = dataclasses.replace(given.state, positions=np.full((24, 3), np.nan))
    assert sorted(drawn(fake(), estimate(state=nobody))) == [LEFT, RIGHT]


def test_the_label_gives_the_reason_while_invalid(fake, estimate):
    assert drawn(fake(), estimate())[LABEL].text == 'b3  left 400 N  right 300 N'
    text = drawn(fake(), estimate(valid=False, reason='no input'))[LABEL].text
    assert 'not valid: no input' in text


def test_a_lost_body_has_everything_removed_that_was_ever_drawn(fake, estimate):
    handle = fake()
    message = markers.erase(handle, 3, 'world', 9)
    removed = {marker.id for marker in message.markers if marker.action == DELETE}
    assert removed >= set(drawn(handle, estimate()))
    assert {marker.ns for marker in message.markers} == {'b3'}


@pytest.mark.parametrize(
    ('coordinate', 'joint'),
    [
        ('hip_flexion_r', 'right_hip'),
        ('knee_angle_l', 'left_knee'),
        ('ankle_angle_r', 'right_ankle'),
        ('lumbar_extension', 'spine1'),
        ('arm_flex_l', 'left_shoulder'),
        ('elbow_flex_r', 'right_elbow'),
    ],
)
def test_a_coordinates_torque_is_shown_at_its_joint(coordinate, joint):
    assert markers.joint_of(coordinate) == CANONICAL.index[joint]


def test_an_unknown_coordinate_is_shown_nowhere():
    assert markers.joint_of('tail_angle') is None
