"""Where the camera stands, and points in its axes: x right, y up, z into the picture.

These axes are left-handed, so that a picture of a right-handed world is not mirrored. Written
once for numpy and torch (`xp`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.drawing.layout import Indices
from humandyn_ros.drawing.style import Style

NEAR = 1e-4  # m, points behind the fixed camera are put here (as released)
_TINY = 1e-6
# Up axis -> the world direction that is the picture's right with heading 'world': what a sensor
# sees in its own optical axes (-Y, and the Kinect's Y), and x to the right with z up.
_RIGHT = {
    'X': (0.0, 1.0, 0.0), '-X': (0.0, 1.0, 0.0), 'Y': (-1.0, 0.0, 0.0),
    '-Y': (1.0, 0.0, 0.0), 'Z': (1.0, 0.0, 0.0), '-Z': (1.0, 0.0, 0.0),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera for a batch of clips; arrays of numpy or torch.

    Attributes:
        rotation: Rows are the picture's right, up and inward direction, (..., 3, 3), where `...`
            broadcasts over (B, T, P).
        eye: Point that comes to the middle of the picture; where a pinhole stands (..., 3).
        focal: Half pictures per metre at 1 m (pinhole) or at any distance (else) (...).
        pinhole: Perspective, else parallel projection.
    """

    rotation: Any
    eye: Any
    focal: Any
    pinhole: bool

    def points(self, points: Any) -> Any:
        """World points (B, T, P, J, 3) in camera axes; in half pictures if not a pinhole."""
        return self.vectors(points - self.eye[..., None, :])

    def vectors(self, vectors: Any) -> Any:
        """World vectors (B, T, P, J, 3) in camera axes."""
        turned = (self.rotation[..., None, :, :] @ vectors[..., None])[..., 0]
        return turned if self.pinhole else turned * self.focal[..., None, None]


def fixed(style: Style, like: Any, xp: Any = np) -> Camera:
    """The released camera: at the origin, axes as they are, given field of view."""
    zero = like.reshape(-1)[:3] * 0
    zero = xp.where(zero == 0, zero, xp.zeros_like(zero))  # the points may be NaN
    focal = 1 / math.tan(math.radians(style.field_of_view_deg) / 2)
    turn = _constant(np.eye(3), zero, xp)
    return Camera(turn[None, None, None], zero[None, None, None], _constant(focal, zero, xp)
                  .reshape(1, 1, 1), True)  # fmt: skip


def fit(points: Any, seen: Any, sides: Indices, style: Style, xp: Any = np) -> Camera:
    """A camera that centres and scales the people of each clip.

    Args:
        points: (B, T, P, J, 3) world, finite.
        seen: (B, T, P, J) bool.
        sides: Left and right joint of each pair that tells the heading (S, 2).
        style: Heading, azimuth, elevation, framing, margin.
        xp: numpy or torch.
    """
    turn = _orientation(points, seen, sides, style, xp)  # (B, 3, 3)
    turned = (turn[:, None, None, None] @ points[..., None])[..., 0]
    per_frame = style.framing == 'follow'
    low, high = _box(turned, seen, (2, 3) if per_frame else (1, 2, 3), xp)
    extent = xp.amax((high - low)[..., :2], axis=(1, 2, 3, 4))  # (B,)
    scale = 2 * (1 - style.margin) / xp.where(extent > _TINY, extent, xp.ones_like(extent))
    middle = ((low + high) / 2)[..., 0, :]  # (B, T or 1, 1, 3), camera axes
    eye = (turn[:, None, None].swapaxes(-1, -2) @ middle[..., None])[..., 0]
    return Camera(turn[:, None, None], eye, scale[:, None, None], False)


def _box(turned: Any, seen: Any, axes: tuple[int, ...], xp: Any) -> tuple[Any, Any]:
    far = xp.full_like(turned, math.inf)
    shown = seen[..., None]
    low = xp.amin(xp.where(shown, turned, far), axis=axes, keepdims=True)
    high = xp.amax(xp.where(shown, turned, -far), axis=axes, keepdims=True)
    empty = low > high  # nobody in the picture
    nought = xp.zeros_like(low)
    return xp.where(empty, nought, low), xp.where(empty, nought, high)


def _constant(value: Any, like: Any, xp: Any) -> Any:
    made = xp.asarray(value, dtype=like.dtype)
    return made if xp is np else made.to(like.device)


def _orientation(points: Any, seen: Any, sides: Indices, style: Style, xp: Any) -> Any:
    """Camera axes per clip (B, 3, 3)."""
    axis = 'XYZ'.index(style.up[-1])
    upward = np.eye(3)[axis] * (-1.0 if style.up[0] == '-' else 1.0)
    up = _constant(upward, points, xp)
    right = _constant(_RIGHT[style.up], points, xp) + xp.zeros_like(points[:, 0, 0, 0])
    if style.heading == 'person' and len(sides):
        right = _from_the_front(points, seen, sides, up=up, other=right, xp=xp)
    inward = _cross(up + xp.zeros_like(right), right, xp)
    turn, tilt = math.radians(style.azimuth_deg), math.radians(style.elevation_deg)
    right, inward = (
        math.cos(turn) * right + math.sin(turn) * inward,
        math.cos(turn) * inward - math.sin(turn) * right,
    )
    top = math.cos(tilt) * up + math.sin(tilt) * inward
    inward = math.cos(tilt) * inward - math.sin(tilt) * up
    return xp.stack([right, top, inward], axis=1)


def _from_the_front(
    points: Any, seen: Any, sides: Indices, *, up: Any, other: Any, xp: Any
) -> Any:
    """From the first person's right to left hip and shoulder, horizontal, mean of the clip."""
    left, right = sides[:, 0].tolist(), sides[:, 1].tolist()
    both = (seen[:, :, 0, left] & seen[:, :, 0, right])[..., None]
    across = points[:, :, 0, left] - points[:, :, 0, right]
    across = xp.where(both, across, xp.zeros_like(across)).sum((1, 2))
    across = across - (across * up).sum(-1)[:, None] * up
    length = (across * across).sum(-1)[:, None]
    known = length > _TINY
    length = xp.where(known, length, xp.ones_like(length)) ** 0.5
    return xp.where(known, across / length, other)


def _cross(a: Any, b: Any, xp: Any) -> Any:
    return xp.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )
