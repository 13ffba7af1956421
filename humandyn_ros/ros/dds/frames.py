"""tf2 on the wire: fills a transform buffer from /tf and /tf_static, and broadcasts."""

from __future__ import annotations

from typing import Any

from humandyn_ros.ros.dds.transforms import TransformBuffer
from humandyn_ros.ros.handle import Message, NodeHandle, Publisher, Qos, Transform

_KIND = 'tf2_msgs/msg/TFMessage'
_QOS = Qos(depth=100)
_STATIC_QOS = Qos(latched=True, depth=100)


class FrameListener:
    """Listens from the first question on, so that a node that never asks pays nothing.

    Args:
        handle: The node that listens.
    """

    def __init__(self, handle: NodeHandle) -> None:
        self._handle = handle
        self._buffer: TransformBuffer | None = None

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Return where `source` is in `target`; stamp 0 asks for the latest common instant."""
        if self._buffer is None:
            self._buffer = self._listen()
        return self._buffer.look_up(target.lstrip('/'), source.lstrip('/'), stamp_ns)

    def _listen(self) -> TransformBuffer:
        buffer = TransformBuffer()

        def learn(message: Message, static: bool) -> None:
            for item in message.transforms:
                if not buffer.insert(_read(item), static=static):
                    pair = f'{item.header.frame_id} -> {item.child_frame_id}'
                    self._handle.log(
                        'warn', f'transform ignored: {pair}', once='transform ignored'
                    )

        self._handle.subscription(_KIND, '/tf', lambda message: learn(message, False), _QOS)
        self._handle.subscription(
            _KIND, '/tf_static', lambda message: learn(message, True), _STATIC_QOS
        )
        self._handle.on_time_jump(lambda _: buffer.clear())
        return buffer


class FrameBroadcaster:
    """Publishes on /tf.

    Args:
        handle: The node that publishes.
    """

    def __init__(self, handle: NodeHandle) -> None:
        self._handle = handle
        self._publisher: Publisher = handle.publisher(_KIND, '/tf', _QOS)

    def broadcast(self, transforms: tuple[Transform, ...]) -> None:
        """Publish frames."""
        items = [_fields(self._handle, transform) for transform in transforms]
        self._publisher.publish(self._handle.message(_KIND, transforms=items))


def _read(item: Message) -> Transform:
    stamp, place, turn = item.header.stamp, item.transform.translation, item.transform.rotation
    return Transform(
        item.header.frame_id.lstrip('/'),
        item.child_frame_id.lstrip('/'),
        stamp.sec * 10**9 + stamp.nanosec,
        (place.x, place.y, place.z),
        (turn.x, turn.y, turn.z, turn.w),
    )


def _fields(handle: NodeHandle, transform: Transform) -> dict[str, Any]:
    place = dict(zip('xyz', transform.translation, strict=True))
    turn = dict(zip('xyzw', transform.rotation_quat_xyzw, strict=True))
    return {
        'header': {'stamp': handle.stamp(transform.stamp_ns), 'frame_id': transform.parent},
        'child_frame_id': transform.child,
        'transform': {'translation': place, 'rotation': turn},
    }
