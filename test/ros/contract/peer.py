"""A node under remote control: one JSON command per line in, one JSON answer per line out.

Run as `python peer.py dds|rclpy [ROS arguments]`. The contract tests start it in a process of its
own, since pip's Cyclone library and a ROS 2 installation's must never share one.
"""

from __future__ import annotations

import array
import json
import os
import select
import sys
import time
from typing import Any

from humandyn_ros.errors import HumandynError, WireError
from humandyn_ros.ros.handle import Qos, Transform
from humandyn_ros.ros.open import open_handle


def plain(value: Any) -> Any:
    """Return a message as dictionaries and lists."""
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, bytes):
        return list(value)
    if hasattr(value, 'tolist'):
        return value.tolist()
    if isinstance(value, list | tuple | array.array):
        return [plain(item) for item in value]
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    # rosbags' classes carry constants and the type's name beside the fields.
    return {name: plain(item) for name, item in vars(value).items() if name[0].islower()}


class Peer:
    """Maps commands to the node handle; keeps what came in until it is asked for."""

    def __init__(self, implementation: str, arguments: list[str]) -> None:
        self.implementation = implementation
        self.handle = open_handle('peer', args=arguments, implementation=implementation)
        self.things: dict[str, Any] = {}
        self.came: dict[str, list[Any]] = {}
        self.refusal = ''

    def info(self) -> dict[str, Any]:
        return {'name': self.handle.name, 'namespace': self.handle.namespace}

    def publisher(self, key: str, kind: str, topic: str, **qos: Any) -> str:
        self.things[key] = self.handle.publisher(kind, topic, Qos(**qos))
        return self.things[key].topic

    def publish(self, key: str, kind: str, **fields: Any) -> None:
        self.things[key].publish(self.handle.message(kind, **fields))

    def publish_raw(self, key: str, raw: str) -> bool:
        """Send bytes that may be no message; Cyclone 11 itself refuses some of them."""
        data = bytes.fromhex(raw)
        if self.implementation == 'rclpy':
            self.things[key]._entity.publish(data)
            return True
        try:
            self.things[key]._writer.write(bytearray(data))
        except WireError:
            return False
        return True

    def subscription(self, key: str, kind: str, topic: str, **qos: Any) -> str:
        came = self.came.setdefault(key, [])
        self.things[key] = self.handle.subscription(
            kind, topic, lambda message: came.append(plain(message)), Qos(**qos)
        )
        return self.things[key].topic

    def received(self, key: str) -> list[Any]:
        return self.came[key]

    def matched(self, key: str) -> int:
        thing = self.things[key]
        return thing.subscribers if hasattr(thing, 'subscribers') else thing.publishers

    def close(self, key: str) -> None:
        self.things.pop(key).close()

    def declare(self, name: str, default: Any, **more: Any) -> Any:
        return self.handle.declare_parameter(name, default, **more)

    def parameter(self, name: str) -> Any:
        return self.handle.parameter(name)

    def refuse(self, reason: str) -> None:
        if not self.refusal:
            self.handle.on_parameter_change(lambda changes: self.refusal)
        self.refusal = reason

    def accept(self) -> None:
        self.refusal = ''

    def timer(self, key: str, period_s: float, steady: bool) -> None:
        ticks = self.came.setdefault(key, [])
        self.things[key] = self.handle.timer(
            period_s, lambda: ticks.append(time.monotonic()), steady=steady
        )

    def cancel(self, key: str) -> None:
        self.things[key].cancel()

    def watch_jumps(self, key: str) -> None:
        jumps = self.came.setdefault(key, [])
        self.handle.on_time_jump(jumps.append)

    def now(self) -> int:
        return self.handle.now_ns()

    def broadcast(self, parent: str, child: str, stamp_ns: int, place: Any, turn: Any) -> None:
        self.handle.broadcast((Transform(parent, child, stamp_ns, tuple(place), tuple(turn)),))

    def look_up(self, target: str, source: str, stamp_ns: int) -> Any:
        found = self.handle.look_up(target, source, stamp_ns)
        return found and [found.stamp_ns, *found.translation, *found.rotation_quat_xyzw]

    def service(self, key: str, kind: str, name: str, **response: Any) -> None:
        calls = self.came.setdefault(key, [])

        def respond(request: Any) -> dict[str, Any]:
            calls.append(plain(request))
            return response

        self.handle.service(kind, name, respond)

    def call(self, kind: str, name: str, **fields: Any) -> Any:
        """Call a service and wait; the node handle itself offers no client."""
        if self.implementation == 'dds':
            client = self.handle.client(kind, name)
            self._until(lambda: client.ready)
            number = client.send(**fields)
            return plain(self._until(lambda: client.answer(number)))
        from rosidl_runtime_py.utilities import get_service

        from humandyn_ros.ros.rclpy_messages import fill

        client = self.handle._node.create_client(get_service(kind), name)
        self._until(client.service_is_ready)
        future = client.call_async(fill(get_service(kind).Request(), fields))
        self._until(future.done)
        return plain(future.result())

    def _until(self, condition: Any) -> Any:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            self.handle.spin_once(0.02)
        raise TimeoutError('nobody answered within 20 s')

    def lifecycle(self, key: str, outcomes: dict[str, Any]) -> None:
        entered = self.came.setdefault(key, [])

        def callback(name: str) -> Any:
            def run() -> bool:
                entered.append(name)
                if outcomes[name] == 'raise':
                    raise RuntimeError('on purpose')
                return outcomes[name]

            return run

        self.handle.lifecycle({name: callback(name) for name in outcomes})

    def transition(self, name: str) -> bool:
        return self.handle.transition(name)

    def topic_types(self) -> Any:
        return self.handle.topic_types()

    def published_types(self, topic: str) -> Any:
        return self.handle.published_types(topic)

    def resolve(self, topic: str) -> str:
        return self.handle.resolve(topic)

    def log(self, level: str, text: str, once: str = '') -> None:
        self.handle.log(level, text, once=once)

    def neighbour(self, name: str, kind: str, topic: str, **fields: Any) -> int:
        """Open a second node in this process, send a message to who is there, and leave."""
        other = open_handle(name, args=[], implementation=self.implementation)
        publisher = other.publisher(kind, topic)
        self._until(lambda: publisher.subscribers > 0)
        publisher.publish(other.message(kind, **fields))
        count = publisher.subscribers
        other.spin_once(0.1)
        other.shutdown()
        return count

    def memory(self) -> float:
        """Return the resident memory in MB."""
        with open('/proc/self/statm') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6

    def spin(self) -> str:
        say({'ok': 'spinning'})
        self.handle.spin()
        return 'left'

    def spin_then_shutdown(self, after_s: float) -> str:
        """Leave from inside a callback, twice."""
        timer = self.handle.timer(after_s, lambda: (self.handle.shutdown(),) * 2, steady=True)
        self.handle.spin()
        timer.cancel()
        self.handle.shutdown()
        return 'left'

    def serve(self) -> None:
        """Answer commands until standard input closes."""
        while True:
            self.handle.spin_once(0.005)
            while select.select([0], [], [], 0)[0]:
                line = sys.stdin.buffer.raw.readline()
                if not line:
                    self.handle.shutdown()
                    return
                say(self._answer(json.loads(line)))

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            return {'ok': getattr(self, command.pop('do'))(**command)}
        except (HumandynError, TimeoutError) as error:
            return {'error': f'{type(error).__name__}: {error}'}


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    peer = Peer(sys.argv[1], sys.argv[2:])
    say({'ok': peer.info()})
    peer.serve()
