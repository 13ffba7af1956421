"""Clips that `humandyn synthesize --out` kept, disturbed anew in every epoch.

    humandyn synthesize --split train --noise clean --out FOLDER/train ...
    humandyn synthesize --split validation --noise clean --out FOLDER/validation ...
    humandyn train imdys --data FOLDER --set source=kept

Laboratories do not agree where a joint's centre is, so training clips get constant offsets in the
person's own frame; the sensor is drawn anew for every clip and epoch. Some who walk are put on a
treadmill. Clips of people on force plates (plate_clips.py) are dealt out several times an epoch.
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
from humandyn_ros.learning.synthesis.correction import usable
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.synthesis.noise import NoiseConfig, sensed
from humandyn_ros.learning.synthesis.store import load_folder
from humandyn_ros.learning.tasks.clips import Clip, Source, from_labelled
from humandyn_ros.learning.tasks.plate_clips import LEG_OF_HEIGHT, leg_length, plate_clips
from humandyn_ros.quantities import CANONICAL, Array

_SENSORS = ('clean', 'white', 'estimator', 'planar')
_SHARES = (0.2, 0.45, 0.3, 0.05)
_WORST_MM = 20.0  # of white noise
_SHIFT_M = 0.008  # standard deviation per axis of a joint centre's offset
_BELT = 0.4  # share of clips on a treadmill
_OFTEN = 6  # times an epoch, clips on force plates
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
        measured = _OFTEN * plate_clips(data or Path('.'), split, rate_hz)
        for number in random.permutation(len(clips) + len(measured)):
            if number < len(clips):
                yield from_labelled(disturbed(clips[number], rate_hz, random), rate_hz)
            else:
                yield _seen_anew(measured[number - len(clips)], random)

    return source


@lru_cache(maxsize=4)
def motions(folder: Path, split: str) -> tuple[LabelledMotion, ...]:
    """Every clip of a split.

    Raises:
        RecordingError: There are none.
    """
    found = tuple(
        dataclasses.replace(motion, keep=usable(motion.residual))
        for part in sorted(folder.glob(f'{split}*'))
        for motion in load_folder(part)
    )
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
    points = on_belt(motion.points) if random.random() < _BELT else motion.points
    noisy, confidence = worn(points, motion.rate_hz, random)
    return _on_floor(dataclasses.replace(motion, noisy=noisy, confidence=confidence))


def _on_floor(motion: LabelledMotion) -> LabelledMotion:
    """The same with what is seen standing on the floor that the live engine would find.

    Laboratories place ankles and toes up to 4 cm apart, and the live floor follows them.
    """
    return dataclasses.replace(
        motion, noisy=_lowered(motion.seen, motion.height_m, 1.0 / motion.rate_hz)
    )


def _lowered(points: Array, height_m: float, dt: float) -> Array:
    floor = Floor()
    levels = [floor.step(frame, height_m, dt) for frame in points]
    lowered = points.copy()
    lowered[..., 2] -= np.array(levels)[:, None]
    return np.asarray(lowered)


def _seen_anew(clip: Clip, random: np.random.Generator) -> Clip:
    """A clip on force plates as another sensor would see it."""
    assert clip.joints is not None
    height = leg_length(clip.joints) / LEG_OF_HEIGHT
    noisy, _ = worn(clip.joints, clip.rate_hz, random)
    return dataclasses.replace(clip, joints=_lowered(noisy, height, 1.0 / clip.rate_hz))


def on_belt(points: Array) -> Array:
    """Joint centres (T, 24, 3) m of the same motion on a belt that runs at its mean velocity.

    Forces do not change with a steady velocity of the frame of reference (Galilei).
    """
    steps = np.linspace(0.0, 1.0, len(points))[:, None]
    walked = steps * (points[-1, 0, :2] - points[0, 0, :2])
    found: Array = points.copy()
    found[..., :2] -= walked[:, None]
    return found


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
