"""What a streaming LaDy remembers between frames, and how its layers get at it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from humandyn_ros.learning.nets.lady.config import LadyConfig


class State(NamedTuple):
    """What is remembered between frames, besides the taps; all zero before the first frame."""

    weight: Tensor  # (B, 1) fading count of frames
    relations: Tensor  # (B, 2, V, R) fading sums of the spatial topologies
    attention: Tensor  # (B, A·H, d, d+1) fading sums of keys times values, and of keys
    moments: Tensor  # (B, A, 2, C) fading sums of features and their squares (cumulative only)
    gates: Tensor  # (B, L, 2, 3) scaled gate signals, two and one frames ago
    coordinates: Tensor  # (B, 2, P, D) q and q̇ of the last frame
    factor: Tensor  # (B, P, D(D+1)/2) L of the last frame
    torque: Tensor  # (B, P·D) τ of the last frame


class Frame(NamedTuple):
    """The answer for one frame."""

    classes: Tensor  # logits (B, n) of this frame
    boundary: Tensor  # logit (B, 1) of the frame `lookahead` ago
    signals: Tensor  # (B, 3) power, torque norm, torque change; zero where dynamics are off
    fresh: Tensor  # (B, K, C) what the rings take


class Memory:
    """The state while it passes through the layers of one frame, which ask in a fixed order.

    Args:
        config: Of the network.
        state: From the last frame.
        weight: Fading count of frames, this one included (B, 1).
        past: What the past adds to every convolution (B, K·C).
    """

    def __init__(self, config: LadyConfig, state: State, weight: Tensor, past: Tensor) -> None:
        self._width, self._weight = config.features, weight
        self._past = torch.split(past, config.features, dim=1)
        self._attention = torch.split(state.attention * config.decay, config.heads, dim=1)
        self._old_moments = state.moments * config.decay
        self._sums: list[Tensor] = []
        self._moments: list[Tensor] = []
        self._fresh: list[Tensor] = []

    def convolved(self, x: Tensor, now: Tensor) -> Tensor:
        """The next layer's convolution (B, C) of this frame's x (B, C), by its last tap."""
        self._fresh.append(x)
        return torch.addmm(self._past[len(self._fresh) - 1], x, now)

    def attended(self, added: Tensor) -> Tensor:
        """The next layer's sums (B, H, d, d+1) with keys times values (B, H, d, d+1) added."""
        self._sums.append(self._attention[len(self._sums)] + added)
        return self._sums[-1]

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The next layer's means of x and x² (B, C), this frame's included."""
        old = self._old_moments[:, len(self._moments)]
        self._moments.append(old + torch.stack([x, x.square()], dim=1))
        mean, square = (self._moments[-1] / self._weight[..., None]).unbind(1)
        return mean, square

    @property
    def fresh(self) -> Tensor:
        """What the rings take (B, K, C)."""
        return torch.cat(self._fresh, dim=1).reshape(-1, len(self._fresh), self._width)

    def stacked(self) -> tuple[Tensor, Tensor]:
        """Attention and moments for the next frame."""
        moments = torch.stack(self._moments, dim=1) if self._moments else self._old_moments
        return torch.cat(self._sums, dim=1), moments
