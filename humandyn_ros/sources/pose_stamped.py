"""geometry_msgs/PoseStamped, one topic per segment, as vicon_receiver sends subjects.

Name the topic that all lie below: `/vicon` or `/vicon/<subject>`. The last part of a topic's name
is the joint, the one before it the body. Topics of one instant are stamped a little apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.ros4hri import below
from humandyn_ros.sources.source import Source, body_number, frame, hide_zeros

TYPE = 'geometry_msgs/msg/PoseStamped'


def read(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return the body with this one joint; none where the format has no such joint."""
    parts = topic.strip('/').split('/')
    found = form.match(parts[-1:])
    if not found:
        return ()
    points = np.full((len(form.skeleton.joints), 3), np.nan)
    place = message.pose.position
    points[form.skeleton.index[next(iter(found))]] = place.x, place.y, place.z
    body = body_number(parts[-2] if len(parts) > 1 else 0)
    return (frame(message.header, body, form.skeleton, hide_zeros(points)),)


SOURCE = Source(TYPE, read, up='Z', parts=True, topics=below(TYPE), shared=True)
