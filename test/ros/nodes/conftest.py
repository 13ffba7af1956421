"""A dynamics node on a handle in memory, for the tests of this folder."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from humandyn_ros.ros import messages
from humandyn_ros.ros.nodes.dynamics_node import DynamicsNode
from humandyn_ros.sources import point_cloud
from humandyn_ros.synthetic import person

SECOND = 1_000_000_000
STEP = 20_000_000
CLOUD = point_cloud.TYPE


@cache
def moving(kind, seconds):
    """Frames at 50 Hz; made once."""
    return tuple(person(kind, rate_hz=50.0, duration_s=seconds).frames())


class Rig:
    """A dynamics node on a handle in memory, fed frames on a clock that only this moves."""

    def __init__(self, fake, kind=DynamicsNode, **overrides):
        self.handle = fake(overrides={'input_type': CLOUD, 'mass': 75.0, **overrides})
        self.now_ns = 5 * SECOND
        self.ahead_ns = 0  # of the source's clock
        self.node = kind(self.handle, lambda: self.now_ns)
        self.frames = list(moving('walk', 6.0))
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

    @staticmethod
    def stamp_of(message):
        return message.header.stamp.sec * SECOND + message.header.stamp.nanosec

    @staticmethod
    def valid_of(message):
        return message.interface_values[0].values[3]

    @classmethod
    def every_number(cls, message):
        if isinstance(message, float):
            yield message
        elif isinstance(message, np.ndarray) and message.dtype.kind == 'f':
            yield from message.tolist()
        elif isinstance(message, list):
            for item in message:
                yield from cls.every_number(item)
        elif dataclasses.is_dataclass(message):
            for item in dataclasses.fields(message):
                yield from cls.every_number(getattr(message, item.name))


@pytest.fixture
def rig(fake):
    return lambda **overrides: Rig(fake, **overrides)
