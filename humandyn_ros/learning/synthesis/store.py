"""Labelled clips in memory, in shards on disk, and the command that makes them."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.learning.synthesis.labelled import ACTIONS, Fact, LabelledMotion, Origin
from humandyn_ros.learning.synthesis.noise import NoiseConfig
from humandyn_ros.learning.synthesis.stream import Recipe, stream
from humandyn_ros.quantities import GRAVITY

SCHEMA = 1
_PLAIN = ('rate_hz', 'mass_kg', 'height_m', 'sex', 'text', 'marker_names', 'muscle_names',
          'reasoning')  # fmt: skip


def library(
    minutes: float, seed: int, split: str, recipe: Recipe, data: Path | None = None
) -> list[LabelledMotion]:
    """Label some minutes of the stream and keep them in memory, about 30 MB a minute at 60 Hz."""
    return list(_taken(stream(seed, split, recipe, data), minutes))


def _taken(clips: Iterable[LabelledMotion], minutes: float) -> Iterator[LabelledMotion]:
    seconds = 0.0
    for clip in clips:
        if seconds >= 60.0 * minutes:
            return
        seconds += len(clip) / clip.rate_hz
        yield clip


def save(clip: LabelledMotion, path: Path) -> None:
    """Write a clip: arrays as 32-bit numbers, the rest as JSON beside them."""
    about = {name: getattr(clip, name) for name in _PLAIN}
    about |= {'schema': SCHEMA, 'origin': dataclasses.asdict(clip.origin),
              'facts': [dataclasses.asdict(fact) for fact in clip.facts]}  # fmt: skip
    arrays = {
        name: value.astype(np.float32) if value.dtype == np.float64 else value
        for name, value in clip.arrays().items()
    }
    partial = path.with_name(f'{path.name}.partial')
    with partial.open('wb') as file:
        np.savez_compressed(file, about=json.dumps(about), **arrays)
    partial.rename(path)


def load(path: Path) -> LabelledMotion:
    """Read a clip that `save` wrote.

    Raises:
        RecordingError: It is no such file.
    """
    try:
        with np.load(path) as file:
            about = json.loads(str(file['about']))
            arrays = {name: file[name] for name in file.files if name != 'about'}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise RecordingError(
            f'{path}: not a labelled clip ({error}); synthesize it anew'
        ) from error
    if about.pop('schema', None) != SCHEMA:
        raise RecordingError(f'{path}: of another version; synthesize it anew')
    values = {
        name: array.astype(np.float64) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    for name in ('noisy', 'markers', 'activation'):
        values.setdefault(name, None)
    facts = tuple(Fact(**fact) for fact in about.pop('facts'))
    origin = Origin(**about.pop('origin'))
    for name in ('marker_names', 'muscle_names', 'reasoning'):
        about[name] = tuple(about[name])
    return LabelledMotion(**about, **values, facts=facts, origin=origin)


def load_folder(folder: Path) -> Iterator[LabelledMotion]:
    """Every clip of a folder, in order."""
    for path in sorted(folder.glob('*.npz')):
        yield load(path)


def synthesize(arguments: argparse.Namespace) -> int:
    """Run `humandyn synthesize`: label some minutes, say how much passed, keep it if asked to."""
    data = Path(arguments.data) if arguments.data else None
    out = Path(arguments.out) if arguments.out else None
    if not arguments.minutes > 0:
        raise ConfigError(f'minutes = {arguments.minutes}: must be positive')
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(
        rate_hz=arguments.rate_hz,
        kinds=tuple(arguments.kinds),
        themes=tuple(arguments.themes),
        markers=arguments.markers,
        text=arguments.text,
        muscles=arguments.muscles,
        exercises=arguments.exercises,
        correct=not arguments.uncorrected,
        noise=NoiseConfig(kind=arguments.noise),
    )
    started, tally = time.process_time(), Tallies()
    clips = stream(arguments.seed, arguments.split, recipe, data)
    for number, clip in enumerate(_taken(clips, arguments.minutes)):
        tally.count(clip)
        if arguments.text:
            print(f'{number:6d} {clip.text}')
        if out is not None:
            save(clip, out / f'{arguments.split}-{arguments.seed}-{number:06d}.npz')
    print(tally.table(time.process_time() - started))
    return 0


class Tallies:
    """How much of every kind of motion was labelled, and passed the gate."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[float]] = {}

    def count(self, clip: LabelledMotion) -> None:
        """Add a clip."""
        key = clip.origin.kind, ACTIONS[int(np.bincount(clip.action).argmax())]
        row = self._found.setdefault(key, [0, 0.0, 0.0, 0.0, 0.0])
        force, moment = (np.linalg.norm(clip.residual[:, k : k + 3], axis=1) for k in (0, 3))
        for i, value in enumerate((1, len(clip) / clip.rate_hz, clip.keep.sum() / clip.rate_hz)):
            row[i] += value
        row[3] += float(np.median(force)) * len(clip) / clip.rate_hz
        row[4] += float(np.median(moment)) * len(clip) / clip.rate_hz

    def table(self, cpu_s: float) -> str:
        """The counts as text."""
        lines = ['motion                       clips  seconds  kept   residual: %BW  N·m/kg']
        for (kind, action), row in sorted(self._found.items()):
            clips, seconds, kept, force, moment = row
            lines.append(
                f'{kind:11s} {action:16s} {clips:5.0f} {seconds:8.1f} '
                f'{100 * kept / seconds:4.0f} %'
                f' {100 * force / seconds / GRAVITY:12.2f} {moment / seconds:8.3f}'
            )
        whole = sum(row[1] for row in self._found.values())
        lines.append(f'{whole:.0f} s of motion in {cpu_s:.0f} s of processor time')
        return '\n'.join(lines)
