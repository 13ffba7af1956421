"""Clips that `humandyn synthesize --out` kept, disturbed anew in every epoch.

    humandyn synthesize --split train --noise clean --out FOLDER/train ...
    humandyn synthesize --split validation --noise clean --out FOLDER/validation ...
    humandyn train imdys --data FOLDER --set source=kept

Laboratories do not agree where a joint's centre is, so training clips get constant offsets in the
person's own frame; the sensor is drawn anew for every clip and epoch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from humandyn_ros.engines.canonical import canonical_frame
from humandyn_ros.engines.network import Floor
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.synthesis.noise import NoiseConfig, sensed
from humandyn_ros.learning.synthesis.store import load_folder
from humandyn_ros.learning.tasks.clips import Clip, Source, from_labelled
from humandyn_ros.quantities import CANONICAL, Array

_SENSORS = ('clean', 'white', 'estimator', 'planar')
_SHARES = (0.2, 0.45, 0.3, 0.05)
_WORST_MM = 20.0  # of white noise
_SHIFT_M = 0.008  # standard deviation per axis of a joint centre's offset
_LOWER_ONLY = 0.15  # share of clips that show the lower body only
_LOWER = [
    i
    for i, name in enumerate(CANONICAL.joints)
    if name.split('_')[-1] in ('pelvis', 'hip', 'knee', 'ankle', 'foot')
]
_UPPER = [i for i in range(len(CANONICAL.joints)) if i not in _LOWER]


def kept(data: Path | None, rate_hz: float) -> Source:
    """Source of the clips in data/train*, data/validation* and data/test*.

    Raises:
        RecordingError: There are none of a split.
    """

    def source(split: str, seed: int) -> Iterator[Clip]:
        clips = motions(Path('.') if data is None else data, split)
        if split != 'train':
            yield from (from_labelled(_on_floor(clip), rate_hz) for clip in clips)
            return
        random = np.random.default_rng([seed, 17])
        for number in random.permutation(len(clips)):
            yield from_labelled(disturbed(clips[number], rate_hz, random), rate_hz)

    return source


@lru_cache(maxsize=4)
def motions(folder: Path, split: str) -> tuple[LabelledMotion, ...]:
    """Every clip of a split.

    Raises:
        RecordingError: There are none.
    """
    found = tuple(m for part in sorted(folder.glob(f'{split}*')) for m in load_folder(part))
    if not found:
        raise RecordingError(
            f'no clips in {folder}/{split}*: make them by humandyn synthesize '
            f'--split {split} --out {folder}/{split}'
        )
    return found


def disturbed(
    motion: LabelledMotion, rate_hz: float, random: np.random.Generator
) -> LabelledMotion:
    """A clip as one laboratory's sensor would see it, from any of its frames on."""
    start = int(random.integers(max(round(motion.rate_hz / rate_hz), 1)))
    motion = motion.window(start, len(motion) - start)
    noisy, confidence = worn(motion.points, motion.rate_hz, random)
    return _on_floor(dataclasses.replace(motion, noisy=noisy, confidence=confidence))


def _on_floor(motion: LabelledMotion) -> LabelledMotion:
    """The same with what is seen standing on the floor that the live engine would find.

    Laboratories place ankles and toes up to 4 cm apart, and the live floor follows them.
    """
    floor, dt = Floor(), 1.0 / motion.rate_hz
    levels = [floor.step(points, motion.height_m, dt) for points in motion.seen]
    lowered = motion.seen.copy()
    lowered[..., 2] -= np.array(levels)[:, None]
    return dataclasses.replace(motion, noisy=lowered)


def worn(points: Array, rate_hz: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Joint centres as another laboratory's sensor reports them (arguments as `sensed`)."""
    frame = canonical_frame(points)
    shift = _SHIFT_M * random.standard_normal((1, len(CANONICAL.joints), 3))
    points = points + frame.to_world(np.broadcast_to(shift, points.shape))
    kind = str(random.choice(_SENSORS, p=_SHARES))
    if kind == 'white':
        size = 1e-3 * random.uniform(0.0, _WORST_MM)
        noisy = points + size * random.standard_normal(points.shape)
        confidence = np.ones(points.shape[:2])
    else:
        noisy, confidence = sensed(points, rate_hz, NoiseConfig(kind=kind), random)
    if random.random() < _LOWER_ONLY:
        noisy[:, _UPPER], confidence[:, _UPPER] = np.nan, 0.0
    return noisy, confidence
