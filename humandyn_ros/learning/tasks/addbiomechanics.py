"""Clips of AddBiomechanics (Werling et al. 2023), for those who have it: a source for clips.py.

humandyn train imdys --config config/training/imdys_addbiomechanics.yaml --data FOLDER
humandyn train hdys --data FOLDER --set 'sources=[addbiomechanics]' --set rate_hz=100
    --set net.angles=23

The armless Rajagopal model, as ImDyS and HDyS use it: 23 coordinates, of which six are the root's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.readers.b3d import B3dSubject, B3dTrial, read_b3d
from humandyn_ros.learning.tasks.clips import Clip, Source
from humandyn_ros.learning.tasks.original import chosen
from humandyn_ros.quantities import Array

DOFS, ROOT = 23, 6


def addbiomechanics(data: Path | None, rate_hz: float) -> Source:
    """Trials of `train/**/*.b3d` and `test/**/*.b3d`; every tenth training person validates.

    Raises:
        ConfigError: No folder; later, no file, another model, or a rate that does not divide.
    """
    if data is None:
        raise ConfigError('source addbiomechanics reads .b3d files: give their folder with --data')

    def source(split: str, seed: int) -> Iterator[Clip]:
        part = data / ('test' if split == 'test' else 'train')
        people: dict[str, list[Path]] = {}
        for path in sorted(part.glob('**/*.b3d')):  # one person may have several files
            people.setdefault(path.stem.partition('_split')[0], []).append(path)
        if not people:
            raise ConfigError(f'{part} holds no .b3d files')
        names = list(people)
        for number in chosen(len(names), split, seed):
            for path in people[names[number]]:
                subject = read_b3d(path)
                for trial in range(len(subject.trial_names)):
                    yield from_b3d(subject, subject.trial(trial), rate_hz)

    return source


def from_b3d(subject: B3dSubject, trial: B3dTrial, rate_hz: float) -> Clip:
    """A clip from a trial; frames whose forces or torques are not known are not to be trusted.

    Raises:
        ConfigError: Another model than the armless one, or a rate that does not divide.
    """
    if subject.dofs != DOFS:
        raise ConfigError(
            f'{subject.path} has {subject.dofs} coordinates: use the files without arms ({DOFS})'
        )
    every = round(trial.rate_hz / rate_hz)
    if every < 1 or abs(every * rate_hz - trial.rate_hz) > 0.01 * trial.rate_hz:
        raise ConfigError(
            f'{subject.path}: {trial.name} is at {trial.rate_hz:.6g} Hz, no whole multiple of '
            f'rate_hz = {rate_hz:g}'
        )
    pick = slice(None, None, every)
    torque, feet = trial.torques[pick, ROOT:], _feet(subject, trial)[pick]
    known = np.isfinite(torque).all(axis=1) & np.isfinite(feet).all(axis=(1, 2))
    return Clip(
        'addbiomechanics',
        rate_hz,
        subject.mass_kg,
        markers=trial.markers[pick],
        angles=trial.angles[pick],
        torque=np.nan_to_num(torque),
        feet=np.nan_to_num(feet),
        keep=trial.forces_measured[pick] & known,
    )


def _feet(subject: B3dSubject, trial: B3dTrial) -> Array:
    """Force of the ground on the left and right foot (T, 2, 3) N."""
    sides = [[body.endswith(side) for body in subject.contact_bodies] for side in ('_l', '_r')]
    return np.stack([trial.forces[:, side].sum(axis=1) for side in sides], axis=1)
