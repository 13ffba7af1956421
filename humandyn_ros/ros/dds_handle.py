"""The node handle over Cyclone DDS: a ROS 2 node from pip-installed libraries alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from humandyn_ros.errors import WireError
from humandyn_ros.ros.dds import arguments, discovery, names
from humandyn_ros.ros.dds.clock import PeriodicTimer, RosClock, Timers
from humandyn_ros.ros.dds.console import Console
from humandyn_ros.ros.dds.endpoints import Endpoints
from humandyn_ros.ros.dds.frames import FrameBroadcaster, FrameListener
from humandyn_ros.ros.dds.graph import Graph
from humandyn_ros.ros.dds.lifecycle import LifecycleServices
from humandyn_ros.ros.dds.message_types import MessageType, message_type
from humandyn_ros.ros.dds.parameter_services import ParameterServices
from humandyn_ros.ros.dds.parameters import Change, Parameter, Parameters
from humandyn_ros.ros.dds.services import Client, Respond, Service
from humandyn_ros.ros.dds.wire import Participant, Reader, Writer
from humandyn_ros.ros.handle import (
    RELIABLE,
    SENSOR,
    Level,
    Message,
    ParameterValue,
    Qos,
    Transform,
    Transition,
)
from humandyn_ros.ros.signals import stop_on_signals

_CLOCK_QOS = Qos(reliable=False, depth=1)
_ROSOUT_QOS = Qos(reliable=True, latched=True, depth=1000)
_ROSOUT_LIFESPAN_NS = 10 * 10**9


class DdsPublisher:
    """One topic we write to."""

    def __init__(
        self, endpoints: Endpoints, kind: MessageType, topic: str, writer: Writer
    ) -> None:
        self.topic = topic
        self._endpoints = endpoints
        self._kind = kind
        self._writer = writer

    @property
    def subscribers(self) -> int:
        """How many subscriptions match now."""
        return self._writer.matched

    def publish(self, message: Message) -> None:
        """Send.

        Raises:
            WireError: A field holds what its type cannot carry.
        """
        self._endpoints.graph.flush()
        self._writer.write(self._kind.encode(message))

    def close(self) -> None:
        """Stop advertising."""
        self._endpoints.drop(self._writer)


class DdsSubscription:
    """One topic we read."""

    def __init__(self, endpoints: Endpoints, topic: str, reader: Reader) -> None:
        self.topic = topic
        self._endpoints = endpoints
        self._reader = reader

    @property
    def publishers(self) -> int:
        """How many publishers match now."""
        return self._reader.matched

    def close(self) -> None:
        """Stop receiving."""
        self._endpoints.drop(self._reader)


class DdsHandle:
    """One ROS 2 node; see `handle.NodeHandle` for what each method promises.

    Args:
        name: Node name; `__node:=` overrides it.
        args: Command line with `--ros-args`; None: the process's own.
        namespace: Node namespace; `__ns:=` overrides it.

    Raises:
        ConfigError: An argument, parameter file or name is invalid.
        WireError: The DDS domain cannot be opened.
    """

    def __init__(
        self, name: str, *, args: Sequence[str] | None = None, namespace: str = ''
    ) -> None:
        given = arguments.parse(sys.argv[1:] if args is None else args)
        self.name = names.checked_node_name(given.node_name(name))
        self.namespace = names.checked_namespace(given.namespace(namespace, self.name))
        self._rules = given.topic_rules()
        self._full_name = names.resolve(self.name, self.namespace, self.name)
        logger = self._full_name.strip('/').replace('/', '.')
        self._console = Console(logger, given.level, given.console)
        self._participant = Participant(discovery.domain_id(), given.enclave)
        self._graph = Graph(self._participant, self.namespace, self.name)
        self._endpoints = Endpoints(self._participant, self._graph, self._warn)
        self._clock = RosClock()
        self._timers = Timers(self._clock)
        self._parameters = Parameters(given.values_for(self._full_name), self._announce)
        self._clock_reader: Reader | None = None
        self._frames = FrameListener(self)
        self._broadcaster: FrameBroadcaster | None = None
        self._lifecycle: LifecycleServices | None = None
        self._spinning = self._closed = False
        if given.rosout:
            self._open_rosout()
        self._parameter_services = ParameterServices(
            self._endpoints, self._full_name, self._parameters, self._now, self._warn
        )
        self._simulate(bool(self._parameters.declare('use_sim_time', False)))
        self._graph.flush()

    # Topics

    def publisher(self, type_name: str, topic: str, qos: Qos = RELIABLE) -> DdsPublisher:
        """Advertise a topic."""
        kind, full = message_type(type_name), self.resolve(topic)
        return DdsPublisher(self._endpoints, kind, full, self._endpoints.publish(kind, full, qos))

    def subscription(
        self,
        type_name: str,
        topic: str,
        callback: Callable[[Message], None],
        qos: Qos = SENSOR,
    ) -> DdsSubscription:
        """Read a topic."""
        kind, full = message_type(type_name), self.resolve(topic)

        def serve(raw: bytes, writer: int) -> None:
            del writer
            try:
                message = kind.decode(raw)
            except WireError as error:
                self.log('warn', f'{full}: dropped, {error}', once=f'malformed {full}')
                return
            callback(message)

        reader = self._endpoints.subscribe(kind, full, qos, serve)
        return DdsSubscription(self._endpoints, full, reader)

    def resolve(self, topic: str) -> str:
        """Absolute name of a topic, after namespace and remaps."""
        return names.remap(topic, self._rules, self.namespace, self.name)

    def topic_types(self) -> dict[str, tuple[str, ...]]:
        """Topics on the graph now and their types."""
        return self._graph.topic_types()

    def published_types(self, topic: str) -> tuple[str, ...]:
        """Types that a topic's publishers have now."""
        return self._graph.published_types(self.resolve(topic))

    def message(self, type_name: str, /, **fields: Any) -> Message:
        """Build a message."""
        return message_type(type_name).new(fields)

    def stamp(self, ns: int) -> Message:
        """Build a builtin_interfaces/msg/Time."""
        seconds, nanoseconds = divmod(ns, 10**9)
        return self.message('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)

    # Time

    def timer(
        self, period_s: float, callback: Callable[[], None], *, steady: bool
    ) -> PeriodicTimer:
        """Call back every `period_s`."""
        return self._timers.add(period_s, callback, steady)

    def now_ns(self) -> int:
        """ROS time."""
        return self._clock.now_ns()

    def on_time_jump(self, callback: Callable[[int], None]) -> None:
        """Call back when ROS time jumps."""
        self._clock.on_jump(callback)

    def _simulate(self, simulated: bool) -> None:
        if simulated and self._clock_reader is None:
            kind = message_type('rosgraph_msgs/msg/Clock')

            def tick(raw: bytes, writer: int) -> None:
                del writer
                try:
                    stamp = kind.decode(raw).clock
                except WireError as error:
                    self.log('warn', f'/clock: dropped, {error}', once='malformed /clock')
                    return
                self._clock.tick(stamp.sec * 10**9 + stamp.nanosec)

            self._clock_reader = self._endpoints.subscribe(
                kind, self.resolve('/clock'), _CLOCK_QOS, tick
            )
        elif not simulated and self._clock_reader is not None:
            self._endpoints.drop(self._clock_reader)
            self._clock_reader = None
        self._clock.simulate(simulated)

    # Parameters

    def declare_parameter(
        self, name: str, default: ParameterValue, description: str = '', *, read_only: bool = False
    ) -> ParameterValue:
        """Declare and return the value."""
        return self._parameters.declare(name, default, description, read_only=read_only)

    def parameter(self, name: str) -> ParameterValue:
        """Return the current value of a declared parameter."""
        return self._parameters.get(name)

    def on_parameter_change(self, callback: Change) -> None:
        """Ask before a change."""
        self._parameters.ask(callback)

    def _announce(self, parameter: Parameter, new: bool) -> None:
        self._parameter_services.announce(parameter, new)
        if parameter.name == 'use_sim_time' and not new:
            self._simulate(bool(parameter.value))

    # Frames, services, life cycle

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Pose of frame `source` in frame `target` at a time."""
        return self._frames.look_up(target, source, stamp_ns)

    def broadcast(self, transforms: tuple[Transform, ...]) -> None:
        """Publish frames on /tf."""
        if self._broadcaster is None:
            self._broadcaster = FrameBroadcaster(self)
        self._broadcaster.broadcast(transforms)

    def service(self, type_name: str, name: str, callback: Respond) -> None:
        """Offer a service."""
        Service(self._endpoints, type_name, self.resolve(name), callback, self._warn)

    def client(self, type_name: str, name: str) -> Client:
        """Call a service; beyond the protocol, for scripts and tests."""
        return Client(self._endpoints, type_name, self.resolve(name))

    def lifecycle(self, callbacks: Mapping[Transition, Callable[[], bool]]) -> None:
        """Become a managed node."""
        self._lifecycle = LifecycleServices(
            self._endpoints, self._full_name, callbacks, self.now_ns, self._warn
        )

    def transition(self, name: Transition) -> bool:
        """Take a transition of our own accord."""
        return self._lifecycle is not None and self._lifecycle.machine.change(label=name)

    def _now(self) -> Message:
        return self.stamp(self.now_ns())

    def _warn(self, text: str) -> None:
        self.log('warn', text)

    # Life

    def log(self, level: Level, text: str, *, once: str = '') -> None:
        """Log to the console and /rosout."""
        self._console.log(level, text, once)

    def _open_rosout(self) -> None:
        kind = message_type('rcl_interfaces/msg/Log')
        writer = self._endpoints.publish(kind, '/rosout', _ROSOUT_QOS, _ROSOUT_LIFESPAN_NS)
        self._console.forward = lambda fields: writer.write(kind.encode(kind.new(fields)))

    def spin(self) -> None:
        """Serve callbacks until shutdown or a signal."""
        self._spinning = True
        try:
            with stop_on_signals(self._endpoints.stop):
                while not self._endpoints.stopped:
                    self._endpoints.serve(self._timers, 1.0)
        finally:
            self._spinning = False
            if self._endpoints.stopped:
                self._close()

    def spin_once(self, timeout_s: float) -> None:
        """Serve what is ready now, waiting at most `timeout_s` for the first."""
        nested = self._spinning
        self._spinning = True
        try:
            self._endpoints.serve(self._timers, timeout_s)
        finally:
            self._spinning = nested
            if self._endpoints.stopped and not nested:
                self._close()

    def shutdown(self) -> None:
        """Leave the graph; a spin in progress ends first and then leaves it."""
        if not self._closed:
            self._endpoints.stop()
            if not self._spinning:
                self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._console.forward = None
            self._graph.leave()
            self._participant.close()
