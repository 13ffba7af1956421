"""LaDy as a task of the training loop: sequences, losses, score, export."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.engines.lady.engine import SLIDING, STREAMING
from humandyn_ros.learning.losses.lady import (
    action_text_loss,
    boundary_loss,
    energy_consistency_loss,
    lagrangian_consistency,
    segmentation_loss,
    warm_up,
)
from humandyn_ros.learning.nets.lady import LaDy, Shape
from humandyn_ros.learning.nets.lady.exporting import FrameModule, WindowModule
from humandyn_ros.learning.nets.lady.net import Answer
from humandyn_ros.learning.nets.lady.spatial import text_graph
from humandyn_ros.learning.readers.lady_features import (
    Preset,
    class_names,
    load_preset,
    text_features,
)
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.learning.tasks.lady_sequences import (
    LadyTaskConfig,
    Material,
    Prepared,
    layout_of,
    sequence_source,
    stacked,
)
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.quantities import Array
from humandyn_ros.segmentation import SegmentationScores, refine


class LadyTask:
    """LaDy with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of the published data sets, of recordings, or None.
    """

    name = 'lady'
    Config = LadyTaskConfig

    def __init__(self, config: LadyTaskConfig, data: Path | None = None) -> None:
        preset = load_preset(config.preset)
        self.config, self.preset, self._data = config, preset, data
        self.labels = self._labels(preset)
        self.layout = layout_of(config, preset)
        self._text = self._table(config.text_table, len(self.labels))
        self._joints = self._table(config.joint_table, len(preset.parents))
        self.net = dataclasses.replace(
            config.net,
            classes=len(self.labels),
            friction=config.net.friction and preset.friction,
            text_width=0 if self._text is None else self._text.shape[1],
        )

    def _labels(self, preset: Preset) -> tuple[str, ...]:
        if self.config.mapping:
            return class_names(Path(self.config.mapping), preset.classes)
        if self.config.source == 'published' and self._data is not None:
            return class_names(self._data / preset.folder / 'mapping.txt', preset.classes)
        if preset.labels:
            return preset.labels
        if preset.classes == len(ACTIONS):
            return ACTIONS
        return tuple(f'class {number}' for number in range(preset.classes))

    @staticmethod
    def _table(path: str, count: int) -> Tensor | None:
        return torch.from_numpy(text_features(Path(path), count)).float() if path else None

    @cached_property
    def material(self) -> Material:
        """Sequences, opened when they are first wanted: exporting needs none."""
        source = sequence_source(self.config, self.preset, self._data)
        return Material(self.config, self.preset, *source)

    @cached_property
    def _positive_weight(self) -> float:
        return self.material.positive_weight()

    def model(self) -> LaDy:
        """Return the network with random weights."""
        graph = None if self._joints is None else text_graph(self._joints)
        return LaDy(self.net, Shape.of(self.layout), graph)

    def stages(self) -> Sequence[Stage]:
        """Return the one leg: everything learns."""
        epochs = self.config.epochs or self.preset.epochs
        return [Stage('all', epochs, self.config.learning_rate, lambda name: True)]

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch, augmented."""
        yield from self.material.batches(split, seed)

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms of L_total, weighted."""
        assert isinstance(model, LaDy)
        config, mask = self.config, batch['mask']
        answer: Answer = model(batch['x'], batch['q'], mask)
        weight = self._positive_weight
        boundary = boundary_loss(answer.boundaries, batch['boundary'], mask, weight)
        terms = {
            'segmentation': segmentation_loss(answer.classes, batch['labels'], batch['x']),
            'boundary': config.boundary_weight * boundary,
        }
        if self._text is not None and config.text_weight:
            assert model.text_scale is not None
            texts = self._text.to(answer.texts[0])
            contrast = action_text_loss(answer.texts[0], batch['labels'], texts, model.text_scale)
            terms['text'] = config.text_weight * contrast
        return terms | self._energy_terms(model, answer, batch, progress)

    def _energy_terms(
        self, model: LaDy, answer: Answer, batch: Batch, progress: Progress
    ) -> dict[str, Tensor]:
        config, preset = self.config, self.preset
        after = preset.energy_after if config.energy_after is None else config.energy_after
        weight = preset.energy_weight if config.energy_weight is None else config.energy_weight
        motion = answer.motion
        if motion is None or model.synthesis is None or progress.epoch < after:
            return {}
        step = progress.step - after * self.material.steps
        terms = {}
        if weight:
            loss = energy_consistency_loss(motion, batch['mask'], step)
            terms['energy'] = weight * loss
        if config.lagrange_weight:
            moving = motion.velocity.detach()[:, 1:][batch['mask'][:, 1:]].flatten(0, 1)
            q = batch['q'][:, 1:][batch['mask'][:, 1:]].flatten(0, 1)
            some = slice(None, None, max(1, len(q) // 512))
            loss = lagrangian_consistency(model.synthesis, q[some], moving[some])
            terms['lagrange'] = config.lagrange_weight * warm_up(step) * loss
        return terms

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return accuracy, edit and F1@k after boundary refinement, whole sequences, percent."""
        assert isinstance(model, LaDy)
        scores = SegmentationScores()
        items = self.material.prepared(split, 0, learn=False)
        for item in islice(items, self.config.score_sequences):
            classes, boundary = self.answer(model, item)
            scores.add(refine(classes, boundary), item.labels.astype(np.int64))
        return scores.result()

    def answer(self, model: LaDy, item: Prepared) -> tuple[Array, Array]:
        """Logits (T, n) and boundary probabilities (T,) of one sequence, both of frame t."""
        device = next(model.parameters()).device
        batch = {name: value.to(device) for name, value in stacked([item]).items()}
        model.eval()
        with torch.no_grad():
            answer = model(batch['x'], batch['q'], batch['mask'])
        boundary = torch.sigmoid(answer.boundaries[-1][0]).cpu().numpy().astype(float)
        classes = answer.classes[-1][0].cpu().numpy().astype(float)
        return earlier(classes, self.net.delay), earlier(boundary, self.net.lookahead)

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the live form: one frame of a causal net, one window of an acausal one."""
        assert isinstance(model, LaDy)
        module: FrameModule | WindowModule
        if self.net.causal:
            module = FrameModule(model)
            form: dict[str, object] = {
                'form': STREAMING,
                'dilations': list(self.net.dilations),
                'width': self.net.features,
                'lookahead': self.net.lookahead,
                'delay': self.net.delay,
                'state': module.state_shapes(),
            }
        else:
            module = WindowModule(model, self.config.window_frames)
            form = {
                'form': SLIDING,
                'frames': self.config.window_frames,
                'delay': self.config.delay_frames,
                'hop': self.config.hop_frames,
            }
        return Exportable(
            module,
            module.example(),
            module.input_names,
            module.output_names,
            self._manifest() | form | {'inputs': list(module.input_names)},
        )

    def _manifest(self) -> dict[str, object]:
        layout = self.layout
        return {
            'kind': 'lady',
            'skeleton': self.preset.skeleton or self.config.preset,
            'rate_hz': self.preset.rate_hz,
            'labels': list(self.labels),
            'parents': list(layout.tree.parents),
            'landmarks': list(layout.tree.landmarks),
            'dims': layout.tree.dims,
            'up': layout.tree.up,
            'root': layout.root,
            'persons': layout.persons,
            'values': layout.values,
            'displacement': layout.displacement,
            'heading_free': layout.heading_free,
            'derivatives': 'per frame, backward differences',
            'units': {'classes': 'logit', 'boundary': 'logit'},
        }


def earlier(values: Array, frames: int) -> Array:
    """Values (T, ...) that were told `frames` late, each in its own frame; zero at the end."""
    frames = min(frames, len(values))
    return np.concatenate([values[frames:], np.zeros_like(values[:frames])])
