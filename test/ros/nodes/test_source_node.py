import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.ros.nodes.source_node import SourceNode
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import point_cloud

SECOND = 1_000_000_000
STEP = 5_000_000


class Rig:
    """A source node on a handle in memory, on a clock that only this moves."""

    def __init__(self, fake, **overrides):
        self.handle = fake(overrides={'source': 'synthetic:squat', 'rate_hz': 50.0, **overrides})
        self.now_ns = 7 * SECOND
        self.node = SourceNode(self.handle, lambda: self.now_ns)

    def wait(self, seconds):
        for _ in range(round(seconds * 1e9 / STEP)):
            self.now_ns += STEP
            self.handle.run_timers()

    def sent(self, topic='/skeletons'):
        return self.handle.publishers[topic].sent


@pytest.fixture
def rig(fake):
    return lambda **overrides: Rig(fake, **overrides)


def stamps(messages):
    return [m.header.stamp.sec * SECOND + m.header.stamp.nanosec for m in messages]


def test_frames_are_published_at_their_pace_from_now_on(rig):
    node = rig()
    node.wait(1.0)
    assert len(node.sent()) == pytest.approx(50, abs=1)
    assert stamps(node.sent())[0] == node.handle.ros_ns
    assert set(np.diff(stamps(node.sent()))) == {20_000_000}
    (frame,) = point_cloud.read(node.sent()[0], load_format('smpl_24'))
    assert (frame.frame_id, frame.body_id) == ('world', 1)
    assert 1.4 < frame.points[:, 2].max() < 1.9


def test_it_waits_for_readers(rig):
    node = rig(wait_for_subscribers=2)
    node.wait(0.5)
    assert node.sent() == []
    node.handle.publishers['/skeletons'].subscribers = 2
    node.wait(0.01)
    assert node.sent() == []  # the readers know of us later than we of them
    node.wait(1.0)
    assert len(node.sent()) > 3


def test_the_clock_runs_with_the_stamps_at_any_speed(rig):
    node = rig(publish_clock=True, speed=3.0)
    node.wait(0.5)
    clock = [m.clock.sec * SECOND + m.clock.nanosec for m in node.sent('/clock')]
    assert clock == stamps(node.sent())
    assert len(clock) == pytest.approx(75, abs=2)


def test_at_the_end_it_leaves_but_gives_slow_readers_a_moment(rig):
    node = rig(speed=50.0)
    node.wait(0.3)
    said = [text for _, text in node.handle.logged]
    assert 'the motion has ended' in said
    assert not node.handle.closed
    node.wait(0.5)
    assert node.handle.closed


def test_a_loop_never_ends(rig):
    node = rig(speed=50.0, loop=True)
    node.wait(2.0)
    assert not node.handle.closed
    assert len(node.sent()) > 300
    assert (np.diff(stamps(node.sent())) > 0).all()


def test_nothing_else_is_advertised(rig):
    assert list(rig().handle.publishers) == ['/skeletons']


@pytest.mark.parametrize(
    ('overrides', 'error'),
    [
        ({'source': 'synthetic:moonwalk'}, ConfigError),
        ({'source': 'nowhere.c3d'}, RecordingError),
        ({'source': ''}, RecordingError),
        ({'speed': 0.0}, ConfigError),
        ({'rate_hz': -1.0}, ConfigError),
        ({'people': 0}, ConfigError),
    ],
)
def test_settings_that_cannot_be_used_are_refused(rig, overrides, error):
    with pytest.raises(error):
        rig(**overrides)
