"""What the hybrid has learned of a person after so many seconds: one minute on a treadmill.

    python -m bench.walking_on

Error of each foot's force by the time since the first frame; with noise the mean over its seeds.
Results go to bench/results/walking_on.json and, as a table, into README.md.
"""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import ENGINES
from bench.readme import table, write_section
from bench.sets import all_cases
from humandyn_ros.evaluation import judge, run_streaming
from humandyn_ros.motion import load_motion

RESULTS = Path(__file__).parent / 'results' / 'walking_on.json'
GROUP = 'walk_treadmill_60s, model and IK'
COLUMNS = ('physics, 100 ms', 'hybrid, 100 ms', 'hybrid, 0 ms')
NOISES_MM = (0.0, 10.0)
SEEDS = range(3)
EDGES_S = (0.0, 2.0, 4.0, 8.0, 16.0, 60.0)


def measure(column: str, noise_mm: float, seed: int) -> dict[str, Any]:
    """One engine on the whole walk: mean error between each two of EDGES_S, N/kg."""
    engine, lag_ms = ENGINES[column]
    case = next(case for case in all_cases() if case.group == GROUP)
    options = dataclasses.replace(
        case.options, engine=engine, lag_ms=lag_ms, noise_mm=noise_mm, seed=seed
    )
    motion = load_motion(options)
    run = run_streaming(motion, options)
    feet = judge(options, motion, run).reference.feet
    assert feet is not None
    off = np.linalg.norm(run.feet('force') - feet.force, axis=2).mean(axis=1) / run.mass_kg
    since = 1e-9 * (run.stamps_ns - motion.stamps_ns[0])
    off[~(run.valid & feet.measured)] = np.nan
    pairs = pairwise(EDGES_S)
    errors = [float(np.nanmean(off[(since >= a) & (since < b)])) for a, b in pairs]
    return {'column': column, 'noise_mm': noise_mm, 'seed': seed, 'n_per_kg': errors}


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per engine and noise."""
    found = []
    for noise, column in product(NOISES_MM, COLUMNS):
        mine = [r['n_per_kg'] for r in results if (r['column'], r['noise_mm']) == (column, noise)]
        found.append((column, f'{noise:.0f} mm', *(f'{e:.2f}' for e in np.mean(mine, axis=0))))
    return found


def main() -> None:
    """Measure, print, and write JSON and README."""
    jobs = [
        (column, noise, seed)
        for column, noise in product(COLUMNS, NOISES_MM)
        for seed in (SEEDS if noise else (0,))
    ]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(measure, *zip(*jobs, strict=True)))
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    spans = [f'{a:.0f}-{b:.0f} s' for a, b in pairwise(EDGES_S)]
    text = table(('engine', 'noise', *spans), rows(results))
    print(text)
    write_section('walking on', text)


if __name__ == '__main__':
    main()
