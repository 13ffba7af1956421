"""Writes models/*/MODEL_CARD.md from manifests, training material and measured accuracy.

`python -m bench.model_cards --data FOLDER` counts the clips that the models were trained on
(learning/tasks/kept_clips.py) into bench/results/training_material.json; without it the last count
serves.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.engines import ENGINES, GUESSES
from bench.engines import RESULTS as ACCURACY
from bench.readme import table
from humandyn_ros.learning.synthesis.correction import usable
from humandyn_ros.learning.tasks.hybrid_said import SAID

MODELS = Path(__file__).parents[1] / 'models'
MATERIAL = Path(__file__).parent / 'results' / 'training_material.json'
CARD = 'MODEL_CARD.md'
WHAT = {
    'imdys': 'ImDyS (Liu et al. 2025), with 100 ms of look-ahead. A residual perceptron stands in '
    'for the transformer: ten times the training steps for the same time on one CPU core.',
    'imdys_causal': 'ImDyS (Liu et al. 2025) without look-ahead, otherwise as `imdys`.',
    'hdys': 'HDyS (Liu et al. 2025), small, of joint centres; joint torques and foot forces.',
    'hybrid': 'A network that sees the last second of motion and what physics said until a tenth '
    'of a second ago. Without look-ahead it answers alone; from 60 ms on physics answers too, and '
    'from 100 ms on the answer is a mean of both.',
}
LIMITS = """\
- The labels are estimates of the physics engine on motion capture, not measurements: what physics
  gets wrong there, the network learns. Rows "measured" of the table are of force plates.
- Seats, handrails and carried loads are seen only as far as motion shows them.
- Joint centres of another laboratory or camera shift the answer; training allows for about 8 mm on
  every axis, for the hybrid up to 25 mm.
- Spreads in the table are those of the noise. What the seed of a training changes where a model is
  the mean of several: README, "Seeds".
"""


def count(data: Path) -> dict[str, dict[str, Any]]:
    """Count minutes by split, kind of motion and licence, and name the people."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(data.glob('*/*-*-*.npz')):
        if path.parent.name == SAID:
            continue
        with np.load(path) as file:
            about = json.loads(str(file['about']))
            keep = usable(file['residual']) if 'residual' in file.files else file['keep']
        origin = about['origin']
        key = ', '.join((origin['split'], origin['kind'], origin['licence']))
        row = found.setdefault(
            key, {'clips': 0, 'minutes': 0.0, 'kept_minutes': 0.0, 'people': [], 'seeds': []}
        )
        row['clips'] += 1
        row['minutes'] += len(keep) / about['rate_hz'] / 60.0
        row['kept_minutes'] += float(keep.sum()) / about['rate_hz'] / 60.0
        people = set(row['people']) | {origin['person']}
        row['people'] = sorted(p for p in people if not p.startswith('procedural'))
        row['seeds'] = sorted(set(row['seeds']) | {origin['seed']})
    return found


def card(name: str, manifest: dict[str, Any], material: dict[str, Any]) -> str:
    """Return the text of one card."""
    training = manifest['training']
    validation = {k: round(v, 4) for k, v in training['validation'].items()}
    parts = [
        f'# {name}',
        WHAT[name],
        f'ONNX, opset {manifest["opset"]}, SHA-256 `{manifest["sha256"]}`. '
        f'{training["step"]} optimizer steps on one CPU core{_of_seeds(training)}.',
        '## Training material',
        table(
            ('split, kind, licence', 'clips', 'minutes', 'learned from', 'seeds', 'people'),
            [_material_row(key, row) for key, row in material.items()],
        ),
        'Nobody in the test split (learning/synthesis/people.py) was trained on.',
        f'Validation, on synthesised clips of held-out people'
        f'{", mean of the members" * ("seeds" in training)}: `{json.dumps(validation)}`',
        '## Accuracy on force plates',
        _accuracy(name),
        '## Known failures',
        LIMITS + _worse(name),
        '## Settings',
        f'```json\n{json.dumps(training["settings"], indent=1)}\n```',
    ]
    return '\n\n'.join(parts) + '\n'


def _of_seeds(training: dict[str, Any]) -> str:
    if 'seeds' not in training:
        return ''
    seeds = ', '.join(map(str, training['seeds']))
    return f', each of {len(training["seeds"])} networks (seeds {seeds}) whose mean answers'


def _material_row(key: str, row: dict[str, Any]) -> tuple[object, ...]:
    seeds = ', '.join(str(seed) for seed in row['seeds'])
    people = ', '.join(row['people']) or 'procedural'
    return key, row['clips'], f'{row["minutes"]:.0f}', f'{row["kept_minutes"]:.0f}', seeds, people


def _accuracy(name: str) -> str:
    header = ('set', 'noise', 'engine', 'error', 'physics, same age', *GUESSES)
    body = [
        (group, f'{noise:.0f} mm', column, *(f'{value:.2f}' for value in values))
        for column, group, noise, values in _compared(name)
    ]
    return 'Error of the force of each foot, N/kg.\n\n' + table(header, body)


def _worse(name: str) -> str:
    lines = []
    for column, group, noise, (own, physics, *guesses) in _compared(name):
        where = f'{column}: {group}, {noise:.0f} mm'
        if own > physics:
            lines.append(f'- Worse than physics ({own:.2f}, {physics:.2f}): {where}')
        if own > min(guesses):
            lines.append(f'- Worse than a guess ({own:.2f}): {where}')
    return '\n'.join(lines)


def _compared(name: str) -> list[tuple[str, str, float, tuple[float, ...]]]:
    """Own error, that of physics at the same age and those of the guesses, by set and noise."""
    results = json.loads(ACCURACY.read_text()) if ACCURACY.exists() else []
    places = dict.fromkeys((r['group'], r['noise_mm']) for r in results)
    found = []
    for column in (column for column, (engine, _) in ENGINES.items() if engine == name):
        rival = f'physics, {column.rsplit(", ", maxsplit=1)[1]}'
        for group, noise in places:
            here = [r for r in results if (r['group'], r['noise_mm']) == (group, noise)]
            own, physics = ([r for r in here if r['column'] == c] for c in (column, rival))
            if own and physics:
                errors = tuple(
                    float(np.mean([row['grf_mpje_n_per_kg']['mean'] for row in rows]))
                    for rows in (own, physics)
                )
                guesses = tuple(
                    float(np.mean([r['baselines_grf_mpje_n_per_kg'][guess] for r in own]))
                    for guess in GUESSES.values()
                )
                found.append((column, group, noise, (*errors, *guesses)))
    return found


def main() -> None:
    """Write the card of every shipped model that this program knows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, help='folder of the clips, to count them')
    arguments = parser.parse_args()
    if arguments.data:
        MATERIAL.write_text(json.dumps(count(arguments.data), indent=1) + '\n')
    material = json.loads(MATERIAL.read_text())
    for name in WHAT:
        path = MODELS / name / 'manifest.json'
        if path.exists():
            text = card(name, json.loads(path.read_text()), material)
            (path.parent / CARD).write_text(text)


if __name__ == '__main__':
    main()
