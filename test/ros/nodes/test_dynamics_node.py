import dataclasses
import math

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, SkeletonError, StreamError
from humandyn_ros.quantities import CANONICAL, Skeleton
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Transform
from humandyn_ros.ros.nodes.dynamics_node import DynamicsNode
from humandyn_ros.sources import SOURCES, point_cloud
from humandyn_ros.synthetic import person

SECOND = 1_000_000_000
STEP = 20_000_000
CLOUD = point_cloud.TYPE


class Rig:
    """A dynamics node on a handle in memory, fed frames on a clock that only this moves."""

    def __init__(self, fake, **overrides):
        self.handle = fake(overrides={'input_type': CLOUD, 'mass': 75.0, **overrides})
        self.now_ns = 5 * SECOND
        self.ahead_ns = 0  # of the source's clock
        self.node = DynamicsNode(self.handle, lambda: self.now_ns)
        self.frames = list(person('walk', rate_hz=50.0, duration_s=6.0).frames())
        self.next = 0

    def stamp_ns(self):
        return self.handle.ros_ns + self.ahead_ns

    def wait(self, seconds):
        """Let time pass; timers run every 20 ms."""
        for _ in range(round(seconds * 1e9 / STEP)):
            self.now_ns += STEP
            self.handle.ros_ns += STEP
            self.handle.run_timers()

    def play(self, seconds, bodies=(1,), change=lambda frame: frame):
        """Send the walk on, at 50 Hz."""
        for _ in range(round(seconds * 50)):
            self.wait(0.02)
            frame = self.frames[self.next]
            self.next += 1
            self.send([
                change(dataclasses.replace(frame, stamp_ns=self.stamp_ns(), body_id=body))
                for body in bodies
            ])  # fmt: skip

    def send(self, frames):
        stamp = frames[0].stamp_ns
        frame_id = frames[0].frame_id
        self.handle.deliver(messages.skeletons(self.handle, frames, stamp, frame_id))

    def sent(self, topic):
        return self.handle.publishers[f'/{topic}'].sent

    def health(self):
        """Level, sentence and figures of the node's own diagnostics, newest."""
        status = self.sent('diagnostics')[-1].status[0]
        return status.level, status.message, {pair.key: pair.value for pair in status.values}


@pytest.fixture
def rig(fake):
    return lambda **overrides: Rig(fake, **overrides)


def stamp_of(message):
    return message.header.stamp.sec * SECOND + message.header.stamp.nanosec


def valid_of(message):
    return message.interface_values[0].values[3]


def test_torques_and_reactions_come_at_the_input_rate_about_an_instant_lag_ago(rig):
    node = rig()
    node.play(2.0)
    torques = node.sent('humans/bodies/b1/joint_torques')
    assert len(torques) > 80
    newest = torques[-1]
    assert len(newest.name) == len(newest.effort) == len(newest.position) == len(newest.velocity)
    assert stamp_of(newest) == node.handle.ros_ns - 80_000_000
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
    assert valid_of(estimates[-1]) == 0.0
    assert stamp_of(estimates[-1]) == stamp_of(last)
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


@pytest.mark.parametrize(
    'spoil',
    [
        lambda points: points * np.nan,
        lambda points: points * np.inf,
        lambda points: np.where(np.arange(24)[:, None] == 4, np.nan, points),
        lambda points: np.where(np.arange(24)[:, None] > 11, np.nan, points),
        lambda points: points * 1e30,
        lambda points: points * 0.0,
        lambda points: np.random.default_rng(0).normal(size=(24, 3)),
    ],
    ids=['nan', 'inf', 'no knee', 'no upper body', 'far', 'one point', 'noise'],
)
def test_no_input_whatever_puts_a_number_on_a_topic_that_is_not_finite(rig, spoil):
    node = rig()
    node.play(0.6)
    node.play(1.0, change=lambda f: dataclasses.replace(f, points=spoil(f.points)))
    node.play(0.6)
    checked = 0
    for topic in ('joint_torques', 'joint_estimates', 'ground_reaction/left', 'markers'):
        for message in node.sent(f'humans/bodies/b1/{topic}'):
            numbers = list(every_number(message))
            assert np.isfinite(numbers).all(), topic
            checked += len(numbers)
    for link in node.handle.broadcasts:
        assert np.isfinite(link.translation).all()
    assert checked > 1000


def every_number(message):
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


def test_a_wrong_joint_count_is_refused_in_words_and_by_count(rig):
    node = rig(format='smpl_24')
    short = dataclasses.replace(
        node.frames[0],
        skeleton=Skeleton('three', ('a', 'b', 'c'), (-1, 0, 1)),
        points=np.zeros((3, 3)),
        confidence=np.ones(3),
        stamp_ns=node.stamp_ns(),
    )
    for _ in range(100):
        node.wait(0.02)
        node.send([short])
    level, text, values = node.health()
    assert level == messages.ERROR
    assert '3 points' in text
    assert '24' in text
    assert int(values['refused']) >= 49
    warned = [text for kind, text in node.handle.logged if kind == 'warn']
    assert len(warned) == 1


def test_an_unknown_format_is_an_error_at_the_start_that_lists_the_known(fake):
    with pytest.raises(SkeletonError, match='smpl_24'):
        DynamicsNode(fake(overrides={'format': 'octopus'}))


def test_an_unknown_type_is_an_error_at_the_start_that_lists_the_known(fake):
    with pytest.raises(StreamError, match='PointCloud2'):
        DynamicsNode(fake(overrides={'input_type': 'std_msgs/msg/String'}))


@pytest.mark.parametrize('mass', [0.0, -1.0, 500.0])
def test_an_impossible_mass_is_an_error_at_the_start(fake, mass):
    with pytest.raises(ConfigError, match='mass_kg'):
        DynamicsNode(fake(overrides={'mass': mass}))


def test_the_type_is_taken_from_the_graph(rig):
    node = rig(input_type='auto')
    assert node.handle.subscriptions == []
    node.wait(1.5)
    assert 'waiting for a publisher on /skeletons' in node.health()[1]
    node.handle.graph = {'/skeletons': ('geometry_msgs/msg/PoseArray',)}
    node.wait(0.1)
    assert [s.type_name for s in node.handle.subscriptions] == ['geometry_msgs/msg/PoseArray']


def test_a_topic_of_another_type_is_named_with_the_supported_ones(rig):
    node = rig(input_type='auto')
    node.handle.graph = {'/skeletons': ('std_msgs/msg/String',)}
    node.wait(1.5)
    level, text, _ = node.health()
    assert level == messages.ERROR
    assert 'std_msgs/msg/String' in text
    assert all(name in text for name in SOURCES)


def test_a_topic_of_another_type_than_the_named_one_is_told(rig):
    node = rig()
    node.handle.subscriptions[0].publishers = 0
    node.handle.graph = {'/skeletons': (CLOUD, 'geometry_msgs/msg/PoseArray')}
    node.wait(1.5)
    assert 'carries geometry_msgs/msg/PoseArray' in node.health()[1]


def test_stamps_far_in_the_future_are_told_and_ages_stay_sensible(rig):
    node = rig()
    node.ahead_ns = 3600 * SECOND
    node.play(2.0)
    level, text, values = node.health()
    assert level == messages.WARN
    assert '3600.0 s ahead' in text
    assert values['clocks_agree'] == 'false'
    assert len(node.sent('humans/wearer/joint_torques')) > 50
    assert valid_of(node.sent('humans/wearer/joint_estimates')[-1]) == 1.0
    assert node.sent('humans/wearer/joint_estimates')[-1].interface_values[0].values[4] < 200.0


def test_stamps_that_fall_back_start_the_filter_afresh_and_torques_return(rig):
    node = rig()
    node.play(1.0)
    node.ahead_ns = -20 * SECOND
    node.play(1.5)
    newest = node.sent('humans/wearer/joint_torques')[-1]
    assert stamp_of(newest) == node.handle.ros_ns - 20 * SECOND - 80_000_000


def test_repeated_stamps_change_nothing(rig):
    once, twice = rig(), rig()
    once.play(1.0)
    twice.play(1.0)
    repeated = dataclasses.replace(twice.frames[49], stamp_ns=twice.stamp_ns())
    before = len(twice.sent('humans/wearer/joint_torques'))
    for _ in range(5):
        twice.send([repeated])
    assert len(twice.sent('humans/wearer/joint_torques')) == before
    np.testing.assert_array_equal(
        twice.sent('humans/wearer/joint_torques')[-1].effort,
        once.sent('humans/wearer/joint_torques')[-1].effort,
    )


def test_a_jump_of_ros_time_is_said_and_survived(rig):
    node = rig()
    node.play(1.0)
    node.handle.ros_ns -= 30 * SECOND
    node.handle.jumped(-30 * SECOND)
    node.play(1.5)
    assert any('jumped by -30' in text for _, text in node.handle.logged)
    assert valid_of(node.sent('humans/wearer/joint_estimates')[-1]) == 1.0


def test_a_clock_that_is_set_to_the_skeletons_keeps_them(rig):
    # `ros2 bag play --clock` runs ahead, then begins anew just as the first skeletons arrive.
    once, twice = rig(), rig()
    once.play(0.5)
    twice.play(0.1)
    twice.handle.jumped(-SECOND)
    twice.play(0.4)
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
    assert 'mass_kg' in node.handle.change(mass=0.0)
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


def tipped(frame):
    x, y, z = frame.points.T
    return dataclasses.replace(frame, points=np.stack([x, z, -y], axis=-1))


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda f: dataclasses.replace(f, points=1000.0 * f.points), 'millimetres'),
        (tipped, 'set up to Y'),
    ],
    ids=['millimetres', 'y up'],
)
def test_a_wrong_unit_or_axis_is_told_with_the_remedy(rig, change, words):
    node = rig()
    node.play(2.0, change=change)
    level, text, _ = node.health()
    assert level == messages.WARN
    assert words in text


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
    assert float(values['age_ms_p50']) == pytest.approx(80.0, abs=5.0)
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


@pytest.mark.parametrize('rate_hz', [1.0, 1000.0])
def test_one_hertz_and_one_kilohertz_are_survived(rig, rate_hz):
    node = rig()
    frames = list(
        person('walk', rate_hz=rate_hz, duration_s=8.0 if rate_hz == 1 else 0.5).frames()
    )
    start, ros = node.now_ns, node.handle.ros_ns
    for frame in frames:
        elapsed = node.now_ns - start
        if frame.stamp_ns - elapsed > STEP:
            node.wait((frame.stamp_ns - elapsed) * 1e-9)
        node.send([dataclasses.replace(frame, stamp_ns=ros + frame.stamp_ns)])
    estimates = node.handle.publishers.get('/humans/wearer/joint_estimates')
    for message in estimates.sent:
        assert np.isfinite(list(every_number(message))).all()
    node.wait(1.5)
    assert node.health()[2]['received'] == str(len(frames))


def test_every_joint_of_the_canonical_skeleton_is_drawn(rig):
    node = rig()
    node.play(0.5)
    joints = next(m for m in node.sent('humans/wearer/markers')[-1].markers if m.id == 1)
    assert len(joints.points) == len(CANONICAL.joints)
