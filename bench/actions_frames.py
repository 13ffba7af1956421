"""LaDy on recordings with a label on every frame: learned from two, scored on the third.

    HUMANDYN_DATA=... python -m bench.actions_frames

Three CMU recordings of one person (14_06, 14_14, 14_20; labels at 10 Hz of Fox et al. 2014). Only
exercises that occur in the recording left out and in another one can be told; the frames of all
others are seen but do not count, neither in learning nor in the score. The windowed net of
bench/ablation_actions.py learns from stretches of 12 s, varied in side, size and noise. A person
alone: nothing here tells how well somebody new is understood.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.ablation_actions import CONFIG
from bench.ablation_lady import METRICS, SEEDS, score, train
from bench.readme import table, write_section
from humandyn_ros.engines.lady import Layout
from humandyn_ros.learning.nets.lady import LaDy, Shape
from humandyn_ros.learning.readers.lady_features import load_preset
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.learning.synthesis.mocap import load, sources
from humandyn_ros.learning.tasks.lady_sequences import Prepared
from humandyn_ros.quantities import Array
from humandyn_ros.segmentation import IGNORE, Labels, boundary_targets

RESULTS = Path(__file__).parent / 'results' / 'actions_frames.json'
CLIPS, PERSON = ('14_06', '14_14', '14_20'), 'cmu_014'
STEPS, STRETCHES, FRAMES = 150, 80, 120
SIZE, NOISE_M = (0.85, 1.15), 0.008
LAYOUT: Layout = load_preset('uiprmd_24').layout(heading_free=True)


@dataclasses.dataclass(frozen=True, eq=False)
class Labelled:
    """Joint centres (T, 24, 3) m and the number of the exercise (T,), both at 10 Hz."""

    points: Array
    labels: Labels


def recordings(data: Path) -> dict[str, Labelled]:
    """Read the three recordings; a label is that of the middle of its tenth of a second."""
    known = {source.name: source for source in sources(data, 'test') if source.person == PERSON}
    found = {}
    with tarfile.open(data / 'actions_mocap6' / 'labels.tar.xz') as archive:
        for name in CLIPS:
            file = archive.extractfile(f'./truelabels/{name}.txt')
            clip = load(known[f'0{name}'])
            assert file is not None and clip is not None
            labels = np.array(file.read().split(), dtype=np.int64)
            middle = np.round((np.arange(len(labels)) + 0.5) * clip.rate_hz / 10.0).astype(int)
            middle = middle[middle < len(clip.points)]
            found[name] = Labelled(clip.points[middle], labels[: len(middle)])
    return found


def prepared(points: Array, labels: Labels, exercises: list[int]) -> Prepared:
    """Inputs of the network; every change is a boundary, whether its exercises count or not."""
    x = LAYOUT.inputs(points[:, None])
    return Prepared(
        x, LAYOUT.coordinates(x), numbered(labels, exercises), boundary_targets(labels)
    )


def numbered(labels: Labels, exercises: list[int]) -> Labels:
    """Labels as places in a list of exercises; IGNORE for those not in it."""
    result = np.full(len(labels), IGNORE, dtype=np.int64)
    for place, exercise in enumerate(exercises):
        result[labels == exercise] = place
    return result


def stretches(clips: list[Labelled], exercises: list[int], seed: int) -> list[Prepared]:
    """Cut random stretches and vary them."""
    rng = np.random.default_rng([seed, 41])
    found = []
    for number in range(STRETCHES):
        clip = clips[number % len(clips)]
        start = int(rng.integers(len(clip.labels) - FRAMES + 1))
        points = clip.points[start : start + FRAMES] * rng.uniform(*SIZE)
        if rng.uniform() < 0.5:
            points = points[:, SWAPPED] * [1.0, -1.0, 1.0]
        points = points + rng.normal(0.0, rng.uniform(0.0, NOISE_M), points.shape)
        found.append(prepared(points, clip.labels[start : start + FRAMES], exercises))
    return found


def left_out(clips: dict[str, Labelled], name: str, seed: int) -> tuple[list[int], dict[str, Any]]:
    """Learn from the others, and score one recording; the exercises that count come first."""
    rest = [clip for other, clip in clips.items() if other != name]
    here = clips[name].labels
    exercises = [e for e in range(1, 13) if e in here and any(e in c.labels for c in rest)]
    torch.manual_seed(seed)
    config = dataclasses.replace(CONFIG.net, classes=len(exercises))
    net = train(LaDy(config, Shape.of(LAYOUT)), stretches(rest, exercises, seed), seed, STEPS)
    item = prepared(clips[name].points, here, exercises)
    return exercises, {**score(net, [item]), 'judged': float((item.labels != IGNORE).mean())}


def main() -> None:
    """Train and score every fold, print and write."""
    data = os.environ.get('HUMANDYN_DATA')
    if not data:
        sys.exit('HUMANDYN_DATA names no folder of recordings')
    torch.set_num_threads(1)
    clips = recordings(Path(data))
    results: dict[str, Any] = {}
    for name in CLIPS:
        runs = [left_out(clips, name, seed) for seed in SEEDS]
        results[name] = {'exercises': runs[0][0], 'seeds': [run for _, run in runs]}
        print(name, results[name], flush=True)
        RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section('actions frames', frames_table(results))


def frames_table(results: dict[str, Any]) -> str:
    """Return the table of README."""
    rows = []
    for name, found in results.items():
        cells = [[run[f'{metric}_percent'] for run in found['seeds']] for metric in METRICS]
        shown = [f'{np.mean(c):.1f} ± {np.std(c, ddof=1):.1f}' for c in cells]
        judged = f'{100.0 * found["seeds"][0]["judged"]:.0f} %'
        rows.append((f'`{name}`', len(found['exercises']), judged, *shown))
    return table(('left out', 'exercises', 'frames that count', *METRICS.values()), rows)


if __name__ == '__main__':
    main()
