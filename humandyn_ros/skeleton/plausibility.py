"""Are the points in the unit and the axes they are said to be in? Judged from the body itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.skeleton.adapter import Adapter
from humandyn_ros.skeleton.axes import UPWARD, to_z_up

_SIZE = (0.35, 3.0)  # m: a crouching child's legs; a tall person with arms raised
_SCALES = (
    (1000.0, 'metres read as millimetres'),
    (100.0, 'metres read as centimetres'),
    (0.01, 'centimetres taken for metres'),
    (0.001, 'millimetres taken for metres'),
)
_UPRIGHT = 0.8  # cosine; a body further from every axis tells nothing about up
_LOW = [CANONICAL.index[f'{s}_{j}'] for s in ('left', 'right') for j in ('ankle', 'foot')]
_HIGH = [CANONICAL.index[j] for j in ('head', 'neck', 'left_hip', 'right_hip')]
_ENOUGH = 3  # points a frame needs to be judged
_FRAMES = 10  # judged together in a live stream
_ROUNDS = 50  # after which a body that never stood up is no longer judged


@dataclass(frozen=True)
class Findings:
    """What the body's size and direction say about its points.

    Attributes:
        size_m: Largest extent of the body along an axis, median over the frames, m; NaN while
            nothing was seen.
        scale: Factor the points should be multiplied with, 1 where the unit is right.
        up: Axis of the source that points from feet to head, or None where that is not clear
            (lying, bending, feet or trunk unseen).
        messages: What is wrong, in sentences with the remedy; empty where nothing is.
    """

    size_m: float
    scale: float
    up: str | None
    messages: tuple[str, ...]


def check_units(points: Array, adapter: Adapter) -> Findings:
    """Judge the unit and the upward axis from some frames; one is enough, ten are better.

    Args:
        points: (J, 3) or (T, J, 3) as they go to the adapter; NaN = not seen.
        adapter: The conversion they are meant for.

    Returns:
        What was found. Flat formats are not judged.
    """
    frames = points if points.ndim == 3 else points[None]
    if adapter.form.dims == 2 or not np.isfinite(frames).any():
        return Findings(float('nan'), 1.0, None, ())
    size = _extent(frames) * adapter.metres_per_unit
    scale = _scale(size)
    up = _upward(frames * scale, adapter)
    messages = []
    if scale != 1.0:
        told = next(text for factor, text in _SCALES if factor == scale)
        messages.append(
            f'the body is {size:.3g} m large: {told}? Scale the points by {scale:g}, or name '
            f'the unit in a format file of your own (format {adapter.form.name})'
        )
    elif not np.isnan(size) and not _plausible(size):
        messages.append(
            f'the body is {size:.3g} m large, no person in any unit; check what the points are '
            f'(format {adapter.form.name})'
        )
    if up is not None and up != adapter.up:
        messages.append(
            f'{up} points from the feet to the head, but up is said to be {adapter.up}; '
            f'set up to {up}, unless the person really lies or stands on the head'
        )
    return Findings(size, scale, up, tuple(messages))


class UnitWatch:
    """Judges the first frames of a live stream, ten at a time, until they agree with the format.

    Args:
        adapter: The conversion the frames are meant for.

    Attributes:
        messages: What is wrong as far as judged; empty while nothing is.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._frames: list[Array] = []
        self._rounds = _ROUNDS
        self.messages: tuple[str, ...] = ()

    def see(self, points: Array) -> None:
        """Take one frame (J, 3) as it goes to the adapter."""
        if not self._rounds:
            return
        self._frames.append(points.copy())
        if len(self._frames) < _FRAMES:
            return
        findings = check_units(np.stack(self._frames), self._adapter)
        self._frames.clear()
        self.messages = findings.messages
        agreed = findings.up == self._adapter.up and not findings.messages
        self._rounds = 0 if agreed else self._rounds - 1


def _plausible(size: float) -> bool:
    return _SIZE[0] <= size <= _SIZE[1]


def _extent(frames: Array) -> float:
    seen = np.isfinite(frames[..., 0])
    judged = frames[seen.sum(axis=-1) >= _ENOUGH]
    if not len(judged):
        return float('nan')
    span = np.nanmax(judged, axis=1) - np.nanmin(judged, axis=1)
    return float(np.median(span.max(axis=-1)))


def _scale(size: float) -> float:
    if np.isnan(size) or _plausible(size):
        return 1.0
    return next((factor for factor, _ in _SCALES if _plausible(size * factor)), 1.0)


def _upward(frames: Array, adapter: Adapter) -> str | None:
    joints, _ = adapter.convert(frames)
    low, high = joints[:, _LOW], joints[:, _HIGH]
    if not (np.isfinite(low).any() and np.isfinite(high).any()):
        return None
    line = _mean(high) - _mean(low)
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    line = line / np.where(length > 0.0, length, np.nan)
    line = line[np.isfinite(line).all(axis=-1)]
    if not len(line):
        return None
    mean = line.mean(axis=0)
    # The joints were turned by the declared axis: turn the direction back to the source's own.
    own = to_z_up(adapter.up, adapter.form.handedness).T @ mean
    best = max(UPWARD, key=lambda axis: float(own @ _direction(axis)))
    return best if own @ _direction(best) >= _UPRIGHT else None


def _mean(points: Array) -> Array:
    seen = np.isfinite(points[..., :1])
    count = seen.sum(axis=1)
    total = np.where(seen, points, 0.0).sum(axis=1)
    return np.asarray(total / np.where(count > 0, count, np.nan), dtype=np.float64)


def _direction(axis: str) -> Array:
    unit = np.zeros(3)
    unit['XYZ'.index(axis[-1])] = -1.0 if axis[0] == '-' else 1.0
    return unit
