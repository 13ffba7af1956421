"""What is drawn of a skeleton: a dot on each joint, a stroke or a row of beads on each segment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import Array, Mask, Skeleton

Indices = NDArray[np.int64]

PARTS = ('trunk', 'head', 'left_arm', 'right_arm', 'left_leg', 'right_leg')
"""Parts of the body that share an appearance, whatever the skeleton."""

# Order of the 24 segments of the Kinect v2 in the released renderer; learnt numbers depend on it.
RELEASED_KINECT = (
    (0, 1), (1, 20), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (8, 20), (9, 8), (10, 9),
    (11, 10), (12, 0), (13, 12), (14, 13), (15, 14), (16, 0), (17, 16), (18, 17), (19, 18),
    (21, 22), (22, 7), (23, 24), (24, 11),
)  # fmt: skip

_WORDS = {
    'leg': {'leg', 'hip', 'knee', 'ankle', 'foot', 'toe', 'toes', 'heel', 'thigh', 'shank'},
    'arm': {
        'arm', 'shoulder', 'clavicle', 'collar', 'elbow', 'forearm', 'wrist', 'hand', 'handtip',
        'thumb', 'finger', 'index', 'middle', 'pinky',
    },
    'head': {'head', 'nose', 'eye', 'ear', 'mouth'},
}  # fmt: skip
_SIDES = {'left': 'left', 'l': 'left', 'right': 'right', 'r': 'right'}


@dataclass(frozen=True, eq=False)
class Layout:
    """Strokes over the joints of one skeleton.

    A stroke runs from the point `start` of the way from joint `first` to joint `second`, to the
    point `end` of that way; a dot or bead has no length.

    Attributes:
        joints: Number of joints J.
        first: Joint index (K).
        second: Joint index (K).
        start: 0-1 (K).
        end: 0-1 (K).
        dot: Whether it is the mark of a joint (K).
        part: Index into `PARTS` (K).
        sides: Left and right joint of each pair of hips and shoulders (S, 2), for the heading.
    """

    joints: int
    first: Indices
    second: Indices
    start: Array
    end: Array
    dot: Mask
    part: Indices
    sides: Indices

    def __len__(self) -> int:
        return len(self.first)


def strokes(skeleton: Skeleton) -> Layout:
    """A dot on each joint and one stroke on each segment."""
    return _layout(skeleton, _segments(skeleton), np.array([0.0]), np.array([1.0]))


def beads(
    skeleton: Skeleton, each: int = 10, segments: Sequence[tuple[int, int]] | None = None
) -> Layout:
    """A dot on each joint and a row of beads on each segment, as the released renderer.

    Args:
        skeleton: Its names and tree.
        each: Beads per segment.
        segments: Pairs of joints; else child and parent in the order of joints. The 25 joints of
            the Kinect v2 get the order of the released renderer.

    Raises:
        SkeletonError: A segment names a joint that is not there.
    """
    if segments is None:
        kinect = skeleton.name == 'kinect_25'
        segments = RELEASED_KINECT if kinect else _segments(skeleton)
    wrong = [pair for pair in segments if not 0 <= min(pair) <= max(pair) < len(skeleton.joints)]
    if wrong:
        raise SkeletonError(
            f'segments {wrong}: skeleton {skeleton.name} has {len(skeleton.joints)} joints'
        )
    along = np.arange(1, each + 1) / (each + 1)
    return _layout(skeleton, segments, along, along)


def _segments(skeleton: Skeleton) -> tuple[tuple[int, int], ...]:
    return tuple((parent, j) for j, parent in enumerate(skeleton.parents) if parent >= 0)


def _layout(
    skeleton: Skeleton, segments: Sequence[tuple[int, int]], start: Array, end: Array
) -> Layout:
    count, rows = len(skeleton.joints), len(start)
    joints = np.arange(count)
    pairs = np.array(segments, np.int64).reshape(-1, 2).repeat(rows, axis=0)
    part = np.array([PARTS.index(part_of(name)) for name in skeleton.joints], np.int64)
    # A segment belongs to its outer joint's part: a thigh to the leg, not to the pelvis.
    outer = np.where(part[pairs[:, 1]] > 0, part[pairs[:, 1]], part[pairs[:, 0]])
    tiles = len(segments)
    return Layout(
        joints=count,
        first=np.concatenate([joints, pairs[:, 0]]),
        second=np.concatenate([joints, pairs[:, 1]]),
        start=np.concatenate([np.zeros(count), np.tile(start, tiles)]),
        end=np.concatenate([np.zeros(count), np.tile(end, tiles)]),
        dot=np.arange(count + len(pairs)) < count,
        part=np.concatenate([part, outer]),
        sides=_sides(skeleton.joints),
    )


def _words(name: str) -> list[str]:
    spaced = re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', ' ', name)
    return [word for word in re.split(r'[^a-z]+', spaced.casefold()) if word]


def part_of(name: str) -> str:
    """Part of the body that a joint belongs to, from its name; 'trunk' where it does not say."""
    words = _words(name)
    side = next((_SIDES[word] for word in words if word in _SIDES), None)
    for part in ('leg', 'arm'):
        if side and _WORDS[part] & set(words):
            return f'{side}_{part}'
    return 'head' if _WORDS['head'] & set(words) else 'trunk'


def _sides(names: Sequence[str]) -> Indices:
    """Pairs of left and right hips and shoulders, found by their names."""
    keyed = {}
    for i, name in enumerate(names):
        words = [_SIDES.get(word, word) for word in _words(name)]
        keyed[tuple(sorted(words))] = i
    found = []
    for key, left in keyed.items():
        if 'left' in key and {'hip', 'shoulder'} & set(key):
            twin = tuple(sorted('right' if word == 'left' else word for word in key))
            if twin in keyed:
                found.append((left, keyed[twin]))
    return np.array(found, np.int64).reshape(-1, 2)
