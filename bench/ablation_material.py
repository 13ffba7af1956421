"""What the ablations of HDyS and ImDyS learn from: clips of our own, of three sources.

As the papers' data sets, the sources know different things: procedural motion the torque of 23
joints (as ImDy), motion capture torques in the model's coordinates (as AddBiomechanics), runners
on force plates the measured force of each foot (small and of its own kind, as MiA). Markers are
virtual; `smpl` are rotations from joint centres, without twist, as no body model is at hand.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.synthesis.labels import Body
from humandyn_ros.learning.synthesis.markers import markers_of
from humandyn_ros.learning.synthesis.store import load
from humandyn_ros.learning.tasks.clips import Arrays, Clip, from_labelled
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig, hdys_sequences
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig, imdys_windows
from humandyn_ros.learning.tasks.task import Batch

RATE_HZ = 30.0


@dataclass(frozen=True)
class Knows:
    """What a source knows."""

    kinematics: tuple[str, ...]
    dynamics: str
    metric: str


SOURCES = {
    'procedural': Knows(('markers', 'keypoints', 'smpl'), 'torque_smpl', 'mpje_nm_per_kg'),
    'mocap': Knows(('markers', 'keypoints', 'angles'), 'torque', 'mae_nm_per_kg'),
    'plates': Knows(('keypoints',), 'feet', 'mpje_n_per_kg'),
}

Clips = dict[str, list[Clip]]


def training_clips(data: Path, count: int, seed: int) -> Clips:
    """Some clips of each source, drawn by the seed; of the plates all but the last person's."""
    plates = list(_on_plates(data))
    people = {person for person, _ in plates}
    random = np.random.default_rng([seed, 23])
    paths = sorted(data.glob('train*/*.npz'))
    found: Clips = {'procedural': [], 'mocap': []}
    for number in random.permutation(len(paths)):
        motion = load(paths[number])
        some = found[motion.origin.kind]
        if len(some) < count and motion.origin.person not in people:
            some.append(_clip(motion, random))
        if all(len(clips) == count for clips in found.values()):
            break
    return found | {'plates': [clip for person, clip in plates if person != max(people)]}


def held_out_clips(data: Path) -> Clips:
    """Clips of people, and of procedural motion, that training clips have nothing of."""
    random = np.random.default_rng(29)
    found: Clips = {'procedural': [], 'mocap': []}
    for path in sorted(data.glob('validation*/*.npz')):
        motion = load(path)
        found[motion.origin.kind].append(_clip(motion, random))
    plates = list(_on_plates(data))
    last = max(person for person, _ in plates)
    return found | {'plates': [clip for person, clip in plates if person == last]}


def _clip(motion: LabelledMotion, random: np.random.Generator) -> Clip:
    """Clean joint centres with virtual markers."""
    body = Body(motion.mass_kg, motion.height_m, motion.sex)
    markers = markers_of(motion.points, body, motion.rate_hz, random)
    return from_labelled(dataclasses.replace(motion, noisy=None, markers=markers), RATE_HZ)


def _on_plates(data: Path) -> Iterator[tuple[str, Clip]]:
    """Person and clip of every recording of `bench.plates` whose rate is a multiple of ours."""
    for path in sorted(data.glob('plates/train-*.npz')):
        with np.load(path) as file:
            about = json.loads(str(file['about']))
            every = round(about['rate_hz'] / RATE_HZ)
            if abs(about['rate_hz'] - every * RATE_HZ) > 0.01 * RATE_HZ:
                continue
            yield about['origin']['person'], Clip(
                'plates', RATE_HZ, about['mass_kg'],
                joints=file['points'][::every].astype(np.float64),
                feet=file['ground_force'][::every].astype(np.float64),
                keep=file['keep'][::every],
            )  # fmt: skip


def sequences(clips: Clips, config: HdysTaskConfig) -> dict[str, Batch]:
    """Every sequence of each source in which any of its labels can be trusted."""
    found = {}
    for name, knows in SOURCES.items():
        wanted = (*knows.kinematics, knows.dynamics)
        parts = _joined(hdys_sequences(clip, config, wanted) for clip in clips[name])
        found[name] = _rows(parts, parts[f'{knows.dynamics}_known'].any(dim=1))
    return found


def windows(clips: Clips, config: ImdysTaskConfig, seed: int | None) -> Batch:
    """Every window of procedural motion and motion capture; a seed hides markers at random."""
    random = None if seed is None else np.random.default_rng([seed, 31])
    both = (*clips['procedural'], *clips['mocap'])
    return _joined(imdys_windows(clip, config, random) for clip in both)


def _joined(parts: Iterable[Arrays]) -> Batch:
    every = [part for part in parts if len(next(iter(part.values())))]
    return {name: torch.from_numpy(np.concatenate([p[name] for p in every])) for name in every[0]}


def _rows(batch: Batch, rows: torch.Tensor) -> Batch:
    return {name: tensor[rows] for name, tensor in batch.items()}
