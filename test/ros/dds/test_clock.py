"""ROS time and timers, without a wire."""

import time

import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.dds.clock import RosClock, Timers

SECOND = 10**9


@pytest.fixture
def clock():
    made = RosClock()
    made.simulate(True)
    return made


def test_the_system_clock_is_the_default():
    assert abs(RosClock().now_ns() - time.time_ns()) < SECOND


def test_forward_steps_are_no_jumps_and_backward_ones_are(clock):
    jumps = []
    clock.on_jump(jumps.append)
    for second in (5, 6, 100, 60, 61):
        clock.tick(second * SECOND)
    assert clock.now_ns() == 61 * SECOND
    assert jumps == [-40 * SECOND]


def test_changing_the_source_is_a_jump(clock):
    jumps = []
    clock.on_jump(jumps.append)
    clock.simulate(True)
    assert jumps == []
    clock.simulate(False)
    assert len(jumps) == 1
    assert jumps[0] > 10**18


def test_a_timer_fires_once_per_period_and_skips_what_it_missed(clock):
    timers, ticks = Timers(clock), []
    clock.tick(10 * SECOND)
    timers.add(1.0, lambda: ticks.append(clock.now_ns()), steady=False)
    for tenth in range(100, 131):
        clock.tick(tenth * SECOND // 10)
        timers.serve()
    assert ticks == [11 * SECOND, 12 * SECOND, 13 * SECOND]
    clock.tick(20 * SECOND + 1)
    assert timers.serve()
    assert not timers.serve()
    assert len(ticks) == 4


def test_a_timer_starts_again_when_time_goes_back(clock):
    timers, ticks = Timers(clock), []
    clock.tick(100 * SECOND)
    timers.add(1.0, lambda: ticks.append(clock.now_ns()), steady=False)
    clock.tick(50 * SECOND)
    timers.serve()
    assert ticks == []
    clock.tick(51 * SECOND)
    timers.serve()
    assert ticks == [51 * SECOND]


def test_simulated_time_never_ends_a_wait(clock):
    timers = Timers(clock)
    timers.add(0.001, lambda: None, steady=False)
    assert timers.due_in_ns() is None
    timers.add(10.0, lambda: None, steady=True)
    assert 9 * SECOND < timers.due_in_ns() <= 10 * SECOND


def test_a_cancelled_timer_is_silent_even_when_cancelled_by_its_neighbour(clock):
    timers, ticks = Timers(clock), []
    clock.tick(SECOND)
    others = []
    first = timers.add(1.0, lambda: [item.cancel() for item in others], steady=False)
    others.append(timers.add(1.0, lambda: ticks.append(1), steady=False))
    clock.tick(3 * SECOND)
    timers.serve()
    first.cancel()
    clock.tick(9 * SECOND)
    assert not timers.serve()
    assert ticks == []


@pytest.mark.parametrize('period', [0.0, -1.0])
def test_a_period_must_be_positive(clock, period):
    with pytest.raises(ConfigError, match='period'):
        Timers(clock).add(period, lambda: None, steady=True)
