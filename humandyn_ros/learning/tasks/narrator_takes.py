"""What the narrator learns from: one person doing one thing, as canonical joint centres at 30 Hz.

Procedural motion, UI-PRMD's exercises and, where its themes are sure, motion capture; procedural
takes are kept in the user's cache folder, as they take half a second each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.learning.synthesis import mocap
from humandyn_ros.learning.synthesis.clip import OWN, procedural
from humandyn_ros.learning.synthesis.exercises import EXERCISES, exercises
from humandyn_ros.learning.synthesis.exercises import LICENCE as PDDL
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.learning.synthesis.people import SPLITS, checked_split, split_of
from humandyn_ros.quantities import CANONICAL, Array

RATE_HZ = 30.0
CYCLIC = ('stand', 'walk', 'turn', 'run', 'side_step', 'wave', 'box', 'dance')
"""Actions of which any stretch of a few seconds is one; of others, most of a take is needed."""
MERGED = {'deep_squat': 'squat', 'inline_lunge': 'lunge'}
"""Exercises that are the same action as one of synthesis."""
THEMES = ('walk', 'run', 'turn', 'jump', 'box', 'dance', 'sit_to_stand', 'wave')
"""What motion capture is trusted for; a clip's other themes are mixed."""
_SPLIT_SEEDS = 100_000
_LEAST_SPEED = {'walk': 0.4, 'run': 1.2}  # m/s: slower stretches of such a clip are something else
_LEAST_TURN = np.radians(40.0)
_JUMP_S = 1.0  # to either side of the highest instant
_MARGIN_S = 0.2


@dataclass(frozen=True, eq=False)
class Take:
    """One person doing one thing.

    Attributes:
        label: What is done.
        person: As the table of people names it.
        origin: 'procedural', 'exercise' or 'mocap'.
        licence: Of the recording.
        points: Canonical joint centres (T, 24, 3) m at RATE_HZ, z up.
    """

    label: str
    person: str
    origin: str
    licence: str
    points: Array


def takes(split: str, data: Path | None, each: int) -> tuple[Take, ...]:
    """Every take of the people of a split.

    Args:
        split: 'train', 'validation' or 'test'.
        data: Folder of the recordings; None: procedural takes only.
        each: Procedural takes of each activity.
    """
    checked_split(split)
    found = list(_procedural(split, each))
    if data is not None:
        found += _exercises(split, data)
        found += _recorded(split, data)
    return tuple(found)


def _procedural(split: str, each: int) -> Iterator[Take]:
    for kind in MOVES:
        stored = mocap.cache_folder() / 'narrator' / f'{split}-{kind}-{each}.npz'
        if not stored.exists():
            _store(stored, [_performed(kind, _seed(split, number)) for number in range(each)])
        with np.load(stored) as file:
            for name in file.files:
                points = file[name].astype(float)
                yield Take(kind, f'procedural-{split}-{name}', 'procedural', OWN, points)


def _seed(split: str, number: int) -> int:
    return _SPLIT_SEEDS * (1 + SPLITS.index(split)) + number


def _performed(kind: str, seed: int) -> Array:
    """The span of one procedural take in which it is done, at RATE_HZ."""
    clip = procedural([kind], seed)
    doing = np.flatnonzero(clip.action == ACTIONS.index(kind))
    margin = round(_MARGIN_S * clip.rate_hz)
    first, last = max(doing[0] - margin, 0), min(doing[-1] + margin, len(clip.points) - 1)
    return at_rate(clip.points[first : last + 1], clip.rate_hz)


def _store(path: Path, found: list[Array]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f'.{os.getpid()}.partial')
    arrays = {f'{number:04d}': points.astype(np.float32) for number, points in enumerate(found)}
    with partial.open('wb') as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.rename(path)


def at_rate(points: Array, rate_hz: float, wanted_hz: float = RATE_HZ) -> Array:
    """Points (T, ...) read at another rate by straight lines."""
    frames = np.arange(int((len(points) - 1) * wanted_hz / rate_hz) + 1) * rate_hz / wanted_hz
    low = np.minimum(frames.astype(int), len(points) - 2)
    share = (frames - low).reshape(-1, *[1] * (points.ndim - 1))
    result: Array = (1 - share) * points[low] + share * points[low + 1]
    return result


def _exercises(split: str, data: Path) -> Iterator[Take]:
    for item in exercises(data):
        if split_of(item.person) == split:
            name = EXERCISES[item.label]
            yield Take(MERGED.get(name, name), item.person, 'exercise', PDDL, item.points)


def _recorded(split: str, data: Path) -> Iterator[Take]:
    for source in mocap.sources(data, split):
        label = mocap.theme(source.description)
        clip = mocap.load(source) if label in THEMES else None
        if clip is not None:
            points = at_rate(clip.points, clip.rate_hz)
            for part in _sure(label, points):
                yield Take(label, source.person, 'mocap', source.licence, part)


def _sure(label: str, points: Array) -> Iterator[Array]:
    """Stretches of a recording in which its theme shows in the motion itself."""
    if label == 'jump':
        top = int(np.argmax(points[:, 0, 2]))
        around = round(_JUMP_S * RATE_HZ)
        yield points[max(top - around, 0) : top + around]
        return
    length = round(3.0 * RATE_HZ) if label in CYCLIC else len(points)
    for start in range(0, max(len(points) - length, 0) + 1, length):
        part = points[start : start + length]
        if len(part) > 0.8 * RATE_HZ and _shows(label, part):
            yield part


def _shows(label: str, points: Array) -> bool:
    if label == 'turn':
        hips = [CANONICAL.index['left_hip'], CANONICAL.index['right_hip']]
        across = points[:, hips[0]] - points[:, hips[1]]
        heading = np.unwrap(np.arctan2(across[:, 1], across[:, 0]))
        return bool(np.ptp(heading) > _LEAST_TURN)
    least = _LEAST_SPEED.get(label, 0.0)
    path = np.linalg.norm(np.diff(points[:, 0, :2], axis=0), axis=1).sum()
    return bool(path * RATE_HZ / len(points) >= least)
