"""A node handle in memory: real message types and real CDR, no wire, time under control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from humandyn_ros.quantities import (
    CANONICAL,
    ContactForce,
    Estimate,
    GroundReaction,
    InverseDynamics,
    KinematicState,
    SkeletonFrame,
)
from humandyn_ros.ros.dds.lifecycle import StateMachine
from humandyn_ros.ros.dds.message_types import message_type, service_types
from humandyn_ros.ros.handle import RELIABLE, SENSOR


@dataclass
class FakePublisher:
    type_name: str
    topic: str
    qos: Any
    subscribers: int = 1
    sent: list[Any] = field(default_factory=list)
    closed: bool = False

    def publish(self, message: Any) -> None:
        kind = message_type(self.type_name)
        self.sent.append(kind.decode(bytes(kind.encode(message))))

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSubscription:
    topic: str
    type_name: str
    callback: Callable[[Any], None]
    publishers: int = 1
    closed: bool = False

    def close(self) -> None:
        self.closed = True


class FakeHandle:
    name = 'node'
    namespace = '/'

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        self.overrides = dict(overrides or {})
        self.values: dict[str, Any] = {}
        self.descriptions: dict[str, str] = {}
        self.read_only: set[str] = set()
        self.publishers: dict[str, FakePublisher] = {}
        self.subscriptions: list[FakeSubscription] = []
        self.timers: list[tuple[float, Callable[[], None], bool]] = []
        self.graph: dict[str, tuple[str, ...]] = {}
        self.transforms: dict[tuple[str, str], Any] = {}
        self.broadcasts: list[Any] = []
        self.logged: list[tuple[str, str]] = []
        self.ros_ns = 1_000_000_000_000
        self.closed = False
        self.services: dict[str, Callable[..., Any]] = {}
        self.transition_errors: list[str] = []
        self._ask: Callable[[Mapping[str, Any]], str] = lambda changes: ''
        self.jumped: Callable[[int], None] = lambda jump: None

    def publisher(self, type_name: str, topic: str, qos: Any = RELIABLE) -> FakePublisher:
        made = FakePublisher(type_name, self.resolve(topic), qos)
        self.publishers[made.topic] = made
        return made

    def subscription(self, type_name, topic, callback, qos=SENSOR) -> FakeSubscription:
        made = FakeSubscription(self.resolve(topic), type_name, callback)
        self.subscriptions.append(made)
        return made

    def deliver(self, message: Any) -> None:
        for subscription in self.subscriptions:
            if not subscription.closed:
                subscription.callback(message)

    def timer(self, period_s: float, callback: Callable[[], None], *, steady: bool) -> Any:
        entry = (period_s, callback, steady)
        self.timers.append(entry)
        return SimpleNamespace(cancel=lambda: self.timers.remove(entry))

    def run_timers(self) -> None:
        for _, callback, _ in list(self.timers):
            callback()

    def service(self, type_name: str, name: str, callback: Callable[[Any], Any]) -> None:
        request, response = service_types(type_name)
        self.services[name] = lambda **fields: response.new(callback(request.new(fields)))

    def lifecycle(self, callbacks: Mapping[Any, Callable[[], bool]]) -> None:
        self.machine = StateMachine(callbacks, lambda edge: None, self.transition_errors.append)

    def transition(self, name: str) -> bool:
        return self.machine.change(label=name)

    def now_ns(self) -> int:
        return self.ros_ns

    def on_time_jump(self, callback: Callable[[int], None]) -> None:
        self.jumped = callback

    def declare_parameter(self, name, default, description='', *, read_only=False) -> Any:
        self.values[name] = self.overrides.get(name, default)
        self.descriptions[name] = description
        if read_only:
            self.read_only.add(name)
        return self.values[name]

    def parameter(self, name: str) -> Any:
        return self.values[name]

    def on_parameter_change(self, callback: Callable[[Mapping[str, Any]], str]) -> None:
        self._ask = callback

    def change(self, **changes: Any) -> str:
        reason = self._ask(changes)
        if not reason:
            self.values.update(changes)
        return reason

    def message(self, type_name: str, /, **fields: Any) -> Any:
        return message_type(type_name).new(fields)

    def stamp(self, ns: int) -> Any:
        seconds, nanoseconds = divmod(ns, 10**9)
        return self.message('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)

    def resolve(self, topic: str) -> str:
        return topic if topic.startswith('/') else f'/{topic}'

    def topic_types(self) -> dict[str, tuple[str, ...]]:
        return self.graph

    def published_types(self, topic: str) -> tuple[str, ...]:
        return self.graph.get(self.resolve(topic), ())

    def look_up(self, target: str, source: str, stamp_ns: int) -> Any:
        return self.transforms.get((target, source))

    def broadcast(self, transforms: tuple[Any, ...]) -> None:
        self.broadcasts.extend(transforms)

    def log(self, level: str, text: str, *, once: str = '') -> None:
        self.logged.append((level, text))

    def shutdown(self) -> None:
        self.closed = True


@pytest.fixture
def fake() -> Callable[..., FakeHandle]:
    """Makes handles in memory; keyword `overrides` are parameters from file or command line."""
    return FakeHandle


def standing(height_m: float = 1.75) -> np.ndarray:
    """Canonical joint centres (24, 3) m of somebody who stands."""
    share = {
        'pelvis': (0.0, 0.53), 'hip': (0.05, 0.52), 'spine1': (0.0, 0.6), 'knee': (0.055, 0.28),
        'spine2': (0.0, 0.66), 'ankle': (0.06, 0.045), 'spine3': (0.0, 0.72),
        'foot': (0.06, 0.01), 'neck': (0.0, 0.84), 'collar': (0.04, 0.82), 'head': (0.0, 0.93),
        'shoulder': (0.11, 0.81), 'elbow': (0.13, 0.63), 'wrist': (0.14, 0.48),
        'hand': (0.14, 0.44),
    }  # fmt: skip
    points = np.zeros((24, 3))
    for i, name in enumerate(CANONICAL.joints):
        side, _, part = name.rpartition('_')
        y, z = share[part]
        points[i] = (0.08 if part == 'foot' else 0.0, y if side == 'left' else -y, z)
    return points * height_m


@pytest.fixture
def frame() -> Callable[..., SkeletonFrame]:
    """Makes canonical frames of somebody who stands."""

    def make(stamp_ns: int = 0, body_id: int = 1, **changes: Any) -> SkeletonFrame:
        fields = {
            'frame_id': 'world',
            'skeleton': CANONICAL,
            'points': standing(),
            'confidence': np.ones(24),
        }
        return SkeletonFrame(stamp_ns=stamp_ns, body_id=body_id, **{**fields, **changes})

    return make


@pytest.fixture
def estimate() -> Callable[..., Estimate]:
    """Makes estimates with recognisable numbers."""

    def contact(segment: str, y: float, force: float) -> ContactForce:
        return ContactForce(
            segment,
            np.array([1.0, 2.0, force]),
            np.array([0.0, 0.0, 0.5]),
            np.array([0.1, y, 0.0]),
            1.0,
        )

    def make(**changes: Any) -> Estimate:
        still = np.zeros((24, 3))
        names = ('hip_flexion_r', 'knee_angle_l')
        fields = {
            'body_id': 3,
            'stamp_ns': 5_000_000_007,
            'age_ms': 80.0,
            'valid': True,
            'reason': '',
            'state': KinematicState(
                5_000_000_007, standing(), still, still, np.ones(24, bool), np.full(24, 0.001)
            ),
            'dynamics': InverseDynamics(
                names,
                np.array([0.1, 0.2]),
                np.array([1.0, 2.0]),
                np.array([30.0, -40.0]),
                np.array([3.0, 4.0]),
                np.array([30.0, -80.0]),
            ),
            'ground': GroundReaction(contact('left_foot', 0.1, 400.0),
                                     contact('right_foot', -0.1, 300.0)),
            'residual': np.arange(6.0),
            'notes': ('height assumed',),
        }  # fmt: skip
        return Estimate(**{**fields, **changes})

    return make
