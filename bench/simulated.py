"""Every engine on motion that MuJoCo played: torques and forces true by construction.

    python -m bench.simulated [--people 4]

Windows of one second (learning/synthesis/simulated_set.py), clean, each seen from its start and
judged from 0.45 s on; those of running last 0.6 s, too little is left to judge. Torque: mean error
at hip, knee and ankle; forces: mean distance of each foot's. Results go to
bench/results/simulated.json and README.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import ENGINES, OFFLINE
from bench.readme import table, write_section
from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import HumandynError
from humandyn_ros.estimator import Estimator, EstimatorConfig, with_lag
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.synthesis.simulated_set import KINDS, simulated
from humandyn_ros.quantities import CANONICAL, SkeletonFrame

RESULTS = Path(__file__).parent / 'results' / 'simulated.json'
COLUMNS = {name: value for name, value in ENGINES.items() if value[1] != OFFLINE}
LEGS = [k for k, n in enumerate(COORDINATES) if n.split('_')[0] in ('hip', 'knee', 'ankle')]
_FROM_S = 0.45  # of a window: before it some engine does not answer


def windows(people: int) -> Iterator[LabelledMotion]:
    """Every window of so many people of every kind but running."""
    for kind in KINDS:
        for person in range(people if kind != 'run' else 0):
            yield from simulated(kind, person)[0]


def judged(window: LabelledMotion, engine: str, lag_ms: float | None) -> dict[str, float] | None:
    """Errors of one engine on one window; None: it answered nothing that is judged."""
    person = PersonConfig(window.mass_kg, window.height_m, window.sex)
    config = EstimatorConfig(engine=engine)
    config = config if lag_ms is None else with_lag(config, 1e-3 * lag_ms)
    estimator = Estimator(CANONICAL.name, person, config)
    torque, force = [], []
    for row, points in enumerate(window.points):
        stamp_ns = round(1e9 * (1.0 + row / window.rate_hz))
        frame = SkeletonFrame(stamp_ns, 'world', 1, CANONICAL, points, np.ones(len(points)))
        for told in estimator.push(frame):
            at = (1e-9 * told.stamp_ns - 1.0) * window.rate_hz
            if at < _FROM_S * window.rate_hz:
                continue
            near = round(at)
            apart = told.dynamics.torque - window.torque_rajagopal[near]
            torque.append(np.abs(apart[LEGS]).mean())
            feet = np.array([told.ground.left.force, told.ground.right.force])
            force.append(np.linalg.norm(feet - window.ground_force[near], axis=1).mean())
    if not force:
        return None
    mass = window.mass_kg
    return {
        'torque_mae_nm_per_kg': float(np.mean(torque)) / mass,
        'feet_mpje_n_per_kg': float(np.mean(force)) / mass,
    }


def measure(people: int) -> list[dict[str, Any]]:
    """Every engine on every window."""
    found = []
    for window in windows(people):
        for column, (engine, lag_ms) in COLUMNS.items():
            try:
                figures = judged(window, engine, lag_ms)
            except HumandynError as error:
                print(f'{window.origin.name}, {column}: {error}')
                continue
            if figures:
                found.append({'kind': window.origin.name, 'column': column, **figures})
        print(window.origin.name, flush=True)
    return found


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per kind: torque and force of every engine."""
    found = []
    for kind in dict.fromkeys(r['kind'] for r in results):
        cells, count = [], 0
        for column in COLUMNS:
            mine = [r for r in results if (r['kind'], r['column']) == (kind, column)]
            count = max(count, len(mine))
            pair = (
                np.mean([r[name] for r in mine])
                for name in ('feet_mpje_n_per_kg', 'torque_mae_nm_per_kg')
            )
            cells.append(' / '.join(f'{value:.2f}' for value in pair) if mine else '-')
        found.append((kind, count, *cells))
    return found


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--people', type=int, default=4, help='people of every kind')
    arguments = parser.parse_args()
    results = measure(arguments.people)
    text = table(('motion', 'windows', *COLUMNS), rows(results))
    print(text)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section(
        'simulated',
        'Error of the force of each foot, N/kg / of the torques of hip, knee and ankle, N·m/kg, '
        f'on motion that MuJoCo played:\n\n{text}',
    )


if __name__ == '__main__':
    main()
