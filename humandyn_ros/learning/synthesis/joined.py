"""Long sequences of exercises, joined so that the joint cannot be seen.

Single repetitions of one person follow each other. Each is left and entered at the moment at
which the two poses fit best (legs, trunk, arms and their velocities, in axes of the person's
heading); the second is turned about the vertical and moved over the floor onto the first; both
slow down into a dwell of random length while one fades smoothly into the other; and the whole
sequence sways a little, so that a dwell is no stiller than anything else. A fifth of the joins
stay inside one exercise: that there was a join does not tell that anything began.

A label holds until the middle of the fade. There is no class for the dwell: it belongs to the
exercises beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.readers.lady_features import ActionSequence, load_preset
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.learning.synthesis.exercises import RATE_HZ, Exercise, exercises
from humandyn_ros.learning.synthesis.people import checked_split, split_of
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.segmentation import Labels, boundary_targets

if TYPE_CHECKING:
    from humandyn_ros.learning.tasks.lady_sequences import LadyTaskConfig

WITHIN = 0.2
"""Share of joins inside one exercise."""
DWELL_S, FADE_S = (0.0, 1.5), (0.3, 0.8)
END = 0.3
"""Share of a repetition, at either end, in which it may be left or entered."""
FASTEST = 1.0
"""Speed in m/s that a fade gives to no joint; where poses are far apart, it takes longer."""
SWAY_M, SWAY_HZ = 0.003, 0.5
NOISE_M = 0.012
"""Largest white noise of a training sequence, every frame's own."""
TEMPO, SIZE = (0.8, 1.25), (0.85, 1.15)
_PEAK = 1.875  # of mean speed in a fade of least jerk
_VELOCITY_S = 0.2  # weight of velocities beside positions
_HIPS = [CANONICAL.index['left_hip'], CANONICAL.index['right_hip']]
_FEET = [CANONICAL.index[f'{side}_{j}'] for side in ('left', 'right') for j in ('ankle', 'foot')]


@dataclass(frozen=True, eq=False)
class Joined:
    """Joint centres (T, 24, 3) m and exercise (T,) at RATE_HZ, and the frames of all joins."""

    points: Array
    labels: Labels
    joins: tuple[int, ...]


def sequence(
    clips: Sequence[Exercise], seconds: float, random: np.random.Generator, *, vary: bool
) -> Joined:
    """Join repetitions of one person until the sequence is long enough.

    Args:
        clips: Of that person.
        seconds: Least length; what is beyond it is cut off.
        random: Where chance comes from.
        vary: Change size, side and tempo, and add noise, too.
    """
    mirrored = vary and random.uniform() < 0.5
    size = random.uniform(*SIZE) if vary else 1.0
    first = clips[int(random.integers(len(clips)))]
    points = _turned(_taken(first, mirrored, size, random, vary), random.uniform(-np.pi, np.pi))
    label, begin, frames = first.label, 0, round(seconds * RATE_HZ)
    parts: list[Array] = []
    labels: list[Labels] = []
    joins: list[int] = []
    while sum(map(len, parts)) < frames:
        clip = _next(clips, label, random)
        after = _taken(clip, mirrored, size, random, vary)
        leave, enter = _best(points, after, begin)
        after = _aligned(after, enter, points[leave])
        faded, middle = _faded(points, leave, after, enter, random)
        joins.append(sum(map(len, parts)) + leave - begin + middle)
        parts += [points[begin:leave], faded]
        labels += [
            np.full(leave - begin + middle, label),
            np.full(len(faded) - middle, clip.label),
        ]
        points, begin, label = after, enter, clip.label
    whole = np.concatenate(parts)[:frames]
    known = tuple(join for join in joins if join < frames)
    shaken = _sway(len(whole), random)
    if vary:
        shaken += random.normal(0.0, random.uniform(0.0, NOISE_M), shaken.shape)
    return Joined(whole + shaken, np.concatenate(labels)[:frames], known)


def _next(clips: Sequence[Exercise], label: int, random: np.random.Generator) -> Exercise:
    within = random.uniform() < WITHIN
    fitting = [clip for clip in clips if (clip.label == label) == within] or clips
    return fitting[int(random.integers(len(fitting)))]


def _taken(
    clip: Exercise, mirrored: bool, size: float, random: np.random.Generator, vary: bool
) -> Array:
    points = clip.points
    if mirrored:
        points = points[:, SWAPPED] * [1.0, -1.0, 1.0]
    if vary:
        tempo = random.uniform(*TEMPO)
        points = _at(points, np.arange(0.0, len(points) - 1, tempo))
    return size * points


def _at(points: Array, time: Array) -> Array:
    """Points at fractional frames."""
    low = np.clip(np.floor(time).astype(int), 0, len(points) - 2)
    share = np.clip(time - low, 0.0, 1.0)[:, None, None]
    result: Array = (1.0 - share) * points[low] + share * points[low + 1]
    return result


def _heading(points: Array) -> Array:
    """Angle (...) of the line between the hips about the vertical."""
    across = points[..., _HIPS[0], :2] - points[..., _HIPS[1], :2]
    result: Array = np.arctan2(across[..., 1], across[..., 0])
    return result


def _turned(points: Array, angle: Array | float) -> Array:
    """Points (..., 24, 3) turned about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    zero, one = np.zeros_like(c), np.ones_like(c)
    turn = np.stack([c, s, zero, -s, c, zero, zero, zero, one], axis=-1)
    result: Array = points @ turn.reshape(*np.shape(c), 3, 3)
    return result


def _signature(points: Array) -> Array:
    """What must fit at a join (T, ...): pose and velocity in axes of the heading."""
    velocity = np.gradient(points, 1.0 / RATE_HZ, axis=0)
    pose = points - points[:, :1] * [1.0, 1.0, 0.0]
    both = np.concatenate([pose, _VELOCITY_S * velocity], axis=1)
    return _turned(both, -_heading(points)).reshape(len(points), -1)


def _best(before: Array, after: Array, begin: int) -> tuple[int, int]:
    """Frames at which to leave the one and to enter the other."""
    earliest = max(begin + 1, round((1.0 - END) * len(before)))
    leaving = _signature(before)[min(earliest, len(before) - 2) :]
    entering = _signature(after)[: max(1, round(END * len(after)))]
    distance = np.linalg.norm(leaving[:, None] - entering[None], axis=-1)
    i, j = np.unravel_index(np.argmin(distance), distance.shape)
    return len(before) - len(leaving) + int(i), int(j)


def _aligned(points: Array, frame: int, onto: Array) -> Array:
    """Turn and move a clip over the floor so that its frame stands where `onto` (24, 3) stands."""
    turned = _turned(points, float(_heading(onto) - _heading(points[frame])))
    shift = (onto[_FEET] - turned[frame, _FEET]).mean(axis=0) * [1.0, 1.0, 0.0]
    result: Array = turned + shift
    return result


def _faded(
    before: Array, leave: int, after: Array, enter: int, random: np.random.Generator
) -> tuple[Array, int]:
    """Fade over a dwell; return the frames and how many of them belong to `before`."""
    apart = np.linalg.norm(before[leave] - after[enter], axis=-1).max()
    least = _PEAK * float(apart) / FASTEST
    fade = round(max(random.uniform(*FADE_S), least) * RATE_HZ)
    count = fade + round(random.uniform(*DWELL_S) * RATE_HZ)
    start = int(random.integers(count - fade + 1))
    share = np.clip((np.arange(count) - start + 0.5) / fade, 0.0, 1.0)
    weight = (share**3 * (10.0 - 15.0 * share + 6.0 * share**2))[:, None, None]
    old = _at(before, leave + _slowing(count, len(before) - 1 - leave))
    new = _at(after, enter - _slowing(count, enter)[::-1])
    return (1.0 - weight) * old + weight * new, start + fade // 2


def _slowing(count: int, room: int) -> Array:
    """Frames of the clip gone by while it slows from its own speed to rest within its `room`."""
    lasting = max(1.0, min(float(count), 2.0 * room))
    time = np.minimum(np.arange(count), lasting)
    result: Array = np.minimum(time - time**2 / (2.0 * lasting), room)
    return result


def _sway(frames: int, random: np.random.Generator) -> Array:
    """Slow wandering of every joint centre (T, 24, 3) m."""
    keep = np.exp(-2.0 * np.pi * SWAY_HZ / RATE_HZ)
    drive = random.normal(0.0, SWAY_M * np.sqrt(1.0 - keep**2), (frames, 24, 3))
    sway = np.empty_like(drive)
    state = random.normal(0.0, SWAY_M, (24, 3))
    for t in range(frames):
        state = keep * state + drive[t]
        sway[t] = state
    return sway


def uiprmd(
    data: Path | None, config: LadyTaskConfig
) -> Callable[[str, int], Iterable[ActionSequence]]:
    """Endless joined sequences of UI-PRMD for the task `lady`; varied in the training split only.

    Raises:
        ConfigError: No folder of recordings, or a rate that does not divide RATE_HZ.
    """
    if data is None:
        raise ConfigError('joined exercises are made of recordings: name their folder')
    rate = load_preset(config.preset).rate_hz
    every = round(RATE_HZ / rate)
    if abs(every * rate - RATE_HZ) > 1e-6:
        raise ConfigError(f'{rate} Hz: choose a rate that divides {RATE_HZ} Hz')
    seconds = config.crop_frames / rate or 60.0

    def source(split: str, seed: int) -> Iterator[ActionSequence]:
        for name, found in sequences(data, split, seed, seconds):
            labels = found.labels[::every]
            yield ActionSequence(
                name, found.points[::every, None], labels, boundary_targets(labels)
            )

    return source


def sequences(data: Path, split: str, seed: int, seconds: float) -> Iterator[tuple[str, Joined]]:
    """Yield endless sequences, person by person of a split; varied in the training split only."""
    checked_split(split)
    by_person: dict[str, list[Exercise]] = {}
    for clip in exercises(data):
        if split_of(clip.person) == split:
            by_person.setdefault(clip.person, []).append(clip)
    random = np.random.default_rng([seed, 23])
    number = 0
    while True:
        for person in random.permutation(sorted(by_person)):
            clips = by_person[str(person)]
            yield (
                f'{person}_{number}',
                sequence(clips, seconds, random, vary=split == 'train'),
            )
            number += 1
