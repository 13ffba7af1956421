"""visualization_msgs/MarkerArray as the Azure Kinect ROS driver sends bodies.

Marker id = 100 * body + joint (Azure_Kinect_ROS_Driver, `getBodyMarker`); a body that left is
simply absent. The driver drops the joints' confidence (its issue 87), so it is rebuilt. Other
formats work where their source numbers markers the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.source import Source, frame

_PER_BODY = 100


def read(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return one frame per body; joints without a marker are not seen.

    Raises:
        StreamError: A marker's number is negative, or lies outside the format's joints.
    """
    del topic
    skeleton = form.skeleton
    bodies: dict[int, tuple[Any, Array]] = {}
    for marker in message.markers:
        if marker.action != 0:  # only ADD carries a position
            continue
        body, joint = divmod(int(marker.id), _PER_BODY)
        if body < 0 or joint >= len(skeleton.joints):
            raise StreamError(
                f'marker {marker.id} would be joint {joint} of body {body}, but skeleton format '
                f'{skeleton.name} has {len(skeleton.joints)} joints; set the parameter `format`'
            )
        empty = np.full((len(skeleton.joints), 3), np.nan)
        _, points = bodies.setdefault(body, (marker.header, empty))
        position = marker.pose.position
        points[joint] = position.x, position.y, position.z
    return tuple(frame(head, body, skeleton, points) for body, (head, points) in bodies.items())


SOURCE = Source('visualization_msgs/msg/MarkerArray', read, 'k4a_32', shared=True)
