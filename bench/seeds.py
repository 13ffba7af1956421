"""What the seed of a training changes: each network of the hybrid, and the mean that ships.

    python -m bench.seeds CHECKPOINT ...

One checkpoint per seed of config/training/hybrid.yaml. Recordings, seconds and people are those of
bench/engines.py. Results go to bench/results/seeds.json and, as a table, into README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import OFFLINE, cases, first_seconds
from bench.readme import table, write_section
from bench.sets import Case
from humandyn_ros.evaluation import judge, run_offline, run_streaming
from humandyn_ros.learning.export import export
from humandyn_ros.motion import load_motion

RESULTS = Path(__file__).parent / 'results' / 'seeds.json'
CONDITIONS = {
    'walking, 10 mm, 0 ms': ('walk', 10.0, 0.0),
    'walking, 10 mm, 100 ms': ('walk', 10.0, 100.0),
    'walking, clean, offline': ('walk', 0.0, OFFLINE),
    'running, clean, 100 ms': ('run', 0.0, 100.0),
    'running, 10 mm, 100 ms': ('run', 10.0, 100.0),
}
"""Row -> kind of recording, noise in mm, lag in ms."""
SETS = {
    'walk_rajagopal2016, model and IK': 'walk',
    'walk_treadmill_60s, model and IK': 'walk',
    'gait_children, straight': 'walk',
    'rbds_running, 3.5 m/s': 'run',
    'run_modsim2018': 'run',
}


def measure(case: Case, networks: dict[str, Path], only: str) -> list[dict[str, Any]]:
    """Every network on one recording in the conditions of its kind."""
    found = []
    for condition, (kind, noise, lag_ms) in CONDITIONS.items():
        if SETS[case.group] != kind or only not in condition:
            continue
        offline = lag_ms == OFFLINE
        for name, folder in networks.items():
            options = dataclasses.replace(
                case.options, noise_mm=noise, engine='hybrid', network=folder, offline=offline,
                lag_ms=None if offline else lag_ms,
            )  # fmt: skip
            motion = first_seconds(load_motion(options))
            run = run_offline(motion, options) if offline else run_streaming(motion, options)
            error = judge(options, motion, run).figures['grf_mpje_n_per_kg']['mean']
            about = {'group': case.group, 'person': case.person, 'condition': condition}
            found.append({**about, 'network': name, 'grf_mpje_n_per_kg': error})
    return found


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per condition and set: mean and spread over seeds, and the mean of the networks."""
    found = []
    places = dict.fromkeys((r['condition'], r['group']) for r in results)
    for condition in CONDITIONS:
        for group in SETS:
            if (condition, group) not in places:
                continue
            mine = [r for r in results if (r['condition'], r['group']) == (condition, group)]
            names = dict.fromkeys(r['network'] for r in mine)
            mean = {
                name: np.mean([r['grf_mpje_n_per_kg'] for r in mine if r['network'] == name])
                for name in names
            }
            shipped = mean.pop('mean')
            each = ' '.join(f'{value:.3f}' for value in mean.values())
            told = f'{np.mean([*mean.values()]):.3f} ± {np.std([*mean.values()], ddof=1):.3f}'
            found.append((condition, group, each, told, f'{shipped:.3f}'))
    return found


def report(checkpoints: Sequence[Path], only: str = '', jobs: int = 2) -> None:
    """Measure, print, and write JSON and README."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:
        networks = {
            f'seed {k}': export('hybrid', path, Path(folder) / str(k)).folder
            for k, path in enumerate(checkpoints)
        }
        networks['mean'] = export(
            'hybrid', list(checkpoints), Path(folder) / 'mean', small=True
        ).folder
        chosen = [case for case in cases('') if case.group in SETS]
        results = [
            r for some in pool.map(measure, chosen, repeat(networks), repeat(only)) for r in some
        ]
    header = ('condition', 'set', 'each seed', 'mean and spread of the seeds', 'their mean, ships')
    told = table(header, rows(results))
    print(told)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section('seeds', f'Hybrid, error of the force of each foot, N/kg:\n\n{told}')


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', nargs='+', type=Path, help='of one seed each')
    parser.add_argument('--only', default='', help='conditions whose name contains this')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    arguments = parser.parse_args()
    report(arguments.checkpoint, arguments.only, arguments.jobs)


if __name__ == '__main__':
    main()
