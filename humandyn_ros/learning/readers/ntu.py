"""NTU RGB+D skeletons (.skeleton; Shahroudy et al. 2016, Liu et al. 2019): Kinect v2, 30 Hz."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.files import read_lines, reading

RATE_HZ = 30.0
JOINTS = 25
_BODY_NUMBERS, _JOINT_NUMBERS = 10, 12
_NEAR_M = 0.01  # a Kinect sees nothing nearer; zeros stand for nothing seen


@dataclass(frozen=True, eq=False)
class NtuClip:
    """Everyone in one clip, format `kinect_25`; z up.

    Traps taken away: bodies are told apart by their number, not by their order in a frame (which
    changes when one is lost for a moment); the sensor's axes are y up (turned here); a joint's
    tracking state becomes its confidence (tracked 1, guessed 0.5, lost 0); files may hold phantom
    bodies, so people are sorted by how much they move, most first. Left: z = 0 is the sensor's
    height, and the sensor may be tilted.

    Attributes:
        body_ids: The sensor's numbers (P).
        points: (T, P, 25, 3) m; NaN = not seen.
        confidence: (T, P, 25).
        image_points: In the colour picture (T, P, 25, 2) px.
    """

    body_ids: NDArray[np.uint64]
    points: Array
    confidence: Array
    image_points: Array


def read_ntu(path: Path) -> NtuClip:
    """Read a .skeleton file.

    Raises:
        RecordingError: Nobody in it, truncated or damaged.
    """
    with reading(path, '.skeleton'):
        bodies, frames = _bodies(path, iter(' '.join(read_lines(path)).split()))
    if not bodies:
        raise RecordingError(f'{path}: nobody was seen in {frames} frames')
    numbers = np.full((frames, len(bodies), JOINTS, _JOINT_NUMBERS), np.nan)
    for p, seen in enumerate(bodies.values()):
        for t, joints in seen.items():
            numbers[t, p] = joints
    points, state = numbers[..., :3], np.nan_to_num(numbers[..., 11])
    lost = ~np.isfinite(points).all(-1) | (np.abs(points).max(-1) < _NEAR_M)
    points = to_z_up(np.where(lost[..., None], np.nan, points), 'Y')
    moved = _moved(points)
    order = np.argsort(-moved, kind='stable')
    return NtuClip(
        body_ids=np.array([int(name) for name in bodies], np.uint64)[order],
        points=points[:, order],
        confidence=np.where(lost, 0.0, np.clip(state, 0, 2) / 2)[:, order],
        image_points=numbers[:, order, :, 5:7],
    )


def _moved(points: Array) -> Array:
    """How much each person moves: squared way from its own mean place, over all frames (P)."""
    seen = np.isfinite(points)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, points, 0).sum(axis=0) / count
    total: Array = np.where(seen, (points - mean) ** 2, 0).sum(axis=(0, 2, 3))
    return total


def _bodies(path: Path, take: Iterator[str]) -> tuple[dict[str, dict[int, Array]], int]:
    """Body number -> frame -> its joints (25, 12)."""

    def numbers(count: int) -> Array:
        found = [float(word) for word in itertools.islice(take, count)]
        if len(found) != count:
            raise RecordingError(f'{path} ends inside a body: truncated')
        return np.array(found)

    frames = int(next(take))
    bodies: dict[str, dict[int, Array]] = {}
    for t in range(frames):
        count = next(take, None)
        if count is None:
            raise RecordingError(f'{path} ends after {t} of {frames} frames: truncated')
        for _ in range(int(count)):
            name = next(take, '')
            numbers(_BODY_NUMBERS - 1)
            joints = int(numbers(1)[0])
            if joints != JOINTS:
                raise RecordingError(f'{path}: a body of {joints} joints, {JOINTS} expected')
            bodies.setdefault(name, {})[t] = numbers(joints * _JOINT_NUMBERS).reshape(joints, -1)
    return bodies, frames
