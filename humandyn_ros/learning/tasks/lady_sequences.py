"""Material for LaDy: labelled sequences of any origin, augmented, cut and padded to batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from humandyn_ros.config import Checked, setting
from humandyn_ros.engines.lady.features import BACKWARD, FORWARD, Layout
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.lady.config import LadyConfig
from humandyn_ros.learning.readers.lady_features import ActionSequence, Preset, PublishedSet
from humandyn_ros.learning.tasks.task import Batch
from humandyn_ros.quantities import Array
from humandyn_ros.segmentation import IGNORE, Labels, boundary_targets

Source = Callable[[str, int], Iterable[ActionSequence]]
"""One epoch of sequences of a split, the same for the same seed."""


@dataclass(frozen=True)
class LadyTaskConfig(Checked):
    """Training of LaDy; what is None comes from the preset."""

    preset: str = setting('smpl_24', '', 'data set or skeleton, in lady_presets.yaml')
    source: str = setting(
        'synthesis', '', "'published', 'synthesis', or module:function of one's own"
    )
    fold: int = setting(1, '', 'number of the published split', low=1)
    net: LadyConfig = field(default_factory=LadyConfig)
    heading_free: bool = setting(False, '', 'inputs in axes that turn with the person')
    batch: int | None = setting(None, '', 'sequences of a batch', low=1)
    epochs: int | None = setting(None, '', 'epochs', low=1)
    learning_rate: float = setting(1e-3, '', 'of Adam', low=0.0, high=1.0)
    sequences: int = setting(400, '', 'sequences of an epoch, of endless sources', low=1)
    crop_frames: int = setting(0, 'frames', 'longest stretch learned from; 0: whole', low=0)
    score_sequences: int = setting(500, '', 'most sequences a score is made of', low=1)
    boundary_weight: float = setting(0.1, '', 'λ1; the paper says 1, its code 0.1', low=0.0)
    text_weight: float = setting(0.8, '', 'λ2', low=0.0)
    energy_weight: float | None = setting(None, '', 'λ3; the paper says 0.1', low=0.0)
    energy_after: int | None = setting(None, '', 'epochs before the energy term', low=0)
    lagrange_weight: float = setting(0.0, '', 'our optional term that reaches G, F and N', low=0.0)
    mapping: str = setting(
        '', '', "file of class names, a 'number name' per line; empty: the data set's own"
    )
    text_table: str = setting('', '', 'text features of classes, .npy; empty: no text term')
    joint_table: str = setting('', '', 'text features of joints, .npy; empty: skeleton graph')
    window_frames: int = setting(300, 'frames', 'live acausal form: window', low=2)
    delay_frames: int = setting(30, 'frames', 'live acausal form: least delay', low=0)
    hop_frames: int = setting(10, 'frames', 'live acausal form: run every so many', low=1)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One sequence as the network takes it, at the network's rate."""

    x: Array  # (T, V, C)
    q: Array  # (T, P, D)
    labels: Labels  # (T,)
    boundary: Array  # (T,)

    def __len__(self) -> int:
        return len(self.x)


def thinned(sequence: ActionSequence, layout: Layout, every: int) -> Prepared:
    """Inputs at the file's rate, then one frame in `every`; no boundary is lost. q is not made."""
    x = layout.inputs(sequence.values)[::every]
    boundary = np.zeros(len(x))
    boundary[np.flatnonzero(sequence.boundary) // every] = 1.0
    return Prepared(x, np.zeros(0), sequence.labels[::every], boundary)


def augmented(x: Array, layout: Layout, preset: Preset, rng: np.random.Generator) -> Array:
    """Hide 1 to V/2 joints throughout, or turn about the vertical, or neither (released code)."""
    chance = rng.uniform()
    joints = x.shape[1]
    if chance < preset.occlude:
        hidden = rng.permutation(joints)[: rng.integers(1, joints // 2 + 1)]
        x = x.copy()
        x[:, hidden] = 0.0
    elif chance >= 1.0 - preset.rotate and layout.tree.dims == 3:
        angle = rng.uniform(-math.pi, math.pi)
        first, second = (layout.tree.up + 1) % 3, (layout.tree.up + 2) % 3
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = math.cos(angle)
        turn[first, second], turn[second, first] = -math.sin(angle), math.sin(angle)
        x = (x.reshape(*x.shape[:2], -1, 3) @ turn.T).reshape(x.shape)
    return x


def layout_of(config: LadyTaskConfig, preset: Preset) -> Layout:
    """Layout of the inputs: a causal net looks back."""
    displacement = BACKWARD if config.net.causal else FORWARD
    return preset.layout(displacement, heading_free=config.heading_free)


class Material:
    """Prepared sequences by split.

    Args:
        config: Settings.
        preset: Data set.
        source: Sequences.
        size: Sequences of one training epoch.
    """

    def __init__(self, config: LadyTaskConfig, preset: Preset, source: Source, size: int) -> None:
        self._config, self._preset = config, preset
        self._source, self._size = source, size
        self.layout = layout_of(config, preset)
        self.batch = config.batch or preset.batch

    def prepared(self, split: str, seed: int, *, learn: bool) -> Iterator[Prepared]:
        """Yield one epoch; with `learn`, in random order, augmented and cropped."""
        rng = np.random.default_rng([seed, 17])
        for sequence in self._source(split, seed):
            item = thinned(sequence, self.layout, self._preset.every)
            if learn:
                item = self._drawn(item, rng)
            q = self.layout.coordinates(item.x)
            yield Prepared(item.x, q, item.labels, item.boundary)

    def _drawn(self, item: Prepared, rng: np.random.Generator) -> Prepared:
        longest = self._config.crop_frames or len(item)
        start = int(rng.integers(0, max(len(item) - longest, 0) + 1))
        cut = slice(start, start + longest)
        x = augmented(item.x[cut], self.layout, self._preset, rng)
        return Prepared(x, item.q, item.labels[cut], item.boundary[cut])

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield batches; a remainder is dropped unless it is all there is."""
        waiting: list[Prepared] = []
        count = 0
        for item in self.prepared(split, seed, learn=True):
            waiting.append(item)
            if len(waiting) == self.batch:
                yield self._stacked(waiting)
                waiting, count = [], count + 1
        if waiting and not count:
            yield self._stacked(waiting)

    def _stacked(self, items: Sequence[Prepared]) -> Batch:
        net = self._config.net
        return stacked(items, net.lookahead, net.delay)

    @property
    def steps(self) -> int:
        """Batches of one training epoch."""
        return max(self._size // self.batch, 1)

    def positive_weight(self) -> float:
        """One over the share of boundary frames, of at most 100 training sequences."""
        found = frames = 0.0
        for sequence in islice(self._source('train', 0), 100):
            boundary = thinned(sequence, self.layout, self._preset.every).boundary
            found, frames = found + boundary.sum(), frames + len(boundary)
        return frames / max(found, 1.0)


def stacked(items: Sequence[Prepared], lookahead: int = 0, delay: int = 0) -> Batch:
    """Pad to the longest; boundaries are told `lookahead` frames late, classes `delay`."""
    longest = max(len(item) for item in items)

    def pad(arrays: Iterable[Any], value: float = 0.0) -> Array:
        return np.stack(
            [
                np.pad(
                    a,
                    [(0, longest - len(a))] + [(0, 0)] * (a.ndim - 1),
                    constant_values=value,
                )
                for a in arrays
            ]
        )

    told = (np.concatenate([np.full(delay, IGNORE), i.labels])[: len(i)] for i in items)
    late = (np.concatenate([np.zeros(lookahead), i.boundary])[: len(i)] for i in items)
    return {
        'x': torch.from_numpy(pad(i.x for i in items).astype(np.float32)),
        'q': torch.from_numpy(pad(i.q for i in items).astype(np.float32)),
        'labels': torch.from_numpy(pad(told, IGNORE).astype(np.int64)),
        'boundary': torch.from_numpy(pad(late).astype(np.float32)),
        'mask': torch.from_numpy(pad(np.ones(len(i)) for i in items).astype(bool)),
    }


def sequence_source(
    config: LadyTaskConfig, preset: Preset, data: Path | None
) -> tuple[Source, int]:
    """Return the source that the settings name, and the sequences of one training epoch.

    Raises:
        ConfigError: There is none, or it needs a folder.
    """
    if config.source == 'published':
        if data is None:
            raise ConfigError('source published: name the folder of the data sets')
        found = PublishedSet(data, preset, config.fold)
        return _published(found), len(found.files('train'))
    if config.source == 'synthesis':
        return _synthesis(config, preset, data), config.sequences
    module, colon, attribute = config.source.partition(':')
    if not colon:
        raise ConfigError(
            f"no source {config.source!r}: 'published', 'synthesis' or module:function"
        )
    try:
        make = getattr(import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ConfigError(f'no source {config.source!r}: {error}') from error
    made: Source = make(data, config)
    return (lambda split, seed: islice(made(split, seed), config.sequences)), config.sequences


def _published(found: PublishedSet) -> Source:
    def source(split: str, seed: int) -> Iterator[ActionSequence]:
        rows = found.files(split)
        order = np.random.default_rng([seed, 19]).permutation(len(rows))
        for index in order:
            yield found.read(rows[index])

    return source


def _synthesis(config: LadyTaskConfig, preset: Preset, data: Path | None) -> Source:
    rooms: Any = import_module('humandyn_ros.learning.synthesis')

    def source(split: str, seed: int) -> Iterator[ActionSequence]:
        recipe = rooms.Recipe(rate_hz=preset.rate_hz)
        stream = rooms.stream(seed=seed, split=split, recipe=recipe, data=data)
        for motion in islice(stream, config.sequences):
            labels = np.asarray(motion.action, dtype=np.int64)
            values = motion.seen[:, None]
            yield ActionSequence(motion.origin.name, values, labels, boundary_targets(labels))

    return source
