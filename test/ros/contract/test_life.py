"""Leaving: signals, shutdown from anywhere, and what is said on the way."""

import signal
import time

import pytest


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_spin_cleanly_and_soon(implementation, start, number):
    peer = start(implementation)
    peer.send(do='spin')
    assert peer.answer() == 'spinning'
    time.sleep(0.3)
    began = time.monotonic()
    peer._process.send_signal(number)
    assert peer.answer() == 'left'
    assert time.monotonic() - began < 2.0
    peer._process.stdin.close()
    assert peer._process.wait(10) == 0
    assert 'Traceback' not in peer.errors()


def test_shutdown_from_a_callback_ends_the_spin_and_may_be_repeated(implementation, start):
    peer = start(implementation)
    assert peer.spin_then_shutdown(after_s=0.2) == 'left'


def test_a_node_that_leaves_takes_its_topics_along(pair, implementation, start, eventually):
    alice, _ = pair
    kind = 'std_msgs/msg/String'
    visitor = start(implementation, '--ros-args', '-r', '__node:=visitor')
    visitor.publisher(key='gift', kind=kind, topic='/gift')
    eventually(lambda: '/gift' in alice.topic_types(), 'the visitor on the graph')
    visitor.end()
    eventually(lambda: '/gift' not in alice.topic_types(), 'the visitor gone')


def test_two_nodes_share_a_process_and_one_may_leave(pair, implementation, start, eventually):
    alice, _ = pair
    kind = 'std_msgs/msg/String'
    key = f'/door {implementation}'
    alice.subscription(key=key, kind=kind, topic='/door')
    house = start(implementation, '--ros-args', '-r', '__node:=tenant')
    assert house.neighbour(name='guest', kind=kind, topic='/door', data='knock') >= 1
    eventually(lambda: {'data': 'knock'} in alice.received(key=key), 'the guest')
    house.publisher(key='d', kind=kind, topic='/door')
    eventually(lambda: house.matched(key='d') >= 1, 'the tenant on the topic')
    house.publish(key='d', kind=kind, data='still home')
    eventually(lambda: {'data': 'still home'} in alice.received(key=key), 'the tenant')


def test_an_idle_node_is_small(implementation, start):
    peer = start(implementation)
    for kind in ('sensor_msgs/msg/JointState', 'visualization_msgs/msg/MarkerArray'):
        peer.publisher(key=kind, kind=kind, topic=f'/{kind.rsplit("/", 1)[1]}')
    assert peer.memory() < 100  # MB, of the 200 that a whole node may take


def test_log_lines_reach_the_console_and_rosout(pair, implementation, start, eventually):
    alice, _ = pair
    alice.subscription(
        key=f'rosout {implementation}', kind='rcl_interfaces/msg/Log', topic='/rosout', depth=50
    )
    speaker = start(implementation, '--ros-args', '-r', '__ns:=/deep', '-r', '__node:=speaker')
    eventually(lambda: alice.matched(key=f'rosout {implementation}') >= 2, 'the speaker')
    speaker.log(level='debug', text='hidden')
    for _ in range(3):
        speaker.log(level='warn', text='said once', once='key')
    speaker.log(level='error', text='said always')

    def heard():
        return [
            (item['level'], item['msg'])
            for item in alice.received(key=f'rosout {implementation}')
            if item['name'] == 'deep.speaker'
        ]

    eventually(lambda: (40, 'said always') in heard(), 'the lines on /rosout')
    assert heard() == [(30, 'said once'), (40, 'said always')]
    eventually(lambda: 'said always' in speaker.errors(), 'the line on the console')
    assert 'hidden' not in speaker.errors()


def test_a_stalled_reliable_reader_does_not_stall_the_writer(pair, start, implementation):
    alice, _ = pair
    kind = 'std_msgs/msg/String'
    sleeper = start(implementation, '--ros-args', '-r', '__node:=sleeper')
    sleeper.subscription(key='s', kind=kind, topic='/stall', depth=1, reliable=True)
    alice.publisher(key='/stall', kind=kind, topic='/stall', depth=1)
    deadline = time.monotonic() + 20
    while not alice.matched(key='/stall') and time.monotonic() < deadline:
        time.sleep(0.01)
    sleeper._process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for number in range(200):
            alice.publish(key='/stall', kind=kind, data=f'{number}' * 100)
        assert time.monotonic() - began < 5.0
    finally:
        sleeper._process.send_signal(signal.SIGCONT)
