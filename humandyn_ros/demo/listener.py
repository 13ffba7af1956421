"""What a subscriber sees: every answer of the dynamics node, as it arrives from the wire."""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from humandyn_ros.comparison import FEET
from humandyn_ros.quantities import Array
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Message, NodeHandle, Qos
from humandyn_ros.sources import point_cloud
from humandyn_ros.sources.source import stamp_ns

_ARRIVALS = Qos(reliable=True, depth=50)
_RATE_OVER = 50  # arrivals a rate is counted over


@dataclass
class Answer:
    """Everything received about one instant."""

    arrived_ns: int
    valid: bool
    age_ms: float
    torque: Array  # (N,) N·m
    feet: dict[str, Array] = field(default_factory=dict)  # force (3,) N
    pressures: dict[str, Array] = field(default_factory=dict)  # centre of pressure (3,) m


class Listener:
    """Subscribes to the skeletons and to the wearer's topics and keeps what arrives.

    Args:
        handle: The node it listens as.
    """

    def __init__(self, handle: NodeHandle) -> None:
        self._handle = handle
        self.joint_names: tuple[str, ...] = ()
        self.answers: dict[int, Answer] = {}  # by stamp, ns
        self.frames: list[int] = []  # stamps of the skeletons, ns
        self._arrivals: deque[int] = deque(maxlen=_RATE_OVER)
        self._early: dict[int, dict[str, Array]] = {}  # forces whose estimate is still to come
        handle.subscription(messages.POINT_CLOUD, 'skeletons', self._skeleton, _ARRIVALS)
        prefix = 'humans/wearer/'
        handle.subscription(
            messages.DYNAMIC_JOINT_STATE, f'{prefix}joint_estimates', self._joints, _ARRIVALS
        )
        handle.subscription(
            messages.POINT_CLOUD, f'{prefix}body_contacts', self._contacts, _ARRIVALS
        )
        for side in FEET:
            handle.subscription(
                messages.WRENCH_STAMPED,
                f'{prefix}ground_reaction/{side}',
                functools.partial(self._foot, side),
                _ARRIVALS,
            )

    @property
    def latest(self) -> tuple[int, Answer] | None:
        """Stamp and answer that came last."""
        return next(reversed(self.answers.items()), None)

    @property
    def rate_hz(self) -> float:
        """Answers per second, lately."""
        if len(self._arrivals) < 2:
            return 0.0
        return (len(self._arrivals) - 1) * 1e9 / max(self._arrivals[-1] - self._arrivals[0], 1)

    def _skeleton(self, message: Message) -> None:
        self.frames.append(stamp_ns(message.header))

    def _joints(self, message: Message) -> None:
        now_ns, at_ns = self._handle.now_ns(), stamp_ns(message.header)
        if at_ns in self.answers:
            return  # when input has gone silent, the last instant is told again, fading
        table = np.array([row.values for row in message.interface_values], float)
        columns = dict(zip(messages.INTERFACES, table.T, strict=True))
        valid = bool(columns['valid'].all())
        self.joint_names = tuple(message.joint_names)
        age_ms = (now_ns - at_ns) * 1e-6
        answer = Answer(now_ns, valid, age_ms, columns['effort'], self._early.pop(at_ns, {}))
        self.answers[at_ns] = answer
        self._arrivals.append(now_ns)

    def _foot(self, side: str, message: Message) -> None:
        force = message.wrench.force
        at_ns, value = stamp_ns(message.header), np.array([force.x, force.y, force.z])
        known = self.answers.get(at_ns)
        (known.feet if known else self._early.setdefault(at_ns, {})).setdefault(side, value)

    def _contacts(self, message: Message) -> None:
        answer = self.answers.get(stamp_ns(message.header))
        if answer is None:
            return
        for row in point_cloud.unpack(message).reshape(-1):
            segment = int(row['segment'])
            if segment < len(FEET):
                point = np.array([row['x'], row['y'], row['z']], float)
                answer.pressures.setdefault(FEET[segment], point)
