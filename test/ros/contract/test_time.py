"""Timers, simulated time and its jumps."""

import time

CLOCK = 'rosgraph_msgs/msg/Clock'
SIMULATED = ('--ros-args', '-p', 'use_sim_time:=true')


def tell(peer, second):
    peer.publish(key='clock', kind=CLOCK, clock={'sec': second, 'nanosec': 500})


def clock(start, implementation, listener, eventually):
    """Start a peer that is the clock of another."""
    peer = start(implementation)
    peer.publisher(key='clock', kind=CLOCK, topic='/clock', depth=10)
    eventually(lambda: peer.matched(key='clock'), 'the listener')
    assert listener.parameter(name='use_sim_time') is True
    return peer


def test_ros_time_is_the_system_clock_by_default(implementation, start):
    assert abs(start(implementation).now() - time.time_ns()) < 5e9


def test_steady_timers_keep_their_period(implementation, start):
    peer = start(implementation)
    peer.timer(key='t', period_s=0.02, steady=True)
    time.sleep(1.0)
    ticks = peer.received(key='t')
    assert 0.018 < (ticks[-1] - ticks[0]) / (len(ticks) - 1) < 0.025
    peer.cancel(key='t')
    count = len(peer.received(key='t'))
    time.sleep(0.2)
    assert len(peer.received(key='t')) == count


def test_simulated_time_follows_the_clock_topic(implementation, start, eventually):
    peer = start(implementation, *SIMULATED)
    assert peer.now() == 0
    source = clock(start, implementation, peer, eventually)
    tell(source, 12)
    eventually(lambda: peer.now() == 12_000_000_500, 'the first clock message')


def test_ros_timers_stand_still_with_simulated_time_and_steady_ones_do_not(
    implementation, start, eventually
):
    peer = start(implementation, *SIMULATED)
    source = clock(start, implementation, peer, eventually)
    tell(source, 10)
    eventually(lambda: peer.now() > 10**10, 'the clock')
    peer.timer(key='ros', period_s=1.0, steady=False)
    peer.timer(key='steady', period_s=0.05, steady=True)
    eventually(lambda: len(peer.received(key='steady')) > 4, 'steady ticks')
    assert peer.received(key='ros') == []
    for second in (11, 12, 13):
        tell(source, second)
        eventually(lambda second=second: peer.now() > second * 10**9, 'the clock')
    eventually(lambda: len(peer.received(key='ros')) >= 2, 'ticks of simulated time')
    assert len(peer.received(key='ros')) <= 3


def test_only_jumps_backwards_are_reported(implementation, start, eventually):
    peer = start(implementation, *SIMULATED)
    peer.watch_jumps(key='jumps')
    source = clock(start, implementation, peer, eventually)
    for second in (50, 51, 90, 20):
        tell(source, second)
        eventually(lambda second=second: peer.now() == second * 10**9 + 500, 'the clock')
    assert peer.received(key='jumps') == [-70 * 10**9]


def test_a_change_of_the_time_source_is_reported(implementation, start, eventually):
    peer = start(implementation)
    peer.watch_jumps(key='jumps')
    other = start(implementation, '--ros-args', '-r', '__node:=other')
    results = other.call(
        kind='rcl_interfaces/srv/SetParameters',
        name='/peer/set_parameters',
        parameters=[{'name': 'use_sim_time', 'value': {'type': 1, 'bool_value': True}}],
    )
    assert results['results'][0]['successful'] is True
    eventually(lambda: len(peer.received(key='jumps')) == 1, 'the jump')
    assert peer.now() == 0
