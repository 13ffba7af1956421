"""The second part of `make accuracy`: every engine on every real recording, at its age.

Each recording is cut to its first seconds, the same for all engines. Results go to
bench/results/engines.json and, as tables, into README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from bench.readme import table, write_section
from bench.sets import Case, all_cases
from humandyn_ros.errors import HumandynError
from humandyn_ros.evaluation import judge, run_offline, run_streaming
from humandyn_ros.learning.synthesis.people import PEOPLE
from humandyn_ros.motion import Motion, load_motion

RESULTS = Path(__file__).parent / 'results' / 'engines.json'
SECONDS = 8.0
NOISES_MM = (0.0, 5.0, 10.0, 20.0)
SEEDS = range(3)

OFFLINE = -1.0
ENGINES: dict[str, tuple[str, float | None]] = {
    'physics, offline': ('physics', OFFLINE),
    'hybrid, offline': ('hybrid', OFFLINE),
    'physics, 100 ms': ('physics', 100.0),
    'hybrid, 100 ms': ('hybrid', 100.0),
    'ImDyS, 100 ms': ('imdys', None),
    'HDyS, 100 ms': ('hdys', None),
    'physics, 0 ms': ('physics', 0.0),
    'hybrid, 0 ms': ('hybrid', 0.0),
    'ImDyS causal, 0 ms': ('imdys_causal', None),
}
"""Column -> engine, and lag of the filter where the engine does not fix it."""
GUESSES = {'zero': 'zero', 'BW/2': 'half', 'BW split': 'split'}
SPEED = 'rbds_running, 3.5 m/s'


def cases(only: str) -> list[Case]:
    """The recordings of people whom no network was trained on; runners at one speed of three."""
    return [
        case
        for case in all_cases()
        if only in case.group
        and ('rbds' not in case.group or case.group == SPEED)
        and case.person not in PEOPLE['train']
    ]


def measure(
    case: Case, columns: Sequence[str], noises_mm: Sequence[float] = NOISES_MM
) -> list[dict[str, Any]]:
    """Every engine and noise on one recording; an engine without a model is left out."""
    found = []
    walk = case.group.startswith('walk') and 'camargo' not in case.group
    for noise in noises_mm:
        for seed in SEEDS if walk and noise else (0,):
            options = dataclasses.replace(case.options, noise_mm=noise, seed=seed)
            motion = first_seconds(load_motion(options))
            for column in columns:
                name, lag_ms = ENGINES[column]
                offline = lag_ms == OFFLINE
                chosen = dataclasses.replace(
                    options, engine=name, lag_ms=None if offline else lag_ms, offline=offline
                )
                try:
                    run = run_offline(motion, chosen) if offline else run_streaming(motion, chosen)
                    figures = judge(chosen, motion, run).figures
                except (HumandynError, IndexError) as error:
                    print(f'{case.group}, {case.person}, {column}: {error}')
                    continue
                about = {'group': case.group, 'person': case.person, 'column': column}
                found.append({**about, 'tuned': case.tuned, **figures})
    return found


def first_seconds(motion: Motion) -> Motion:
    """Return the part of a recording that is judged."""
    rows = motion.stamps_ns <= motion.stamps_ns[0] + SECONDS * 1e9
    return dataclasses.replace(
        motion,
        stamps_ns=motion.stamps_ns[rows],
        points=motion.points[rows],
        confidence=motion.confidence[rows],
    )


def _merged(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """New results, and those of before that were not measured anew, in the order of the cases."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    measured = {_place(result) for result in results}
    kept = [result for result in before if _place(result) not in measured]
    order = {(case.group, case.person): k for k, case in enumerate(cases(''))}
    return sorted(kept + results, key=lambda r: (order[r['group'], r['person']], r['noise_mm']))


def _place(result: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(result[name] for name in ('group', 'person', 'column', 'noise_mm', 'seed'))


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per set and noise: mean over people, and the spread over seeds of the noise."""
    found = []
    groups = dict.fromkeys((r['group'], r['noise_mm']) for r in results)
    for group, noise in groups:
        mine = [r for r in results if (r['group'], r['noise_mm']) == (group, noise)]
        people = len({r['person'] for r in mine})
        guesses = [
            f'{np.mean([r["baselines_grf_mpje_n_per_kg"][g] for r in mine]):.2f}'
            for g in GUESSES.values()
        ]
        cells = [_cell([r for r in mine if r['column'] == column]) for column in ENGINES]
        found.append((group, people, f'{noise:.0f} mm', *guesses, *cells))
    return found


def _cell(mine: list[dict[str, Any]], key: str = 'grf_mpje_n_per_kg') -> str:
    if not mine:
        return '-'
    by_seed = [
        np.mean([r[key]['mean'] for r in mine if r['seed'] == seed])
        for seed in sorted({r['seed'] for r in mine})
    ]
    spread = f' ± {np.std(by_seed):.2f}' if len(by_seed) > 1 else ''
    return f'{np.mean(by_seed):.2f}{spread}'


def moment_rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """Hip, knee and ankle where inverse dynamics is at hand, clean."""
    found = []
    clean = [r for r in results if 'moment_rmse_nm_per_kg' in r and not r['noise_mm']]
    for group in dict.fromkeys(r['group'] for r in clean):
        cells = []
        for column in ENGINES:
            mine = [
                r['moment_rmse_nm_per_kg']
                for r in clean
                if (r['group'], r['column']) == (group, column)
            ]
            joints = ('hip', 'knee', 'ankle')
            cells.append(
                ' / '.join(f'{np.mean([m[j] for m in mine]):.2f}' for j in joints) if mine else '-'
            )
        found.append((group, *cells))
    return found


def report(
    only: str = '',
    columns: Sequence[str] = tuple(ENGINES),
    jobs: int = 2,
    noises_mm: Sequence[float] = NOISES_MM,
) -> None:
    """Measure, print, and write JSON and README; what was left out stays as it was measured."""
    chosen = cases(only)
    with ProcessPoolExecutor(jobs) as pool:
        answers = pool.map(measure, chosen, repeat(columns), repeat(noises_mm))
        told = track(answers, total=len(chosen), description='engines')
        results = [result for some in told for result in some]
    results = _merged(results)
    header = ('set', 'people', 'noise', *GUESSES, *ENGINES)
    forces = table(header, rows(results))
    moments = table(('set', *ENGINES), moment_rows(results))
    print(forces, moments, sep='\n\n')
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    text = (
        f'Error of the force of each foot, N/kg, over the first {SECONDS:.0f} s; nobody here was '
        f'trained on:\n\n{forces}\n\n'
        f'Hip / knee / ankle moments against inverse dynamics, RMSE, N·m/kg, clean:\n\n{moments}'
    )
    write_section('engines', text)


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', default='', help='measure the sets whose name contains this')
    parser.add_argument('--engine', nargs='*', default=[], help='only these engines')
    parser.add_argument('--noise', nargs='*', type=float, default=NOISES_MM, help='mm')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    arguments = parser.parse_args()
    wanted = [c for c, (name, _) in ENGINES.items() if name in arguments.engine]
    report(arguments.only, wanted or tuple(ENGINES), arguments.jobs, arguments.noise)


if __name__ == '__main__':
    main()
