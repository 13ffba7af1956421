"""From joints to strokes on the picture, nearest first. Written once for numpy and torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.drawing.appearance import Look, Points, look
from humandyn_ros.drawing.camera import NEAR, Camera, fit, fixed
from humandyn_ros.drawing.layout import Layout
from humandyn_ros.drawing.style import Style
from humandyn_ros.errors import SkeletonError


@dataclass(frozen=True, eq=False)
class Strokes:
    """Strokes of F frames, M each (people times strokes of a layout), sorted nearest first.

    Attributes:
        start: Pixels (F, M, 2), x right, y down.
        end: Pixels (F, M, 2).
        metric: Inverse of the covariance of the pen: xx, xy, yy (F, M, 3) px⁻².
        colour: At start and end (F, M, 2, 3).
        ink: Optical depth at start and end (F, M, 2).
    """

    start: Any
    end: Any
    metric: Any
    colour: Any
    ink: Any


def make_strokes(
    points: Any,
    confidence: Any,
    velocity: Any,
    *,
    layout: Layout,
    style: Style,
    parameters: Mapping[str, Any],
    xp: Any = np,
    camera: Camera | None = None,
) -> Strokes:
    """Place strokes and dress them.

    Args:
        points: (B, T, P, J, 3) or (B, T, P, J, 2) for images; NaN = not seen.
        confidence: (B, T, P, J) 0-1; 0 draws nothing.
        velocity: Of `points`, the same shape; NaN is taken for zero.
        layout: What is drawn.
        style: How.
        parameters: Learnt numbers, named as in DrAction's state.
        xp: numpy or torch.
        camera: Instead of the one that the style asks for.

    Raises:
        SkeletonError: Shapes do not fit.
    """
    _check_shapes(points, confidence, velocity, layout)
    flat = points.shape[-1] == 2
    if flat:
        points, velocity = _in_depth(points, xp), _in_depth(velocity, xp)
    seen = xp.isfinite(points).all(-1) & (confidence > 0)
    points = xp.where(seen[..., None], points, xp.zeros_like(points))
    velocity = xp.where(xp.isfinite(velocity), velocity, xp.zeros_like(velocity))
    velocity = xp.where(seen[..., None], velocity, xp.zeros_like(velocity))
    confidence = xp.where(seen, confidence, xp.zeros_like(confidence))
    if camera is None:
        camera = (
            fixed(style, points, xp)
            if style.camera == 'fixed'
            else fit(points, seen, layout.sides[: 0 if flat else None], style, xp)
        )
    placed, moving = camera.points(points), camera.vectors(velocity)
    reference = _middle(placed[..., 2], seen, xp) if camera.pinhole else 0.0
    ends = [
        _end(placed, moving, confidence, along, layout=layout, reference=reference, xp=xp)
        for along in (layout.start, layout.end)
    ]
    looks = [look(parameters, end, layout, style, xp) for end in ends]
    return _on_picture(ends, looks, style, camera, xp)


def _check_shapes(points: Any, confidence: Any, velocity: Any, layout: Layout) -> None:
    shape = tuple(points.shape)
    if len(shape) != 5 or shape[3] != layout.joints or shape[4] not in {2, 3} or 0 in shape:
        raise SkeletonError(
            f'points {shape}: (clips, frames, people, {layout.joints} joints, 2 or 3) expected'
        )
    if tuple(confidence.shape) != shape[:4] or tuple(velocity.shape) != shape:
        raise SkeletonError(
            f'confidence {tuple(confidence.shape)} and velocity {tuple(velocity.shape)} do not '
            f'fit points {shape}'
        )


def _in_depth(flat: Any, xp: Any) -> Any:
    return xp.concatenate([flat, flat[..., :1] * 0], axis=-1)


def _middle(depth: Any, seen: Any, xp: Any) -> Any:
    """Mean depth of what is seen in each clip (B, 1, 1, 1)."""
    axes = (1, 2, 3)
    count = xp.where(seen, xp.ones_like(depth), xp.zeros_like(depth)).sum(axes)
    total = xp.where(seen, depth, xp.zeros_like(depth)).sum(axes)
    return (total / xp.clip(count, 1.0, None))[:, None, None, None]


def _end(
    placed: Any,
    moving: Any,
    confidence: Any,
    along: Any,
    *,
    layout: Layout,
    reference: Any,
    xp: Any,
) -> Points:
    """One end of each stroke, between its two joints."""
    first, second = layout.first.tolist(), layout.second.tolist()
    share = xp.asarray(along, dtype=placed.dtype)
    share = share if xp is np else share.to(placed.device)
    wide = share[:, None]
    both = (confidence[..., first] > 0) & (confidence[..., second] > 0)
    sure = (1 - share) * confidence[..., first] + share * confidence[..., second]
    place = (1 - wide) * placed[..., first, :] + wide * placed[..., second, :]
    return Points(
        place=place,
        depth=place[..., 2] - reference,
        velocity=(1 - wide) * moving[..., first, :] + wide * moving[..., second, :],
        confidence=xp.where(both, sure, xp.zeros_like(sure)),
    )


def _on_picture(
    ends: list[Points], looks: list[Look], style: Style, camera: Camera, xp: Any
) -> Strokes:
    start, end = (_pixels(item.place, style, camera, xp) for item in ends)
    middle = (ends[0].place + ends[1].place) / 2
    width = (looks[0].width + looks[1].width) / 2
    metric = _metric(middle, width, style, camera, xp)
    ink = xp.stack([item.ink for item in looks], axis=-1)
    if camera.pinhole:  # what lies behind the camera is not drawn
        before = (ends[0].place[..., 2] > NEAR) & (ends[1].place[..., 2] > NEAR)
        ink = xp.where(before[..., None], ink, xp.zeros_like(ink))
    colour = xp.stack([item.colour for item in looks], axis=-2)
    frames = middle.shape[0] * middle.shape[1]
    order = _sorted(middle[..., 2].reshape(frames, -1), xp)

    def arranged(values: Any, *shape: int) -> Any:
        return values.reshape(-1, *shape)[order].reshape(frames, -1, *shape)

    return Strokes(
        arranged(start, 2), arranged(end, 2), arranged(metric, 3), arranged(colour, 2, 3),
        arranged(ink, 2),
    )  # fmt: skip


def _sorted(depth: Any, xp: Any) -> Any:
    """Flat indices of strokes by depth within each frame (F M); ties in the order given."""
    if xp is np:
        order = np.argsort(depth, axis=1, kind='stable')
        rows = np.arange(len(depth))[:, None]
    else:
        # ONNX has no stable sort; its TopK takes the lower index first, which is the same.
        exporting = xp.compiler.is_exporting()
        order = (
            xp.topk(depth, depth.shape[1], dim=1, largest=False).indices
            if exporting
            else xp.argsort(depth, dim=1, stable=True)
        )
        rows = xp.arange(depth.shape[0], device=depth.device)[:, None]
    return (order + rows * depth.shape[1]).reshape(-1)


def _half(style: Style) -> float:
    return min(style.height, style.width) / 2


def _pixels(place: Any, style: Style, camera: Camera, xp: Any) -> Any:
    """Camera axes (..., 3) to pixel indices (..., 2)."""
    x, y = place[..., 0], place[..., 1]
    if camera.pinhole:
        per_metre = camera.focal[..., None] / xp.clip(place[..., 2], NEAR, None)
        x, y = x * per_metre, y * per_metre
    half, corner = _half(style), style.pixel_centre
    return xp.stack(
        [style.width / 2 - corner + half * x, style.height / 2 - corner - half * y], axis=-1
    )


def _metric(middle: Any, width: Any, style: Style, camera: Camera, xp: Any) -> Any:
    """Inverse covariance of the pen (..., 3): a ball before a pinhole, else a disc."""
    half, blur = _half(style), style.blur_px**2
    if not camera.pinhole:
        value = 1 / ((half * width) ** 2 + blur)
        return xp.stack([value, xp.zeros_like(value), value], axis=-1)
    depth = xp.clip(middle[..., 2], NEAR, None)
    reach = (half * camera.focal[..., None] * width / depth) ** 2
    slant_x, slant_y = middle[..., 0] / depth, middle[..., 1] / depth
    # Covariance reach (I + s sᵀ) + blur I of the projected ball; y of pixels points down.
    xx, yy = reach * (1 + slant_x**2) + blur, reach * (1 + slant_y**2) + blur
    xy = -reach * slant_x * slant_y
    area = xx * yy - xy * xy
    return xp.stack([yy / area, -xy / area, xx / area], axis=-1)
