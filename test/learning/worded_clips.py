"""Small actions of a standing person, made in no time: for tests of what is said about clips."""

import numpy as np

from humandyn_ros.learning.words.clips import WordedClip
from humandyn_ros.mannequin import standing
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.words.facts import Measured

LABELS = ('wave', 'squat', 'kick')
RATE_HZ = 30.0


def clip(label, number=0, frames=24, people=1):
    points = np.repeat(standing(1.75)[None], frames, axis=0)
    phase = np.sin(np.pi * np.arange(frames) / (frames - 1))[:, None]
    if label == 'wave':
        arm = [CANONICAL.index[f'right_{part}'] for part in ('elbow', 'wrist', 'hand')]
        points[:, arm, 2] += (0.3 + 0.3 * np.arange(3)) * phase
    elif label == 'squat':
        feet = [
            CANONICAL.index[f'{s}_{part}'] for s in ('left', 'right') for part in ('ankle', 'foot')
        ]
        body = np.setdiff1d(np.arange(24), feet)
        points[:, body, 2] -= 0.3 * phase
    else:
        leg = [CANONICAL.index[f'right_{part}'] for part in ('knee', 'ankle', 'foot')]
        points[:, leg, 0] += (0.2 + 0.2 * np.arange(3)) * phase
    points = points + np.random.default_rng(number).normal(0, 0.003, points.shape)
    crowd = np.stack([points + [0.0, 0.8 * p, 0.0] for p in range(people)], axis=1)
    return WordedClip(
        f'{label}-{number}', CANONICAL, RATE_HZ, crowd, np.ones(crowd.shape[:-1]), label,
        f'The person does a {label}.', ('the body moves', f'so it is a {label}'),
        Measured(RATE_HZ, points),
    )  # fmt: skip


def source(data, clips):
    """A source as `clip_source` takes it: 'worded_clips:source'."""

    def made(split, seed):
        first = {'train': 0, 'validation': 100, 'test': 200}[split]
        for number in np.random.default_rng(seed).permutation(clips):
            yield clip(LABELS[number % len(LABELS)], first + int(number))

    return made
