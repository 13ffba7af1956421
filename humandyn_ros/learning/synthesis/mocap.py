"""Recorded motion as clips: CMU's motion capture, runners on a treadmill, children walking.

On request UI-PRMD's rehabilitation exercises, too.

Archives are unpacked, and joint centres kept, once in the user's cache folder.
"""

from __future__ import annotations

import csv
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from humandyn_ros.activity import CutoffPolicy
from humandyn_ros.anthropometry import LEG_PER_HEIGHT
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import HumandynError, RecordingError
from humandyn_ros.learning.synthesis.clip import Clip
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.learning.synthesis.labels import leg_length
from humandyn_ros.learning.synthesis.people import checked_split, split_of
from humandyn_ros.learning.synthesis.touch import LEGS
from humandyn_ros.quantities import Array
from humandyn_ros.recordings import read_motion
from humandyn_ros.skeleton import Adapter, recognise
from humandyn_ros.upper_body import Completion

CMU_TERMS = 'CMU mocap terms'
CC_BY, MIT = 'CC BY 4.0', 'MIT'
_WORDS = (
    ('run', 'run'), ('jog', 'run'), ('jump', 'jump'), ('hop', 'jump'), ('kick', 'kick'),
    ('empi', 'kick'), ('box', 'box'), ('punch', 'box'), ('squat', 'squat'), ('climb', 'climb'),
    ('swing', 'swing'), ('dance', 'dance'), ('salsa', 'dance'), ('danc', 'dance'),
    ('sit', 'sit_to_stand'), ('throw', 'throw'), ('wave', 'wave'), ('reach', 'reach'),
    ('pick', 'lift'), ('lift', 'lift'), ('bend', 'bend'), ('kneel', 'kneel'), ('fall', 'fall'),
    ('veer', 'turn'), ('turn', 'turn'), ('walk', 'walk'), ('stride', 'walk'), ('stand', 'stand'),
    ('stretch', 'exercise'), ('jumping jack', 'exercise'),
)  # fmt: skip
_CUTOFF_FACTOR, _CUTOFF_HZ = (
    1.25,
    (5.0, 12.0),
)  # of the live policy's, without lag and nearly clean
_SLOWEST_BELT = 0.5  # m/s


@dataclass(frozen=True)
class Source:
    """One recording on disk."""

    name: str
    person: str
    path: Path
    licence: str
    description: str
    rate_hz: float | None = None
    height_m: float | None = None
    static: Path | None = None
    own_size: bool = True  # bones are the person's own, in a known unit
    label: str | None = None  # None: what the description says

    @property
    def theme(self) -> str:
        """The action label."""
        return self.label or theme(self.description)


def sources(data: Path, split: str, *, exercises: bool = False) -> tuple[Source, ...]:
    """Every usable recording of the people of one split, in a fixed order.

    Args:
        data: Folder of the recordings.
        split: Of people.
        exercises: With UI-PRMD's exercises.

    Raises:
        ConfigError: Unknown split.
        RecordingError: The folder holds none of the sets.
    """
    checked_split(split)
    known = (*_all(data), *(_exercises(data / 'actions_uiprmd') if exercises else ()))
    found = [s for s in known if split_of(s.person) == split]
    if not found:
        raise RecordingError(
            f'{data}: no recordings of the {split} split; it must hold mocap_cmu, rbds_running or '
            'gait_children'
        )
    return tuple(found)


@lru_cache(maxsize=4)
def _all(data: Path) -> tuple[Source, ...]:
    return (*_cmu(data / 'mocap_cmu'), *_runners(data / 'rbds_running'),
            *_children(data / 'gait_children'))  # fmt: skip


def _cmu(folder: Path) -> Iterator[Source]:
    if not (folder / 'index.csv').exists():
        return
    with (folder / 'index.csv').open(newline='') as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        own = row['own_bone_lengths'] == 'yes' or row['joints'] == '31'
        if (row['format'] == 'amc' and row['skeleton'] != 'ASF') or not own:
            continue
        number = row['subject']
        person = f'cmu_{int(number):03d}' if number.isdigit() else f'cmu_{number}'
        path = unpacked(folder / row['archive']) / row['path']
        yield Source(
            Path(row['clip_id']).stem, person, path, CMU_TERMS,
            row['action'] or row['subject_description'], rate_hz=float(row['fps'] or 120),
            own_size=row['own_bone_lengths'] == 'yes',
        )  # fmt: skip


def _runners(folder: Path) -> Iterator[Source]:
    archive = folder / 'rbds_running.tar.xz'
    if not archive.exists():
        return
    with (folder / 'participants.csv').open(newline='') as table:
        heights = {
            int(row['Subject']): float(row['Height']) / 100 for row in csv.DictReader(table)
        }
    for run in sorted(unpacked(archive).glob('**/*runT*.c3d')):
        person = run.parent.name
        static = next(iter(sorted(run.parent.glob('*static.c3d'))), None)
        height = heights.get(int(person[4:]))
        yield Source(run.stem, person, run, CC_BY, 'run on a treadmill', height_m=height,
                     static=static)  # fmt: skip


def _children(folder: Path) -> Iterator[Source]:
    for walk in sorted(folder.glob('*/Straight/*.c3d.gz')):
        person = walk.parents[1].name
        static = next(iter(sorted(walk.parents[1].glob('Static/*.c3d.gz'))), None)
        yield Source(f'{person}_{walk.name.split(".")[0]}', person, walk, MIT, 'walk',
                     static=static)  # fmt: skip


_EXERCISES = ('squat', 'step', 'lunge', 'lunge', 'sit_to_stand', *['exercise'] * 5)


@lru_cache(maxsize=4)
def _exercises(folder: Path) -> tuple[Source, ...]:
    from humandyn_ros.learning.synthesis import exercises as uiprmd  # noqa: PLC0415 - it needs us

    found = []
    for archive in sorted(folder.glob('UIPRMD_vicon_positions*.tar.xz')):
        for path in sorted(unpacked(archive).rglob('m*_positions.txt')):
            move, person = path.name.split('_')[:2]
            kind = int(move[1:]) - 1
            found.append(
                Source(
                    path.name.removesuffix('_positions.txt'), f'uiprmd_{person[1:]}', path,
                    uiprmd.LICENCE, uiprmd.EXERCISES[kind].replace('_', ' '),
                    rate_hz=uiprmd.FILE_RATE_HZ, label=_EXERCISES[kind],
                )
            )  # fmt: skip
    return tuple(found)


def cache_folder() -> Path:
    """The user's cache folder of this package."""
    return Path(os.environ.get('XDG_CACHE_HOME', Path.home() / '.cache')) / 'humandyn'


def unpacked(archive: Path) -> Path:
    """Unpack an archive once and return its folder."""
    folder = cache_folder() / archive.name.removesuffix('.tar.xz')
    if not folder.is_dir():
        partial = folder.with_name(f'{folder.name}.{os.getpid()}.partial')
        with tarfile.open(archive) as content:
            content.extractall(partial, filter='data')
        try:
            partial.rename(folder)
        except OSError:  # somebody else was quicker
            if not folder.is_dir():
                raise
    return folder


def load(source: Source) -> Clip | None:
    """A recording as a clip; None where it cannot serve (too short, points missing)."""
    stored = cache_folder() / 'joint_centres' / f'{source.person}-{source.name}.npz'
    if not stored.exists():
        points, rate = _joint_centres(source)
        stored.parent.mkdir(parents=True, exist_ok=True)
        partial = stored.with_suffix(f'.{os.getpid()}.partial')
        with partial.open('wb') as file:
            np.savez(file, points=points.astype(np.float32), rate_hz=rate)
        partial.rename(stored)
    with np.load(stored) as file:
        points, rate = file['points'].astype(np.float64), float(file['rate_hz'])
    if len(points) < 0.8 * rate:
        return None
    height = source.height_m if source.own_size and source.height_m else None
    height = height or leg_length(points) / LEG_PER_HEIGHT
    label = source.theme
    return Clip(
        source.name, source.person, 'mocap', source.licence, rate, points, height,
        np.full(len(points), ACTIONS.index(label)), source.description.lower(),
        cutoff_hz=_cutoff_hz(points, rate),
    )  # fmt: skip


def theme(description: str) -> str:
    """The action label that a description of a recording asks for."""
    return next((label for word, label in _WORDS if word in description.lower()), 'other')


def _joint_centres(source: Source) -> tuple[Array, float]:
    """Canonical joint centres (T, 24, 3) m; (0, 24, 3) where they cannot be had."""
    nothing = np.empty((0, 24, 3)), source.rate_hz or 100.0
    if source.path.name.endswith('_positions.txt'):
        from humandyn_ros.learning.synthesis import exercises as uiprmd  # noqa: PLC0415

        found = uiprmd.joint_centres(source.path, nothing[1])
        return nothing if found is None else (found, nothing[1])
    try:
        recording = read_motion(source.path, rate_hz=source.rate_hz)
        static = read_motion(source.static) if source.static else None
        form = recognise(recording.names, recording.format).seen(recording.points)
        person = PersonConfig(height_m=source.height_m)
        adapter = Adapter(form, up=recording.up, person=person, static=static,
                          parameters=recording.parameters)  # fmt: skip
        points, _ = adapter.convert(recording.points, recording.confidence)
    except HumandynError:
        return nothing
    points = _longest_seen(points)
    if len(points) < 20:
        return nothing
    points = _completed(points)
    return off_belt(points, recording.rate_hz), recording.rate_hz


def _longest_seen(points: Array) -> Array:
    """The longest stretch in which everything that is ever seen is seen, short gaps bridged."""
    ever = np.isfinite(points[..., 0]).mean(0) > 0.5
    good = np.isfinite(points[:, ever, 0]).all(1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return points[:0]
    start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    result: Array = points[start:end]
    return np.where(ever[:, None], result, np.nan)


def _completed(points: Array) -> Array:
    """Joints never seen, from those that are."""
    if np.isfinite(points).all():
        return points
    completion = Completion(leg_length(points) / LEG_PER_HEIGHT)
    still = np.zeros_like(points[0])
    return np.stack([completion.step(frame, still, still, 0.0)[0] for frame in points])


def off_belt(points: Array, rate_hz: float) -> Array:
    """Motion over ground of a person on a treadmill; others as they are.

    The belt's speed is the median velocity of balls of feet that are down. It counts as a belt
    when they move while the pelvis stays.
    """
    balls = points[:, LEGS[:, 2]]
    speed = np.gradient(balls, 1 / rate_hz, axis=0)
    down = balls[..., 2] < np.quantile(balls[..., 2], 0.25)
    belt = np.median(speed[down], axis=0) * [1.0, 1.0, 0.0]
    travel = np.linalg.norm(points[-1, 0] - points[0, 0]) * rate_hz / len(points)
    size = float(np.linalg.norm(belt))
    if size < _SLOWEST_BELT or travel > 0.3 * size:
        return points
    time = np.arange(len(points)) / rate_hz
    result: Array = points - (time[:, None] * belt)[:, None]
    return result


def _cutoff_hz(points: Array, rate_hz: float) -> float:
    """Cut-off for the whole clip, from the liveliest of what the engine would choose."""
    policy, leg, every = CutoffPolicy(), leg_length(points), max(1, round(rate_hz / 20.0))
    velocities: Array = np.gradient(points[::every], every / rate_hz, axis=0)
    found = [policy.step(v, 0.0, leg, every / rate_hz) for v in velocities]
    return float(np.clip(_CUTOFF_FACTOR * np.quantile(found, 0.9), *_CUTOFF_HZ))
