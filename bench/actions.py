"""How well the shipped LaDy finds actions of people it has not seen; table, figures, model card.

    HUMANDYN_DATA=... python -m bench.actions [MODEL ...]

The test people's repetitions are joined to sequences of a minute, and go at 30 Hz, clean and with
10 mm of noise on every coordinate, through the live engine and the exported model. Every frame is
judged as it was told, at most the declared delay late; as it stood after a further second, a
segment being told anew while it goes on; and offline, by boundaries and votes over the whole
sequence. Offline a windowed model answers about the middle of its window.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table, write_section
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.lady import LadyEngine
from humandyn_ros.engines.manifest import MODEL, Manifest, read_manifest
from humandyn_ros.learning.synthesis.exercises import RATE_HZ
from humandyn_ros.learning.synthesis.joined import Joined, sequences
from humandyn_ros.quantities import Action
from humandyn_ros.segmentation import Labels, SegmentationScores, refine

RESULTS = Path(__file__).parent / 'results' / 'actions.json'
MODELS = Path(__file__).parents[1] / 'models'
SEEDS, SEQUENCES, SECONDS = (0, 1, 2), 6, 60.0
NOISE_MM = (0.0, 10.0)
FURTHER_S = 1.0
OFFLINE, TOLD, REVISED = 'offline', 'online, as told', 'online, a second later'
FORMS = {
    'streaming': 'in its causal form, one frame at a time',
    'sliding': 'as published, over the newest {window:g} s every {hop:g} s, and silent before',
}
CARD = """# {name}: which exercise, live

LaDy (Ji et al. 2026) {form}:
joint centres of the canonical skeleton in, at {rate:g} Hz, exercise and boundary out. A stream of
any rate is read at that one.

- Labels: {labels}.
  There is none for anything else: whoever does none of these is told the nearest of them.
- Delay: {delay:.1f} s for labels, {boundary_delay:.1f} s for boundaries. A segment's label is a
  vote that goes on until the segment ends.
- Data: UI-PRMD (Vakanski et al. 2018, PDDL 1.0), Vicon, single correct repetitions. Trained on
  people 1-7 (133 repetitions, 5.5 minutes, endlessly joined and varied in size, side, tempo
  and noise), chosen on person 8, measured on 9 and 10.
- Training: seed {seed}; the model is that of step {step}, of {batch} sequences of {crop:g} s each,
  with `config/training/{config}.yaml`.
- Size: {size:.1f} MB.

## Accuracy

People 9 and 10, repetitions joined to sequences of a minute, a fifth of the joins inside one
exercise; {sequences} sequences for each of {seeds} seeds of the joins, mean and standard
deviation over these, percent. The weights are of one training seed. Offline means boundaries and
votes over the whole sequence, of the same network.

{scores}

On the validation person while training: F1@50 {validation:.1f} percent.

## Known failures

- Exercises of the arms that begin alike (abduction, scaption) are told apart late.
- Trained on marker-based motion: what a camera loses or invents was not in it, save for noise.
- Correct repetitions of one standing person only; about any other motion nothing is known.
"""
METRICS = ('accuracy', 'edit', 'f1_at_10', 'f1_at_25', 'f1_at_50')


def answers(engine: LadyEngine, found: Joined, noise_mm: float, seed: int) -> list[Action]:
    """What the live engine tells about one sequence."""
    noise = np.random.default_rng([seed, 31]).normal(0.0, 1e-3 * noise_mm, found.points.shape)
    engine.reset()
    told: list[Action] = []
    for frame, points in enumerate(found.points + noise):
        told += engine.push(round(frame * 1e9 / RATE_HZ), points)
    return told


def offline(told: Sequence[Action]) -> Labels:
    """Labels by boundaries and votes over all that was told."""
    stamps = np.array([action.stamp_ns for action in told])
    probability = np.zeros(len(told))
    for action in told:
        probability[np.searchsorted(stamps, action.boundary_stamp_ns)] = action.boundary
    return refine(np.log(np.array([action.scores for action in told]) + 1e-12), probability)


def revised(told: Sequence[Action], frames: int) -> Labels:
    """Labels as they stood `frames` answers later: by the last vote of each frame's segment."""
    labels = told[0].labels
    known = np.array([labels.index(action.label) for action in told], dtype=np.int64)
    result: Labels = known.copy()
    stamps = np.array([action.stamp_ns for action in told])
    for t in range(len(told)):
        for later in range(t + 1, min(t + frames, len(told) - 1) + 1):
            if told[later].began_ns > stamps[t]:
                break
            result[t] = known[later]
    return result


def judged(manifest: Manifest, data: Path, seed: int, noise_mm: float) -> dict[str, Any]:
    """Scores of every way to read the answers, percent."""
    scores = {name: SegmentationScores() for name in (OFFLINE, TOLD, REVISED)}
    fields = manifest.fields
    with OrtSession('ort-cpu', manifest, BackendConfig()) as session:
        engine = LadyEngine(fields, session)
        late = LadyEngine(unhurried(fields), session) if 'frames' in fields else None
        for _, found in islice(sequences(data, 'test', seed, SECONDS), SEQUENCES):
            told = answers(engine, found, noise_mm, seed)
            known = answers(late, found, noise_mm, seed) if late else told
            scores[OFFLINE].add(offline(known), truth(found, known))
            for name, further_s in ((TOLD, 0.0), (REVISED, FURTHER_S)):
                labels = revised(told, round(further_s * engine.rate_hz))
                soon = [action.age_ms < 1e3 * engine.delay_s + 50.0 for action in told]
                scores[name].add(labels[soon], truth(found, told)[soon])
    return {name: score.result() for name, score in scores.items()}


def unhurried(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a windowed model's fields so that it answers about the middle of its window."""
    hop = int(fields['frames']) // 5
    return {**fields, 'delay': (int(fields['frames']) - hop) // 2, 'hop': hop}


def truth(found: Joined, told: Sequence[Action]) -> Labels:
    """Labels of the instants that the answers are about."""
    return found.labels[[round(action.stamp_ns * 1e-9 * RATE_HZ) for action in told]]


def spread(runs: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over seeds."""
    return {
        metric: {
            'mean': float(np.mean([run[f'{metric}_percent'] for run in runs])),
            'sd': float(np.std([run[f'{metric}_percent'] for run in runs], ddof=1)),
        }
        for metric in METRICS
    }


def measure(folder: Path, data: Path) -> dict[str, Any]:
    """Judge one model."""
    manifest = read_manifest(folder)
    manifest.check_model()
    with OrtSession('ort-cpu', manifest, BackendConfig()) as session:
        engine = LadyEngine(manifest.fields, session)
        delays = {'delay_s': engine.delay_s, 'boundary_delay_s': engine.boundary_delay_s}
    results = {}
    for noise_mm in NOISE_MM:
        runs = [judged(manifest, data, seed, noise_mm) for seed in SEEDS]
        results[f'{noise_mm:g} mm'] = {
            way: spread([run[way] for run in runs]) for way in (OFFLINE, TOLD, REVISED)
        }
    return {**delays, 'sha256': manifest.sha256, 'scores': results}


def scores_table(models: dict[str, Any]) -> str:
    """Return the table of README and card."""
    rows = []
    for name, model in models.items():
        late = {OFFLINE: '-', TOLD: f'{model["delay_s"]:.1f} s'}
        late[REVISED] = f'{model["delay_s"] + FURTHER_S:.1f} s'
        for noise, ways in model['scores'].items():
            for way, found in ways.items():
                cells = [f'{found[m]["mean"]:.1f} ± {found[m]["sd"]:.1f}' for m in METRICS]
                rows.append((f'`{name}`', noise, way, late[way], *cells))
    head = ('model', 'noise', 'labels', 'delay', 'Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50')
    return table(head, rows)


def card(folder: Path, result: dict[str, Any]) -> str:
    """Return the model card."""
    fields = read_manifest(folder).fields
    training = fields['training']
    settings, rate = training['settings'], fields['rate_hz']
    size = (folder / MODEL).stat().st_size / 1e6
    return CARD.format(
        name=folder.name,
        form=FORMS[fields['form']].format(
            window=fields.get('frames', 0) / rate, hop=fields.get('hop', 0) / rate
        ),
        rate=rate,
        labels=', '.join(fields['labels']),
        delay=result['delay_s'],
        boundary_delay=result['boundary_delay_s'],
        seed=settings['training'].get('seed', 0),
        step=training['step'],
        batch=settings['batch'],
        crop=settings['crop_frames'] / rate,
        config=folder.name.replace('lady', 'lady_uiprmd'),
        size=size,
        sequences=SEQUENCES,
        seeds=len(SEEDS),
        scores=scores_table({folder.name: result}),
        validation=training['validation']['f1_at_50_percent'],
    )


def main() -> None:
    """Measure every LaDy that is shipped; write JSON, README and cards."""
    data = os.environ.get('HUMANDYN_DATA')
    if not data:
        sys.exit('HUMANDYN_DATA does not name the folder of the recordings')
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    models = {}
    for folder in sorted(MODELS.glob('lady*')):
        name = folder.name
        wanted = not sys.argv[1:] or name in sys.argv[1:] or name not in known
        models[name] = measure(folder, Path(data)) if wanted else known[name]
        (folder / 'MODEL_CARD.md').write_text(card(folder, models[name]))
    RESULTS.write_text(json.dumps(models, indent=1) + '\n')
    text = scores_table(models)
    print(text)
    write_section('actions', text)


if __name__ == '__main__':
    main()
