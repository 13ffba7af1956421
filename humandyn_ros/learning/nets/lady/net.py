"""LaDy: skeleton sequence to action and boundary of every frame (Ji et al., CVPR 2026).

Main stream: spatial model, then a temporal encoder that takes up one group of spatial features
per layer. Dynamics stream: coordinates to forces. Forces join the spatial features and gate the
temporal ones. Heads: class, boundary, text; then refinement stages.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.config import REST, LadyConfig, Shape
from humandyn_ros.learning.nets.lady.dynamics import (
    Motion,
    Synthesis,
    before,
    gate_signals,
    synthesize,
)
from humandyn_ros.learning.nets.lady.gates import Gate
from humandyn_ros.learning.nets.lady.heads import BoundaryStage, ClassStage
from humandyn_ros.learning.nets.lady.spatial import Spatial
from humandyn_ros.learning.nets.lady.temporal import Fusion, TemporalLayer

GROUP = 8  # channels per joint that each temporal layer takes up, released code


class Answer(NamedTuple):
    """What one pass gives, every stage's."""

    classes: tuple[Tensor, ...]  # logits (B, T, n)
    boundaries: tuple[Tensor, ...]  # logits (B, T); of frame t - lookahead at t
    texts: tuple[Tensor, ...]  # (B, T, E), per text layer
    motion: Motion | None  # None where the dynamics are off


class Encoder(nn.Module):
    """Temporal encoder with adaptive fusion and gates."""

    def __init__(self, config: LadyConfig, shape: Shape) -> None:
        super().__init__()
        width = config.features
        self.dropout = 0.3
        self.first = nn.Linear(width * (2 if config.spatial else 1), config.layers * GROUP)
        self.start = nn.Linear(shape.joints * GROUP, width)
        self.layers = nn.ModuleList(TemporalLayer(config, 2**i) for i in range(config.layers))
        self.fusions = nn.ModuleList(
            Fusion(shape.joints * GROUP, width) for _ in range(config.layers - 1)
        )
        self.gates = nn.ModuleList(
            Gate(width, config.causal) for _ in range(config.layers if config.temporal else 0)
        )
        self.last = nn.Linear(width, width)

    def groups(self, x: Tensor) -> Tensor:
        """Spatial features of every layer (B, T, layers, V·8); the last group starts it off."""
        y: Tensor = self.first(x)
        split = y.reshape(*y.shape[:-1], -1, GROUP)  # (B, T, V, layers, 8)
        return split.transpose(-2, -3).flatten(-2)

    def forward(self, x: Tensor, signals: Tensor | None, mask: Tensor) -> Tensor:
        """Features (B, T, C) of spatial ones (B, T, V, C') and gate signals (B, T, 3)."""
        groups = self.groups(self._drop_channels(x))
        y = self.start(groups[..., -1, :]) * mask
        for index, layer in enumerate(self.layers):
            if index:
                y = self.fusions[index - 1](y, groups[..., index - 1, :], mask)
            y = layer(y, mask)
            if self.gates:
                y, signals = self.gates[index](y, signals, mask)
        result: Tensor = self.last(y) * mask
        return result

    def _drop_channels(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        keep = torch.full_like(x[:, :1, :1], 1.0 - self.dropout)
        return x * torch.bernoulli(keep) / (1.0 - self.dropout)


class LaDy(nn.Module):
    """The whole network.

    Args:
        config: Size and switches.
        shape: What it takes.
        joint_graph: Base graph of the joints (V, V); None: the skeleton's.
    """

    def __init__(
        self, config: LadyConfig, shape: Shape, joint_graph: Tensor | None = None
    ) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        width = config.features
        self.spatial = Spatial(config, shape, joint_graph)
        forces = shape.coordinates * shape.persons
        on = config.spatial or config.temporal
        self.synthesis = (
            Synthesis(shape.coordinates, config.hidden, config.friction) if on else None
        )
        self.force_features = nn.Linear(forces, width) if config.spatial else None
        self.encoder = Encoder(config, shape)
        self.classes = nn.Linear(width, config.classes)
        self.boundary = nn.Linear(width, 1)
        texts = config.text_layers if config.text_width else 0
        self.texts = nn.ModuleList(nn.Linear(width, config.text_width) for _ in range(texts))
        self.text_scale = nn.Parameter(torch.full((1,), 2.6593)) if texts else None  # ln(1/0.07)
        self.class_stages = nn.ModuleList(
            ClassStage(config) for _ in range(config.class_stages - 1)
        )
        self.boundary_stages = nn.ModuleList(
            BoundaryStage(config) for _ in range(config.boundary_stages - 1)
        )

    def forward(self, x: Tensor, q: Tensor, mask: Tensor | None = None) -> Answer:
        """Answer for whole sequences.

        Args:
            x: Inputs (B, T, V, C).
            q: Generalized coordinates (B, T, P, D) rad.
            mask: Frames that exist (B, T); None: all.
        """
        valid = torch.ones_like(x[:, :, 0, :1]) if mask is None else mask[..., None].to(x.dtype)
        features = self.spatial(x, valid)
        motion, signals = None, None
        if self.synthesis is not None:
            rest = self.config.start == REST
            motion = synthesize(self.synthesis, q, rest)
            torque = motion.torque.flatten(2)
            signals = gate_signals(torque, motion.velocity.flatten(2), before(torque, rest))
            features = self.modulate(features, torque)
        features = self.encoder(features, signals, valid)
        return self._heads(features, motion, valid)

    def modulate(self, features: Tensor, torque: Tensor) -> Tensor:
        """Spatial modulation: features (B, T, V, C) beside those of forces (B, T, P·D)."""
        if self.force_features is None:
            return features
        force = self.force_features(torque).unsqueeze(-2).expand_as(features)
        return torch.cat([features, force], dim=-1)

    def _heads(self, features: Tensor, motion: Motion | None, mask: Tensor) -> Answer:
        classes, boundaries = [self.classes(features)], [self.boundary(features)]
        states = [features]
        for stage in self.class_stages:
            scores, state = stage(classes[-1], states[-1] * mask, mask)
            classes.append(scores)
            states.append(state)
        for stage in self.boundary_stages:
            boundaries.append(stage(boundaries[-1], mask))
        texts = [layer(state) for layer, state in zip(self.texts, states, strict=False)]
        return Answer(
            tuple(classes), tuple(b.squeeze(-1) for b in boundaries), tuple(texts), motion
        )
