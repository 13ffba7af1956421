"""Refinement stages of classes and boundaries, each starting from the last one's answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.config import LadyConfig
from humandyn_ros.learning.nets.lady.temporal import DilatedConv, TemporalLayer


class ClassStage(nn.Module):
    """Class probabilities through temporal layers whose values are the encoder's features."""

    def __init__(self, config: LadyConfig) -> None:
        super().__init__()
        self.first = nn.Linear(config.classes, config.features)
        self.layers = nn.ModuleList(
            TemporalLayer(config, 2**i) for i in range(config.refine_layers)
        )
        self.last = nn.Linear(config.features, config.classes)

    def forward(self, scores: Tensor, source: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, n) and features (B, T, C) from logits and encoder features."""
        x = self.first(torch.softmax(scores, dim=-1)) * mask
        for layer in self.layers:
            x = layer(x, mask, source)
        return self.last(x), x


class BoundaryLayer(nn.Module):
    """Dilated convolution, ReLU, 1×1 convolution, residual (MS-TCN, Abu Farha and Gall 2019)."""

    def __init__(self, config: LadyConfig, dilation: int) -> None:
        super().__init__()
        self.conv = DilatedConv(config.features, dilation, config.causal)
        self.out = nn.Linear(config.features, config.features)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Refine x (B, T, C)."""
        y = torch.relu(self.conv(x))
        result: Tensor = (x + self.dropout(self.out(y))) * mask
        return result


class BoundaryStage(nn.Module):
    """Boundary probability through dilated layers."""

    def __init__(self, config: LadyConfig) -> None:
        super().__init__()
        self.first = nn.Linear(1, config.features)
        self.layers = nn.ModuleList(
            BoundaryLayer(config, 2**i) for i in range(config.refine_layers)
        )
        self.last = nn.Linear(config.features, 1)

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Logits (B, T, 1) from logits."""
        x = self.first(torch.sigmoid(scores)) * mask
        for layer in self.layers:
            x = layer(x, mask)
        result: Tensor = self.last(x) * mask
        return result
