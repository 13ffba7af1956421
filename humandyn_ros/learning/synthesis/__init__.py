"""Labelled motion from seeds: the training data of every network, none of it stored.

seed motion (procedural or recorded) -> augmentation -> root correction -> labels by physics
-> gate -> sensor noise, markers, text

    for clip in stream(seed=0, split='train', recipe=Recipe(rate_hz=60.0), data=path):
        for window in clip.windows(length=24, stride=4, kept=1.0):
            window.seen, window.torque_smpl, ...

`stream` never ends and is deterministic: the same arguments give the same clips in the same order.
`Recipe` says rate, kinds, noise and what is computed; `data` is the folder of the recordings, and
None leaves procedural motion only. `library(...)` labels some minutes once and keeps them in
memory or in shards outside the repository.
"""

from humandyn_ros.learning.synthesis.labelled import ACTIONS, Fact, LabelledMotion, Origin
from humandyn_ros.learning.synthesis.noise import NoiseConfig
from humandyn_ros.learning.synthesis.people import PEOPLE, split_of
from humandyn_ros.learning.synthesis.stream import Recipe, labelled_clip, stream

__all__ = [
    'ACTIONS',
    'PEOPLE',
    'Fact',
    'LabelledMotion',
    'NoiseConfig',
    'Origin',
    'Recipe',
    'labelled_clip',
    'split_of',
    'stream',
]
