"""Temporal modulation: forces open and close every temporal layer (hierarchical gating).

Three signals (power, torque norm, torque change) pass a per-signal convolution and a sigmoid at
each layer; each multiplies the features, and the three products are fused. The next layer's gate
starts from this one's. The released code ignores the dilation it is given here; so do we.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.temporal import DilatedConv

SIGNALS = 3


class Scale(nn.Module):
    """A factor and an offset per channel: the depthwise 1×1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels).uniform_(-1.0, 1.0))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-1.0, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Scale x (..., C)."""
        return x * self.weight + self.bias


class Gate(nn.Module):
    """One level of the hierarchy."""

    def __init__(self, features: int, causal: bool) -> None:
        super().__init__()
        self.scale = Scale(SIGNALS)
        self.conv = DilatedConv(SIGNALS, 1, causal, groups=SIGNALS)
        self.fuse = nn.Linear(SIGNALS * features, features)

    def forward(self, x: Tensor, signals: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Modulate x (B, T, C) by signals (B, T, 3); returns it and the next level's signals."""
        signals = torch.sigmoid(self.conv(self.scale(signals) * mask))
        gated = (signals.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)  # (B, T, 3·C)
        return (x + self.fuse(gated)) * mask, signals * mask
