"""What every adapter is: messages of one type in, skeleton frames out."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array, Mask, Skeleton, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat

Frames = tuple[SkeletonFrame, ...]
Read = Callable[[Any, SkeletonFormat, str], Frames]
"""(message, its format, topic it came on) to one frame per body; raises StreamError."""

UNSTAMPED = -1
"""Stamp of frames from messages without a header: the time of receipt takes its place."""


@dataclass(frozen=True)
class Source:
    """One adapter.

    Attributes:
        type_name: Full message type, e.g. 'sensor_msgs/msg/PointCloud2'; '' for a field map that
            fits any type with these fields.
        read: Message to frames, without memory; absent where `fresh` is there.
        format: Skeleton format taken where none is named; '' where `recognise` or the user says.
        up: Vertical axis of the points; '' where the format says it.
        confident: Whether messages say how sure each point is; else that is rebuilt.
        parts: Whether one message may hold part of a body only, so that parts are gathered.
        fresh: Makes a `read` with a memory of its own.
        recognise: Message to the name of its format; '' while it cannot be told.
        topics: (all topics and their types, the topic asked for) to the topics to read; absent
            where it is that topic alone.
        shared: Whether the type carries other things too, so that only a named topic is read.
    """

    type_name: str
    read: Read | None = None
    format: str = ''
    up: str = ''
    confident: bool = False
    parts: bool = False
    fresh: Callable[[], Read] | None = None
    recognise: Callable[[Any], str] | None = None
    topics: Callable[[Mapping[str, str], str], dict[str, str]] | None = None
    shared: bool = False

    def reads(self, graph: Mapping[str, str], topic: str) -> dict[str, str]:
        """Return the topics, of all that there are, that this source reads for one asked for.

        Args:
            graph: Topics and their types.
            topic: Absolute name; of a set, what all lie below.
        """
        if self.topics is not None:
            return self.topics(graph, topic)
        return {topic: self.type_name} if graph.get(topic) == self.type_name else {}


def stamp_ns(header: Any) -> int:
    """Return the header's stamp in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def frame(
    header: Any, body_id: int, skeleton: Skeleton, points: Array, confidence: Array | None = None
) -> SkeletonFrame:
    """Make one frame; coordinates that are not finite become NaN with confidence 0.

    Args:
        header: The message's std_msgs/Header; None where it has none.
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
    stamp = UNSTAMPED if header is None else stamp_ns(header)
    frame_id = '' if header is None else str(header.frame_id)
    if confidence is not None and _sound(points, confidence):
        return SkeletonFrame(stamp, frame_id, body_id, skeleton, points, confidence)
    seen: Mask = np.logical_and.reduce(np.isfinite(points), axis=1)
    given = np.ones(len(points)) if confidence is None else np.nan_to_num(confidence, nan=0.0)
    return SkeletonFrame(
        stamp_ns=stamp,
        frame_id=frame_id,
        body_id=body_id,
        skeleton=skeleton,
        points=np.where(seen[:, None], points, np.nan),
        confidence=np.where(seen, np.clip(given, 0.0, 1.0), 0.0),
    )


def _sound(points: Array, confidence: Array) -> bool:
    """Whether nothing is to be mended: a sum is finite only if every number is."""
    return math.isfinite(points.sum()) and 0.0 <= confidence.min() <= confidence.max() <= 1.0


def body_number(name: object) -> int:
    """Return a body's number: a number itself, else one that a name always gives again."""
    if isinstance(name, int | np.integer):
        return int(name) % 2**32
    text = str(name)
    if text.isascii() and text.isdecimal() and int(text) < 2**32:
        return int(text)
    return zlib.crc32(text.encode())


def hide_zeros(points: Array) -> Array:
    """Return points (J, 3) where the exact origin, a filler of many sources, is not seen."""
    return np.where((points == 0.0).all(axis=1, keepdims=True), np.nan, points)
