"""Quantities to messages and back, built through a node handle; no message package is imported.

`effort` in a message is a joint torque in the core. Stamps are the evaluated instant, never now.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from humandyn_ros.quantities import CANONICAL, Array, ContactForce, Estimate, SkeletonFrame
from humandyn_ros.ros.handle import Message, NodeHandle, Transform
from humandyn_ros.sources import point_cloud

JOINT_STATE = 'sensor_msgs/msg/JointState'
DYNAMIC_JOINT_STATE = 'control_msgs/msg/DynamicJointState'
WRENCH_STAMPED = 'geometry_msgs/msg/WrenchStamped'
POINT_CLOUD = point_cloud.TYPE
DIAGNOSTIC_ARRAY = 'diagnostic_msgs/msg/DiagnosticArray'
CLOCK = 'rosgraph_msgs/msg/Clock'

INTERFACES = ('effort', 'effort_stddev', 'power', 'valid', 'age_ms')
"""Interfaces of every joint in joint_estimates: N·m, N·m, W, 0 or 1, ms."""

_USUAL = ('left_foot', 'right_foot', 'seat', 'left_hand', 'right_hand')
SEGMENTS = (*_USUAL, *(name for name in CANONICAL.joints if name not in _USUAL))
"""What the `segment` number in body_contacts indexes; any other segment is OTHER_SEGMENT."""
OTHER_SEGMENT = 255

_CONTACT = np.dtype(
    [(name, '<f4') for name in ('x', 'y', 'z', 'fx', 'fy', 'fz')] + [('segment', 'u1')]
)

OK, WARN, ERROR, STALE = range(4)  # diagnostic_msgs/msg/DiagnosticStatus levels


def header(handle: NodeHandle, stamp_ns: int, frame_id: str) -> Message:
    """Build a std_msgs/Header."""
    return handle.message('std_msgs/msg/Header', stamp=handle.stamp(stamp_ns), frame_id=frame_id)


def skeletons(
    handle: NodeHandle, frames: Sequence[SkeletonFrame], stamp_ns: int, frame_id: str
) -> Message:
    """Build the PointCloud2 skeleton form: one row per body, one column per joint."""
    return _cloud(handle, point_cloud.pack(frames), stamp_ns, frame_id)


def _cloud(
    handle: NodeHandle,
    cloud: np.ndarray[tuple[int, ...], np.dtype[np.void]],
    stamp_ns: int,
    frame_id: str,
) -> Message:
    size = cloud.dtype.itemsize
    return handle.message(
        POINT_CLOUD,
        header=header(handle, stamp_ns, frame_id),
        height=cloud.shape[0],
        width=cloud.shape[1],
        fields=[
            handle.message(
                'sensor_msgs/msg/PointField', name=name, offset=at, datatype=code, count=1
            )
            for name, at, code in point_cloud.fields_of(cloud.dtype)
        ],
        is_bigendian=False,
        point_step=size,
        row_step=size * cloud.shape[1],
        data=cloud.view(np.uint8).reshape(-1),
        is_dense=False,
    )


def joint_torques(handle: NodeHandle, estimate: Estimate, frame_id: str) -> Message:
    """Build the JointState of one estimate; only for valid ones."""
    dynamics = estimate.dynamics
    return handle.message(
        JOINT_STATE,
        header=header(handle, estimate.stamp_ns, frame_id),
        name=list(dynamics.joint_names),
        position=_finite(dynamics.position),
        velocity=_finite(dynamics.velocity),
        effort=_finite(dynamics.torque),
    )


def joint_estimates(
    handle: NodeHandle, estimate: Estimate, frame_id: str, age_ms: float
) -> Message:
    """Build the DynamicJointState with INTERFACES for every joint, valid or not."""
    dynamics = estimate.dynamics
    count = len(dynamics.joint_names)
    table = np.empty((count, len(INTERFACES)))
    table[:, 0] = dynamics.torque
    table[:, 1] = dynamics.stddev
    table[:, 2] = dynamics.power
    table[:, 3] = float(estimate.valid)
    table[:, 4] = age_ms
    names = list(INTERFACES)
    return handle.message(
        DYNAMIC_JOINT_STATE,
        header=header(handle, estimate.stamp_ns, frame_id),
        joint_names=list(dynamics.joint_names),
        interface_values=[
            handle.message(
                'control_msgs/msg/InterfaceValue', interface_names=names, values=row
            )
            for row in _finite(table)
        ],
    )  # fmt: skip


def ground_reaction(
    handle: NodeHandle, contact: ContactForce, stamp_ns: int, frame_id: str
) -> Message:
    """Build the WrenchStamped of one foot: the ground's force on the person, about `frame_id`."""
    return handle.message(
        WRENCH_STAMPED,
        header=header(handle, stamp_ns, frame_id),
        wrench=handle.message(
            'geometry_msgs/msg/Wrench',
            force=vector(handle, contact.force),
            torque=vector(handle, contact.moment),
        ),
    )


def contact_frame(side: str, body_id: int) -> str:
    """Name of the tf frame at a foot's centre of pressure, with the world's axes."""
    return f'{side}_contact_b{body_id}'


def contact_transform(estimate: Estimate, side: str, world: str, origin: Array) -> Transform:
    """The frame of one foot's ground reaction, with its origin (3,) m in the world."""
    x, y, z = (float(value) for value in origin)
    child = contact_frame(side, estimate.body_id)
    return Transform(world, child, estimate.stamp_ns, (x, y, z), (0.0, 0.0, 0.0, 1.0))


def body_contacts(handle: NodeHandle, estimate: Estimate, frame_id: str) -> Message:
    """Build the PointCloud2 of every contact that bears: x y z m, fx fy fz N, segment."""
    ground = estimate.ground
    bearing = [
        contact
        for contact in (ground.left, ground.right, *ground.others)
        if np.isfinite(contact.centre_of_pressure).all() and np.isfinite(contact.force).all()
    ]
    cloud = np.zeros((1, len(bearing)), _CONTACT)
    for cell, contact in zip(cloud[0], bearing, strict=True):
        cell['x'], cell['y'], cell['z'] = contact.centre_of_pressure
        cell['fx'], cell['fy'], cell['fz'] = contact.force
        known = contact.segment in SEGMENTS
        cell['segment'] = SEGMENTS.index(contact.segment) if known else OTHER_SEGMENT
    return _cloud(handle, cloud, estimate.stamp_ns, frame_id)


def bearing(message: Message) -> dict[str, float]:
    """Upward force (N) by segment in a body_contacts message."""
    cells = np.frombuffer(bytes(message.data), _CONTACT)
    found: dict[str, float] = {}
    for number, force in zip(cells['segment'].tolist(), cells['fz'].tolist(), strict=True):
        name = SEGMENTS[number] if number < len(SEGMENTS) else 'other'
        found[name] = found.get(name, 0.0) + force
    return found


@dataclass(frozen=True)
class Status:
    """One line of /diagnostics: level OK, WARN, ERROR or STALE, a sentence, and figures."""

    name: str
    level: int
    text: str
    values: Mapping[str, str]


def diagnostics(handle: NodeHandle, statuses: Iterable[Status]) -> Message:
    """Build a DiagnosticArray, stamped now: it is about the node, not about the person."""
    return handle.message(
        DIAGNOSTIC_ARRAY,
        header=header(handle, handle.now_ns(), ''),
        status=[
            handle.message(
                'diagnostic_msgs/msg/DiagnosticStatus',
                level=status.level,
                name=status.name,
                message=status.text,
                hardware_id='humandyn_ros',
                values=[
                    handle.message('diagnostic_msgs/msg/KeyValue', key=key, value=value)
                    for key, value in status.values.items()
                ],
            )
            for status in statuses
        ],
    )


def vector(handle: NodeHandle, xyz: Array) -> Message:
    """Build a geometry_msgs/Vector3 from (3,)."""
    x, y, z = _finite(xyz).tolist()
    return handle.message('geometry_msgs/msg/Vector3', x=x, y=y, z=z)


def point(handle: NodeHandle, xyz: Array) -> Message:
    """Build a geometry_msgs/Point from (3,) m."""
    x, y, z = (float(value) for value in xyz)
    return handle.message('geometry_msgs/msg/Point', x=x, y=y, z=z)


def _finite(values: Array) -> Array:
    # The safety gate lets only finite torques through; this holds for every other number too.
    if math.isfinite(values.sum()):  # only if every number is
        return values
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
