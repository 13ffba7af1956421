"""RViz markers of one estimate: skeleton, ground reaction arrows, torque colours, a label.

Joints are coloured from green (no torque) to red (`torque_full_scale_nm` or more).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.quantities import CANONICAL, Array, ContactForce, Estimate, InverseDynamics
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Message, NodeHandle

MARKER_ARRAY = 'visualization_msgs/msg/MarkerArray'
_MARKER = 'visualization_msgs/msg/Marker'

# visualization_msgs/msg/Marker
_ARROW, _LINE_LIST, _SPHERE_LIST, _TEXT = 0, 5, 7, 9
_ADD, _DELETE = 0, 2

# Fixed marker ids of one body.
_SEGMENTS, _JOINTS, _LABEL, _FIRST_ARROW = 0, 1, 2, 3
_ARROWS = 6  # both feet, and room for a seat and hands

_LABEL_ABOVE_M = 0.25

_JOINT_OF = {
    'hip': '{side}_hip',
    'knee': '{side}_knee',
    'ankle': '{side}_ankle',
    'subtalar': '{side}_ankle',
    'lumbar': 'spine1',
    'arm': '{side}_shoulder',
    'elbow': '{side}_elbow',
    'pro': '{side}_elbow',
    'wrist': '{side}_wrist',
    'neck': 'neck',
}
"""First word of a Rajagopal coordinate to the canonical joint where its torque is shown."""


@dataclass(frozen=True)
class MarkerConfig(Checked):
    """How markers look."""

    rate_hz: float = setting(10.0, 'Hz', 'highest rate of markers', low=0.1, high=60.0)
    newton_per_m: float = setting(
        1000.0, 'N/m', 'force that one metre of arrow shows', low=1.0, high=1e6
    )
    torque_full_scale_nm: float = setting(
        100.0, 'N·m', 'torque at which a joint is fully red', low=1.0, high=1e4
    )


def joint_of(coordinate: str) -> int | None:
    """Canonical joint at which a coordinate's torque is shown, e.g. 'knee_angle_r' -> 5."""
    side = {'l': 'left', 'r': 'right'}.get(coordinate.rpartition('_')[2], '')
    name = _JOINT_OF.get(coordinate.partition('_')[0], '').format(side=side)
    return CANONICAL.index.get(name)


def torque_at_joints(dynamics: InverseDynamics) -> Array:
    """Largest torque magnitude of each canonical joint's coordinates (24,), N·m."""
    largest = np.zeros(len(CANONICAL.joints))
    for coordinate, torque in zip(dynamics.joint_names, dynamics.torque, strict=True):
        joint = joint_of(coordinate)
        if joint is not None:
            largest[joint] = max(largest[joint], abs(torque))
    return largest


def draw(handle: NodeHandle, config: MarkerConfig, estimate: Estimate, frame_id: str) -> Message:
    """Build the MarkerArray of one estimate; joints that were not seen are left out.

    Ids are fixed, so each message replaces the one before.
    """
    canvas = _Canvas(handle, estimate.stamp_ns, frame_id, estimate.body_id)
    ground = estimate.ground
    contacts = (ground.left, ground.right, *ground.others)[:_ARROWS]
    drawn = [
        _segments(canvas, estimate),
        _joints(canvas, estimate, config.torque_full_scale_nm),
        _label(canvas, estimate),
        *(_arrow(canvas, i, contact, config.newton_per_m) for i, contact in enumerate(contacts)),
    ]
    return handle.message(MARKER_ARRAY, markers=[marker for marker in drawn if marker is not None])


def erase(handle: NodeHandle, body_id: int, frame_id: str, stamp_ns: int) -> Message:
    """Build the MarkerArray that removes a body that was lost."""
    canvas = _Canvas(handle, stamp_ns, frame_id, body_id)
    numbers = (_SEGMENTS, _JOINTS, _LABEL, *range(_FIRST_ARROW, _FIRST_ARROW + _ARROWS))
    return handle.message(MARKER_ARRAY, markers=[canvas.delete(number) for number in numbers])


def _segments(canvas: _Canvas, estimate: Estimate) -> Message | None:
    points = estimate.state.positions
    ends = [
        end
        for child, parent in enumerate(CANONICAL.parents)
        if parent >= 0 and np.isfinite(points[[child, parent]]).all()
        for end in (parent, child)
    ]
    return canvas.add(_SEGMENTS, _LINE_LIST, points[ends], np.full(3, 0.02), (0.8, 0.8, 0.8))


def _joints(canvas: _Canvas, estimate: Estimate, full_scale_nm: float) -> Message | None:
    points = estimate.state.positions
    seen = np.isfinite(points).all(axis=1)
    share = torque_at_joints(estimate.dynamics)[seen] / full_scale_nm
    colours = [canvas.colour(_heat(value, estimate.valid)) for value in share]
    white = (1.0, 1.0, 1.0)
    return canvas.add(_JOINTS, _SPHERE_LIST, points[seen], np.full(3, 0.06), white, colors=colours)


def _heat(share: float, valid: bool) -> tuple[float, float, float]:
    if not valid:
        return (0.4, 0.4, 0.4)
    red = float(np.clip(share, 0.0, 1.0))
    return (red, 1.0 - red, 0.1)


def _arrow(canvas: _Canvas, number: int, contact: ContactForce, newton_per_m: float) -> Message:
    foot = contact.centre_of_pressure
    tip = foot + contact.force / newton_per_m
    if not np.isfinite(tip).all() or not contact.force.any():
        return canvas.delete(_FIRST_ARROW + number)
    size = np.array([0.03, 0.06, 0.1])  # m: shaft and head diameter, head length
    return canvas.add(_FIRST_ARROW + number, _ARROW, np.stack([foot, tip]), size, (0.2, 0.5, 1.0))


def _label(canvas: _Canvas, estimate: Estimate) -> Message | None:
    seen = estimate.state.positions[np.isfinite(estimate.state.positions).all(axis=1)]
    if not len(seen):
        return None
    top = seen[np.argmax(seen[:, 2])] + np.array([0.0, 0.0, _LABEL_ABOVE_M])
    left, right = estimate.ground.left.force[2], estimate.ground.right.force[2]
    text = f'b{estimate.body_id}  left {left:.0f} N  right {right:.0f} N'
    return canvas.write(
        _LABEL, top, 0.08, text if estimate.valid else f'{text}\nnot valid: {estimate.reason}'
    )


class _Canvas:
    """Makes the single markers of one message: same header, namespace and lifetime."""

    def __init__(self, handle: NodeHandle, stamp_ns: int, frame_id: str, body_id: int) -> None:
        self._handle = handle
        half_a_second = handle.message(
            'builtin_interfaces/msg/Duration', sec=0, nanosec=500_000_000
        )
        self._common = {
            'header': messages.header(handle, stamp_ns, frame_id),
            'ns': f'b{body_id}',
            'lifetime': half_a_second,
        }

    def add(
        self, number: int, kind: int, points: Array, size: Array,
        colour: tuple[float, float, float], **fields: Any,
    ) -> Message | None:  # fmt: skip
        """A marker made of points (N, 3) m; None without points."""
        if not len(points):
            return None
        corners = [messages.point(self._handle, xyz) for xyz in points]
        return self._marker(number, kind, np.zeros(3), size, colour, points=corners, **fields)

    def write(self, number: int, at: Array, height_m: float, text: str) -> Message:
        """Text that faces the viewer."""
        size = np.array([0.0, 0.0, height_m])
        return self._marker(number, _TEXT, at, size, (1.0, 1.0, 1.0), text=text)

    def delete(self, number: int) -> Message:
        """Remove one marker."""
        return self._handle.message(_MARKER, **self._common, id=number, action=_DELETE)

    def colour(self, rgb: tuple[float, float, float]) -> Message:
        """Opaque red, green, blue, 0-1."""
        red, green, blue = rgb
        return self._handle.message('std_msgs/msg/ColorRGBA', r=red, g=green, b=blue, a=1.0)

    def _marker(
        self, number: int, kind: int, at: Array, size: Array,
        colour: tuple[float, float, float], **fields: Any,
    ) -> Message:  # fmt: skip
        handle = self._handle
        upright = handle.message('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0)
        return handle.message(
            _MARKER,
            **self._common,
            id=number,
            type=kind,
            action=_ADD,
            pose=handle.message(
                'geometry_msgs/msg/Pose',
                position=messages.point(handle, at),
                orientation=upright,
            ),
            scale=messages.vector(handle, size),
            color=self.colour(colour),
            **fields,
        )
