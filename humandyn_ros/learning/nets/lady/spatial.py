"""The spatial model: multi-scale graph convolution, then a channel-wise adaptive one.

Multi-scale: disentangled k-hop adjacencies (MS-G3D, Liu et al. 2020) with a learned residual.
Adaptive: topologies from feature differences, per frame and per channel (CTR-GCN, Chen et al.
2021), on a base graph: distances of text features of the joints (LaSA, Ji et al. 2024) where
there are any, else the skeleton.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.causal import running_mean
from humandyn_ros.learning.nets.lady.config import LadyConfig, Shape

RELATIONS = 8  # channels that topologies are inferred from, released code


def hop_graphs(parents: tuple[int, ...], scales: int) -> Tensor:
    """Joints exactly k hops apart, with self-loops, normalised D^-½AD^-½ (scales, V, V)."""
    count = len(parents)
    reach = np.eye(count)
    step = np.eye(count)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            step[joint, parent] = step[parent, joint] = 1.0
    graphs = [np.eye(count)]
    for _ in range(1, scales):
        further = np.minimum(reach @ step, 1.0)
        graphs.append(further - reach + np.eye(count))
        reach = further
    graph = np.stack(graphs)
    scale = graph.sum(axis=-1) ** -0.5
    return torch.tensor(scale[:, :, None] * graph * scale[:, None, :], dtype=torch.float32)


def skeleton_graph(parents: tuple[int, ...]) -> Tensor:
    """Neighbouring joints (V, V), 1 where they are."""
    graph = torch.zeros(len(parents), len(parents))
    for joint, parent in enumerate(parents):
        if parent >= 0:
            graph[joint, parent] = graph[parent, joint] = 1.0
    return graph


def text_graph(features: Tensor) -> Tensor:
    """1 - distances of the joints' text features (V, E), scaled to 0-1 (V, V)."""
    distance = torch.linalg.vector_norm(features[:, None] - features[None], dim=-1)
    low, high = distance.min(), distance.max()
    result: Tensor = 1.0 - (distance - low) / (high - low)
    return result


class ChannelNorm(nn.BatchNorm1d):
    """Batch normalisation of the last dimension, whatever comes before it."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (..., C)."""
        result: Tensor = super().forward(x.flatten(0, -2)).view_as(x)
        return result


class MultiScaleGraph(nn.Module):
    """13 hops side by side, then one layer: (B, T, V, C) to (B, T, V, features)."""

    hops: Tensor

    def __init__(self, config: LadyConfig, shape: Shape) -> None:
        super().__init__()
        self.register_buffer('hops', hop_graphs(shape.parents, config.scales))
        self.residual = nn.Parameter(torch.empty_like(self.hops).uniform_(-1e-6, 1e-6))
        self.project = nn.Linear(config.scales * shape.channels, config.features)
        self.norm = ChannelNorm(config.features)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, T, V, features) of inputs (B, T, V, C)."""
        graphs = (self.hops + self.residual).flatten(0, 1)  # (K·V, V)
        spread = (graphs @ x).reshape(*x.shape[:2], -1, *x.shape[2:])  # (B, T, K, V, C)
        beside = spread.transpose(2, 3).flatten(-2)
        return torch.relu(self.norm(self.project(beside)))


class AdaptiveGraph(nn.Module):
    """Per-frame and per-channel topologies on a base graph, with a residual."""

    base: Tensor

    def __init__(self, features: int, base: Tensor) -> None:
        super().__init__()
        self.register_buffer('base', base)
        self.first = nn.Linear(features, RELATIONS)
        self.second = nn.Linear(features, RELATIONS)
        self.value = nn.Linear(features, features)
        self.widen = nn.Linear(RELATIONS, features)
        self.alpha = nn.Parameter(torch.zeros(1))
        self.beta = nn.Parameter(torch.zeros(1))
        self.norm = ChannelNorm(features)
        for layer in (self.first, self.second, self.value, self.widen):
            nn.init.kaiming_normal_(layer.weight, mode='fan_out')
            nn.init.zeros_(layer.bias)

    def relations(self, x: Tensor) -> Tensor:
        """What topologies are inferred from, both sides (B, T, 2, V, R)."""
        return torch.stack([self.first(x), self.second(x)], dim=2)

    def forward(self, x: Tensor, relations: Tensor, means: Tensor) -> Tensor:
        """Mix joints.

        Args:
            x: Features (B, T, V, C).
            relations: Of these frames (B, T, 2, V, R).
            means: Of the whole sequence (B, 1, 2, V, R), or of each frame's past (B, T, 2, V, R).
        """
        value = self.value(x)
        side = relations.mean(dim=-1)  # (B, T, 2, V)
        framewise = torch.tanh(side[:, :, 0, :, None] - side[:, :, 1, None, :])
        mixed = (framewise * self.beta + self.base) @ value
        difference = torch.tanh(means[:, :, 0, :, None] - means[:, :, 1, None, :])  # (B,·,V,V,R)
        mixed = mixed + self._channelwise(difference, value)
        result: Tensor = torch.relu(self.norm(mixed) + x)
        return result

    def _channelwise(self, difference: Tensor, value: Tensor) -> Tensor:
        """Σᵥ(α·widen(difference) + base)·value, without the topologies (…, V, V, C) at once."""
        summed = value.sum(dim=-2, keepdim=True) * self.alpha * self.widen.bias
        plain = self.base @ value + summed
        if difference.shape[1] < value.shape[1]:  # one topology for all frames
            topology = difference[:, 0] @ self.widen.weight.T  # (B, V, V, C)
            return plain + self.alpha * torch.einsum('buvc,btvc->btuc', topology, value)
        spread = value.transpose(-1, -2).unsqueeze(2) @ difference  # (B, T, V, C, R)
        return plain + self.alpha * (spread * self.widen.weight).sum(dim=-1)


class Spatial(nn.Module):
    """Kinematic features F_kin (B, T, V, features)."""

    def __init__(self, config: LadyConfig, shape: Shape, base: Tensor | None) -> None:
        super().__init__()
        self._causal, self._decay = config.causal, config.decay
        self.multi_scale = MultiScaleGraph(config, shape)
        graph = skeleton_graph(shape.parents) if base is None else base
        self.adaptive = AdaptiveGraph(config.features, graph)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Features of inputs (B, T, V, C); frames outside the mask (B, T, 1) do not count."""
        x = self.multi_scale(x)
        relations = self.adaptive.relations(x)
        if self._causal:
            means = running_mean(relations.flatten(2), self._decay).view_as(relations)
        else:
            weight = (mask / mask.sum(dim=1, keepdim=True))[..., None, None]
            means = (relations * weight).sum(dim=1, keepdim=True)
        result: Tensor = self.adaptive(x, relations, means) * mask[..., None]
        return result
