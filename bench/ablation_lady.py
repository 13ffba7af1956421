"""Does LaDy's ablation reproduce in direction? Five variants, three seeds, a small simulated task.

    python -m bench.ablation_lady

Two pendulum arms on a trunk swing under one of four torques: none, a sine, pulses, or a spring to
a target; the label is the kind of torque, so actions are defined by forces and show in the motion
only. Lengths, damping, amplitudes, heading and phases differ from person to person; 4 mm of noise
lies on the joints. Test people are other people. Everything but the switched part is equal:
weights' seed, batches, steps. bench/ablation_actions.py does the same with real people.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.readme import table, write_section
from humandyn_ros.engines.lady import Layout, Tree
from humandyn_ros.learning.losses.lady import (
    boundary_loss,
    energy_consistency_loss,
    segmentation_loss,
)
from humandyn_ros.learning.nets.lady import LaDy, LadyConfig, Shape
from humandyn_ros.learning.tasks.lady_sequences import Prepared, stacked
from humandyn_ros.segmentation import SegmentationScores, boundary_targets, refine

RESULTS = Path(__file__).parent / 'results' / 'ablation_lady.json'
SEEDS = (0, 1, 2)
VARIANTS: dict[str, dict[str, Any]] = {
    'kinematics only': {'modulation': 'off'},
    'spatial': {'modulation': 'spatial'},
    'temporal': {'modulation': 'temporal'},
    'both': {'modulation': 'both'},
    'both + ECLoss': {'modulation': 'both', 'energy': 0.1},
}
METRICS = {
    'accuracy': 'Acc',
    'edit': 'Edit',
    'f1_at_10': 'F1@10',
    'f1_at_25': 'F1@25',
    'f1_at_50': 'F1@50',
}
ABOUT = {
    RESULTS: 'Pendulum arms, actions told apart by forces only (`python -m bench.ablation_lady`):',
    RESULTS.with_name('ablation_actions.json'): "UI-PRMD's exercises, people that were never "
    'trained on (`python -m bench.ablation_actions`):',
}
STEPS, BATCH, FRAMES, TRAIN, TEST = 400, 4, 120, 40, 40
RATE_HZ, NOISE_M = 30.0, 0.004
# Root, spine, right and left hip, then shoulder, elbow, hand of each arm.
TREE = Tree((-1, 0, 0, 0, 1, 4, 5, 1, 7, 8), (0, 1, 2, 3))
LAYOUT = Layout(TREE)
Signal = np.ndarray[Any, np.dtype[np.float64]]


def torque(kind: int, t: float, angle: Signal, rate: Signal, habit: Signal) -> Signal:
    """Torque over inertia (4,) rad/s² of one kind of action."""
    if kind == 0:
        return np.zeros(4)
    if kind == 1:
        return habit[0] * np.sin(habit[1] * t + habit[2])
    if kind == 2:
        return np.where(np.sin(habit[1] * t + habit[2]) > 0.6, 1.8 * habit[0], 0.0)
    return 40.0 * (habit[3] - angle) - 8.0 * rate


def swing(labels: np.ndarray[Any, Any], rng: np.random.Generator) -> Signal:
    """Angles (T, 4) of two double arms under gravity."""
    fine, dt = 10, 1.0 / (RATE_HZ * 10)
    pull, drag = 9.81 / rng.uniform(0.4, 0.7, 4), rng.uniform(0.5, 1.5)
    angle, rate, out = rng.uniform(-0.8, 0.8, 4), np.zeros(4), []
    habit, kind = np.zeros((4, 4)), -1
    for frame, label in enumerate(labels):
        if label != kind:
            kind = int(label)
            habit = np.array([rng.uniform(10, 25, 4), rng.uniform(3.0, 6.0, 4),
                              rng.uniform(0, 6.3, 4), rng.uniform(-1.2, 1.2, 4)])  # fmt: skip
        for step in range(fine):
            force = torque(kind, (frame + step / fine) / RATE_HZ, angle, rate, habit)
            rate = rate + dt * (force - pull * np.sin(angle) - drag * rate)
            angle = angle + dt * rate
        out.append(angle)
    return np.array(out)


def person(seed: int) -> Prepared:
    """One labelled sequence of one person."""
    rng = np.random.default_rng(seed)
    labels: list[int] = []
    while len(labels) < FRAMES:
        kind = int(rng.choice([k for k in range(4) if not labels or k != labels[-1]]))
        labels += [kind] * int(rng.integers(25, 60))
    label = np.array(labels[:FRAMES], dtype=np.int64)
    angle = swing(label, rng)
    points = np.zeros((FRAMES, 10, 3))
    points[:, 1] = [0.0, 0.0, 0.5]
    points[:, 2], points[:, 3] = [0.1, 0.0, 0.0], [-0.1, 0.0, 0.0]
    lengths = rng.uniform(0.22, 0.32, 2)
    for arm, side in ((0, 1.0), (2, -1.0)):
        first = 4 + 3 * (arm // 2)
        points[:, first] = [0.2 * side, 0.0, 0.5]
        turned = np.cumsum(angle[:, arm : arm + 2], axis=1)
        for part in range(2):
            down = np.stack([0.2 * side * np.ones(FRAMES), np.sin(turned[:, part]),
                             -np.cos(turned[:, part])], axis=1)  # fmt: skip
            points[:, first + part + 1] = points[:, first + part] + lengths[part] * down
    heading = rng.uniform(-0.5, 0.5)
    c, s = np.cos(heading), np.sin(heading)
    points = points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    x = LAYOUT.inputs((points + rng.normal(0.0, NOISE_M, points.shape))[:, None])
    return Prepared(x, LAYOUT.coordinates(x), label, boundary_targets(label))


def net_of(settings: dict[str, Any], seed: int) -> LaDy:
    """Network of one variant."""
    torch.manual_seed(seed)
    config = LadyConfig(
        classes=4,
        features=16,
        layers=5,
        refine_layers=3,
        boundary_stages=2,
        hidden=32,
        modulation=settings['modulation'],
    )
    return LaDy(config, Shape.of(LAYOUT))


def train(net: LaDy, people: list[Prepared], seed: int, steps: int, energy: float = 0.0) -> LaDy:
    """Train a network on random batches of sequences of one length."""
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    rng = np.random.default_rng(seed)
    share = float(np.mean([p.boundary.mean() for p in people]))
    for step in range(steps):
        rows = rng.choice(len(people), BATCH, replace=False)
        batch = stacked([people[row] for row in rows])
        answer = net(batch['x'], batch['q'], batch['mask'])
        loss = segmentation_loss(answer.classes, batch['labels'], batch['x'])
        loss = loss + 0.1 * boundary_loss(
            answer.boundaries, batch['boundary'], batch['mask'], 1.0 / share
        )
        if answer.motion is not None and energy:
            term = energy_consistency_loss(answer.motion, batch['mask'], step)
            loss = loss + energy * term
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def score(net: LaDy, people: list[Prepared]) -> dict[str, float]:
    """Percentages on people not trained on."""
    scores = SegmentationScores()
    with torch.no_grad():
        for one in people:
            batch = stacked([one])
            answer = net(batch['x'], batch['q'])
            classes = answer.classes[-1][0].numpy().astype(float)
            boundary = torch.sigmoid(answer.boundaries[-1][0]).numpy().astype(float)
            scores.add(refine(classes, boundary), one.labels)
    return scores.result()


def main() -> None:
    """Train and score everything, print and write."""
    torch.set_num_threads(1)
    train_people = [person(seed) for seed in range(TRAIN)]
    test_people = [person(100_000 + seed) for seed in range(TEST)]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for seed in SEEDS:
        for name, settings in VARIANTS.items():
            began = time.process_time()
            net = net_of(settings, seed)
            train(net, train_people, seed, STEPS, settings.get('energy', 0.0))
            found[name].append(score(net, test_people))
            shown = ', '.join(f'{key} {value:.1f}' for key, value in found[name][-1].items())
            print(
                f'{name}, seed {seed}: {shown} ({time.process_time() - began:.0f} s)', flush=True
            )
        results = {'seeds': found, 'directions': directions(found)}
        RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_tables()


def directions(found: dict[str, list[dict[str, float]]]) -> dict[str, str]:
    """Whether each step of the paper's table goes up here, in F1@50.

    Reproduced: better in the mean and in every seed; absent: worse in the mean; else undecided.
    """
    steps = {
        'spatial modulation helps': ('kinematics only', 'spatial'),
        'temporal modulation helps': ('kinematics only', 'temporal'),
        'both help more than none': ('kinematics only', 'both'),
        'both help more than spatial': ('spatial', 'both'),
        'both help more than temporal': ('temporal', 'both'),
        'ECLoss helps': ('both', 'both + ECLoss'),
    }
    verdicts = {}
    for name, (before, after) in steps.items():
        key = 'f1_at_50_percent'
        gains = [b[key] - a[key] for a, b in zip(found[before], found[after], strict=True)]
        mean = float(np.mean(gains))
        word = 'reproduced' if min(gains) > 0 else 'absent' if mean < 0 else 'undecided'
        each = ', '.join(f'{gain:+.1f}' for gain in gains)
        verdicts[name] = f'{word}: F1@50 {mean:+.1f} (seeds {each})'
        print(f'{name}: {verdicts[name]}')
    return verdicts


def scores_table(results: dict[str, Any]) -> str:
    """Return the table of one ablation and what became of the paper's directions."""
    rows = []
    for name, runs in results['seeds'].items():
        cells = [[run[f'{metric}_percent'] for run in runs] for metric in METRICS]
        rows.append((name, *(f'{np.mean(c):.1f} ± {np.std(c, ddof=1):.1f}' for c in cells)))
    lines = [f'- {name}: {verdict}' for name, verdict in results['directions'].items()]
    return table(('LaDy', *METRICS.values()), rows) + '\n\n' + '\n'.join(lines)


def write_tables() -> None:
    """Write what has been measured of both ablations into the README."""
    parts = []
    for path, about in ABOUT.items():
        if path.exists():
            parts.append(about + '\n\n' + scores_table(json.loads(path.read_text())))
    write_section('ablation lady', '\n\n'.join(parts))


if __name__ == '__main__':
    main()
