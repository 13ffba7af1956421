"""Takes cut, varied and measured: what the narrator is fed, before it is shown as a skeleton."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.anthropometry import LEG_PER_HEIGHT
from humandyn_ros.engines.narrator.language import (
    BEGIN,
    END,
    Ids,
    Vocabulary,
    features,
)
from humandyn_ros.engines.narrator.pictures import LONGEST_S, SHORTEST_S, instants
from humandyn_ros.learning.synthesis.angles import many_coordinates
from humandyn_ros.learning.synthesis.augment import draw, varied
from humandyn_ros.learning.synthesis.clip import Clip
from humandyn_ros.learning.synthesis.labels import leg_length
from humandyn_ros.learning.synthesis.mocap import cache_folder
from humandyn_ros.learning.tasks.narrator_takes import CYCLIC, RATE_HZ, Take, at_rate
from humandyn_ros.learning.tasks.narrator_texts import Action, told
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Mask
from humandyn_ros.words.facts import Facts, Measured, measure

_FEET = [
    [CANONICAL.index[f'{side}_{joint}'] for joint in ('ankle', 'foot')]
    for side in ('left', 'right')
]
_MIDDLE = [0, CANONICAL.index['spine3']]
_CYCLE_S, _WHOLE = (1.6, 4.0), (0.75, 1.0)
_TEST_CYCLE_S = 3.0
_NEAR_FLOOR_M, _STILL = 0.05, 0.8  # m, m/s of a foot that stands
_MASS_KG = 70.0
_SEATED_SHARE = 0.8
_VERSION = 1  # of kept material


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of motion with what was measured in it.

    Attributes:
        action: Number of its action.
        take: Where it was cut from.
        points: Canonical joint centres (T, 24, 3) m at RATE_HZ.
        facts: All of them.
    """

    action: int
    take: Take
    points: Array
    facts: Facts


@dataclass(frozen=True, eq=False)
class Material:
    """Segments as arrays, one row each.

    Attributes:
        points: Canonical joint centres at even instants (N, INSTANTS, 24, 3) m.
        seconds: Length (N).
        labels: Number of the action (N).
        facts: As the network takes them (N, S, FEATURES).
        there: Which facts there are (N, S).
        tokens: Label, sentence and reasons (N, LENGTH).
        plain: The same where nothing was measured (N, LENGTH).
        share: Probability with which each is drawn, the same for every action and origin (N).
    """

    points: NDArray[np.float32]
    seconds: NDArray[np.float32]
    labels: Ids
    facts: NDArray[np.float32]
    there: NDArray[np.float32]
    tokens: Ids
    plain: Ids
    share: Array


def segment(
    take: Take, actions: Sequence[Action], random: np.random.Generator, *, vary: bool
) -> Segment:
    """Cut a stretch out of a take and measure it; varied in body, side and tempo if asked to."""
    points = _varied(take.points, random) if vary else take.points
    points = _cut(points, take.label in CYCLIC, random if vary else None)
    number = [action.name for action in actions].index(take.label)
    return Segment(number, take, points, facts_of(points, seated=take.label == 'sit_to_stand'))


def _varied(points: Array, random: np.random.Generator) -> Array:
    height = leg_length(points) / LEG_PER_HEIGHT
    still = np.zeros(len(points), np.int64)
    clip = Clip('', '', '', '', RATE_HZ, points, height, still, '')
    changed = varied(clip, draw(random, clip))
    return at_rate(changed.points, changed.rate_hz)


def _cut(points: Array, cyclic: bool, random: np.random.Generator | None) -> Array:
    frames = len(points)
    if random is None:
        wanted = round(_TEST_CYCLE_S * RATE_HZ) if cyclic else frames
    elif cyclic:
        wanted = round(random.uniform(*_CYCLE_S) * RATE_HZ)
    else:
        wanted = round(random.uniform(*_WHOLE) * frames)
    longest, shortest = int(LONGEST_S * RATE_HZ), int(SHORTEST_S * RATE_HZ) + 2
    wanted = min(max(wanted, shortest), frames, longest)
    start = (frames - wanted) // 2 if random is None else int(random.integers(frames - wanted + 1))
    return points[start : start + wanted]


def facts_of(points: Array, *, seated: bool = False) -> Facts:
    """What can be measured in joint centres (T, 24, 3) at RATE_HZ.

    Forces are those of the acceleration of the body's middle: enough to know when there is
    something to say about them; a running node measures them with its physics engine.
    """
    velocity = np.gradient(points, 1.0 / RATE_HZ, axis=0)
    middle = _smooth(points[:, _MIDDLE, 2].mean(axis=1))
    push = GRAVITY + np.gradient(np.gradient(middle)) * RATE_HZ**2
    seat = None
    if seated:
        low = points[:, 0, 2] < points[:, 0, 2].min() + _NEAR_FLOOR_M
        seat = np.where(low, _SEATED_SHARE * _MASS_KG * GRAVITY, 0.0)
    measured = Measured(
        RATE_HZ,
        points,
        angles=many_coordinates(points, velocity)[0],
        contact=_standing(points, velocity),
        seat=seat,
        support=_MASS_KG * np.maximum(push, 0.0),
        mass_kg=_MASS_KG,
    )
    return measure(measured)


def _smooth(values: Array) -> Array:
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    result: Array = np.convolve(np.pad(values, 2, mode='edge'), kernel, 'valid')
    return result


def _standing(points: Array, velocity: Array) -> Array:
    """Whether each foot stands (T, 2)."""
    found: list[Mask] = []
    for rows in _FEET:
        low = points[:, rows, 2] < points[:, rows, 2].min(axis=0) + _NEAR_FLOOR_M
        still = np.linalg.norm(velocity[:, rows], axis=-1) < _STILL
        found.append(np.asarray((low & still).any(axis=1)))
    return np.stack(found, axis=1).astype(float)


def material(
    segments: Sequence[Segment],
    actions: Sequence[Action],
    vocabulary: Vocabulary,
    length: int,
) -> Material:
    """Put segments into arrays."""
    read = [instants(item.points, RATE_HZ) for item in segments]
    rows = [features(item.facts.notable) for item in segments]
    nothing = Facts({})
    full = [_text(actions[item.action], item.facts.notable) for item in segments]
    plain = [_text(actions[item.action], nothing) for item in segments]
    return Material(
        np.stack([points for points, _ in read]).astype(np.float32),
        np.array([seconds for _, seconds in read], np.float32),
        np.array([item.action for item in segments], np.int64),
        np.stack([values for values, _ in rows]),
        np.stack([there for _, there in rows]),
        vocabulary.sheet(full, length),
        vocabulary.sheet(plain, length),
        _evenly([(item.action, item.take.origin) for item in segments]),
    )


def _text(action: Action, facts: Facts) -> str:
    return f'{BEGIN} {told(action, facts)} {END}'


def _evenly(keys: Sequence[tuple[int, str]]) -> Array:
    """Probabilities that make every action, and within it every origin, as likely."""
    origins: dict[int, set[str]] = {}
    count: dict[tuple[int, str], int] = {}
    for action, origin in keys:
        origins.setdefault(action, set()).add(origin)
        count[action, origin] = count.get((action, origin), 0) + 1
    weight = np.array([1.0 / (count[key] * len(origins[key[0]])) for key in keys])
    result: Array = weight / weight.sum()
    return result


def kept_material(key: object, make: Callable[[], Material]) -> Material:
    """Material that is made once and kept in the user's cache folder under what it is made of."""
    name = hashlib.sha256(repr((_VERSION, key)).encode()).hexdigest()[:16]
    stored = cache_folder() / 'narrator' / f'material-{name}.npz'
    if not stored.exists():
        found = make()
        partial = stored.with_suffix(f'.{os.getpid()}.partial')
        with partial.open('wb') as file:
            np.savez(file, allow_pickle=False, **vars(found))
        partial.rename(stored)
    with np.load(stored, allow_pickle=False) as file:
        return Material(**{item.name: file[item.name] for item in dataclasses.fields(Material)})
