"""geometry_msgs/PoseArray: one body, one entry per joint in the format's order.

The message knows neither confidence nor "not seen"; NaN and the exact origin mean not seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.source import Source, frame, hide_zeros


def read(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return the one frame, as body 0; none for an empty array.

    Raises:
        StreamError: The number of entries is not the number of joints.
    """
    del topic
    if not len(message.poses):
        return ()
    points = np.array([(p.position.x, p.position.y, p.position.z) for p in message.poses], float)
    return (frame(message.header, 0, form.skeleton, hide_zeros(points)),)


SOURCE = Source('geometry_msgs/msg/PoseArray', read, 'smpl_24', shared=True)
