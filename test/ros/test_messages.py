import dataclasses

import numpy as np
import pytest

from humandyn_ros.quantities import ContactForce, GroundReaction
from humandyn_ros.ros import messages
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import point_cloud


def sent(message, type_name):
    """The message as it comes out of the wire's bytes."""
    kind = message_type(type_name)
    return kind.decode(bytes(kind.encode(message)))


def every_number(message):
    """All floats in a message, however deep."""
    if isinstance(message, float):
        yield message
    elif isinstance(message, np.ndarray) and message.dtype.kind == 'f':
        yield from message.tolist()
    elif isinstance(message, list):
        for item in message:
            yield from every_number(item)
    elif dataclasses.is_dataclass(message):
        for item in dataclasses.fields(message):
            yield from every_number(getattr(message, item.name))


def test_skeletons_survive_the_wire_and_come_back_equal(fake, frame):
    points = np.random.default_rng(0).normal(size=(24, 3))
    points[4] = np.nan
    confidence = np.linspace(0.1, 1.0, 24)
    people = [
        frame(1_000_000_002, body_id=7, points=points, confidence=confidence),
        frame(1_000_000_002, body_id=2**32 - 1),
    ]
    message = messages.skeletons(fake(), people, 1_000_000_002, 'world')
    arrived = sent(message, messages.POINT_CLOUD)
    assert (arrived.height, arrived.width, arrived.point_step) == (2, 24, 20)
    assert [field.name for field in arrived.fields] == ['x', 'y', 'z', 'confidence', 'body']
    back = point_cloud.read(arrived, load_format('smpl_24'))
    assert [body.body_id for body in back] == [7, 2**32 - 1]
    assert {body.stamp_ns for body in back} == {1_000_000_002}
    np.testing.assert_array_equal(back[0].points, points.astype(np.float32))
    np.testing.assert_allclose(back[0].confidence[5:], confidence[5:], atol=1e-7)
    assert back[0].confidence[4] == 0.0


def test_nobody_is_a_message_of_height_zero(fake):
    message = messages.skeletons(fake(), [], 1, 'world')
    assert sent(message, messages.POINT_CLOUD).height == 0
    assert point_cloud.read(message, load_format('smpl_24')) == ()


def test_joint_torques_carry_equal_lengths_and_the_evaluated_instant(fake, estimate):
    message = sent(messages.joint_torques(fake(), estimate(), 'world'), messages.JOINT_STATE)
    assert message.name == ['hip_flexion_r', 'knee_angle_l']
    assert message.effort.tolist() == [30.0, -40.0]
    assert message.position.tolist() == [0.1, 0.2]
    assert message.velocity.tolist() == [1.0, 2.0]
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (5, 7)
    assert message.header.frame_id == 'world'


def test_joint_estimates_tell_spread_power_validity_and_age(fake, estimate):
    invalid = estimate(valid=False, reason='stale')
    message = sent(
        messages.joint_estimates(fake(), invalid, 'world', 123.0), messages.DYNAMIC_JOINT_STATE
    )
    assert message.joint_names == ['hip_flexion_r', 'knee_angle_l']
    knee = message.interface_values[1]
    assert knee.interface_names == ['effort', 'effort_stddev', 'power', 'valid', 'age_ms']
    assert knee.values.tolist() == [-40.0, 4.0, -80.0, 0.0, 123.0]


def test_ground_reaction_acts_at_a_frame_in_the_centre_of_pressure(fake, estimate):
    given = estimate()
    frame_id = messages.contact_frame('left', given.body_id)
    message = sent(
        messages.ground_reaction(fake(), given.ground.left, given.stamp_ns, frame_id),
        messages.WRENCH_STAMPED,
    )
    assert message.header.frame_id == 'left_contact_b3'
    assert message.wrench.force.z == 400.0
    assert message.wrench.torque.z == 0.5
    link = messages.contact_transform(given, 'left', 'world', given.ground.left.centre_of_pressure)
    assert (link.parent, link.child) == ('world', 'left_contact_b3')
    assert link.translation == (0.1, 0.1, 0.0)
    assert link.rotation_quat_xyzw == (0.0, 0.0, 0.0, 1.0)


def test_body_contacts_leave_out_what_touches_nothing_and_name_the_rest(fake, estimate):
    given = estimate()
    seat = dataclasses.replace(given.ground.left, segment='seat')
    odd = dataclasses.replace(given.ground.left, segment='left_elbow')
    tail = dataclasses.replace(given.ground.left, segment='tail')
    lifted = ContactForce('right_foot', np.zeros(3), np.zeros(3), np.full(3, np.nan), 0.0)
    ground = GroundReaction(given.ground.left, lifted, (seat, odd, tail))
    message = messages.body_contacts(fake(), estimate(ground=ground), 'world')
    cloud = point_cloud.unpack(sent(message, messages.POINT_CLOUD))[0]
    elbow = messages.SEGMENTS.index('left_elbow')
    assert cloud['segment'].tolist() == [0, 2, elbow, messages.OTHER_SEGMENT]
    assert cloud['fz'].tolist() == [400.0] * 4


def test_no_message_carries_a_number_that_is_not_finite(fake, estimate):
    given = estimate()
    bad = dataclasses.replace(
        given.dynamics,
        position=np.array([np.nan, 0.0]),
        stddev=np.array([np.inf, 1.0]),
        power=np.array([np.nan, -np.inf]),
    )
    floating = dataclasses.replace(given.ground.left, moment=np.full(3, np.nan))
    given = estimate(dynamics=bad, ground=GroundReaction(floating, given.ground.right))
    handle = fake()
    built = [
        messages.joint_torques(handle, given, 'world'),
        messages.joint_estimates(handle, given, 'world', 1.0),
        messages.ground_reaction(handle, floating, 1, 'f'),
        messages.body_contacts(handle, given, 'world'),
    ]
    numbers = [number for message in built for number in every_number(message)]
    assert len(numbers) > 15
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize('level', [messages.OK, messages.WARN, messages.ERROR, messages.STALE])
def test_diagnostics_keep_level_sentence_and_figures(fake, level):
    handle = fake()
    status = messages.Status('node: skeletons', level, 'running', {'rate_hz': '100.0'})
    message = sent(messages.diagnostics(handle, [status]), messages.DIAGNOSTIC_ARRAY)
    assert message.status[0].level == level
    assert message.status[0].message == 'running'
    assert (message.status[0].values[0].key, message.status[0].values[0].value) == (
        'rate_hz',
        '100.0',
    )
