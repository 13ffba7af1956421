"""Coordinate frames: points into a frame with z up, and the name of that frame on tf."""

from __future__ import annotations

import dataclasses

import numpy as np

from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.ros.handle import NodeHandle, Transform
from humandyn_ros.rotations import matrix_to_quat_xyzw, quat_xyzw_to_matrix
from humandyn_ros.skeleton.axes import to_z_up


class WorldFrame:
    """Names the frame that estimates are in, and brings points into it.

    Args:
        handle: Node that asks tf.
        name: Frame to transform points into by tf (z up); '' for the source's own frame.
        up: Vertical axis of the source's own frame.
    """

    def __init__(self, handle: NodeHandle, name: str, up: str) -> None:
        self._handle = handle
        self._name = name
        self._up = up

    def name(self, source_frame: str) -> str:
        """The frame with z up that estimates of points in `source_frame` are in."""
        if self._name or self._up == 'Z':
            return self._name or source_frame
        return f'{source_frame}_z_up'

    def transform(self, source_frame: str, stamp_ns: int) -> Transform | None:
        """The tf link from the source's frame to ours; None where they are one."""
        ours = self.name(source_frame)
        if self._name or ours == source_frame:
            return None
        # tf wants our axes in theirs: the inverse of what turns their vectors into ours.
        x, y, z, w = matrix_to_quat_xyzw(to_z_up(self._up).T)
        return Transform(
            source_frame, ours, stamp_ns, (0.0, 0.0, 0.0), (float(x), float(y), float(z), float(w))
        )

    def bring(self, frame: SkeletonFrame) -> SkeletonFrame | None:
        """Return the frame's points in the named frame; None while tf does not know the way."""
        if not self._name or frame.frame_id == self._name:
            return frame
        link = self._handle.look_up(self._name, frame.frame_id, frame.stamp_ns)
        if link is None:
            return None
        rotation = quat_xyzw_to_matrix(np.array(link.rotation_quat_xyzw))
        points = frame.points @ rotation.T + np.array(link.translation)
        return dataclasses.replace(frame, points=points, frame_id=self._name)
