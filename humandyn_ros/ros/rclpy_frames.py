"""tf2 through the library of a ROS 2 installation."""

from __future__ import annotations

from typing import Any

import tf2_ros
from rclpy.time import Time

from humandyn_ros.ros.handle import Message, NodeHandle, Transform


class Tf2Frames:
    """Looks frames up and broadcasts them; listens from the first question on.

    Args:
        node: rclpy node.
        handle: The handle around it.
    """

    def __init__(self, node: Any, handle: NodeHandle) -> None:
        self._node = node
        self._handle = handle
        self._buffer: Any = None
        self._listener: Any = None
        self._broadcaster: Any = None

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Return where `source` is in `target`; stamp 0 asks for the latest common instant."""
        if self._buffer is None:
            self._buffer = tf2_ros.Buffer()
            self._listener = tf2_ros.TransformListener(self._buffer, self._node)
            # tf2's Python buffer does not notice that time went backwards (geometry2#551).
            self._handle.on_time_jump(lambda _: self._buffer.clear())
        when = Time(nanoseconds=stamp_ns)
        try:
            found = self._buffer.lookup_transform_core(
                target.lstrip('/'), source.lstrip('/'), when
            )
        except tf2_ros.TransformException:
            return None
        return _read(target, source, found)

    def broadcast(self, transforms: tuple[Transform, ...]) -> None:
        """Publish frames on /tf."""
        if self._broadcaster is None:
            self._broadcaster = tf2_ros.TransformBroadcaster(self._node)
        self._broadcaster.sendTransform([self._stamped(item) for item in transforms])

    def _stamped(self, item: Transform) -> Message:
        return self._handle.message(
            'geometry_msgs/msg/TransformStamped',
            header={'stamp': self._handle.stamp(item.stamp_ns), 'frame_id': item.parent},
            child_frame_id=item.child,
            transform={
                'translation': dict(zip('xyz', item.translation, strict=True)),
                'rotation': dict(zip('xyzw', item.rotation_quat_xyzw, strict=True)),
            },
        )


def _read(target: str, source: str, found: Message) -> Transform:
    stamp, place, turn = found.header.stamp, found.transform.translation, found.transform.rotation
    return Transform(
        target,
        source,
        stamp.sec * 10**9 + stamp.nanosec,
        (place.x, place.y, place.z),
        (turn.x, turn.y, turn.z, turn.w),
    )
