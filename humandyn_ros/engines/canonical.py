"""The frame that dynamics networks see the world in: origin under the pelvis, x ahead.

Liu et al. 2025 (ImDyS), section 4.1: "states are canonicalized w.r.t. the heading direction".
The height above the floor is kept. The released code leaves the heading as it is; `heading=False`
does so too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.quantities import CANONICAL, Array

_PAIRS = tuple(
    (CANONICAL.index[f'left_{part}'], CANONICAL.index[f'right_{part}'])
    for part in ('hip', 'shoulder')
)
_HIPS = list(_PAIRS[0])


@dataclass(frozen=True, eq=False)
class CanonicalFrame:
    """Where a person stands and which way they face.

    Attributes:
        origin: Point of the floor under the pelvis (..., 3) m, world.
        rotation: Columns are the canonical axes in the world (..., 3, 3); z stays up.
    """

    origin: Array
    rotation: Array

    def points(self, world: Array) -> Array:
        """Points (..., K, 3) m of the world, in this frame; leading axes as the frame's."""
        return self.vectors(world - self.origin[..., None, :])

    def vectors(self, world: Array) -> Array:
        """Vectors (..., K, 3) of the world, in the axes of this frame."""
        return world @ self.rotation

    def to_world(self, vectors: Array) -> Array:
        """Vectors (..., K, 3) of this frame, in the axes of the world."""
        result: Array = vectors @ np.swapaxes(self.rotation, -1, -2)
        return result


def canonical_frame(
    joints: Array, *, heading: bool = True, floor_m: Array | float = 0.0
) -> CanonicalFrame:
    """Frame of a person from canonical joint centres.

    Args:
        joints: (..., 24, 3) m, z up; NaN = not seen.
        heading: Turn x to where hips and shoulders face; else keep the world's axes.
        floor_m: Height of the floor (...).

    Returns:
        The frame; the middle of the hips stands in for an unseen pelvis, and where neither hips
        nor shoulders are seen the world's axes are kept.
    """
    pelvis = joints[..., 0, :2]
    pelvis = np.where(np.isfinite(pelvis), pelvis, joints[..., _HIPS, :2].mean(axis=-2))
    origin = np.zeros((*joints.shape[:-2], 3))
    origin[..., :2] = np.nan_to_num(pelvis)
    origin[..., 2] = floor_m
    yaw = _yaw(joints) if heading else np.zeros(joints.shape[:-2])
    c, s, zero = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)
    rows = (c, -s, zero, s, c, zero, zero, zero, zero + 1.0)
    return CanonicalFrame(origin, np.stack(rows, axis=-1).reshape(*yaw.shape, 3, 3))


def _yaw(joints: Array) -> Array:
    """Angle of the heading about z (...), rad: square to the lines from right to left."""
    leftwards = np.zeros((*joints.shape[:-2], 2))
    for left, right in _PAIRS:
        leftwards += np.nan_to_num(joints[..., left, :2] - joints[..., right, :2])
    yaw: Array = np.arctan2(-leftwards[..., 0], leftwards[..., 1])
    return yaw
