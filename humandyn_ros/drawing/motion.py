"""Velocity of joints as the looks want it."""

from __future__ import annotations

from typing import Any

import numpy as np


def velocities(points: Any, rate_hz: float, xp: Any = np) -> Any:
    """Velocity per second (..., T, P, J, 3) of points, central inside, one-sided at the ends.

    Args:
        points: (..., T, P, J, 3), NaN = not seen; its velocity is NaN then, and drawn as zero.
        rate_hz: Frames per second.
        xp: numpy or torch.
    """
    frames = points.shape[-4]
    after = [min(t + 1, frames - 1) for t in range(frames)]
    before = [max(t - 1, 0) for t in range(frames)]
    span = xp.asarray([max(a - b, 1) for a, b in zip(after, before, strict=True)])
    shape = (frames, 1, 1, 1)
    step = points[..., after, :, :, :] - points[..., before, :, :, :]
    return step * (rate_hz / span.reshape(shape))


def released_velocities(points: Any, stride: int = 4) -> Any:
    """x(t + 4) - x(t) on the original frames, as the released look wants it: per four frames."""
    frames = points.shape[-4]
    ahead = [min(t + stride, frames - 1) for t in range(frames)]
    return points[..., ahead, :, :, :] - points
