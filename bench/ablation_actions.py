"""What each part of LaDy adds on real people it has not seen: five variants, three seeds.

    HUMANDYN_DATA=... python -m bench.ablation_actions

A small acausal LaDy learns UI-PRMD's exercises, joined to sequences of 12 s, of people 1-7, and
is scored on 60 sequences of people 9 and 10. Everything but the switched part is equal: weights'
seed, sequences, steps. Nothing is chosen: the weights after the last step count. ECLoss weighs
0.1, as in the paper, and is warmed up over 300 steps, as in the released code.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from bench.ablation_lady import SEEDS, VARIANTS, directions, write_tables
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig
from humandyn_ros.learning.tasks.lady import LadyTask
from humandyn_ros.learning.tasks.lady_sequences import LadyTaskConfig
from humandyn_ros.learning.tasks.task import Batch, Progress

RESULTS = Path(__file__).parent / 'results' / 'ablation_actions.json'
STEPS, WARM_UP, LEARNING_RATE = 150, 20, 0.003
CONFIG = LadyTaskConfig(
    preset='uiprmd_24',
    source='humandyn_ros.learning.synthesis.joined:uiprmd',
    heading_free=True,
    crop_frames=120,
    batch=4,
    sequences=4 * STEPS,
    score_sequences=60,
    energy_weight=0.0,
    energy_after=0,
    net=LadyConfig(
        start='rest',
        features=24,
        hidden=48,
        scales=5,
        layers=6,
        refine_layers=6,
        class_stages=2,
        boundary_stages=2,
    ),
)


def task_of(settings: dict[str, Any], data: Path) -> LadyTask:
    """Make the task of one variant."""
    net = dataclasses.replace(CONFIG.net, modulation=settings['modulation'])
    energy = settings.get('energy', 0.0)
    return LadyTask(dataclasses.replace(CONFIG, net=net, energy_weight=energy), data)


def rate(step: int) -> float:
    """Learning rate over its peak: a rise, then half a cosine."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return 0.5 * (1.0 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


def trained(task: LadyTask, batches: list[Batch], seed: int) -> LaDy:
    """Train one variant."""
    torch.manual_seed(seed)
    net = task.model().train()
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for step, batch in enumerate(batches):
        terms = task.losses(net, batch, Progress('all', 0, 1, step))
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return net.eval()


def main() -> None:
    """Train and score everything, print and write."""
    data = os.environ.get('HUMANDYN_DATA')
    if not data:
        sys.exit('HUMANDYN_DATA names no folder of recordings')
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for seed in SEEDS:
        batches = list(task_of(VARIANTS['both'], Path(data)).batches('train', seed))
        for name, settings in VARIANTS.items():
            began = time.process_time()
            task = task_of(settings, Path(data))
            found[name].append(task.score(trained(task, batches, seed), 'test'))
            spent = time.process_time() - began
            print(name, seed, found[name][-1], f'{spent:.0f} s', flush=True)
        results = {'seeds': found, 'directions': directions(found)}
        RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_tables()


if __name__ == '__main__':
    main()
