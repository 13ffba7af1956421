"""Nodes in processes of their own, spoken to over the real wire on loopback."""

import dataclasses
import importlib.util
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from humandyn_ros.bags import write_skeletons
from humandyn_ros.quantities import Skeleton, SkeletonFrame
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

SECOND = 1_000_000_000
PATIENCE_S = 20.0
LEFT_S = 0.5  # after which the shared node takes a body for gone


@pytest.fixture(scope='module', autouse=True)
def own_domain():
    """A domain that no other test and no robot in the room is on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(80 + os.getpid() % 20))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        embedded = importlib.util.find_spec('cyclonedds') is not None
        patch.setenv('HUMANDYN_HANDLE', 'dds' if embedded else 'rclpy')
        yield


class Process:
    """One node."""

    def __init__(self, node, *parameters, name=None):
        arguments = [part for parameter in parameters for part in ('-p', parameter)]
        arguments += ['-r', f'__node:={name}'] if name else []
        self.process = subprocess.Popen(
            [sys.executable, '-m', f'humandyn_ros.ros.nodes.{node}', '--ros-args', *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def stop(self):
        """Ctrl-C; returns the exit status and everything said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        output = self.process.communicate(timeout=PATIENCE_S)[0]
        return self.process.returncode, output


class Peer:
    """Our own node: publishes skeletons and keeps everything it hears."""

    def __init__(self):
        self.handle = open_handle('peer', args=[])
        self.heard = {}
        self.skeletons = None

    def advertise(self, type_name=messages.POINT_CLOUD):
        self.skeletons = self.handle.publisher(type_name, 'skeletons', Qos(depth=50))

    def listen(self, topic, type_name):
        heard = self.heard[topic] = []
        self.handle.subscription(type_name, topic, heard.append, Qos(depth=200))
        return heard

    def listen_to_body(self, body):
        prefix = f'humans/bodies/b{body}'
        return (
            self.listen(f'{prefix}/joint_torques', messages.JOINT_STATE),
            self.listen(f'{prefix}/joint_estimates', messages.DYNAMIC_JOINT_STATE),
        )

    def until(self, ready, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, 'waited in vain'
            self.handle.spin_once(0.02)

    def send(self, *frames, stamp_ns=None):
        stamp = self.handle.now_ns() if stamp_ns is None else stamp_ns
        stamped = [dataclasses.replace(frame, stamp_ns=stamp) for frame in frames]
        message = messages.skeletons(self.handle, stamped, stamp, 'world')
        self.skeletons.publish(message)

    def stream(self, seconds, make, rate_hz=50.0):
        """Send what make(step) gives at a rate; it returns frames, or frames and a stamp."""
        start = time.monotonic()
        for step in range(round(seconds * rate_hz)):
            made = make(step)
            frames, stamp = made if isinstance(made[0], tuple) else (made, None)
            self.send(*frames, stamp_ns=stamp)
            self.handle.spin_once(0.0)  # a sender that is late must hear too
            while (left := start + (step + 1) / rate_hz - time.monotonic()) > 0:
                self.handle.spin_once(left)


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.handle.shutdown()


@pytest.fixture(scope='module')
def node():
    """A dynamics node that many tests send different bodies to."""
    process = Process('dynamics_node', 'mass:=75.0', f'left_s:={LEFT_S}', 'max_people:=50')
    yield process
    status, output = process.stop()
    assert status == 0, output
    assert 'Traceback' not in output


WALK = list(person('walk', rate_hz=50.0, duration_s=8.0).frames())


def body(number, step, **changes):
    return dataclasses.replace(WALK[step % len(WALK)], body_id=number, **changes)


def ready(peer, node):
    """Have skeletons on the way to a node that listens and has seen everybody else leave.

    All bodies here have the same limbs: one that follows another at once, at the same place, is
    rightly taken for the same person under a new number.
    """
    peer.advertise()
    peer.until(lambda: peer.skeletons.subscribers > 0)
    time.sleep(LEFT_S + 0.2)


def finite(torques):
    return all(np.isfinite(message.effort).all() for message in torques)


def test_skeletons_from_one_process_become_torques_from_another(peer):
    torques = peer.listen('humans/wearer/joint_torques', messages.JOINT_STATE)
    left = peer.listen('humans/wearer/ground_reaction/left', messages.WRENCH_STAMPED)
    right = peer.listen('humans/wearer/ground_reaction/right', messages.WRENCH_STAMPED)
    links = peer.listen('/tf', 'tf2_msgs/msg/TFMessage')
    answering = Process('dynamics_node', 'mass:=75.0')
    playing = Process(
        'source_node', 'source:=synthetic:walk', 'rate_hz:=50.0', 'wait_for_subscribers:=1'
    )
    peer.until(lambda: len(torques) > 150)
    assert playing.stop()[0] == 0
    assert answering.stop()[0] == 0
    stamps = np.array([stamp_of(message) for message in torques])
    steps = np.diff(stamps)
    assert np.median(steps) == 20_000_000
    assert finite(torques)
    assert len({name for message in torques for name in message.name}) == len(torques[0].name)
    both = {m.header.stamp.nanosec: m.wrench.force.z for m in left}
    total = [both[m.header.stamp.nanosec] + m.wrench.force.z for m in right
             if m.header.stamp.nanosec in both]  # fmt: skip
    assert np.mean(total) == pytest.approx(75.0 * 9.81, rel=0.1)
    assert {link.child_frame_id for m in links for link in m.transforms} == {
        'left_contact_b1',
        'right_contact_b1',
    }


def played(peer, bag):
    """Torques that a bag gives, by the instant they are about."""
    torques = peer.listen('humans/wearer/joint_torques', messages.JOINT_STATE)
    answering = Process('dynamics_node', 'mass:=75.0')
    playing = Process(
        'source_node', f'source:={bag}', 'wait_for_subscribers:=1', 'stamps:=recorded'
    )
    assert playing.process.wait(timeout=PATIENCE_S) == 0
    peer.until(lambda: len(torques) > 50)
    assert answering.stop()[0] == 0
    return {stamp_of(message): message.effort for message in torques}


def stamp_of(message):
    return message.header.stamp.sec * SECOND + message.header.stamp.nanosec


def test_the_same_bag_twice_gives_the_same_numbers(peer, tmp_path):
    walk = person('walk', rate_hz=25.0, duration_s=3.0, noise_m=0.005)
    write_skeletons(tmp_path / 'walk', [walk])
    first, second = played(peer, tmp_path / 'walk'), played(peer, tmp_path / 'walk')
    shared = first.keys() & second.keys()
    assert len(shared) > 40
    for stamp in shared:
        np.testing.assert_array_equal(first[stamp], second[stamp])


def test_a_wrong_joint_count_is_told_on_diagnostics_and_good_input_then_works(peer, node):
    health = peer.listen('/diagnostics', messages.DIAGNOSTIC_ARRAY)
    torques, _ = peer.listen_to_body(11)
    ready(peer, node)
    three = Skeleton('three', ('a', 'b', 'c'), (-1, 0, 1))
    wrong = SkeletonFrame(0, 'world', 11, three, np.zeros((3, 3)), np.ones(3))
    peer.stream(1.5, lambda step: (wrong,))
    said = [status.message for array in health for status in array.status]
    assert any('3 points' in text and '24' in text for text in said)
    assert torques == []
    peer.stream(2.0, lambda step: (body(11, step),))
    assert len(torques) > 20


@pytest.mark.parametrize(
    ('number', 'points'),
    [
        (21, np.full((24, 3), np.nan)),
        (22, np.full((24, 3), np.inf)),
        (23, np.full((24, 3), 3e38)),
        (24, np.zeros((24, 3))),
    ],
)
def test_points_that_nobody_can_have_silence_torques_and_never_become_nan(
    peer, node, number, points
):
    torques, estimates = peer.listen_to_body(number)
    ready(peer, node)
    peer.stream(1.5, lambda step: (body(number, step),))
    good = len(torques)
    assert good > 20
    peer.stream(1.0, lambda step: (body(number, step, points=points),))
    before = len(torques)
    peer.stream(0.4, lambda step: (body(number, step, points=points),))
    assert len(torques) == before
    assert estimates[-1].interface_values[0].values[3] == 0.0
    peer.stream(1.5, lambda step: (body(number, step),))
    assert len(torques) > before + 20
    assert finite(torques)
    assert all(np.isfinite(v.values).all() for m in estimates for v in m.interface_values)


def test_stamps_repeated_backwards_and_in_the_future_are_survived(peer, node):
    torques, _ = peer.listen_to_body(31)
    ready(peer, node)
    peer.stream(1.0, lambda step: (body(31, step),))
    now = peer.handle.now_ns()
    for shift in (0, -3600 * SECOND, 3600 * SECOND, 0, -SECOND // 2):
        peer.stream(0.2, lambda step: ((body(31, 0),), now + shift))  # noqa: B023
        heard = len(torques)
        peer.stream(1.5, lambda step: (body(31, step),))
        assert len(torques) > heard + 20, f'silent after stamps moved by {shift * 1e-9} s'
    assert finite(torques)


def test_one_kilohertz_is_answered_and_one_hertz_is_told(peer, node):
    fast = list(person('stand', rate_hz=1000.0, duration_s=2.2).frames())
    torques, _ = peer.listen_to_body(41)
    health = peer.listen('/diagnostics', messages.DIAGNOSTIC_ARRAY)
    ready(peer, node)
    start = peer.handle.now_ns()
    peer.stream(
        2.0,
        lambda step: (
            (dataclasses.replace(fast[step], body_id=41),), start + fast[step].stamp_ns
        ),
        rate_hz=1000.0,
    )  # fmt: skip
    assert len(torques) > 20
    time.sleep(1.0)
    health.clear()
    peer.stream(7.0, lambda step: (body(41, 50 * step),), rate_hz=1.0)
    said = [status.message for array in health for status in array.status]
    assert any('below 12 Hz' in text for text in said), said
    assert finite(torques)


def test_two_people_are_answered_apart_and_one_may_leave_and_come_back(peer, node):
    stays, _ = peer.listen_to_body(51)
    leaves, estimates = peer.listen_to_body(52)
    ready(peer, node)
    aside = np.array([0.0, 2.0, 0.0])

    def both(step):
        other = body(52, step + 20)
        return body(51, step), dataclasses.replace(other, points=other.points + aside)

    peer.stream(1.5, both)
    assert len(stays) > 20
    assert len(leaves) > 20
    heard, gone = len(stays), len(leaves)
    peer.stream(2.0, lambda step: (body(51, step),))
    assert len(stays) > heard + 50
    assert len(leaves) - gone < 30
    assert estimates[-1].interface_values[0].values[3] == 0.0
    gone = len(leaves)
    peer.stream(1.5, both)
    assert len(leaves) > gone + 20


def test_a_topic_of_an_unknown_type_is_named_with_the_supported_ones(peer):
    health = peer.listen('/diagnostics', messages.DIAGNOSTIC_ARRAY)
    peer.advertise('std_msgs/msg/String')
    waiting = Process('dynamics_node', name='waiting')

    def told():
        said = [s.message for array in health for s in array.status if 'waiting:' in s.name]
        return any('std_msgs/msg/String' in text and 'PointCloud2' in text for text in said)

    peer.until(told)
    status, output = waiting.stop()
    assert status == 0, output
    assert 'holds no skeletons' in output


@pytest.mark.parametrize(
    ('node_name', 'parameter', 'words'),
    [
        ('dynamics_node', 'format:=octopus', 'smpl_24'),
        ('dynamics_node', 'mass:=0.0', 'parameter mass'),
        ('dynamics_node', 'mass:=heavy', 'mass'),
        ('dynamics_node', 'input_type:=std_msgs/msg/String', 'PointCloud2'),
        ('source_node', 'source:=nowhere.trc', 'nowhere.trc'),
        ('source_node', 'source:=synthetic:moonwalk', 'moonwalk'),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_node_with_status_2(node_name, parameter, words):
    process = Process(node_name, parameter)
    output = process.process.communicate(timeout=PATIENCE_S)[0]
    assert process.process.returncode == 2
    assert words in output
    assert 'Traceback' not in output
