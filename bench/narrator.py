"""How well the shipped narrator tells actions and says true things, how fast, in what memory.

    python -m bench.narrator --data FOLDER               accuracy, words, latency, memory
    python -m bench.narrator --data FOLDER --ablations   the stages and the renderer left out

FOLDER holds the recordings. People of the test split only; procedural takes have seeds and bodies
of their own. Every number comes from the exported model through the engine that a node runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table, write_section
from humandyn_ros.engines.narrator import Narrator
from humandyn_ros.errors import MissingDependencyError
from humandyn_ros.learning.tasks.narrator_formats import shown, skeleton_of
from humandyn_ros.learning.tasks.narrator_segments import Segment, segment
from humandyn_ros.learning.tasks.narrator_takes import RATE_HZ, takes
from humandyn_ros.learning.tasks.narrator_texts import read_actions, told
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import share
from humandyn_ros.words.telling import Stretch, Telling
from humandyn_ros.words.templates import Templates

RESULTS = Path(__file__).parent / 'results' / 'narrator.json'
MODEL = Path(__file__).parents[1] / 'models' / 'narrator'
EACH = 12
"""Procedural takes of each activity."""
SEEN, UNSEEN = ('smpl_24', 'kinect_25', 'coco_17'), ('openpose_25', 'h36m_17')
FLAT = ('coco_17', 'openpose_25')
WHITE_M, BIAS_M = 0.006, 0.012
"""Noise of the joint centres: of every frame, and of a joint over the whole stretch."""


def segments(data: Path) -> list[Segment]:
    """Stretches of the people of the test split, held-out actions too."""
    actions, random = read_actions(), np.random.default_rng(0)
    known = {action.name for action in actions}
    return [
        segment(take, actions, random, vary=False)
        for take in takes('test', data, EACH)
        if take.label in known
    ]


def seen(item: Segment, form: str, *, flat: bool, random: np.random.Generator) -> Array:
    """What an estimator of a format reports (T, J, 3), or (T, J, 2) from any side."""
    points = shown(item.points, form)
    points = points + BIAS_M * random.standard_normal(points.shape[1:])
    points = points + WHITE_M * random.standard_normal(points.shape)
    if not flat:
        return points
    angle = random.uniform(-np.pi, np.pi)
    across = np.cos(angle) * points[..., 0] + np.sin(angle) * points[..., 1]
    return np.stack([across, -points[..., 2]], axis=-1)


def accuracy(narrator: Narrator, items: Sequence[Segment], form: str, *, flat: bool) -> Any:
    """Share of right labels: mean over actions, over all, and by origin, percent."""
    random = np.random.default_rng(3)
    names = [action.name for action in read_actions()]
    rows = []
    for item in items:
        points = seen(item, form, flat=flat, random=random)
        up = '-Y' if flat else 'Z'
        scores = narrator.label(points, None, skeleton_of(form), RATE_HZ, up=up)
        rows.append(narrator.labels[int(np.argmax(scores))] == names[item.action])
    hits = np.array(rows)
    labels = np.array([item.action for item in items])
    origins = np.array([item.take.origin for item in items])
    each = {names[k]: 100.0 * float(hits[labels == k].mean()) for k in np.unique(labels)}
    return {
        'mean_over_actions_percent': float(np.mean(list(each.values()))),
        'all_percent': 100.0 * float(hits.mean()),
        'by_origin_percent': {
            str(o): 100.0 * float(hits[origins == o].mean()) for o in np.unique(origins)
        },
        'actions': each,
        'stretches': len(items),
    }


def words(narrator: Narrator, items: Sequence[Segment]) -> dict[str, float]:
    """Faithfulness before and after the check, how much is replaced, and captioning scores."""
    telling, templates = Telling(Templates(), narrator), 0
    sentences = whole = right = claims = numbers = 0
    after = [0, 0]
    said: list[str] = []
    wanted: list[str] = []
    actions = read_actions()
    for item in items:
        facts = item.facts
        caption = narrator.narrate(item.points, None, CANONICAL, RATE_HZ, facts.notable)
        phrases = (caption.sentence, *caption.reasons)
        texts = [phrase.text(facts.numbers, facts.words) for phrase in phrases]
        found = [share(text, facts) for text in texts]
        sentences += len(texts)
        whole += sum(held == count for held, count in found)
        right, claims = right + sum(h for h, _ in found), claims + sum(n for _, n in found)
        numbers += sum(len(p.slots()) for p in phrases)
        checked = telling.caption(Stretch(0, 1, RATE_HZ, item.points, facts))
        templates += len(caption.reasons) + 1 - _kept(texts, (checked.text, *checked.reasons))
        for text in (checked.text, *checked.reasons):
            held, count = share(text, facts)
            after = [after[0] + held, after[1] + count]
        said.append('. '.join(texts))
        wanted.append('. '.join(_reference(told(actions[item.action], facts.notable), facts)))
    result = {
        'sentences': sentences,
        'sentences_right_before_percent': 100.0 * whole / sentences,
        'claims_right_before_percent': 100.0 * right / max(claims, 1),
        'claims_right_after_percent': 100.0 * after[0] / max(after[1], 1),
        'sentences_replaced_percent': 100.0 * templates / sentences,
        'slots_a_sentence': numbers / sentences,
        'captions': len(items),
    }
    return result | _captioning(said, wanted)


def _kept(before: Sequence[str], after: Sequence[str]) -> int:
    """How many sentences came through the check as they were."""
    shown_after = {text.casefold().rstrip('.') for text in after}
    return sum(text.casefold() in shown_after for text in before)


def _reference(text: str, facts: Facts) -> list[str]:
    from humandyn_ros.engines.narrator.language import Phrase, words_of

    parts = text.split(' <next> ')[1:]
    return [Phrase(words_of(part)).text(facts.numbers, facts.words) for part in parts]


def _captioning(said: list[str], wanted: list[str]) -> dict[str, float]:
    from humandyn_ros.learning.words.scores import caption_scores

    try:
        return caption_scores(said, wanted)
    except MissingDependencyError:
        return {}


def speed(narrator: Narrator, items: Sequence[Segment]) -> dict[str, float]:
    """Time of a whole caption, ms."""
    spent = []
    for item in items:
        begin = time.perf_counter()
        narrator.narrate(item.points, None, CANONICAL, RATE_HZ, item.facts.notable)
        spent.append(1e3 * (time.perf_counter() - begin))
    return {
        'median_ms': float(np.median(spent)),
        'p95_ms': float(np.quantile(spent, 0.95)),
        'largest_ms': float(max(spent)),
    }


def memory() -> float:
    """Peak memory of a fresh process that narrates, MB."""
    code = (
        'import sys, numpy as np; '
        'from humandyn_ros.engines.narrator import Narrator; '
        'from humandyn_ros.words.facts import Facts; '
        'from humandyn_ros.quantities import CANONICAL; '
        'n = Narrator(sys.argv[1]); p = np.random.default_rng(0).normal(size=(90, 24, 3)); '
        'f = Facts({"duration": 3.0}); '
        '[n.narrate(p, None, CANONICAL, 30.0, f) for _ in range(20)]; '
        # not getrusage, which counts what the parent had
        'line = next(t for t in open("/proc/self/status") if t.startswith("VmHWM")); '
        'print(int(line.split()[1]) / 1024.0)'
    )
    command = [sys.executable, '-c', code, str(MODEL)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout.split()[-1])


def measure(data: Path) -> dict[str, Any]:
    """Everything about the shipped model."""
    items = segments(data)
    actions = read_actions()
    known = [item for item in items if not actions[item.action].held_out]
    held = [item for item in items if actions[item.action].held_out]
    narrator = Narrator(MODEL)
    found: dict[str, Any] = {'model_sha256': narrator.describe()['model_sha256']}
    views = [(form, False) for form in (*SEEN, *UNSEEN)] + [(form, True) for form in FLAT]
    found['labels'] = {
        f'{form}{" flat" if flat else ""}': accuracy(narrator, known, form, flat=flat)
        for form, flat in views
    }
    found['open_vocabulary'] = open_vocabulary(known, held)
    found['words'] = words(narrator, known)
    found['latency'] = speed(narrator, known[::4])
    found['peak_memory_mb'] = memory()
    return found


def open_vocabulary(known: Sequence[Segment], held: Sequence[Segment]) -> dict[str, Any]:
    """Held-out actions by description: among themselves, and among all actions."""
    actions = read_actions()
    described = {a.name: a.descriptions for a in actions}
    only = {a.name: a.descriptions for a in actions if a.held_out}
    found = {}
    for name, labels, items in (
        ('among held-out', only, held), ('among all', described, held),
        ('known ones among all', described, known),
    ):  # fmt: skip
        teller = Narrator(MODEL, descriptions=labels)
        found[name] = accuracy(teller, items, 'smpl_24', flat=False) | {'labels': len(labels)}
        teller.close()
    return found


def shown_table(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    rows = []
    for view, values in found['labels'].items():
        form = view.split()[0]
        kind = 'never trained' if form in UNSEEN else 'trained'
        origins = ', '.join(f'{k} {v:.0f}' for k, v in values['by_origin_percent'].items())
        mean, every = values['mean_over_actions_percent'], values['all_percent']
        rows.append((view, kind, f'{mean:.1f}', f'{every:.1f}', origins))
    for name, values in found['open_vocabulary'].items():
        mean, every = values['mean_over_actions_percent'], values['all_percent']
        rows.append(
            (f'described, {name} ({values["labels"]})', '', f'{mean:.1f}', f'{every:.1f}', '')
        )
    header = ('format', '', 'mean over actions', 'all', 'by origin')
    lines = [table(header, rows), '']
    lines += [f'- {name}: {value:.1f}' for name, value in found['words'].items()]
    lines += [f'- caption, {name}: {value:.0f}' for name, value in found['latency'].items()]
    lines.append(f'- peak memory of a process that narrates: {found["peak_memory_mb"]:.0f} MB')
    return '\n'.join(lines)


def card(found: dict[str, Any]) -> str:
    """The model card."""
    fields = json.loads((MODEL / 'manifest.json').read_text())
    training = fields['training']
    held = [action.name for action in read_actions() if action.held_out]
    size = sum(path.stat().st_size for path in MODEL.rglob('*.onnx')) / 1e6
    validation = {name: round(value, 1) for name, value in training['validation'].items()}
    return f"""# narrator: what a person does, in words

A small vision-language model of our own after SkeletonLLM (Wang et al. 2026): the skeleton is
drawn ({fields['frames']} pictures of {fields['size']} px by DrAction), encoded, compared with
descriptions of actions, and put into words whose numbers are slots for measured facts.

- Labels: {', '.join(fields['labels'])}. Others may be given by description.
- Never trained, only described: {', '.join(held)}.
- Skeletons in training: {', '.join(fields['formats'])}, and 2-D projections of them from any
  side. Never in training: {', '.join(UNSEEN)}.
- Three ONNX models (encoder, one step of the decoder, text encoder), {size:.1f} MB, opset
  {fields['opset']}, SHA-256 of the encoder `{fields['sha256']}`.
- Training: {training['step']} steps, `config/training/narrator.yaml`, one seed. Validation people:
  `{json.dumps(validation)}`

## Material

| what | licence | people |
| --- | --- | --- |
| procedural motion of this package | Apache-2.0 | seeds; bodies varied |
| UI-PRMD exercises (Vakanski et al. 2018) | PDDL 1.0 | 1-7 trained, 8 validation, 9-10 test |
| CMU motion capture, only where the theme shows | CMU mocap terms | learning/synthesis/people.py |
| RBDS runners (Fukuchi et al. 2017) | CC BY 4.0 | learning/synthesis/people.py |
| children walking (biomechZoo) | MIT | learning/synthesis/people.py |

Captions and reasons are made of facts measured in the motion; forces in training are those of the
acceleration of the trunk, as only *whether* there is something to say about them is learnt.

## Measured on the test split

Joint centres with {1e3 * WHITE_M:.0f} mm of noise in every frame and {1e3 * BIAS_M:.0f} mm that
stays; stretches of whole actions, of cyclic ones 3 s. Percent.

{shown_table(found)}

{_ablated(found)}## Known failures

- Most test stretches are procedural: the same kinds of motion as in training, other seeds and
  bodies. The columns by origin say how it does on recorded people.
- It always tells one of its labels; there is none for anything else.
- One person, one action in a stretch of 0.4 to 12 s.
- Sentences follow a few patterns.
"""


def _ablated(found: dict[str, Any]) -> str:
    if 'ablations' not in found:
        return ''
    return f"""## What each part is worth

Small trainings (300 steps of 16, 32 px, width 64), validation people, mean and standard deviation
over seeds; every training takes the same number of steps.

{ablation_table(found['ablations'])}

"""


SMALL = {'batch': 16, 'steps': 30, 'warm_up': 4, 'discriminate': 1, 'reason': 1, 'refine': 4,
         'album': 120, 'learning_rate': 2e-3, 'refine_rate': 2e-3}  # fmt: skip
"""A small training for the ablations: 300 steps."""
VARIANTS: dict[str, dict[str, Any]] = {
    'all stages': {},
    'fixed rasteriser': {'renderer': 'fixed'},
    'no warm_up': {'warm_up': 0, 'refine': 8},
    'no discriminate': {'discriminate': 0, 'refine': 5},
    'no reason': {'reason': 0, 'refine': 5},
    'no refine': {'refine': 0, 'reason': 5},
}
"""What is left out; its epochs go to another stage, so that all take the same steps."""


def ablations(data: Path, seeds: int) -> dict[str, Any]:
    """Validation figures of small trainings with a stage, or the learnt renderer, left out.

    What was trained before, seed by seed, is not trained again.
    """
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found: dict[str, Any] = before.get('ablations', {})
    for seed in range(seeds):
        for name, change in VARIANTS.items():
            if seed < len(found.get(name, {}).get('labels_percent', ())):
                continue
            scores = _trained(data, SMALL | change, seed)
            for key, value in scores.items():
                found.setdefault(name, {}).setdefault(key, []).append(value)
            shown_scores = ', '.join(f'{key} {value:.2f}' for key, value in scores.items())
            print(f'{name}, seed {seed}: {shown_scores}', flush=True)
            kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            RESULTS.write_text(json.dumps(kept | {'ablations': found}, indent=1) + '\n')
    return found


def _trained(data: Path, settings: dict[str, Any], seed: int) -> dict[str, float]:
    import torch

    from humandyn_ros.learning.nets.narrator import NarratorNet
    from humandyn_ros.learning.settings import TrainConfig
    from humandyn_ros.learning.tasks.narrator import NarratorTask, NarratorTaskConfig
    from humandyn_ros.learning.train import Training

    task = NarratorTask(NarratorTaskConfig(net=NarratorNet(width=64, size=32), **settings), data)
    config = TrainConfig(
        seed=seed, threads=1, device='cpu', decay='cosine', warm_up_steps=10, validate_every=10**6
    )
    with tempfile.TemporaryDirectory() as out:
        training = Training('narrator', task, config, {}, Path(out), quiet=True)
        training.run()
    with torch.no_grad():
        return task.score(training.model.eval(), 'validation')


def ablation_table(found: dict[str, Any]) -> str:
    """The ablations as Markdown: mean and standard deviation over seeds."""
    rows = []
    for name, scores in found.items():
        cells = [
            f'{np.mean(scores[key]):.2f} ± {np.std(scores[key]):.2f}'
            for key in ('labels_percent', 'coco_17_flat_percent', 'words_nats')
        ]
        rows.append((name, *cells, len(scores['labels_percent'])))
    header = ('training', 'labels, %', 'of them flat, %', 'words, nats a token', 'seeds')
    return table(header, rows)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--ablations', action='store_true')
    parser.add_argument('--seeds', type=int, default=3)
    arguments = parser.parse_args()
    if arguments.ablations:
        ablations(arguments.data, arguments.seeds)
    else:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(kept | measure(arguments.data), indent=1) + '\n')
    found = json.loads(RESULTS.read_text())
    if 'labels' in found:
        (MODEL / 'MODEL_CARD.md').write_text(card(found))
        print(shown_table(found))
        write_section('narrator', shown_table(found))
    if 'ablations' in found:
        print(ablation_table(found['ablations']))
        write_section('ablation narrator', ablation_table(found['ablations']))


if __name__ == '__main__':
    main()
