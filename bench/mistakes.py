"""What mistakes of a pose estimator do to the forces: each is put into real motion at 30 Hz.

    python -m bench.mistakes

Error of each foot's force, N/kg, mean of the recordings and of the seeds of the mistakes. Results
go to bench/results/mistakes.json and, as a table, into README.md.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import ENGINES, first_seconds
from bench.readme import table, write_section
from bench.sets import Case, all_cases
from humandyn_ros.evaluation import judge, run_streaming
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.learning.synthesis.noise import events, wandering
from humandyn_ros.motion import Motion, load_motion
from humandyn_ros.quantities import CANONICAL, Array

RESULTS = Path(__file__).parent / 'results' / 'mistakes.json'
GROUPS = {
    'walk_rajagopal2016, model and IK': None,
    'walk_treadmill_60s, model and IK': None,
    'gait_children, straight': ('HC033A', 'HC038A'),
    'rbds_running, 3.5 m/s': ('RBDS013', 'RBDS016'),
}
COLUMNS = ('physics, 100 ms', 'hybrid, 100 ms', 'hybrid, 0 ms')
RATE_HZ, NOISE_M, SEEDS = 30.0, 0.005, range(2)
LEGS = [k for k, n in enumerate(CANONICAL.joints) if n.split('_')[-1] in ('knee', 'ankle', 'foot')]
_LEFT, _RIGHT = ([k for k in LEGS if CANONICAL.joints[k].startswith(s)] for s in ('left', 'right'))
Random = np.random.Generator


def nothing(points: Array, random: Random) -> None:
    """5 mm of noise, which all others have too."""


def legs_confused(points: Array, random: Random) -> None:
    """0.7 times a second the legs are exchanged, for 70 ms on average."""
    for span in events(len(points), RATE_HZ, 0.7, 0.07, random):
        points[span, LEGS] = points[span][:, SWAPPED[LEGS]]


def body_confused(points: Array, random: Random) -> None:
    """0.7 times a second the whole body is taken for its mirror image, for 70 ms on average."""
    for span in events(len(points), RATE_HZ, 0.7, 0.07, random):
        points[span] = points[span][:, SWAPPED]


def wild(points: Array, random: Random) -> None:
    """One point in 250 is anywhere, half a metre off."""
    hit = random.uniform(size=points.shape[:2]) < 0.004
    points[hit] += 0.5 * random.standard_normal((int(hit.sum()), 3))


def hidden(points: Array, random: Random) -> None:
    """0.6 times a second a leg from the knee down is not seen for 0.15 s on average."""
    for span in events(len(points), RATE_HZ, 0.6, 0.15, random):
        points[span, _LEFT if random.uniform() < 0.5 else _RIGHT] = np.nan


def held(points: Array, random: Random) -> None:
    """The same, but the source repeats what it saw last."""
    for span in events(len(points), RATE_HZ, 0.6, 0.15, random):
        side = _LEFT if random.uniform() < 0.5 else _RIGHT
        points[span, side] = points[span.start, side]


def wandered(points: Array, random: Random) -> None:
    """Another 8 mm that wander (correlated over 0.15 s), as those of an image's."""
    shape = (len(points), points.shape[1] * 3)
    points += 0.008 * wandering(shape, RATE_HZ, 0.15, random).reshape(points.shape)


MISTAKES: dict[str, Callable[[Array, Random], None]] = {
    'none': nothing,
    'left and right leg confused': legs_confused,
    'mirror image of the whole body': body_confused,
    'points anywhere': wild,
    'a leg hidden': hidden,
    'a leg that stands where it was last seen': held,
    'wandering points': wandered,
}
TWICE = 'every frame sent twice'


def mistaken(motion: Motion, mistake: str, seed: int) -> Motion:
    """Real motion as a source with one kind of mistake would send it."""
    random = np.random.default_rng(seed)
    points = motion.points + NOISE_M * random.standard_normal(motion.points.shape)
    if mistake == TWICE:
        stamps = motion.stamps_ns
        again = stamps + round(0.5e9 / RATE_HZ)
        return dataclasses.replace(
            motion,
            stamps_ns=np.stack([stamps, again], 1).ravel(),
            points=np.repeat(points, 2, axis=0),
            confidence=np.repeat(motion.confidence, 2, axis=0),
        )
    MISTAKES[mistake](points, random)
    return dataclasses.replace(motion, points=points)


def measure(case: Case) -> list[dict[str, Any]]:
    """Every engine on one recording with every mistake."""
    options = dataclasses.replace(case.options, rate_hz=RATE_HZ)
    motion = first_seconds(load_motion(options))
    found = []
    for mistake in (*MISTAKES, TWICE):
        for column in COLUMNS:
            engine, lag_ms = ENGINES[column]
            asked = dataclasses.replace(options, engine=engine, lag_ms=lag_ms)
            for seed in SEEDS:
                run = run_streaming(mistaken(motion, mistake, seed), asked)
                error = judge(asked, motion, run).figures['grf_mpje_n_per_kg']['mean']
                about = {'group': case.group, 'person': case.person, 'mistake': mistake}
                valid = float(run.valid.mean())
                about |= {'column': column, 'seed': seed, 'valid': valid}
                found.append({**about, 'grf_mpje_n_per_kg': error})
    return found


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per mistake: walking and running of every engine, and how much was answered."""
    found = []
    for mistake in (*MISTAKES, TWICE):
        mine = [r for r in results if r['mistake'] == mistake]
        cells = []
        for column in COLUMNS:
            there = [r for r in mine if r['column'] == column]
            running = [r['grf_mpje_n_per_kg'] for r in there if r['group'].startswith('rbds')]
            walking = [r['grf_mpje_n_per_kg'] for r in there if not r['group'].startswith('rbds')]
            cells.append(f'{np.mean(walking):.2f} / {np.mean(running):.2f}')
        answered = 100.0 * float(np.mean([r['valid'] for r in mine]))
        found.append((mistake, *cells, f'{answered:.0f} %'))
    return found


def main() -> None:
    """Measure, print, and write JSON and README."""
    chosen = [
        case
        for case in all_cases()
        if case.group in GROUPS and case.person in (GROUPS[case.group] or (case.person,))
    ]
    with ProcessPoolExecutor(2) as pool:
        results = [result for some in pool.map(measure, chosen) for result in some]
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    text = table(('mistake', *COLUMNS, 'answered'), rows(results))
    print(text)
    write_section('mistakes', text)


if __name__ == '__main__':
    main()
