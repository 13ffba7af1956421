"""From a stretch of motion of any skeleton to the few frames that are drawn.

Training and live narration share this: the same instants, the same view.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.drawing import Style
from humandyn_ros.drawing.layout import Indices
from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array

INSTANTS, FRAMES = 32, 8
"""A stretch is read at so many instants; every fourth of them is drawn."""
SHORTEST_S, LONGEST_S = 0.4, 12.0
AZIMUTH_DEG, ELEVATION_DEG = 30.0, 10.0
UPWARD = {
    'X': (1.0, 0.0, 0.0), '-X': (-1.0, 0.0, 0.0), 'Y': (0.0, 1.0, 0.0),
    '-Y': (0.0, -1.0, 0.0), 'Z': (0.0, 0.0, 1.0), '-Z': (0.0, 0.0, -1.0),
}  # fmt: skip
_TINY = 1e-6


def style(size: int) -> Style:
    """How narrated motion is drawn: points come in optical axes, each frame is centred."""
    return Style(
        height=size,
        width=size,
        up='-Y',
        heading='world',
        azimuth_deg=0.0,
        elevation_deg=0.0,
        framing='follow',
    )


def instants(points: Array, rate_hz: float) -> tuple[Array, float]:
    """Read a stretch (T, ...) at INSTANTS even instants; return them and how many seconds it is.

    Raises:
        StreamError: It is shorter or longer than what can be told.
    """
    seconds = (len(points) - 1) / rate_hz
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise StreamError(
            f'{seconds:.2f} s of motion: give between {SHORTEST_S} and {LONGEST_S} s'
        )
    frames = np.linspace(0.0, len(points) - 1.0, INSTANTS)
    low = np.minimum(frames.astype(int), len(points) - 2)
    share = (frames - low).reshape(-1, *[1] * (points.ndim - 1))
    result: Array = (1 - share) * points[low] + share * points[low + 1]
    return result, seconds


def drawn(
    points: Array, seconds: NDArray[Any], offset: NDArray[Any] | int = 2
) -> tuple[Array, Array]:
    """Frames that are drawn, and their velocities per second.

    Args:
        points: (B, INSTANTS, J, 3).
        seconds: Length of each stretch (B).
        offset: Which of every four instants, 0-3: one number or (B, FRAMES).

    Returns:
        Points and velocities (B, FRAMES, J, 3).
    """
    every = INSTANTS // FRAMES
    rows = np.arange(FRAMES) * every + np.broadcast_to(offset, (len(points), FRAMES))
    clip = np.arange(len(points))[:, None]
    after, before = np.minimum(rows + 1, INSTANTS - 1), np.maximum(rows - 1, 0)
    span = (after - before) * (np.asarray(seconds)[:, None] / (INSTANTS - 1))
    step = points[clip, after] - points[clip, before]
    return points[clip, rows], step / span[..., None, None]


def optical(
    points: Array,
    sides: Indices,
    up: str = 'Z',
    azimuth_deg: Array | float = AZIMUTH_DEG,
    elevation_deg: Array | float = ELEVATION_DEG,
) -> Array:
    """Points in the axes of a camera in front of the person: x right, y down, z into the picture.

    Args:
        points: (B, T, J, 3) world, or (B, T, J, 2) image points, NaN = not seen.
        sides: Left and right joint of each pair that tells the heading (S, 2).
        up: Axis that points up; of image points Y or -Y.
        azimuth_deg: How far the camera walks round to its right, one number or (B).
        elevation_deg: By how much it looks down, one number or (B).
    """
    if points.shape[-1] == 2:
        sign = 1.0 if up == '-Y' else -1.0
        return np.stack([points[..., 0], sign * points[..., 1], 0.0 * points[..., 0]], axis=-1)
    upward = np.array(UPWARD[up])
    right = _across(points, sides, upward)
    inward = np.cross(upward, right)
    turn, tilt = (
        np.radians(np.broadcast_to(angle, len(points)))[:, None]
        for angle in (azimuth_deg, elevation_deg)
    )
    right, inward = (
        np.cos(turn) * right + np.sin(turn) * inward,
        np.cos(turn) * inward - np.sin(turn) * right,
    )
    down = -(np.cos(tilt) * upward + np.sin(tilt) * inward)
    inward = np.cos(tilt) * inward - np.sin(tilt) * upward
    axes = np.stack([right, down, inward], axis=1)  # (B, 3, 3)
    result: Array = np.einsum('bij,btkj->btki', axes, points)
    return result


def _across(points: Array, sides: Indices, up: Array) -> Array:
    """Horizontal unit vectors from the right to the left of each person (B, 3), clip's mean."""
    other = np.eye(3)[np.argmin(np.abs(up))]
    if not len(sides):
        same: Array = np.broadcast_to(other, (len(points), 3)).copy()
        return same
    across = points[:, :, sides[:, 0]] - points[:, :, sides[:, 1]]
    across = np.nan_to_num(across).sum(axis=(1, 2))
    across = across - (across @ up)[:, None] * up
    length = np.linalg.norm(across, axis=1, keepdims=True)
    known = length > _TINY
    result: Array = np.where(known, across / np.where(known, length, 1.0), other)
    return result
