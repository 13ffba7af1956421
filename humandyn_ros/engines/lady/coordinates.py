"""Generalized coordinates of LaDy from joint centres: root rotation and bends between segments.

As published (LaDy 2026, "Generalized Coordinate Calculation" and its released code): the root
frame by Gram-Schmidt from root, spine and hips; each further joint turns the direction of its
parent segment into that of its own by a rotation vector, written in the axes the points are in.
These are not the coordinates of a body model, and the root's translation is not among them.
The heading-invariant form writes everything in axes that turn with the person about the vertical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import Array
from humandyn_ros.rotations import log

_SMALL = 1e-12  # below it a segment has no direction, as in the published code


@dataclass(frozen=True)
class Tree:
    """The kinematic tree the coordinates are made from.

    Attributes:
        parents: Index of each joint's parent, -1 for the root (V).
        landmarks: Joints root, spine, right hip, left hip of the root frame.
        dims: 3, or 2 for image points.
        up: Axis of the points that points up, 0-2 (heading-invariant form only).
    """

    parents: tuple[int, ...]
    landmarks: tuple[int, int, int, int]
    dims: int = 3
    up: int = 2

    def __post_init__(self) -> None:
        count = len(self.parents)
        if self.dims not in (2, 3):
            raise SkeletonError(f'{self.dims} dimensions: LaDy takes 2 or 3')
        if not all(-1 <= p < count for p in self.parents) or self.parents.count(-1) != 1:
            raise SkeletonError(f'parents {self.parents}: one root (-1), others 0 to {count - 1}')
        if any(self._depth(joint) > count for joint in range(count)):
            raise SkeletonError(f'parents {self.parents} run in a circle')
        if not all(0 <= joint < count for joint in self.landmarks):
            raise SkeletonError(f'landmarks {self.landmarks}: joints are 0 to {count - 1}')

    def _depth(self, joint: int) -> int:
        steps = 0
        while joint >= 0 and steps <= len(self.parents):
            joint, steps = self.parents[joint], steps + 1
        return steps

    @cached_property
    def bends(self) -> tuple[tuple[int, int, int], ...]:
        """Grandparent, parent and joint of every joint that has both."""
        chains = ((self.parents[p] if p >= 0 else -1, p, j) for j, p in enumerate(self.parents))
        return tuple(chain for chain in chains if chain[0] >= 0)

    @property
    def size(self) -> int:
        """Number of coordinates D of one person."""
        return (1 + len(self.bends)) * (3 if self.dims == 3 else 1)


def generalized_coordinates(points: Array, tree: Tree, *, heading_free: bool = False) -> Array:
    """Coordinates q (..., D) rad of points (..., V, dims); zero where a direction is missing.

    Args:
        points: Joint centres, in any unit; a joint that was not seen equals the root or zero.
        tree: Kinematic tree.
        heading_free: Write them in axes that turn with the person about the vertical, so that q
            does not change when the person, or the sensor, turns about it.

    Raises:
        SkeletonError: The points do not fit the tree, or image points are asked for a heading.
    """
    points = np.asarray(points, float)
    if points.shape[-2:] != (len(tree.parents), tree.dims):
        raise SkeletonError(
            f'points {points.shape}: this tree has {len(tree.parents)} joints in {tree.dims} '
            'dimensions'
        )
    if tree.dims == 2:
        if heading_free:
            raise SkeletonError('image points have no heading: use heading_free = False')
        return _planar(points, tree)
    root = _root_frame(points, tree.landmarks)
    if heading_free:
        turn = _heading(root, tree.up)
        points, root = points @ turn, np.swapaxes(turn, -1, -2) @ root
    return np.concatenate([_safe_log(root), _bends(points, tree)], axis=-1)


def heading(points: Array, tree: Tree) -> Array:
    """Axes of the person's heading as columns (..., 3, 3) of points (..., V, 3)."""
    return _heading(_root_frame(points, tree.landmarks), tree.up)


def _unit(v: Array) -> Array:
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    result: Array = v / np.maximum(length, _SMALL)
    return result


def _root_frame(points: Array, landmarks: Sequence[int]) -> Array:
    """Axes right, up the spine, backwards as columns (..., 3, 3); zeros where undefined."""
    root, spine, right, left = (points[..., joint, :] for joint in landmarks)
    y = _unit(spine - root)
    z = _unit(np.cross(right - left, y))
    x = _unit(np.cross(y, z))
    return np.stack([x, y, z], axis=-1)


def _safe_log(frames: Array) -> Array:
    """Rotation vectors (..., 3); zero for a frame that is no rotation."""
    whole = np.linalg.det(frames) > 0.5
    vector = log(np.where(whole[..., None, None], frames, np.eye(3)))
    return np.where(whole[..., None], vector, 0.0)


def _heading(root: Array, up: int) -> Array:
    """Axes of the person's heading as columns (..., 3, 3): turned about the vertical only."""
    right = root[..., :, 0].copy()
    right[..., up] = 0.0
    length = np.linalg.norm(right, axis=-1, keepdims=True)
    first = np.zeros(3)
    first[(up + 1) % 3] = 1.0
    right = np.where(length > 1e-6, right / np.maximum(length, 1e-6), first)
    vertical = np.zeros_like(right)
    vertical[..., up] = 1.0
    columns = [right, right, right]
    columns[(up + 1) % 3] = right
    columns[(up + 2) % 3] = np.cross(vertical, right)
    columns[up] = vertical
    return np.stack(columns, axis=-1)


def _directions(points: Array, tree: Tree) -> tuple[Array, Array]:
    grand, parent, joint = np.array(tree.bends, dtype=np.intp).T
    above = _unit(points[..., parent, :] - points[..., grand, :])
    below = _unit(points[..., joint, :] - points[..., parent, :])
    return above, below


def _bends(points: Array, tree: Tree) -> Array:
    above, below = _directions(points, tree)
    normal = np.cross(above, below)
    angle = np.arctan2(np.linalg.norm(normal, axis=-1), np.sum(above * below, axis=-1))
    vectors = angle[..., None] * _unit(normal)
    return np.asarray(vectors.reshape(*vectors.shape[:-2], -1))


def _planar(points: Array, tree: Tree) -> Array:
    root, spine = tree.landmarks[:2]
    trunk = points[..., spine, :] - points[..., root, :]
    above, below = _directions(points, tree)
    sine = above[..., 0] * below[..., 1] - above[..., 1] * below[..., 0]
    bend = np.arctan2(sine, np.sum(above * below, axis=-1))
    return np.concatenate([np.arctan2(trunk[..., 1:], trunk[..., :1]), bend], axis=-1)
