import dataclasses
import math

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.filters import FilterConfig
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Transform

SECOND = 1_000_000_000
LAG_NS = round(FilterConfig().lag_s * 1e9)


def test_torques_and_reactions_come_at_the_input_rate_about_an_instant_lag_ago(rig):
    node = rig()
    node.play(2.0)
    torques = node.sent('humans/bodies/b1/joint_torques')
    assert len(torques) > 80
    newest = torques[-1]
    assert len(newest.name) == len(newest.effort) == len(newest.position) == len(newest.velocity)
    assert node.stamp_of(newest) == node.handle.ros_ns - LAG_NS
    left = node.sent('humans/bodies/b1/ground_reaction/left')
    right = node.sent('humans/bodies/b1/ground_reaction/right')
    total = left[-1].wrench.force.z + right[-1].wrench.force.z
    assert 0.5 * 75 * 9.81 < total < 1.6 * 75 * 9.81
    assert {link.child for link in node.handle.broadcasts} == {
        'left_contact_b1',
        'right_contact_b1',
    }


def test_the_wearers_topics_carry_the_same_messages(rig):
    node = rig()
    node.play(1.0, bodies=(4, 7))
    own, wearer = (
        node.sent('humans/bodies/b4/joint_torques'),
        node.sent('humans/wearer/joint_torques'),
    )
    assert [m.effort.tolist() for m in own] == [m.effort.tolist() for m in wearer]
    assert len(node.sent('humans/bodies/b7/joint_torques')) > 30


def test_on_silence_torques_fade_and_stop_while_estimates_go_on_as_invalid(rig):
    node = rig()
    node.play(2.0)
    before = len(node.sent('humans/wearer/joint_torques'))
    last = node.sent('humans/wearer/joint_torques')[-1]
    node.wait(1.0)
    torques = node.sent('humans/wearer/joint_torques')
    sizes = [np.abs(message.effort).max() for message in torques[before:]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.2 * np.abs(last.effort).max()
    stopped = len(torques)
    estimates = node.sent('humans/wearer/joint_estimates')
    node.wait(1.0)
    assert len(torques) == stopped
    assert node.valid_of(estimates[-1]) == 0.0
    assert node.stamp_of(estimates[-1]) == node.stamp_of(last)
    ages = [message.interface_values[0].values[4] for message in estimates[-20:]]
    assert ages == sorted(ages)
    assert ages[-1] > 1900.0


def test_input_that_comes_back_is_valid_again_and_rises_from_zero(rig):
    node = rig()
    node.play(1.5)
    node.wait(2.0)
    silent = len(node.sent('humans/wearer/joint_torques'))
    node.play(1.0)
    again = node.sent('humans/wearer/joint_torques')[silent:]
    assert len(again) > 20


def test_nothing_is_built_for_topics_nobody_reads(rig, monkeypatch):
    node = rig()
    node.play(0.5)
    for publisher in node.handle.publishers.values():
        publisher.subscribers = 0
        publisher.sent.clear()
    built = []
    monkeypatch.setattr(node.handle, 'message', lambda *a, **k: built.append(a))
    for _ in range(50):
        node.wait(0.02)
        frame = dataclasses.replace(node.frames[node.next], stamp_ns=node.stamp_ns())
        node.next += 1
        node.node._frames((frame,))
    assert built == []


def test_the_type_is_taken_from_the_graph(rig):
    node = rig(input_type='auto')
    assert node.handle.subscriptions == []
    node.wait(1.5)
    assert 'waiting for a publisher on /skeletons' in node.health()[1]
    node.handle.graph = {'/skeletons': ('geometry_msgs/msg/PoseArray',)}
    node.wait(0.1)
    assert [s.type_name for s in node.handle.subscriptions] == ['geometry_msgs/msg/PoseArray']


def test_a_clock_that_is_set_to_the_skeletons_keeps_them(rig):
    # `ros2 bag play --clock` runs ahead, then begins anew just as the first skeletons arrive.
    once, twice = rig(), rig()
    once.play(1.0)
    twice.play(0.1)
    twice.handle.jumped(-SECOND)
    twice.play(0.9)
    assert not [text for _, text in twice.handle.logged if 'jumped' in text]
    one, two = (node.sent('humans/wearer/joint_torques') for node in (once, twice))
    assert len(one) == len(two) > 10
    np.testing.assert_array_equal(one[-1].effort, two[-1].effort)


def test_somebody_who_leaves_is_erased_and_may_come_back(rig):
    node = rig()
    node.play(1.0, bodies=(1, 2))
    first = node.handle.publishers['/humans/bodies/b2/joint_torques']
    drawn = node.sent('humans/bodies/b2/markers')
    node.play(2.0, bodies=(1,))
    node.wait(12.0)
    assert first.closed
    assert {marker.action for marker in drawn[-1].markers} == {2}
    node.play(1.0, bodies=(1, 2))
    assert len(node.sent('humans/bodies/b2/joint_torques')) > 20
    assert not node.handle.publishers['/humans/bodies/b2/joint_torques'].closed


def test_a_change_of_mass_is_taken_over_and_an_impossible_one_is_refused(rig):
    node = rig(mass=60.0)
    node.play(2.0)
    assert node.handle.change(mass=90.0) == ''
    assert 'parameter mass = ' in node.handle.change(mass=0.0)
    node.play(2.0)

    feet = [node.sent(f'humans/wearer/ground_reaction/{side}') for side in ('left', 'right')]
    total = sum(np.array([message.wrench.force.z for message in foot]) for foot in feet)
    assert total[-75:].mean() / total[:75].mean() == pytest.approx(90.0 / 60.0, rel=0.15)
    assert node.handle.change(mass=math.nan) == ''


def test_y_up_input_is_answered_in_a_frame_with_z_up_that_tf_knows(rig):
    flat, tipped = rig(), rig(up='Y')
    flat.play(1.0)

    def tip(frame):
        x, y, z = frame.points.T
        return dataclasses.replace(frame, points=np.stack([x, z, -y], axis=-1), frame_id='camera')

    tipped.play(1.0, change=tip)
    newest = tipped.sent('humans/wearer/joint_torques')[-1]
    assert newest.header.frame_id == 'camera_z_up'
    np.testing.assert_allclose(
        newest.effort, flat.sent('humans/wearer/joint_torques')[-1].effort, atol=0.05
    )
    links = [link for link in tipped.handle.broadcasts if link.child == 'camera_z_up']
    assert links[-1].parent == 'camera'
    np.testing.assert_allclose(
        links[-1].rotation_quat_xyzw, (-math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)), atol=1e-12
    )


def test_a_world_frame_is_reached_by_tf_and_its_absence_is_told(rig):
    node = rig(world_frame='map')
    node.play(1.5)
    assert "no transform from 'world' to 'map'" in node.health()[1]
    assert '/humans/bodies/b1/joint_torques' not in node.handle.publishers
    quarter = (0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5))
    node.handle.transforms['map', 'world'] = Transform(
        'map', 'world', 0, (10.0, 20.0, 0.0), quarter
    )
    node.play(1.0)
    newest = node.sent('humans/wearer/joint_torques')[-1]
    assert newest.header.frame_id == 'map'
    link = [each for each in node.handle.broadcasts if each.child == 'left_contact_b1'][-1]
    assert link.parent == 'map'
    assert np.hypot(link.translation[0] - 10.0, link.translation[1] - 20.0) < 6.0


def test_diagnostics_tell_rate_latency_age_drops_format_and_assumptions(rig):
    node = rig(mass=math.nan)
    node.play(3.0)
    level, text, values = node.health()
    assert (level, text) == (messages.OK, 'running')
    assert float(values['rate_hz']) == pytest.approx(50.0, abs=1.0)
    assert (values['dropped'], values['refused']) == ('0', '0')
    assert (values['format'], values['engine']) == ('smpl_24', 'physics')
    assert float(values['age_ms_p50']) == pytest.approx(LAG_NS * 1e-6, abs=5.0)
    assert {'latency_ms_p50', 'latency_ms_p99', 'age_ms_p99'} <= values.keys()
    body = node.sent('diagnostics')[-1].status[1]
    assumptions = ' '.join(pair.value for pair in body.values if 'assumption' in pair.key)
    assert 'mass' in assumptions


def test_diagnostics_come_once_a_second_and_only_to_readers(rig):
    node = rig()
    periods = sorted(period for period, _, steady in node.handle.timers if steady)
    assert periods == [0.02, 0.5, 1.0]
    node.handle.publishers['/diagnostics'].subscribers = 0
    node.wait(0.1)
    assert node.sent('diagnostics') == []


def test_markers_come_at_no_more_than_their_rate(rig):
    node = rig()
    node.play(2.0)
    assert 15 <= len(node.sent('humans/wearer/markers')) <= 21


def test_every_joint_of_the_canonical_skeleton_is_drawn(rig):
    node = rig()
    node.play(0.5)
    joints = next(m for m in node.sent('humans/wearer/markers')[-1].markers if m.id == 1)
    assert len(joints.points) == len(CANONICAL.joints)


def test_a_source_without_tf_is_placed_by_a_pose(rig):
    node = rig(world_frame='room', pose='1 2 0 0 0 0.7071068 0.7071068')
    node.play(1.0)
    torques = node.sent('humans/wearer/joint_torques')
    assert torques[-1].header.frame_id == 'room'
    assert node.health()[0] == 0


@pytest.mark.parametrize('pose', ['1 2 3', '0 0 0 0 0 0 0', 'here', '0 0 nan 0 0 0 1'])
def test_a_pose_that_is_none_is_refused_with_an_example(rig, pose):
    with pytest.raises(ConfigError, match='seven numbers'):
        rig(world_frame='room', pose=pose)
