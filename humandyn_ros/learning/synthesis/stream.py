"""Endless labelled motion from a seed, and clips by number."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis import mocap
from humandyn_ros.learning.synthesis.augment import draw, varied
from humandyn_ros.learning.synthesis.clip import Clip, procedural
from humandyn_ros.learning.synthesis.correction import FARTHEST_M, corrected, trusted
from humandyn_ros.learning.synthesis.facts import describe
from humandyn_ros.learning.synthesis.labelled import ACTIONS, LabelledMotion, Origin
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labeller, Labels
from humandyn_ros.learning.synthesis.markers import MARKERS, markers_of
from humandyn_ros.learning.synthesis.motion import smooth_motion
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.learning.synthesis.muscles import with_muscles
from humandyn_ros.learning.synthesis.noise import NoiseConfig, sensed
from humandyn_ros.learning.synthesis.people import SPLITS, checked_split
from humandyn_ros.quantities import Mask

_HELD = 256  # recordings kept in memory, about 1 MB each
_LEAST_S = 1.0
_ALONE = ('turn', 'side_step', 'kick', 'kneel', 'lunge', 'fall')  # end where they end
_ON_REQUEST = ('fall',)  # what shipped models were trained on can be made again without


@dataclass(frozen=True)
class Recipe(Checked):
    """What a stream consists of."""

    rate_hz: float = setting(60.0, 'Hz', 'frame rate of everything', low=15.0, high=240.0)
    seconds: float = setting(6.0, 's', 'longest clip', low=1.0, high=60.0)
    procedural: float = setting(
        0.4, '', 'share of procedural clips where recordings are given', low=0.0, high=1.0
    )
    kinds: tuple[str, ...] = ()  # procedural activities to draw from; none: all but falls
    themes: tuple[str, ...] = ()  # what is done in the recordings to draw from; none: all
    exercises: bool = setting(False, '', "UI-PRMD's exercises among the recordings")
    augment: bool = setting(True, '', 'other bodies, sides, tempos')
    correct: bool = setting(
        True, '', 'root correction; without it labels have the slack of the live engine'
    )
    markers: bool = setting(False, '', 'virtual markers on the skin')
    text: bool = setting(False, '', 'facts, reasons and a sentence')
    muscles: bool = setting(False, '', 'activation of the muscles of the legs')
    noise: NoiseConfig = field(default_factory=lambda: NoiseConfig(kind='mixed'))


def stream(
    seed: int = 0,
    split: str = 'train',
    recipe: Recipe | None = None,
    data: Path | None = None,
    *,
    start: int = 0,
) -> Iterator[LabelledMotion]:
    """Yield labelled clips without end; the same arguments give the same clips in the same order.

    Args:
        seed: Fixes everything.
        split: 'train', 'validation' or 'test': people, and seeds of procedural motion, differ.
        recipe: What it consists of.
        data: Folder of the recordings; None: procedural motion only.
        start: Number of the first clip, to go on where one stopped.

    Raises:
        ConfigError: Unknown split or kind.
        RecordingError: `data` holds no recordings of that split.
    """
    recipe = recipe or Recipe()
    number = start
    while True:
        yield labelled_clip(number, seed, split, recipe, data)
        number += 1


def labelled_clip(
    number: int, seed: int, split: str, recipe: Recipe, data: Path | None = None
) -> LabelledMotion:
    """The clip of that number in the stream (arguments and errors of `stream`)."""
    checked_split(split)
    attempt = 0
    while True:
        random = np.random.default_rng([seed, SPLITS.index(split), number, attempt])
        clip = seed_clip(random, split, recipe, data)
        if clip is not None and len(clip.points) >= _LEAST_S * clip.rate_hz:
            return finish(clip, recipe, random, (split, seed))
        attempt += 1  # a recording that cannot serve


def seed_clip(
    random: np.random.Generator, split: str, recipe: Recipe, data: Path | None
) -> Clip | None:
    """Draw a seed motion."""
    if data is None or random.uniform() < recipe.procedural:
        return procedural(_kinds(random, recipe), int(random.integers(2**31)))
    groups = _by_theme(data, split, exercises=recipe.exercises)
    themes = sorted(theme for theme in groups if not recipe.themes or theme in recipe.themes)
    if not themes:
        raise ConfigError(f'no recordings of {", ".join(recipe.themes)} in the {split} split')
    theme = themes[int(random.integers(len(themes)))]
    source = groups[theme][int(random.integers(len(groups[theme])))]
    clip = _loaded(source)
    return None if clip is None else _cut(clip, recipe.seconds, random)


def _kinds(random: np.random.Generator, recipe: Recipe) -> list[str]:
    names = recipe.kinds or tuple(name for name in MOVES if name not in _ON_REQUEST)
    first = names[int(random.integers(len(names)))]
    chain = [name for name in names if name not in (*_ALONE, 'sit_to_stand', 'walk', 'step')]
    if recipe.kinds or first in _ALONE or random.uniform() < 0.5 or not chain:
        return [first]
    return [first, chain[int(random.integers(len(chain)))]]


@lru_cache(maxsize=8)
def _by_theme(data: Path, split: str, *, exercises: bool) -> dict[str, tuple[mocap.Source, ...]]:
    """Recordings by what is done in them, so that rare themes are drawn as often as walking."""
    groups: dict[str, list[mocap.Source]] = {}
    for source in mocap.sources(data, split, exercises=exercises):
        groups.setdefault(source.theme, []).append(source)
    return {theme: tuple(found) for theme, found in groups.items()}


@lru_cache(maxsize=_HELD)
def _loaded(source: mocap.Source) -> Clip | None:
    return mocap.load(source)


def _cut(clip: Clip, seconds: float, random: np.random.Generator) -> Clip:
    length = int(seconds * clip.rate_hz)
    if len(clip.points) <= length:
        return clip
    start = int(random.integers(len(clip.points) - length))
    span = slice(start, start + length)
    return replace(clip, points=clip.points[span], action=clip.action[span])


def finish(
    clip: Clip, recipe: Recipe, random: np.random.Generator, drawn: tuple[str, int]
) -> LabelledMotion:
    """Augment, correct, label and disturb a clip.

    Args:
        clip: The seed motion.
        recipe: What is wanted.
        random: Where chance comes from.
        drawn: Split and seed, for the record.
    """
    change = draw(random, clip, plain=not recipe.augment)
    motion, action = smooth_motion(varied(clip, change), recipe.rate_hz)
    labeller = Labeller(change.body) if recipe.correct else Labeller(change.body, slack=1.0)
    before = motion
    if recipe.correct:
        motion = corrected(motion, labeller)
    labels = labeller.label(motion)
    moved = np.linalg.norm(motion.points - before.points, axis=2).max(1)
    keep = trusted(labels.residual, recipe.rate_hz) & (moved < FARTHEST_M)
    origin = Origin(clip.kind, clip.name, clip.person, drawn[0], clip.licence, drawn[1])
    found = assemble(motion, labels, change.body, (action, keep), origin)
    return dressed(found, motion, labels, recipe, random)


def assemble(
    motion: Kinematics,
    labels: Labels,
    body: Body,
    frames: tuple[NDArray[np.int64], Mask],
    origin: Origin,
) -> LabelledMotion:
    """Put motion and labels together, as yet without noise, markers, muscles and text."""
    action, keep = frames
    torque = labels.torque_smpl
    after = np.concatenate([torque[1:], torque[-1:]])
    return LabelledMotion(
        rate_hz=motion.rate_hz,
        points=motion.points,
        velocities=motion.velocities,
        accelerations=motion.accelerations,
        noisy=None,
        confidence=np.ones(motion.points.shape[:2]),
        markers=None,
        marker_names=(),
        mass_kg=body.mass_kg,
        height_m=body.height_m,
        sex=body.sex,
        power=labels.torque_rajagopal * labels.rate,
        angular_momentum=0.5 * (torque + after) / motion.rate_hz,
        keep=keep,
        activation=None,
        muscle_names=(),
        action=action,
        boundary=np.concatenate([[False], np.diff(action) != 0]),
        text=ACTIONS[int(np.bincount(action).argmax())],
        reasoning=(),
        facts=(),
        origin=origin,
        **{item.name: getattr(labels, item.name) for item in dataclasses.fields(labels)},
    )


def dressed(
    found: LabelledMotion,
    motion: Kinematics,
    labels: Labels,
    recipe: Recipe,
    random: np.random.Generator,
) -> LabelledMotion:
    """Add what the recipe asks for beside the dynamics."""
    body = Body(found.mass_kg, found.height_m, found.sex)
    noisy, confidence = sensed(motion.points, motion.rate_hz, recipe.noise, random)
    found = replace(found, noisy=noisy, confidence=confidence)
    if recipe.markers:
        markers = markers_of(motion.points, body, motion.rate_hz, random)
        found = replace(found, markers=markers, marker_names=MARKERS)
    if recipe.muscles:
        found = with_muscles(found)
    if recipe.text:
        text, reasoning, facts = describe(motion, labels, body, found.action)
        found = replace(found, text=text, reasoning=reasoning, facts=facts)
    return found
