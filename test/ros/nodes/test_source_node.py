import pytest

from humandyn_ros.ros.nodes.source_node import SourceNode

SECOND = 1_000_000_000
STEP = 10_000_000


class Rig:
    """A source node on a handle in memory, on a clock that only this moves."""

    def __init__(self, fake, **overrides):
        given = {'source': 'synthetic:stand', 'rate_hz': 50.0, **overrides}
        self.handle = fake(overrides=given)
        self.now_ns = 5 * SECOND
        SourceNode(self.handle, lambda: self.now_ns)
        self.skeletons = self.handle.publishers['/skeletons']

    def wait(self, seconds):
        for _ in range(round(seconds * SECOND / STEP)):
            self.now_ns += STEP
            self.handle.ros_ns += STEP
            self.handle.run_timers()

    @property
    def sent(self):
        return len(self.skeletons.sent)


@pytest.fixture
def rig(fake):
    return lambda **overrides: Rig(fake, **overrides)


def test_without_anybody_to_wait_for_playing_starts_at_once(rig):
    node = rig(wait_for_subscribers=0)
    node.wait(0.1)
    assert node.sent > 3


def test_playing_starts_when_the_readers_can_hear_it(rig):
    node = rig(wait_for_subscribers=2)
    node.wait(1.0)
    assert node.sent == 0  # one reader only
    node.skeletons.subscribers = 2
    node.wait(0.2)
    assert node.sent == 0  # seen, but they may not have seen us
    node.wait(0.3)
    assert 1 < node.sent < 20  # from its first frame, not from the time of the meeting


def test_a_reader_that_leaves_before_the_start_is_waited_for_again(rig):
    node = rig(wait_for_subscribers=1)
    node.wait(0.2)
    node.skeletons.subscribers = 0
    node.wait(0.5)
    node.skeletons.subscribers = 1
    node.wait(0.2)
    assert node.sent == 0
    node.wait(0.2)
    assert node.sent > 1
