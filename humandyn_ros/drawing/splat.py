"""Strokes to pixels with NumPy: only the pixels that a stroke reaches are touched.

A stroke's ink at a pixel is ink · exp(-½ d²), d the distance to the nearest point of its spine in
the metric of its pen; colours are laid front to back, each weighted with
(1 - exp(-ink)) · exp(-ink of all before it), the emission-absorption model of volume rendering
(Max 1995, equation 8; Kerbl et al. 2023, equation 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.drawing.layout import Indices
from humandyn_ros.drawing.strokes import Strokes
from humandyn_ros.quantities import Array

FAINT = 3e-4  # ink below this is left out: 0.08 of 1/255 for one stroke
_TINY = 1e-6  # px², length of a dot


def paint(strokes: Strokes, height: int, width: int) -> NDArray[np.float32]:
    """Draw frames (F, height, width, 3), 0-1, black where nothing is."""
    frames = len(strokes.ink)
    which, pixel = cover(strokes, height, width)
    picture = np.zeros((frames * height * width, 3), np.float32)
    if not len(which):
        return picture.reshape(frames, height, width, 3)
    flat = Strokes(*(_flat(getattr(strokes, name)) for name in strokes.__dataclass_fields__))
    x, y = (place.astype(np.float32) for place in _places(pixel, height, width))
    ink, along = touch(flat, which, x, y)
    weight = _weights(ink, pixel)
    starts = _first_of_each(pixel)
    at = pixel[starts]
    far = weight * along
    near = weight - far
    for channel in range(3):
        start, end = flat.colour[:, 0, channel], flat.colour[:, 1, channel]
        light = near * start[which] + far * end[which]
        picture[at, channel] = np.add.reduceat(light, starts)
    clear: NDArray[np.float32] = np.clip(picture, 0, 1).reshape(frames, height, width, 3)
    return clear


def touch(strokes: Strokes, which: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Ink of strokes at pixels (Q), and how far along each spine its nearest point is (Q).

    Args:
        strokes: Without the axis of frames: (F M, ...); of numpy or torch.
        which: Stroke of each pair (Q).
        x: Pixel of each pair (Q).
        y: Pixel of each pair (Q).
    """
    start, spine = strokes.start, strokes.end - strokes.start
    (xx, xy, yy), (dx, dy) = strokes.metric.T, spine.T
    turned_x, turned_y = xx * dx + xy * dy, xy * dx + yy * dy
    length = turned_x * dx + turned_y * dy + _TINY
    turned_x, turned_y = turned_x / length, turned_y / length
    to_x, to_y = x - start[:, 0][which], y - start[:, 1][which]
    along = (turned_x[which] * to_x + turned_y[which] * to_y).clip(0, 1)
    off_x, off_y = to_x - along * dx[which], to_y - along * dy[which]
    distance = (xx[which] * off_x + 2 * xy[which] * off_y) * off_x + yy[which] * off_y * off_y
    first, second = strokes.ink[:, 0], strokes.ink[:, 1]
    here = first[which] + along * (second - first)[which]
    exp = np.exp if isinstance(distance, np.ndarray) else type(distance).exp
    return here * exp(-0.5 * distance), along


def cover(strokes: Strokes, height: int, width: int) -> tuple[Indices, Indices]:
    """Pairs of stroke (index into F M) and pixel (index into F height width) that matter.

    Sorted by pixel, and nearest stroke first within a pixel. A stroke's pixels are found row by
    row: those of its bounding box that are within its reach of the line through its spine.
    """
    count = strokes.ink.shape[1]
    ax, ay, bx, by, reach = _reach(strokes)
    low = np.maximum(np.ceil(np.minimum(ay, by) - reach), 0)
    high = np.minimum(np.floor(np.maximum(ay, by) + reach), height - 1)
    drawn = np.flatnonzero((reach > 0) & (high >= low))
    stroke, row = _spread(drawn, low[drawn], high[drawn])
    ax, ay, bx, by, reach = (item[stroke] for item in (ax, ay, bx, by, reach))
    left, right = np.minimum(ax, bx) - reach, np.maximum(ax, bx) + reach
    dx, dy = bx - ax, by - ay
    steep = np.abs(dy) > 1e-3
    safe = np.where(steep, dy, 1)
    middle = ax + (row - ay) * dx / safe
    spread = reach * np.hypot(dx, dy) / np.abs(safe)
    left = np.where(steep, np.maximum(left, middle - spread), left)
    right = np.where(steep, np.minimum(right, middle + spread), right)
    left, right = np.maximum(np.ceil(left), 0), np.minimum(np.floor(right), width - 1)
    some = np.flatnonzero(right >= left)
    pair, column = _spread(some, left[some], right[some])
    which = stroke[pair]
    pixel = (which // count * height + row[pair]) * width + column
    order = np.argsort(pixel, kind='stable')
    return which[order], pixel[order]


def _reach(strokes: Strokes) -> tuple[Array, ...]:
    """Ends of the spines and how far from them ink is more than faint (F M), px; 0 = never."""
    start, end, metric, ink = (
        _flat(np.asarray(item, np.float64))
        for item in (strokes.start, strokes.end, strokes.metric, strokes.ink)
    )
    xx, xy, yy = metric.T
    narrow = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)  # smaller eigenvalue of the metric
    most = ink.max(axis=1)
    visible = np.isfinite(start).all(1) & np.isfinite(end).all(1) & (most > FAINT) & (narrow > 0)
    sigmas = np.sqrt(2 * np.log(np.where(visible, most, FAINT) / FAINT))
    reach = np.where(visible, sigmas / np.sqrt(np.where(visible, narrow, 1)), 0)
    return start[:, 0], start[:, 1], end[:, 0], end[:, 1], reach


def _spread(items: Indices, low: Array, high: Array) -> tuple[Indices, Indices]:
    """Repeat each item once for every whole number from low to high, and give the numbers."""
    counts = (high - low + 1).astype(np.int64)
    before = np.cumsum(counts) - counts
    numbers = np.arange(counts.sum()) - np.repeat(before - low.astype(np.int64), counts)
    return np.repeat(items, counts), numbers


def _flat(values: Any) -> Any:
    return values.reshape(-1, *values.shape[2:])


def _places(pixel: Any, height: int, width: int) -> tuple[Any, Any]:
    return pixel % width, pixel // width % height


def _first_of_each(pixel: Indices) -> Indices:
    return np.flatnonzero(np.diff(pixel, prepend=-1))


def _weights(ink: Array, pixel: Indices) -> Array:
    """Share of each pair in its pixel's colour."""
    starts = _first_of_each(pixel)
    running = np.cumsum(ink, dtype=np.float64)
    base = (running[starts] - ink[starts]).repeat(np.diff(starts, append=len(ink)))
    through = np.exp(-(running - ink - base))
    weight: Array = (-np.expm1(-ink) * through).astype(np.float32)
    return weight
