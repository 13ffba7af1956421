"""Our own form: sensor_msgs/PointCloud2, height = people, width = joints.

Fields x y z (m) and confidence (0-1) as float32, body (uint32); NaN = not seen. `confidence` and
`body` may be absent: then 1 for every seen joint, and the row number. The frame has z up
(REP 103).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.source import Source, frame

TYPE = 'sensor_msgs/msg/PointCloud2'

LAYOUT = np.dtype(
    [('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('confidence', '<f4'), ('body', '<u4')]
)
"""One joint of one body as it lies in the message's data."""

# sensor_msgs/msg/PointField: INT8 = 1 ... FLOAT64 = 8.
CODES = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 8: 'f8'}


def fields_of(layout: np.dtype[Any]) -> list[tuple[str, int, int]]:
    """Return (name, offset in bytes, PointField code) for every field of a layout."""
    by_kind = {kind: code for code, kind in CODES.items()}
    entries: Mapping[str, Any] = layout.fields or {}
    return [(name, entry[1], by_kind[entry[0].str[1:]]) for name, entry in entries.items()]


def pack(frames: Sequence[SkeletonFrame]) -> NDArray[np.void]:
    """Return the points of one message, (people, joints) of LAYOUT, from frames of one format."""
    joints = len(frames[0].skeleton.joints) if frames else 0
    cloud = np.zeros((len(frames), joints), LAYOUT)
    for row, body in zip(cloud, frames, strict=True):
        row['x'], row['y'], row['z'] = body.points.T
        row['confidence'] = body.confidence
        row['body'] = body.body_id
    return cloud


def unpack(message: Any) -> NDArray[np.void]:
    """Return a message's points as a structured array (height, width).

    Raises:
        StreamError: A field type is unknown, or the data are shorter than the header promises.
    """
    order = '>' if message.is_bigendian else '<'
    try:
        fields = tuple((f.name, int(f.datatype), int(f.offset)) for f in message.fields)
        layout = _layout(order, fields, int(message.point_step))
        rows = np.frombuffer(message.data, np.uint8)[: message.height * message.row_step]
        rows = rows.reshape(message.height, message.row_step)[:, : message.width * layout.itemsize]
        cloud: NDArray[np.void] = np.ascontiguousarray(rows).view(layout)
        return cloud.reshape(message.height, message.width)
    except (KeyError, ValueError, TypeError) as error:
        raise StreamError(
            f'PointCloud2 of {message.height} x {message.width} points cannot be read: {error}'
        ) from error


@lru_cache(maxsize=64)
def _layout(order: str, fields: tuple[tuple[str, int, int], ...], size: int) -> np.dtype[Any]:
    return np.dtype(
        {
            'names': [name for name, _, _ in fields],
            'formats': [order + CODES[code] for _, code, _ in fields],
            'offsets': [offset for _, _, offset in fields],
            'itemsize': size,
        }
    )


def read(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return one frame per row.

    Raises:
        StreamError: The width is not the number of joints, x, y or z is missing, or a body's
            number is none.
    """
    del topic
    cloud = unpack(message)
    names = cloud.dtype.names or ()
    missing = [name for name in 'xyz' if name not in names]
    if missing:
        raise StreamError(f'PointCloud2 has no field {missing[0]!r}; its fields: {list(names)}')
    bodies: dict[int, SkeletonFrame] = {}
    for index, row in enumerate(cloud):
        points = np.empty((len(row), 3))
        for column, axis in enumerate('xyz'):
            points[:, column] = row[axis]
        confidence = row['confidence'].astype(float) if 'confidence' in names else None
        body = _number(row['body'][0]) if 'body' in names and len(row) else index
        # The first row of a repeated number wins: two people cannot be one.
        bodies.setdefault(body, frame(message.header, body, form.skeleton, points, confidence))
    return tuple(bodies.values())


def _number(value: Any) -> int:
    if not 0 <= value < 2**32:  # neither does NaN
        raise StreamError(f'PointCloud2 has body {value}: body numbers go from 0 to 2³² - 1')
    return int(value)


SOURCE = Source(TYPE, read, 'smpl_24', up='Z', confident=True)
