"""What the seed of a training changes: each network, and their mean, which ships.

    python -m bench.seeds CHECKPOINT ... [--engine imdys]

One checkpoint per seed (bench/train_models.sh). Recordings, seconds and people are those of
bench/engines.py; what it measured of the models that ship stands beside ImDyS and HDyS. Results go
to bench/results/seeds.json and, as tables, into README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product, repeat
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import OFFLINE, cases, first_seconds
from bench.engines import RESULTS as SHIPPED
from bench.readme import table, write_section
from bench.sets import Case
from humandyn_ros.evaluation import judge, run_offline, run_streaming
from humandyn_ros.learning.export import export
from humandyn_ros.motion import load_motion

RESULTS = Path(__file__).parent / 'results' / 'seeds.json'
HYBRID = 'hybrid'
CONDITIONS: dict[str, tuple[str, float, float | None]] = {
    'walking, 10 mm, 0 ms': ('walk', 10.0, 0.0),
    'walking, 10 mm, 100 ms': ('walk', 10.0, 100.0),
    'walking, clean, offline': ('walk', 0.0, OFFLINE),
    'running, clean, 100 ms': ('run', 0.0, 100.0),
    'running, 10 mm, 100 ms': ('run', 10.0, 100.0),
}
"""Of the hybrid: row -> kind of recording, noise in mm, lag in ms."""
OWN: dict[str, tuple[str, float, float | None]] = {
    'walking, clean': ('walk', 0.0, None),
    'walking, 10 mm': ('walk', 10.0, None),
    'running, clean': ('run', 0.0, None),
    'running, 10 mm': ('run', 10.0, None),
}
"""The same of engines that fix their look-ahead themselves."""
COLUMNS = {'imdys': 'ImDyS, 100 ms', 'imdys_causal': 'ImDyS causal, 0 ms', 'hdys': 'HDyS, 100 ms'}
SETS = {
    'walk_rajagopal2016, model and IK': 'walk',
    'walk_treadmill_60s, model and IK': 'walk',
    'gait_children, straight': 'walk',
    'rbds_running, 3.5 m/s': 'run',
    'run_modsim2018': 'run',
}


def measure(case: Case, engine: str, networks: dict[str, Path], only: str) -> list[dict[str, Any]]:
    """Every network on one recording in the conditions of its kind."""
    found = []
    for condition, (kind, noise, lag_ms) in _conditions(engine).items():
        if SETS[case.group] != kind or only not in condition:
            continue
        offline = lag_ms == OFFLINE
        for name, folder in networks.items():
            options = dataclasses.replace(
                case.options, noise_mm=noise, engine=engine, network=folder, offline=offline,
                lag_ms=None if offline else lag_ms,
            )  # fmt: skip
            motion = first_seconds(load_motion(options))
            run = run_offline(motion, options) if offline else run_streaming(motion, options)
            error = judge(options, motion, run).figures['grf_mpje_n_per_kg']['mean']
            about = {'engine': engine, 'group': case.group, 'person': case.person}
            about |= {'condition': condition, 'network': name}
            found.append({**about, 'grf_mpje_n_per_kg': error})
    return found


def _conditions(engine: str) -> dict[str, tuple[str, float, float | None]]:
    return CONDITIONS if engine == HYBRID else OWN


def rows(results: list[dict[str, Any]], engine: str) -> list[tuple[object, ...]]:
    """One row per condition and set: mean and spread over seeds, and the mean of the networks."""
    found = []
    results = [r for r in results if r['engine'] == engine]
    places = {(r['condition'], r['group']) for r in results}
    for condition, group in product(_conditions(engine), SETS):
        if (condition, group) not in places:
            continue
        mine = [r for r in results if (r['condition'], r['group']) == (condition, group)]
        mean = {
            name: np.mean([r['grf_mpje_n_per_kg'] for r in mine if r['network'] == name])
            for name in dict.fromkeys(r['network'] for r in mine)
        }
        shipped = mean.pop('mean') if engine == HYBRID else _shipped(engine, condition, group)
        each = ' '.join(f'{value:.3f}' for value in mean.values())
        told = f'{np.mean([*mean.values()]):.3f} ± {np.std([*mean.values()], ddof=1):.3f}'
        found.append((condition, group, each, told, f'{shipped:.3f}'))
    return found


def _shipped(engine: str, condition: str, group: str) -> float:
    """What bench/engines.py measured of the shipped model with the same noise."""
    _, noise, _ = OWN[condition]
    wanted = (COLUMNS[engine], group, noise, 0)
    names = ('column', 'group', 'noise_mm', 'seed')
    found = [
        r['grf_mpje_n_per_kg']['mean']
        for r in json.loads(SHIPPED.read_text())
        if tuple(r[name] for name in names) == wanted
    ]
    return float(np.mean(found))


def tables(results: list[dict[str, Any]]) -> str:
    """The hybrid's table and, where they were measured, that of the other engines."""
    header = (
        'condition', 'set', 'each seed', 'mean and spread of the seeds', 'their mean, ships',
    )  # fmt: skip
    found = [table(header, rows(results, HYBRID))]
    others = [
        (column, *row) for engine, column in COLUMNS.items() for row in rows(results, engine)
    ]
    if others:
        found.append(table(('engine', *header), others))
    return '\n\n'.join(found)


def report(
    checkpoints: Sequence[Path], engine: str = HYBRID, only: str = '', jobs: int = 2
) -> None:
    """Measure, print, and write JSON and README; other engines stay as they were measured."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:
        name = engine.removesuffix('_causal')
        networks = {
            f'seed {k}': export(name, path, Path(folder) / str(k)).folder
            for k, path in enumerate(checkpoints)
        }
        if engine == HYBRID:
            mean = Path(folder) / 'mean'
            networks['mean'] = export(name, list(checkpoints), mean, small=True).folder
        chosen = [case for case in cases('') if case.group in SETS]
        told = pool.map(measure, chosen, repeat(engine), repeat(networks), repeat(only))
        results = [result for some in told for result in some]
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    results = [r for r in before if r['engine'] != engine] + results
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    show(results)


def show(results: list[dict[str, Any]]) -> None:
    """Print the tables and write them into README.md."""
    told = f'Error of the force of each foot, N/kg, first the hybrid:\n\n{tables(results)}'
    print(told)
    write_section('seeds', told)


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'checkpoint', nargs='*', type=Path, help='of one seed each; none: tell again'
    )
    parser.add_argument('--engine', default=HYBRID, choices=(HYBRID, *COLUMNS))
    parser.add_argument('--only', default='', help='conditions whose name contains this')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    arguments = parser.parse_args()
    if not arguments.checkpoint:
        return show(json.loads(RESULTS.read_text()))
    report(arguments.checkpoint, arguments.engine, arguments.only, arguments.jobs)


if __name__ == '__main__':
    main()
