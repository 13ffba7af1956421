"""What every adapter is: one message type in, skeleton frames out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array, Mask, Skeleton, SkeletonFrame


@dataclass(frozen=True)
class Source:
    """One adapter.

    Attributes:
        type_name: Full message type, e.g. 'sensor_msgs/msg/PointCloud2'.
        read: (message, skeleton of the declared format) to one frame per body; raises StreamError.
        format: Skeleton format taken where none is named.
        up: Vertical axis of the points; '' where the format says it.
    """

    type_name: str
    read: Callable[[Any, Skeleton], tuple[SkeletonFrame, ...]]
    format: str
    up: str = ''


def stamp_ns(header: Any) -> int:
    """Return the header's stamp in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def frame(
    header: Any, body_id: int, skeleton: Skeleton, points: Array, confidence: Array | None = None
) -> SkeletonFrame:
    """Make one frame; coordinates that are not finite become NaN with confidence 0.

    Args:
        header: The message's std_msgs/Header.
        body_id: The source's number for this body.
        skeleton: The format's skeleton with J joints.
        points: (J, 3) m.
        confidence: (J,) 0-1; absent where the message has none.

    Raises:
        StreamError: The number of points is not the skeleton's number of joints.
    """
    if len(points) != len(skeleton.joints):
        raise StreamError(
            f'body {body_id} has {len(points)} points, but skeleton format {skeleton.name} has '
            f'{len(skeleton.joints)}; set the parameter `format` to what the source sends'
        )
    seen: Mask = np.logical_and.reduce(np.isfinite(points), axis=1)
    given = np.ones(len(points)) if confidence is None else np.nan_to_num(confidence, nan=0.0)
    return SkeletonFrame(
        stamp_ns=stamp_ns(header),
        frame_id=str(header.frame_id),
        body_id=body_id,
        skeleton=skeleton,
        points=np.where(seen[:, None], points, np.nan),
        confidence=np.where(seen, np.clip(given, 0.0, 1.0), 0.0),
    )
