"""Coordinate frames: points into a frame with z up, and the name of that frame on tf."""

from __future__ import annotations

import dataclasses

import numpy as np

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array, SkeletonFrame
from humandyn_ros.ros.handle import NodeHandle, Transform
from humandyn_ros.rotations import matrix_to_quat_xyzw, quat_xyzw_to_matrix
from humandyn_ros.skeleton.axes import to_z_up


class WorldFrame:
    """Names the frame that estimates are in, and brings points into it.

    Args:
        handle: Node that asks tf.
        name: Frame to transform points into by tf (z up); '' for the source's own frame.
        up: Vertical axis of the source's own frame.
        pose: Pose of the source's own frame in that one, instead of tf; see `read_pose`.

    Raises:
        ConfigError: The pose is none.
    """

    def __init__(self, handle: NodeHandle, name: str, up: str, pose: str = '') -> None:
        self._handle = handle
        self._name = name
        self._up = up
        self._pose = read_pose(pose)

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
        if self._pose is not None:
            rotation, translation = self._pose
        else:
            link = self._handle.look_up(self._name, frame.frame_id, frame.stamp_ns)
            if link is None:
                return None
            rotation = quat_xyzw_to_matrix(np.array(link.rotation_quat_xyzw))
            translation = np.array(link.translation)
        points = frame.points @ rotation.T + translation
        return dataclasses.replace(frame, points=points, frame_id=self._name)


def read_pose(text: str) -> tuple[Array, Array] | None:
    """Read seven numbers, x y z in m and a quaternion x y z w, as rotation and translation.

    Returns:
        Rotation (3, 3) and translation (3,) m; None for an empty text.

    Raises:
        ConfigError: They are not seven finite numbers, or the quaternion has no length.
    """
    if not text.strip():
        return None
    try:
        numbers = np.array([float(word) for word in text.replace(',', ' ').split()])
    except ValueError:
        numbers = np.empty(0)
    length = float(np.linalg.norm(numbers[3:]))
    if len(numbers) != 7 or not np.isfinite(numbers).all() or length < 0.5:
        raise ConfigError(
            f'pose = {text!r}: give seven numbers, x y z in m and a quaternion x y z w, such as '
            '"0 0 1.2 0 0 0 1"'
        )
    return quat_xyzw_to_matrix(numbers[3:] / length), numbers[:3]
