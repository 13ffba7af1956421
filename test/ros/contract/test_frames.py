"""Frames: broadcasting, interpolation, the tree, and time that goes backwards."""

import math

import pytest

SECOND = 10**9
STILL = [0, 0, 0, 1]
QUARTER = [0, 0, math.sin(math.pi / 4), math.cos(math.pi / 4)]


def place(peer, target, source, stamp_ns):
    found = peer.look_up(target=target, source=source, stamp_ns=stamp_ns)
    return found and found[1:]


def listen(peer, sender, eventually):
    """Start the peer's listener and wait until the sender's /tf reaches it."""
    sender.broadcast(parent='q', child='r', stamp_ns=SECOND, place=[0, 0, 0], turn=STILL)

    def known():
        sender.broadcast(parent='q', child='r', stamp_ns=SECOND, place=[0, 0, 0], turn=STILL)
        return peer.look_up(target='q', source='r', stamp_ns=SECOND)

    eventually(known, 'the first frame')


def test_frames_are_interpolated_and_chained(pair, eventually):
    alice, bob = pair
    listen(bob, alice, eventually)
    for stamp, x, turn in ((10, 1.0, STILL), (12, 3.0, QUARTER)):
        alice.broadcast(
            parent='world', child='torso', stamp_ns=stamp * SECOND, place=[x, 0, 0], turn=turn
        )
        alice.broadcast(
            parent='torso', child='camera', stamp_ns=stamp * SECOND, place=[0, 1, 0], turn=STILL
        )
    eventually(lambda: place(bob, 'world', 'camera', 12 * SECOND), 'both frames')
    eighth = math.pi / 4
    expected = [2.0 - math.sin(eighth), math.cos(eighth), 0.0]
    expected += [0.0, 0.0, math.sin(eighth / 2), math.cos(eighth / 2)]
    assert place(bob, 'world', 'camera', 11 * SECOND) == pytest.approx(expected, abs=1e-9)
    back = place(bob, 'camera', 'world', 11 * SECOND)
    assert back[5:] == pytest.approx([-math.sin(eighth / 2), math.cos(eighth / 2)], abs=1e-9)
    latest = bob.look_up(target='world', source='torso', stamp_ns=0)
    assert latest[:2] == [12 * SECOND, 3.0]


def test_nothing_is_guessed_outside_what_is_known(pair, eventually):
    alice, bob = pair
    listen(bob, alice, eventually)
    for stamp in (20, 21):
        alice.broadcast(
            parent='w', child='c', stamp_ns=stamp * SECOND, place=[1, 0, 0], turn=STILL
        )
    eventually(lambda: place(bob, 'w', 'c', 21 * SECOND), 'the frame')
    assert place(bob, 'w', 'c', 19 * SECOND) is None
    assert place(bob, 'w', 'c', 22 * SECOND) is None
    assert place(bob, 'w', 'nobody', 21 * SECOND) is None
    assert place(bob, 'r', 'c', 21 * SECOND) is None


def test_static_frames_hold_for_ever(pair, eventually):
    alice, bob = pair
    kind = 'tf2_msgs/msg/TFMessage'
    alice.publisher(key='static', kind=kind, topic='/tf_static', latched=True)
    alice.publish(
        key='static',
        kind=kind,
        transforms=[
            {
                'header': {'stamp': {'sec': 5}, 'frame_id': 'base'},
                'child_frame_id': 'lens',
                'transform': {'translation': {'z': 0.5}},
            }
        ],
    )
    eventually(lambda: place(bob, 'base', 'lens', 10**18), 'the static frame')
    assert place(bob, 'base', 'lens', 10**18) == [0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0]


def test_a_jump_of_time_backwards_forgets_what_moved(implementation, start, eventually):
    peer = start(implementation, '--ros-args', '-p', 'use_sim_time:=true')
    source = start(implementation, '--ros-args', '-r', '__node:=source')
    kind = 'rosgraph_msgs/msg/Clock'
    source.publisher(key='clock', kind=kind, topic='/clock')
    eventually(lambda: source.matched(key='clock'), 'the listener of /clock')
    source.publish(key='clock', kind=kind, clock={'sec': 100})
    eventually(lambda: peer.now() == 100 * SECOND, 'the clock')
    listen(peer, source, eventually)
    source.broadcast(parent='w', child='c', stamp_ns=99 * SECOND, place=[1, 0, 0], turn=STILL)
    eventually(lambda: place(peer, 'w', 'c', 99 * SECOND), 'the frame')
    source.publish(key='clock', kind=kind, clock={'sec': 40})
    eventually(lambda: peer.now() == 40 * SECOND, 'the jump')
    assert place(peer, 'w', 'c', 99 * SECOND) is None
    source.broadcast(parent='w', child='c', stamp_ns=40 * SECOND, place=[2, 0, 0], turn=STILL)
    eventually(lambda: place(peer, 'w', 'c', 40 * SECOND), 'the frame after the jump')
