"""The node handle: everything our nodes ask of ROS 2, and nothing more.

Two implementations stand behind it: rclpy_handle.py (a genuine ROS 2 installation) and
dds_handle.py (the same wire, spoken from pip-installed libraries). One contract test suite in
test/ros/ runs on both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Message = Any  # a message object of either implementation: plain attributes, NumPy arrays
ParameterValue = bool | int | float | str | list[bool] | list[int] | list[float] | list[str]
Level = Literal['debug', 'info', 'warn', 'error']
Transition = Literal['configure', 'activate', 'deactivate', 'cleanup', 'shutdown']


@dataclass(frozen=True)
class Qos:
    """Quality of service: reliable or best effort, volatile or latched, history depth."""

    reliable: bool = True
    latched: bool = False  # transient local: late joiners get the last message
    depth: int = 1


SENSOR = Qos(reliable=False, depth=5)
"""For subscriptions: best effort matches either kind of publisher."""
RELIABLE = Qos(reliable=True, depth=10)
LATCHED = Qos(reliable=True, latched=True, depth=1)


@dataclass(frozen=True)
class Transform:
    """Pose of the child frame in the parent frame."""

    parent: str
    child: str
    stamp_ns: int
    translation: tuple[float, float, float]  # m
    rotation_quat_xyzw: tuple[float, float, float, float]


class Publisher(Protocol):
    """One topic we write to."""

    topic: str

    @property
    def subscribers(self) -> int:
        """How many subscriptions match now; nothing needs computing while this is 0."""

    def publish(self, message: Message) -> None:
        """Send; never blocks on a slow reader longer than the wire needs to queue it."""

    def close(self) -> None:
        """Stop advertising."""


class Subscription(Protocol):
    """One topic we read; the callback runs on the spinning thread."""

    topic: str

    @property
    def publishers(self) -> int:
        """How many publishers match now."""

    def close(self) -> None:
        """Stop receiving."""


class Timer(Protocol):
    """A periodic callback on the spinning thread."""

    def cancel(self) -> None:
        """Stop it for good."""


class NodeHandle(Protocol):
    """One ROS 2 node. All callbacks run on the thread that spins, one at a time."""

    name: str
    namespace: str

    def publisher(self, type_name: str, topic: str, qos: Qos = RELIABLE) -> Publisher:
        """Advertise `topic` (relative names resolve in the namespace; remaps apply).

        Args:
            type_name: Full name such as 'sensor_msgs/msg/JointState'.
            topic: Topic name.
            qos: Quality of service.
        """

    def subscription(
        self,
        type_name: str,
        topic: str,
        callback: Callable[[Message], None],
        qos: Qos = SENSOR,
    ) -> Subscription:
        """Read `topic`; decoding errors are logged once per topic and dropped."""

    def timer(self, period_s: float, callback: Callable[[], None], *, steady: bool) -> Timer:
        """Call back every `period_s`: on the steady clock, or on ROS time (follows /clock)."""

    def now_ns(self) -> int:
        """ROS time: the system clock, or /clock while use_sim_time is true."""

    def on_time_jump(self, callback: Callable[[int], None]) -> None:
        """Call back with the jump in ns whenever ROS time jumps backwards or changes source."""

    def declare_parameter(
        self, name: str, default: ParameterValue, description: str = '', *, read_only: bool = False
    ) -> ParameterValue:
        """Declare and return the value: override from file or command line, else the default."""

    def parameter(self, name: str) -> ParameterValue:
        """Return the current value of a declared parameter."""

    def on_parameter_change(self, callback: Callable[[Mapping[str, ParameterValue]], str]) -> None:
        """Ask before a change: the callback returns '' to accept or the reason to refuse."""

    def message(self, type_name: str, /, **fields: Any) -> Message:
        """Build a message; fields left out hold their default. Stamps: see `stamp`."""

    def stamp(self, ns: int) -> Message:
        """Build a builtin_interfaces/msg/Time."""

    def resolve(self, topic: str) -> str:
        """Absolute name of a topic, after namespace and remaps."""

    def topic_types(self) -> dict[str, tuple[str, ...]]:
        """Topics on the graph now and their types."""

    def published_types(self, topic: str) -> tuple[str, ...]:
        """Types that a topic's publishers have now, to choose an adapter by type."""

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Pose of frame `source` in frame `target` at a time; None while unknown (tf2)."""

    def broadcast(self, transforms: tuple[Transform, ...]) -> None:
        """Publish frames on /tf."""

    def service(
        self, type_name: str, name: str, callback: Callable[[Message], Mapping[str, Any]]
    ) -> None:
        """Offer a service; the callback maps a request to the response's fields."""

    def lifecycle(self, callbacks: Mapping[Transition, Callable[[], bool]]) -> None:
        """Become a managed node: each callback returns whether the transition succeeded."""

    def transition(self, name: Transition) -> bool:
        """Take a transition of our own accord (autostart); return whether it succeeded."""

    def log(self, level: Level, text: str, *, once: str = '') -> None:
        """Log to the console and /rosout; with `once`, only the first time for that key."""

    def spin(self) -> None:
        """Serve callbacks until shutdown or a signal; returns normally on Ctrl-C and SIGTERM."""

    def spin_once(self, timeout_s: float) -> None:
        """Serve what is ready now, waiting at most `timeout_s` for the first."""

    def shutdown(self) -> None:
        """Leave the graph; safe to call twice and from a callback."""
