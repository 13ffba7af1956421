"""Clips of the published data, for those who have it: sources for tasks/clips.py.

humandyn train imdys --data FOLDER --set source=imdy --set net.input=markers --set net.points=0
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.engines.network import FEET
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.readers.imdy import (
    RATE_HZ,
    ImdyMotion,
    ImdySequence,
    read_raw,
    read_sequence,
)
from humandyn_ros.learning.tasks.clips import Clip, Source

MASS_KG = 76.3869
"""What the released code divides by where a file holds no mass."""

VALIDATION_EVERY = 10
"""One training sequence in so many is kept for validation."""


def imdy(data: Path | None, rate_hz: float) -> Source:
    """Sequences of ImDy: `raw_train`, `raw_test`, or `train` and `test` with one file each.

    Raises:
        ConfigError: No folder, or another rate than 30 Hz.
    """
    if data is None:
        raise ConfigError('source imdy reads the published ImDy: give its folder with --data')
    if abs(rate_hz - RATE_HZ) > 0.01:
        raise ConfigError(f'ImDy is at {RATE_HZ} Hz: rate_hz = {rate_hz} cannot be had from it')

    def source(split: str, seed: int) -> Iterator[Clip]:
        part = 'test' if split == 'test' else 'train'
        raw = data / f'raw_{part}'
        if raw.is_dir():
            sequences = read_raw(raw)
            yield from (from_imdy(sequences[i]) for i in chosen(len(sequences), split, seed))
            return
        files = sorted((data / part).glob('**/*.pkl'))
        if not files:
            raise ConfigError(f'{data} holds neither raw_{part}/ nor {part}/*.pkl')
        for number in chosen(len(files), split, seed):
            found = read_sequence(files[number])
            if isinstance(found, ImdyMotion):
                raise ConfigError(f'{files[number]} holds angles of Rajagopal only: no ImDy')
            yield from_imdy(found)

    return source


def chosen(count: int, split: str, seed: int) -> NDArray[np.int64]:
    """Numbers of the sequences of a split, mixed; it has no validation split, so ours is cut out.

    Every tenth training sequence validates and is not trained on: no model is chosen on the test
    split.
    """
    numbers = np.arange(count)
    if split != 'test' and count > 1:
        numbers = numbers[(numbers % VALIDATION_EVERY == 0) == (split == 'validation')]
    return np.random.default_rng(seed).permutation(numbers)


def from_imdy(sequence: ImdySequence) -> Clip:
    """A clip from a sequence; torques are means over each step already."""
    torque = np.zeros_like(sequence.points)
    torque[:, 1:] = sequence.torques
    feet = np.stack([sequence.forces[:, list(bodies)].sum(axis=1) for _, bodies in FEET], axis=1)
    return Clip(
        'imdy',
        RATE_HZ,
        sequence.mass_kg or MASS_KG,
        joints=sequence.points,
        markers=sequence.markers,
        rotations=sequence.rotvecs,
        torque_smpl=torque,
        contact_force=sequence.forces,
        feet=feet,
    )
