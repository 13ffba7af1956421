"""Do the ablations of HDyS and ImDyS reproduce in direction on labelled motion of our own?

    python -m bench.ablation_models --data CLIPS [--seeds 3]

CLIPS is the folder that bench/train_models.sh makes. Small networks, a few hundred steps, scored
on people that were never trained on; per seed one draw of clips, which all variants share. A run
that stands in the results is not run again. bench/ablation_verdicts.py tells what became of each
direction.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.ablation_material import (
    SOURCES,
    held_out_clips,
    sequences,
    training_clips,
    windows,
)
from bench.ablation_verdicts import write_tables
from bench.imdys_errors import shipped_errors
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.dynamics_metrics import mpje
from humandyn_ros.learning.losses.imdys import ImdysWeights
from humandyn_ros.learning.nets.hdys import KINEMATICS, Hdys, HdysConfig
from humandyn_ros.learning.nets.hdys.config import POINTS
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.tasks.hdys import HdysTask
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig
from humandyn_ros.learning.tasks.imdys import ImdysTask, imdys_score
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig
from humandyn_ros.learning.tasks.task import Batch, Progress
from humandyn_ros.quantities import Array

RESULTS = Path(__file__).parent / 'results' / 'ablation_models.json'
SETTINGS = {'clips': 60, 'hdys_steps': 300, 'hdys_rows': 16, 'imdys_steps': 300, 'imdys_rows': 128}
HALVED = 'mocap'  # the source that the 50/50 experiment aims at

HDYS = HdysTaskConfig(
    net=HdysConfig(
        latent=48, point_layers=1, temporal_layers=1, expansion=2, dropout=0.0, frames=8,
        look_ahead=-1, angles=len(COORDINATES), muscles=1, emg=1,
    ),
    ground_in_space=True, marker_room=51, stride=8,
)  # fmt: skip
HDYS_VARIANTS: dict[str, dict[str, Any]] = {
    'all sources': {},
    **{f'without {name}': {'sources': set(SOURCES) - {name}} for name in SOURCES},
    **{f'{name} alone': {'sources': {name}} for name in SOURCES},
    f'half of {HALVED} alone': {'sources': {HALVED}, 'half': True},
    f'half of {HALVED}, as much of the others': {'half': True},
    'without temporal refinement': {'net': {'temporal_layers': 0}},
    'without alignment': {'weights': {'alignment': 0.0}},
    'without FDAE': {'weights': {'forward': False}},
    **{
        f'{name} alone': {
            'kinematics': set(name.split(' or ')),
            'sources': {'procedural', 'mocap'},
        }
        for name in ('markers', 'keypoints', 'angles or smpl')
    },
}
IMDYS = ImdysTaskConfig(
    net=ImdysConfig(width=48, hidden=96, layers=2, dropout=0.0),
    weights=ImdysWeights(plausible=1.0),
    targets=('torque', 'ground'), marker_room=51,
)  # fmt: skip
IMDYS_VARIANTS: dict[str, dict[str, Any]] = {
    'markers': {},
    'joints': {'net': {'input': 'joints', 'points': 24}},
    'rotations': {'net': {'input': 'smpl', 'points': 24}},
    'without L_FD': {'weights': {'forward': 0.0}},
    'without L_cls': {'weights': {'plausible': 0.0}},
    'w = 1': {'net': {'window': 1}},
    'w = 3': {'net': {'window': 3}},
}
Figures = dict[str, float]
training = lru_cache(maxsize=1)(training_clips)
held_out = lru_cache(maxsize=1)(held_out_clips)


def train(task: HdysTask | ImdysTask, seed: int, steps: int, draws: Iterator[Batch]) -> nn.Module:
    """Train a network anew for a number of steps, one batch each."""
    torch.manual_seed(seed)
    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    stage = 'space' if isinstance(task, HdysTask) else 'simulated'
    for step in range(steps):
        losses = task.losses(model, next(draws), Progress(stage, step, steps, step))
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
    return model.eval()


def drawn(pools: dict[str, Batch], rows: int, seed: int) -> Iterator[Batch]:
    """As many rows from each source; a source's rows do not depend on which others there are."""
    chances = {name: np.random.default_rng([seed, *name.encode()]) for name in pools}
    while True:
        parts = []
        for name, pool in pools.items():
            size = len(next(iter(pool.values())))
            chosen = torch.from_numpy(chances[name].integers(size, size=rows))
            parts.append({key: tensor[chosen] for key, tensor in pool.items()})
        yield {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def chosen_pools(pools: dict[str, Batch], change: dict[str, Any]) -> dict[str, Batch]:
    """What a variant of HDyS learns from.

    Args:
        pools: Sequences of every source.
        change: 'sources' to take; 'half': half of HALVED and as many of all others together, in
            proportion (paper, appendix B.2.1); 'kinematics' to take.
    """
    wanted = change.get('sources', set(SOURCES))
    taken = {name: pool for name, pool in pools.items() if name in wanted}
    if change.get('half'):
        sizes = {name: len(pool['keypoints']) for name, pool in taken.items()}
        half = sizes.pop(HALVED) // 2
        share = half / max(sum(sizes.values()), 1)
        kept = {name: min(size, round(share * size)) for name, size in sizes.items()}
        taken = {name: _first(pool, (kept | {HALVED: half})[name]) for name, pool in taken.items()}
    left_out = set(KINEMATICS) - change.get('kinematics', set(KINEMATICS))
    return {
        name: {key: x for key, x in pool.items() if key.partition('_')[0] not in left_out}
        for name, pool in taken.items()
    }


def _first(pool: Batch, count: int) -> Batch:
    """The first rows, which are those of the first clips."""
    return {key: tensor[:count] for key, tensor in pool.items()}


def hdys_run(change: dict[str, Any], data: Path, seed: int) -> Figures:
    """Train one variant of HDyS; errors by source and representation."""
    net = dataclasses.replace(HDYS.net, **change.get('net', {}))
    weights = dataclasses.replace(HDYS.weights, **change.get('weights', {}))
    pools = chosen_pools(hdys_pools(data, seed), change)
    draws = drawn(pools, SETTINGS['hdys_rows'], seed)
    task = HdysTask(dataclasses.replace(HDYS, net=net, weights=weights))
    model = train(task, seed, SETTINGS['hdys_steps'], draws)
    assert isinstance(model, Hdys)
    figures: Figures = {}
    for name, held in chosen_pools(hdys_pools(data, None), change | {'half': False}).items():
        figures |= {f'{name}, {how}': error for how, error in errors(model, name, held).items()}
    return figures


@lru_cache(maxsize=2)
def hdys_pools(data: Path, seed: int | None) -> dict[str, Batch]:
    """Sequences to learn from, or where there is no seed, to be scored on."""
    if seed is None:
        return sequences(held_out(data), HDYS)
    return sequences(training(data, SETTINGS['clips'], seed), HDYS)


@torch.no_grad()
def errors(model: Hdys, source: str, held: Batch) -> Figures:
    """Error of each representation's answer, and of the mean of all, on a source."""
    knows, guesses = SOURCES[source], {}
    known = held[f'{knows.dynamics}_known'] > 0
    truth = held[knows.dynamics][known].numpy()
    for name in (name for name in knows.kinematics if name in held):
        seen = held[f'{name}_seen'] if name in POINTS else held[f'{name}_known']
        parts = [
            model(name, values, some if name in POINTS else None)[knows.dynamics]
            for values, some in zip(held[name].split(64), seen.split(64), strict=True)
        ]
        guesses[name] = torch.cat(parts)[known].numpy()
    guesses['average'] = np.mean(list(guesses.values()), axis=0)
    measure: Callable[[Array, Array], float] = _mae if knows.dynamics == 'torque' else _mpje
    return {name: measure(guess, truth) for name, guess in guesses.items()}


def _mae(guess: Array, truth: Array) -> float:
    return float(np.abs(guess - truth).mean())


def _mpje(guess: Array, truth: Array) -> float:
    return mpje(guess.reshape(len(guess), -1, 3), truth.reshape(len(truth), -1, 3))


def imdys_run(change: dict[str, Any], data: Path, seed: int) -> Figures:
    """Train one variant of ImDyS; mean errors over all held-out windows."""
    net = dataclasses.replace(IMDYS.net, **change.get('net', {}))
    weights = dataclasses.replace(IMDYS.weights, **change.get('weights', {}))
    config = dataclasses.replace(IMDYS, net=net, weights=weights)
    pool = windows(training(data, SETTINGS['clips'], seed), config, seed)
    draws = drawn({'windows': pool}, SETTINGS['imdys_rows'], seed)
    model: Any = train(ImdysTask(config), seed, SETTINGS['imdys_steps'], draws)
    held = windows(held_out(data), config, None)
    batches = zip(*(tensor.split(512) for tensor in held.values()), strict=True)
    return imdys_score(model, (dict(zip(held, b, strict=True)) for b in batches), config)


RUNS = {'imdys': (imdys_run, IMDYS_VARIANTS), 'hdys': (hdys_run, HDYS_VARIANTS)}


def missing(results: dict[str, Any], seeds: int) -> Iterator[tuple[str, str, int]]:
    """Yield network, variant and seed of every run that the results lack, seed by seed."""
    for seed in range(seeds):
        for network, (_, variants) in RUNS.items():
            for variant in variants:
                if str(seed) not in results.get(network, {}).get(variant, {}):
                    yield network, variant, seed


def load_results() -> dict[str, Any]:
    """Return what was measured with these settings."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found if found.get('settings') == SETTINGS else {'settings': SETTINGS}


def save(results: dict[str, Any]) -> None:
    """Write the results so that a stop leaves a whole file."""
    partial = RESULTS.with_suffix('.partial')
    partial.write_text(json.dumps(results, indent=1) + '\n')
    partial.replace(RESULTS)


def main() -> None:
    """Do what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, help='folder of the clips; without: tables only')
    parser.add_argument('--seeds', type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = load_results()
    if arguments.data:
        if 'shipped' not in results:
            results['shipped'] = shipped_errors(arguments.data)
            save(results)
        for network, variant, seed in list(missing(results, arguments.seeds)):
            start = time.process_time()
            run, variants = RUNS[network]
            figures = run(variants[variant], arguments.data, seed)
            results.setdefault(network, {}).setdefault(variant, {})[str(seed)] = figures
            save(results)
            shown = {name: round(value, 4) for name, value in figures.items()}
            seconds = time.process_time() - start
            print(f'{network}, {variant}, seed {seed}: {seconds:.0f} s', shown, flush=True)
    write_tables(results)


if __name__ == '__main__':
    main()
