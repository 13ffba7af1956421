import pytest

from humandyn_ros.ros.health import Health
from humandyn_ros.ros.messages import ERROR, OK, STALE, WARN

SECOND = 1_000_000_000


def fed(rate_hz, count, skip=()):
    """Health after `count` frames at a rate, some of them lost on the way."""
    health = Health()
    for i in range(count):
        if i not in skip:
            at = SECOND + round(i * SECOND / rate_hz)
            health.message_received(at, 5 * at)
    return health, SECOND + round((count - 1) * SECOND / rate_hz)


@pytest.mark.parametrize('rate_hz', [1.0, 30.0, 100.0])
def test_the_rate_of_a_steady_stream_is_found(rate_hz):
    health, now = fed(rate_hz, 200)
    assert health.rate_hz(now) == pytest.approx(rate_hz, rel=0.01)


def test_nothing_is_dropped_from_a_steady_stream():
    assert fed(100.0, 300)[0].dropped == 0


def test_missing_frames_are_counted_from_the_stamps():
    assert fed(100.0, 300, skip={50, 100, 101, 102})[0].dropped == 4


def test_a_stream_that_restarts_hours_later_has_dropped_nothing():
    health, now = fed(100.0, 50)
    health.message_received(now + SECOND, 5 * now + 3600 * SECOND)
    health.message_received(now + 2 * SECOND, 7)
    assert health.dropped == 0


def test_percentiles_of_latency_and_age_are_reported():
    health, now = fed(100.0, 100)
    for i in range(1, 101):
        health.estimate_published(i * 0.01, 80.0)
    values = health.report('node', now, '').values
    assert float(values['latency_ms_p50']) == pytest.approx(0.505, abs=0.01)
    assert float(values['latency_ms_p99']) == pytest.approx(0.99, abs=0.01)
    assert values['age_ms_p99'] == '80.000'
    assert values['published'] == '100'


def test_the_verdict_follows_what_arrives():
    health = Health()
    assert health.report('node', SECOND, 'waiting for x').level == STALE
    assert health.report('node', SECOND, 'waiting for x').text == 'waiting for x'
    health, now = fed(100.0, 50)
    assert (health.report('node', now, '').level, health.report('node', now, '').text) == (
        OK,
        'running',
    )
    silent = health.report('node', now + 3 * SECOND, '')
    assert silent.level == STALE
    assert '3.0 s' in silent.text


def test_a_problem_warns_while_frames_come_and_is_an_error_while_they_do_not():
    health, now = fed(100.0, 50)
    health.trouble(now, 'wrong joint count')
    report = health.report('node', now, '')
    assert (report.level, report.text) == (WARN, 'wrong joint count')
    assert health.report('node', now + 6 * SECOND, '').level == STALE
    fresh = Health()
    fresh.trouble(SECOND, 'wrong type')
    assert fresh.report('node', SECOND, '').level == ERROR
