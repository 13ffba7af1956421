"""The node handle over genuine rclpy: Jazzy's interface, of it what Humble has too."""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

import rclpy
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import (
    InvalidParameterTypeException,
    NameValidationException,
    ParameterAlreadyDeclaredException,
    ParameterNotDeclaredException,
)
from rclpy.executors import (
    ExternalShutdownException,
    ShutdownException,
    SingleThreadedExecutor,
    TimeoutException,
)
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rosidl_runtime_py.utilities import get_service

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # Humble's name of it
    from rclpy.qos_event import PublisherEventCallbacks

from humandyn_ros.errors import ConfigError
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
from humandyn_ros.ros.rclpy_frames import Tf2Frames
from humandyn_ros.ros.rclpy_lifecycle import ManageableNode
from humandyn_ros.ros.rclpy_messages import fill, message_class
from humandyn_ros.ros.signals import stop_on_signals

InvalidHandle = rclpy_implementation.InvalidHandle
_PATIENCE_S = 0.1  # Python sees signals between waits only


def _profile(qos: Qos) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth,
        reliability=getattr(ReliabilityPolicy, 'RELIABLE' if qos.reliable else 'BEST_EFFORT'),
        durability=getattr(DurabilityPolicy, 'TRANSIENT_LOCAL' if qos.latched else 'VOLATILE'),
    )


class RclpyPublisher:
    """One topic we write to."""

    def __init__(self, node: Node, entity: Any) -> None:
        self.topic: str = entity.topic_name
        self._node = node
        self._entity = entity

    @property
    def subscribers(self) -> int:
        """How many subscriptions match now."""
        return int(self._entity.get_subscription_count())

    def publish(self, message: Message) -> None:
        """Send; after the shutdown of the node, do nothing."""
        with suppress(InvalidHandle):
            self._entity.publish(message)

    def close(self) -> None:
        """Stop advertising."""
        self._node.destroy_publisher(self._entity)


class RclpySubscription:
    """One topic we read."""

    def __init__(self, node: Node, entity: Any) -> None:
        self.topic: str = entity.topic_name
        self._node = node
        self._entity = entity

    @property
    def publishers(self) -> int:
        """How many publishers match now."""
        return int(self._node.count_publishers(self.topic))

    def close(self) -> None:
        """Stop receiving."""
        self._node.destroy_subscription(self._entity)


class RclpyTimer:
    """A periodic callback."""

    def __init__(self, node: Node, entity: Any) -> None:
        self._node = node
        self._entity = entity

    def cancel(self) -> None:
        """Stop it for good."""
        with suppress(InvalidHandle):  # the node has left and taken it along
            self._entity.cancel()
            self._node.destroy_timer(self._entity)


class RclpyHandle:
    """One ROS 2 node; see `handle.NodeHandle` for what each method promises.

    Args:
        name: Node name; `__node:=` overrides it.
        args: Command line with `--ros-args`; None: the process's own.
        namespace: Node namespace; `__ns:=` overrides it.

    Raises:
        ConfigError: An argument, parameter file or name is invalid.
    """

    def __init__(
        self, name: str, *, args: Sequence[str] | None = None, namespace: str = ''
    ) -> None:
        self._context = Context()
        try:
            rclpy.init(args=list(sys.argv[1:] if args is None else args), context=self._context)
            self._node = ManageableNode(name, context=self._context, namespace=namespace)
        except (NameValidationException, RuntimeError) as error:  # rcl errors are RuntimeErrors
            raise ConfigError(f'node {name} cannot be opened: {error}') from error
        self.name: str = self._node.get_name()
        self.namespace: str = self._node.get_namespace()
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._jump_handles: list[Any] = []
        self._frames = Tf2Frames(self._node, self)
        self._said: set[str] = set()
        self._declaring = False
        self._stopped = self._spinning = self._closed = False

    # Topics

    def publisher(self, type_name: str, topic: str, qos: Qos = RELIABLE) -> RclpyPublisher:
        """Advertise a topic."""
        # Default event callbacks make a waitable of every publisher, which each wait pays for:
        # 2.0 instead of 0.6 ms with ten people. Readers warn of incompatible QoS by themselves.
        quiet = PublisherEventCallbacks(use_default_callbacks=False)
        entity = self._node.create_publisher(
            message_class(type_name), topic, _profile(qos), event_callbacks=quiet
        )
        return RclpyPublisher(self._node, entity)

    def subscription(
        self,
        type_name: str,
        topic: str,
        callback: Callable[[Message], None],
        qos: Qos = SENSOR,
    ) -> RclpySubscription:
        """Read a topic."""
        kind = message_class(type_name)

        # Raw, because an error of rclpy's own decoding would end the spin.
        def serve(raw: bytes) -> None:
            try:
                message = deserialize_message(raw, kind)
            except (RuntimeError, ValueError) as error:
                full = entity.topic_name
                self.log('warn', f'{full}: dropped, {error}', once=f'malformed {full}')
                return
            callback(message)

        entity = self._node.create_subscription(kind, topic, serve, _profile(qos), raw=True)
        return RclpySubscription(self._node, entity)

    def message(self, type_name: str, /, **fields: Any) -> Message:
        """Build a message."""
        return fill(message_class(type_name)(), fields)

    def stamp(self, ns: int) -> Message:
        """Build a builtin_interfaces/msg/Time."""
        seconds, nanoseconds = divmod(ns, 10**9)
        return message_class('builtin_interfaces/msg/Time')(sec=seconds, nanosec=nanoseconds)

    def resolve(self, topic: str) -> str:
        """Absolute name of a topic, after namespace and remaps."""
        try:
            return str(self._node.resolve_topic_name(topic))
        except (NameValidationException, RuntimeError) as error:
            raise ConfigError(f'{topic!r} is not a ROS 2 name: {error}') from error

    def topic_types(self) -> dict[str, tuple[str, ...]]:
        """Topics on the graph now and their types."""
        return {name: tuple(kinds) for name, kinds in self._node.get_topic_names_and_types()}

    def published_types(self, topic: str) -> tuple[str, ...]:
        """Types that a topic's publishers have now."""
        found = self._node.get_publishers_info_by_topic(self.resolve(topic))
        return tuple(sorted({endpoint.topic_type for endpoint in found}))

    # Time

    def timer(self, period_s: float, callback: Callable[[], None], *, steady: bool) -> RclpyTimer:
        """Call back every `period_s`."""
        if period_s <= 0:
            raise ConfigError(f'timer period {period_s} s: must be positive')
        clock = self._steady if steady else self._node.get_clock()
        return RclpyTimer(self._node, self._node.create_timer(period_s, callback, clock=clock))

    def now_ns(self) -> int:
        """ROS time."""
        return int(self._node.get_clock().now().nanoseconds)

    def on_time_jump(self, callback: Callable[[int], None]) -> None:
        """Call back when ROS time jumps."""
        threshold = JumpThreshold(
            min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True
        )
        self._jump_handles.append(
            self._node.get_clock().create_jump_callback(
                threshold, post_callback=lambda jump: callback(int(jump.delta.nanoseconds))
            )
        )

    # Parameters

    def declare_parameter(
        self, name: str, default: ParameterValue, description: str = '', *, read_only: bool = False
    ) -> ParameterValue:
        """Declare and return the value."""
        # An empty list has no type of its own in rclpy.
        descriptor = ParameterDescriptor(
            description=description, read_only=read_only, dynamic_typing=default == []
        )
        self._declaring = True
        try:
            self._node.declare_parameter(name, default, descriptor)
        except ParameterAlreadyDeclaredException as error:
            raise ConfigError(f'parameter {name} is declared already') from error
        except InvalidParameterTypeException as error:
            fitted = self._widened(name, default)
            if fitted is None:
                raise ConfigError(f'parameter {name}, like {default!r}: {error}') from error
            self._node.declare_parameter(name, fitted, descriptor, ignore_override=True)
        finally:
            self._declaring = False
        return self.parameter(name)

    def _widened(self, name: str, default: ParameterValue) -> ParameterValue | None:
        """Return integers given where floats are declared as floats; YAML writes 70.0 as 70."""
        given = _plain(self._node._parameter_overrides[name].value)
        if isinstance(default, float) and type(given) is int:
            return float(given)
        floats = isinstance(default, list) and default and isinstance(default[0], float)
        if floats and isinstance(given, list) and all(type(item) is int for item in given):
            return [float(item) for item in given]
        return None

    def parameter(self, name: str) -> ParameterValue:
        """Return the current value of a declared parameter."""
        try:
            return _plain(self._node.get_parameter(name).value)
        except ParameterNotDeclaredException as error:
            raise ConfigError(f'parameter {name} is not declared') from error

    def on_parameter_change(self, callback: Callable[[Mapping[str, ParameterValue]], str]) -> None:
        """Ask before a change."""

        def ask(parameters: Sequence[Any]) -> SetParametersResult:
            if self._declaring:
                return SetParametersResult(successful=True)
            try:
                reason = callback({item.name: _plain(item.value) for item in parameters})
            except ConfigError as error:
                reason = str(error)
            return SetParametersResult(successful=not reason, reason=reason)

        self._node.add_on_set_parameters_callback(ask)

    # Frames, services, life cycle

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Pose of frame `source` in frame `target` at a time."""
        return self._frames.look_up(target, source, stamp_ns)

    def broadcast(self, transforms: tuple[Transform, ...]) -> None:
        """Publish frames on /tf."""
        self._frames.broadcast(transforms)

    def service(
        self, type_name: str, name: str, callback: Callable[[Message], Mapping[str, Any]]
    ) -> None:
        """Offer a service."""

        def respond(request: Message, response: Message) -> Message:
            return fill(response, callback(request))

        self._node.create_service(get_service(type_name), name, respond)

    def lifecycle(self, callbacks: Mapping[Transition, Callable[[], bool]]) -> None:
        """Become a managed node."""
        self._node.manage(callbacks)
        self._executor.wake()

    def transition(self, name: Transition) -> bool:
        """Take a transition of our own accord."""
        trigger = getattr(self._node, f'trigger_{name}')
        return bool(trigger() == TransitionCallbackReturn.SUCCESS)

    # Life

    def log(self, level: Level, text: str, *, once: str = '') -> None:
        """Log to the console and /rosout."""
        if once and once in self._said:
            return
        self._said.add(once)
        logger = self._node.get_logger()
        # One line per level: rclpy ties a severity to the line that logs.
        if level == 'debug':
            logger.debug(text)
        elif level == 'info':
            logger.info(text)
        elif level == 'warn':
            logger.warning(text)
        else:
            logger.error(text)

    def spin(self) -> None:
        """Serve callbacks until shutdown or a signal."""
        with stop_on_signals(self._stop):
            while not self._stopped:
                self.spin_once(_PATIENCE_S)
        self._close()

    def spin_once(self, timeout_s: float) -> None:
        """Serve what is ready now, waiting at most `timeout_s` for the first."""
        self._spinning = True
        try:
            # Equal slices: rclpy goes on where it stopped only if asked with the same timeout, and
            # would else serve its first ready callback for ever.
            slices = max(1, math.ceil(timeout_s / _PATIENCE_S))
            for _ in range(slices):
                if self._stopped or not self._context.ok() or self._serve(timeout_s / slices):
                    break
        finally:
            self._spinning = False
        if self._stopped:
            self._close()

    def _serve(self, timeout_s: float) -> bool:
        """Serve one callback, and tell whether one was ready in time."""
        try:
            task, _, _ = self._executor.wait_for_ready_callbacks(timeout_sec=timeout_s)
        except (TimeoutException, ShutdownException, ExternalShutdownException):
            return False
        task()
        if task.exception() is not None:
            raise task.exception()
        return True

    def shutdown(self) -> None:
        """Leave the graph; a spin in progress ends first and then leaves it."""
        self._stop()
        if not self._spinning:
            self._close()

    def _stop(self) -> None:
        self._stopped = True
        if not self._closed:
            self._executor.wake()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._executor.shutdown()
            self._node.destroy_node()
            self._context.try_shutdown()


def _plain(value: Any) -> ParameterValue:
    """Return a parameter's value with lists for rclpy's arrays and tuples."""
    if isinstance(value, tuple | array.array):
        return cast('ParameterValue', list(value))
    return cast('ParameterValue', value)
