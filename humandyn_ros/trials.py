"""Several trials and people in one call: `humandyn replay ann_walk ben.trc lab.yaml`.

A .yaml is a list of trials: options of the command by their long names; those not given are the
command line's, and paths start at the file's folder.

```yaml
- {source: ann_walk, mass: 62, height: 1.68, plates: '/plate_1:left,/plate_2:right'}
- {source: ben.trc, mass: 80, reference: ben.mot, moments: ben_id.sto}
```
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from humandyn_ros.errors import ConfigError, HumandynError, RecordingError
from humandyn_ros.evaluation import (
    GROUPS,
    SCHEMA,
    Result,
    judge,
    options_from,
    run_of,
    without_nan,
)
from humandyn_ros.motion import motion_of, recordings_of
from humandyn_ros.recordings.feet import SIDES, parse_plates
from humandyn_ros.recordings.files import write_whole
from humandyn_ros.reference import ReplayOptions

_PATHS = ('source', 'static', 'model', 'network', 'reference', 'moments')
_WORDS = (
    *_PATHS, 'topic', 'input_type', 'format', 'up', 'sex', 'engine', 'plates', 'moments_topic',
)  # fmt: skip
_NUMBERS = ('mass', 'height', 'noise_mm', 'rate_hz', 'lag_ms', 'shift_ms')
_WHOLE = ('seed', 'body')
_FLAGS = ('offline',)
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(_WORDS, (str,)),
    **dict.fromkeys(_NUMBERS, (int, float)),
    **dict.fromkeys(_WHOLE, (int,)),
    **dict.fromkeys(_FLAGS, (bool,)),
}


@dataclass(frozen=True, eq=False)
class Session:
    """Trials that were judged, and those that could not be."""

    results: tuple[Result, ...]
    left_out: tuple[tuple[str, str], ...]  # (source or body, reason)
    failed: bool  # a whole trial was left out

    def figures(self) -> dict[str, Any]:
        """What the JSON of several trials holds."""
        return {
            'schema': SCHEMA,
            'trials': [result.figures for result in self.results],
            'mean': self.mean(),
            'left_out': [{'source': name, 'reason': why} for name, why in self.left_out],
        }

    def mean(self) -> dict[str, float]:
        """Errors averaged over the trials that have them, one weight each."""
        found: dict[str, list[float]] = {}
        for result in self.results:
            errors = dict(result.figures.get('moment_rmse_nm_per_kg', {}))
            named = {f'{group}_nm_per_kg': errors.get(group, np.nan) for group in GROUPS}
            ground = result.figures.get('grf_mpje_n_per_kg', {'mean': np.nan})
            for key, value in {'grf_mpje_n_per_kg': ground['mean'], **named}.items():
                if np.isfinite(value):
                    found.setdefault(key, []).append(value)
        return {key: float(np.mean(values)) for key, values in found.items()}

    def summary(self) -> str:
        """Every trial's lines, then the means."""
        lines = [result.summary() for result in self.results]
        lines += [f'{name}: left out: {why}' for name, why in self.left_out]
        told = ', '.join(f'{key} {value:.3f}' for key, value in self.mean().items())
        return '\n'.join([*lines, f'mean of {len(self.results)} trials: {told or "no reference"}'])


def trials_of(arguments: argparse.Namespace) -> list[ReplayOptions]:
    """Return the options of every trial that a command line names.

    Raises:
        ConfigError: A list of trials cannot be used; file, entry and remedy are named.
    """
    return [options_from(one) for source in arguments.source for one in _given(arguments, source)]


def _given(arguments: argparse.Namespace, source: str) -> Iterator[argparse.Namespace]:
    path = Path(source)
    if path.suffix not in ('.yaml', '.yml'):
        yield argparse.Namespace(**{**vars(arguments), 'source': source})
        return
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'{path} cannot be read: {error}') from error
    if not isinstance(content, list) or not content:
        raise ConfigError(f'{path}: must be a list of trials, each with a source')
    for number, entry in enumerate(content, 1):
        checked = _checked(f'{path}: trial {number}', entry)
        for key in _PATHS:
            if key in checked:
                checked[key] = str(path.parent / checked[key])
        yield argparse.Namespace(**{**vars(arguments), **checked})


def _checked(where: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or 'source' not in entry:
        raise ConfigError(f'{where}: {entry!r}: give a mapping with a source')
    for key, value in entry.items():
        if key not in _KINDS:
            raise ConfigError(f'{where}: {key} is not one of {", ".join(_KINDS)}')
        kinds = _KINDS[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ConfigError(f'{where}: {key} = {value!r}: must be of type {kinds[-1].__name__}')
    return dict(entry)


def replay_all(trials: Sequence[ReplayOptions]) -> Session:
    """Replay and judge every body of every trial; one that cannot be is left out and told.

    Raises:
        HumandynError: Nothing at all could be replayed.
    """
    results: list[Result] = []
    errors: list[HumandynError] = []
    left_out: list[tuple[str, str]] = []
    failed = False
    for options in trials:
        before = len(results)
        for name, result in _bodies(options):
            if isinstance(result, Result):
                results.append(result)
            else:
                errors.append(result)
                left_out.append((name, ' '.join(str(result).split())))
        failed |= len(results) == before
    if not results:
        raise errors[0]
    return Session(tuple(results), tuple(left_out), failed)


def _bodies(options: ReplayOptions) -> Iterator[tuple[str, Result | HumandynError]]:
    """Every body of one trial with its result, or why there is none."""
    name = options.source.name
    try:
        recordings = recordings_of(options)
        _know_whose_feet(options, len(recordings))
    except HumandynError as error:
        yield name, error
        return
    for recording in recordings:
        mine = dataclasses.replace(options, body=recording.body_id)
        try:
            motion = motion_of(recording, mine)
            yield name, judge(mine, motion, run_of(mine, motion))
        except HumandynError as error:
            yield (f'{name} b{recording.body_id}' if len(recordings) > 1 else name), error


def _know_whose_feet(options: ReplayOptions, people: int) -> None:
    feet = set(parse_plates(options.plates).values()) if options.plates else set()
    if people > 1 and feet & set(SIDES):
        raise RecordingError(
            f'{options.source} holds {people} people: say who stands on the plates (--body), or '
            'give the plates as NAME:auto'
        )


def write_json(session: Session, path: str | Path) -> None:
    """Write the figures of all trials, whole or not at all.

    Raises:
        RecordingError: The file cannot be written.
    """
    write_whole(path, json.dumps(without_nan(session.figures()), indent=2) + '\n')
