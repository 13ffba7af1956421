"""Do the papers' directions reproduce on a small exact world? Three seeds, minutes on one core.

ImDyS (its Table 5): with against without the forward-dynamics loss L_FD, and the discriminator's
L_cls. HDyS (its Table 1): with against without alignment, and without the forward-dynamics
auto-encoder. The world is `learning.tasks.point_masses`: smooth motion of 24 point masses whose
torques and forces are exact; its data sets know different things, as the papers' do.

    python -m bench.ablation_dynamics [--seeds 3] [--only imdys] [--tables]

A direction counts as reproduced where the full network is better in the mean over seeds and in
every single seed, as not reproduced where it is worse in the mean, else as undecided.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.ablation_verdicts import spread
from bench.readme import table, write_section
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.learning.losses.imdys import ImdysWeights
from humandyn_ros.learning.nets.hdys import HdysConfig
from humandyn_ros.learning.nets.imdys import Imdys, ImdysConfig
from humandyn_ros.learning.tasks.hdys import HdysTask, hdys_score
from humandyn_ros.learning.tasks.hdys_sequences import HdysTaskConfig
from humandyn_ros.learning.tasks.imdys import ImdysTask, imdys_score
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig
from humandyn_ros.learning.tasks.task import Batch, Progress

RESULTS = Path(__file__).parent / 'results' / 'ablation_dynamics.json'
POOL = 60  # clips that all epochs of a run share: little material, as regularisers need
STEPS = {'imdys': 500, 'hdys': 80}

IMDYS = ImdysTaskConfig(
    net=ImdysConfig(input='joints', points=24, width=32, hidden=64, layers=2, extrapolate=True),
    weights=ImdysWeights(plausible=1.0),
    targets=('torque', 'ground'),
    source='point_masses', clips=POOL, batch=128, score_clips=40,
)  # fmt: skip
IMDYS_VARIANTS = {
    'full': {},
    'without L_FD': {'forward': 0.0},
    'without L_cls': {'plausible': 0.0},
}
IMDYS_METRICS = ('torque_mpje_nm_per_kg', 'grf_mpje_n_per_kg')

HDYS = HdysTaskConfig(
    net=HdysConfig(
        latent=32,
        frames=8,
        point_layers=1,
        temporal_layers=1,
        angles=len(COORDINATES),
        dropout=0.0,
    ),
    sources=(
        'point_masses/markers+keypoints+angles+torque',
        'point_masses/markers+keypoints+smpl+torque_smpl',
        'point_masses/markers+keypoints+smpl+muscles',
        'point_masses/markers+keypoints+emg',
    ),
    clips=POOL // 4, batch=32, score_clips=20, marker_room=32,
)  # fmt: skip
HDYS_VARIANTS: dict[str, dict[str, Any]] = {
    'full': {},
    'without alignment': {'alignment': 0.0},
    'without FDAE': {'forward': False},
}
SHOWN = {'imdys': 'ImDyS', 'hdys': 'HDyS'}
HDYS_METRICS = (
    'torque_mae_nm_per_kg_avg', 'torque_smpl_mpje_nm_per_kg_avg', 'muscles_rmse_avg',
    'emg_rmse_avg',
)  # fmt: skip


Material = tuple[dict[int, list[Batch]], list[Batch]]
"""Batches of every seed's pool of clips, and held-out motion: made once, used by all variants."""


def material(task: ImdysTask | HdysTask, seeds: int) -> Material:
    """Make what all variants of a network learn from and are judged by."""
    pools = {seed: list(task.batches('train', 1000 + seed)) for seed in range(seeds)}
    return pools, list(task.judged('test'))


def train(task: ImdysTask | HdysTask, seed: int, steps: int, given: Material) -> dict[str, float]:
    """Train for a number of steps on one pool of clips; return the score of held-out motion."""
    torch.manual_seed(seed)
    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    batches = given[0][seed]
    epochs = -(-steps // len(batches))
    for step in range(steps):
        progress = Progress('space', step // len(batches), epochs, step)
        losses = task.losses(model, batches[step % len(batches)], progress)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
    if isinstance(model, Imdys):
        return imdys_score(model, given[1], IMDYS)
    return hdys_score(model, given[1])


def run(name: str, seeds: int) -> dict[str, Any]:
    """All variants of one network, seed by seed."""
    first = name == 'imdys'
    variants = IMDYS_VARIANTS if first else HDYS_VARIANTS
    metrics = IMDYS_METRICS if first else HDYS_METRICS
    given = material(ImdysTask(IMDYS) if first else HdysTask(HDYS), seeds)
    found: dict[str, dict[str, list[float]]] = {
        variant: {metric: [] for metric in metrics} for variant in variants
    }
    for seed in range(seeds):
        for variant, change in variants.items():
            start = time.perf_counter()
            score = train(variant_task(name, change), seed, STEPS[name], given)
            shown = {metric: round(score[metric], 4) for metric in metrics}
            seconds = time.perf_counter() - start
            print(f'{name}, {variant}, seed {seed}: {seconds:.0f} s', shown, flush=True)
            for metric in metrics:
                found[variant][metric].append(score[metric])
    return {'seeds': seeds, 'steps': STEPS[name], 'scores': found, 'verdicts': verdicts(found)}


def variant_task(name: str, change: dict[str, Any]) -> ImdysTask | HdysTask:
    """The task with some weights changed."""
    if name == 'imdys':
        weights = dataclasses.replace(IMDYS.weights, **change)
        return ImdysTask(dataclasses.replace(IMDYS, weights=weights))
    return HdysTask(dataclasses.replace(HDYS, weights=dataclasses.replace(HDYS.weights, **change)))


def verdicts(found: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """For every part left out and every metric: how much worse, in per cent, and the verdict."""
    result: dict[str, dict[str, Any]] = {}
    for variant in list(found)[1:]:
        result[variant] = {}
        for metric, whole in found['full'].items():
            change = 100.0 * (np.array(found[variant][metric]) / np.array(whole) - 1.0)
            verdict = 'reproduced' if (change > 0).all() else 'undecided'
            if change.mean() < 0:
                verdict = 'not reproduced'
            result[variant][metric] = {
                'worse_without_percent': [round(float(x), 2) for x in change],
                'mean_percent': round(float(change.mean()), 2),
                'verdict': verdict,
            }
    return result


def main() -> None:
    """Run both ablations and write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--only', choices=('imdys', 'hdys'))
    parser.add_argument('--tables', action='store_true', help='write the tables only')
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in ('imdys', 'hdys'):
        if arguments.only in (None, name) and not arguments.tables:
            start = time.perf_counter()
            results[name] = run(name, arguments.seeds)
            results[name]['minutes'] = round((time.perf_counter() - start) / 60, 1)
            RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section('ablation dynamics', verdicts_table(results))


def verdicts_table(results: dict[str, Any]) -> str:
    """Error of the full network and of the one without a part, and the verdict, by metric."""
    rows = []
    for name, result in results.items():
        for variant, metrics in result['verdicts'].items():
            for metric, told in metrics.items():
                both = (spread(result['scores'][which][metric]) for which in ('full', variant))
                each = ', '.join(f'{x:+.1f}' for x in told['worse_without_percent'])
                change = f'{told["mean_percent"]:+.1f} % ({each})'
                rows.append((SHOWN[name], variant, f'`{metric}`', *both, change, told['verdict']))
    header = ('network', 'variant', 'error', 'full', 'variant', 'more (seeds)', 'verdict')
    return table(header, rows)


if __name__ == '__main__':
    main()
