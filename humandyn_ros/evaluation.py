"""Replay a recording or bag through the Estimator and judge it against a reference.

source -> joint centres (+ noise) -> Estimator -> aligned by stamp with the reference -> Result
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros import metrics
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import RecordingError
from humandyn_ros.estimator import Estimator, EstimatorConfig, with_lag
from humandyn_ros.motion import Motion, load_motion
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Estimate, Mask
from humandyn_ros.recordings.files import write_whole
from humandyn_ros.recordings.loads import UNLOADED_N
from humandyn_ros.reference import Reference, ReplayOptions, load_reference

SCHEMA = 1
GROUPS = {'hip': 'hip_flexion', 'knee': 'knee_angle', 'ankle': 'ankle_angle'}


@dataclass(frozen=True, eq=False)
class Run:
    """What the Estimator answered, and how long each push took."""

    estimates: tuple[Estimate, ...]
    compute_ms: Array  # (frames,)
    notes: tuple[str, ...]
    mass_kg: float

    @property
    def stamps_ns(self) -> NDArray[np.int64]:
        """Instants the estimates are about (T,)."""
        return np.array([e.stamp_ns for e in self.estimates], np.int64)

    @property
    def valid(self) -> Mask:
        """Which estimates may be acted on (T,)."""
        return np.array([e.valid for e in self.estimates], bool)

    def feet(self, name: str) -> Array:
        """One field of both feet's contact forces, left then right (T, 2, 3)."""
        return np.array(
            [[getattr(e.ground.left, name), getattr(e.ground.right, name)] for e in self.estimates]
        )

    def joints(self, name: str) -> Array:
        """One field of the joint dynamics (T, N)."""
        return np.array([getattr(e.dynamics, name) for e in self.estimates])

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Coordinates of the joint dynamics (N)."""
        return self.estimates[0].dynamics.joint_names


@dataclass(frozen=True, eq=False)
class Result:
    """A replay, judged; `figures` is what the JSON holds."""

    options: ReplayOptions
    motion: Motion
    run: Run
    reference: Reference
    figures: dict[str, Any]

    def summary(self) -> str:
        """Return the main figures as a few lines of text."""
        return '\n'.join(_lines(self.figures))


def options_from(arguments: argparse.Namespace) -> ReplayOptions:
    """Build the options from the command line of `humandyn replay`."""
    person = PersonConfig(arguments.mass, arguments.height, arguments.sex)
    names = {item.name for item in dataclasses.fields(ReplayOptions)} - {'person'}
    values = {name: getattr(arguments, name) for name in names}
    values['source'] = Path(values['source'])
    for name in ('static', 'model', 'network', 'reference', 'moments'):
        values[name] = Path(values[name]) if values[name] else None
    return ReplayOptions(person=person, **values)


def replay(options: ReplayOptions) -> Result:
    """Replay one source; the same options give the same numbers.

    Raises:
        RecordingError: The source or a reference cannot be used, or gave no estimate at all.
    """
    motion, run = answer(options)
    return judge(options, motion, run)


def answer(options: ReplayOptions) -> tuple[Motion, Run]:
    """Load the source and let the Estimator answer; no reference is looked at.

    Raises:
        RecordingError: The source cannot be used, or gave no estimate at all.
    """
    motion = load_motion(options)
    return motion, run_of(options, motion)


def run_of(options: ReplayOptions, motion: Motion) -> Run:
    """Let the Estimator answer for one motion.

    Raises:
        RecordingError: It gave no estimate at all.
    """
    run = run_offline(motion, options) if options.offline else run_streaming(motion, options)
    if not run.estimates:
        raise RecordingError(
            f'{options.source}: {len(motion.stamps_ns)} frames gave no estimate: {run.notes[-1]}'
            + _remedy(options, motion)
        )
    return run


def judge(options: ReplayOptions, motion: Motion, run: Run) -> Result:
    """Compare answers with the references that the options name.

    Raises:
        RecordingError: A reference cannot be used.
    """
    reference = load_reference(options, motion, run.stamps_ns, run.mass_kg)
    if reference.moments and not set(reference.moments.names) & set(run.joint_names):
        raise RecordingError(
            f'{options.moments}: no moment of {", ".join(run.joint_names)}; it holds '
            f'{", ".join(reference.moments.names)}'
        )
    return Result(options, motion, run, reference, _figures(options, motion, run, reference))


def _remedy(options: ReplayOptions, motion: Motion) -> str:
    if motion.kind == 'markers' and options.static is None and np.isnan(motion.points).any():
        return '; clusters of markers need a static trial (--static FILE)'
    return ''


def estimator_config(options: ReplayOptions) -> EstimatorConfig:
    """Settings of the Estimator for these options; torques count from the first frame on."""
    config = EstimatorConfig(engine=options.engine, model=str(options.network or ''))
    config = dataclasses.replace(config, safety=dataclasses.replace(config.safety, settle_s=0.0))
    return config if options.lag_ms is None else with_lag(config, options.lag_ms * 1e-3)


def run_streaming(motion: Motion, options: ReplayOptions) -> Run:
    """Push the canonical joint centres frame by frame, as a node would."""
    estimator = Estimator(CANONICAL.name, options.person, estimator_config(options))
    estimates: list[Estimate] = []
    spent = np.zeros(len(motion.stamps_ns))
    for k, frame in enumerate(motion.frames()):
        start = time.perf_counter_ns()
        estimates += estimator.push(frame)
        spent[k] = (time.perf_counter_ns() - start) * 1e-6
    notes = (*motion.notes, *(estimates[-1].notes if estimates else (estimator.reason,)))
    return Run(tuple(estimates), spent, notes, estimator.mass_kg)


def run_offline(motion: Motion, options: ReplayOptions) -> Run:
    """Smooth with the whole recording, then answer frame by frame: no lag, full look-ahead."""
    estimator = Estimator(CANONICAL.name, options.person, estimator_config(options))
    start = time.perf_counter_ns()
    estimates = estimator.whole(tuple(motion.frames()))
    frames = max(len(motion.stamps_ns), 1)
    spent = np.full(frames, (time.perf_counter_ns() - start) * 1e-6 / frames)
    notes = (*motion.notes, *(estimates[-1].notes if estimates else (estimator.reason,)))
    return Run(estimates, spent, notes, estimator.mass_kg)


def _figures(
    options: ReplayOptions, motion: Motion, run: Run, reference: Reference
) -> dict[str, Any]:
    """Everything the JSON holds, in its order."""
    ages = np.array([e.age_ms for e in run.estimates])
    figures: dict[str, Any] = {
        'schema': SCHEMA,
        'source': options.source.name,
        'body': motion.body_id,
        'input': motion.kind,
        'mode': 'offline' if options.offline else 'streaming',
        'engine': options.engine,
        'network': str(options.network) if options.network else None,
        'mass_kg': run.mass_kg,
        'noise_mm': options.noise_mm,
        'lag_ms': float(np.median(ages)),
        'shift_ms': options.shift_ms,
    }
    figures |= _ground_figures(run, reference) | _moment_figures(run, reference)
    return figures | {
        'age_ms': {'mean': float(ages.mean()), 'p99': float(np.percentile(ages, 99))},
        'compute_ms_p50': float(np.percentile(run.compute_ms, 50)),
        'compute_ms_p99': float(np.percentile(run.compute_ms, 99)),
        'frames': len(motion.stamps_ns),
        'frames_judged': 0 if reference.feet is None else int(_judged(run, reference).sum()),
        'frames_valid': int(run.valid.sum()),
        'seed': options.seed,
        'notes': list(dict.fromkeys((*run.notes, *reference.notes))),
    }


def _judged(run: Run, reference: Reference) -> Mask:
    assert reference.feet is not None
    return reference.feet.measured & run.valid


def _ground_figures(run: Run, reference: Reference) -> dict[str, Any]:
    feet = reference.feet
    if feet is None:
        return {}
    force, mass, judged = run.feet('force'), run.mass_kg, _judged(run, reference)
    both = np.repeat(judged[:, None], 2, axis=1)
    stance = both & (feet.force[..., 2] >= UNLOADED_N)
    loaded = both & (feet.force[..., 2] > 0.1 * mass * GRAVITY)
    points = run.feet('centre_of_pressure')
    guesses = metrics.baselines(feet.force, mass)
    return {
        'grf_mpje_n_per_kg': _sides(metrics.grf_mpje_n_per_kg(force, feet.force, mass, both)),
        'grf_mpje_stance_n_per_kg': _sides(
            metrics.grf_mpje_n_per_kg(force, feet.force, mass, stance)
        ),
        'vertical_grf_rmse_bw': _sides(metrics.vertical_rmse_bw(force, feet.force, mass, both)),
        'centre_of_pressure_error_m': metrics.centre_of_pressure_error_m(
            points, feet.centre_of_pressure, loaded
        ),
        'baselines_grf_mpje_n_per_kg': {
            name: _sides(metrics.grf_mpje_n_per_kg(guess, feet.force, mass, both))['mean']
            for name, guess in guesses.items()
        },
    }


def _sides(pair: tuple[float, float]) -> dict[str, float]:
    return {'left': pair[0], 'right': pair[1], 'mean': float(np.mean(pair))}


def _moment_figures(run: Run, reference: Reference) -> dict[str, Any]:
    """RMSE of every coordinate that both sides have, and of hip, knee and ankle (sides pooled)."""
    torque, errors = run.joints('torque'), {}
    judged = run.valid if reference.feet is None else _judged(run, reference)
    for i, name in enumerate(run.joint_names):
        truth = reference.moment(name, run.stamps_ns)
        if truth is not None:
            errors[name] = metrics.rmse(torque[:, i], truth, judged) / run.mass_kg
    if not errors:
        return {}
    for group, base in GROUPS.items():
        sides = [errors[key] for key in (f'{base}_r', f'{base}_l') if key in errors]
        if sides:
            errors[group] = float(np.sqrt(np.mean(np.square(sides))))
    return {'moment_rmse_nm_per_kg': errors}


def write_json(result: Result, path: str | Path) -> None:
    """Write the figures, whole or not at all; those that could not be formed are null.

    Raises:
        RecordingError: The file cannot be written.
    """
    write_whole(path, json.dumps(without_nan(result.figures), indent=2) + '\n')


def without_nan(value: Any) -> Any:
    """Return figures as JSON knows them: null for what is not a number."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _lines(figures: dict[str, Any]) -> list[str]:
    lines = [
        f'{figures["source"]}, body {figures["body"]}: {figures["frames"]} frames, '
        f'{figures["frames_valid"]} valid, {figures["frames_judged"]} judged; {figures["mode"]}, '
        f'age {figures["lag_ms"]:.0f} ms, {figures["compute_ms_p50"]:.2f} ms a frame'
    ]
    if 'grf_mpje_n_per_kg' in figures and not figures['frames_judged']:
        lines.append('ground reaction: not judged, at no time do the plates carry the person')
    elif 'grf_mpje_n_per_kg' in figures:
        guesses = figures['baselines_grf_mpje_n_per_kg']
        lines.append(
            f'ground reaction {figures["grf_mpje_n_per_kg"]["mean"]:.3f} N/kg per foot '
            f'(zero {guesses["zero"]:.2f}, half {guesses["half"]:.2f}, '
            f'split {guesses["split"]:.2f}), '
            f'vertical {100 * figures["vertical_grf_rmse_bw"]["mean"]:.1f} % of body weight, '
            f'centre of pressure {1e3 * figures["centre_of_pressure_error_m"]:.0f} mm'
        )
    errors = figures.get('moment_rmse_nm_per_kg', {})
    told = [
        f'{name} {errors[name]:.3f}' for name in GROUPS if np.isfinite(errors.get(name, np.nan))
    ]
    if told:
        lines.append(f'moments, RMSE: {", ".join(told)} N·m/kg')
    elif errors:
        lines.append('moments: none of hip, knee and ankle could be judged')
    return [*lines, *(f'note: {note}' for note in figures['notes'])]
