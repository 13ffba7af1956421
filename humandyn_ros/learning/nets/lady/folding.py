"""Layers of the streaming form: consecutive linear maps of the causal net folded into one."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.gates import SIGNALS, Gate
from humandyn_ros.learning.nets.lady.heads import BoundaryLayer
from humandyn_ros.learning.nets.lady.memory import Memory
from humandyn_ros.learning.nets.lady.temporal import (
    CumulativeNorm,
    FrozenNorm,
    TemporalLayer,
    standardise,
)


def folded(outer: nn.Linear, inner: nn.Linear) -> tuple[Tensor, Tensor]:
    """Weight and bias of outer(inner(x))."""
    weight, bias = outer.weight.detach(), outer.bias.detach()
    return weight @ inner.weight.detach(), bias + weight @ inner.bias.detach()


def last_tap(conv: nn.Conv1d) -> Tensor:
    """Weight (in, out) of the tap at t."""
    return conv.weight.detach()[:, :, 2].T.contiguous()


class LayerStep(nn.Module):
    """One temporal layer, one frame.

    Args:
        layer: The layer of the causal net.
        own: Attention values come from the layer itself (encoder), not from a source (decoder).
    """

    def __init__(self, layer: TemporalLayer, own: bool) -> None:
        super().__init__()
        attention = layer.attention
        self._heads = attention.heads
        self._cumulative = isinstance(layer.norm, CumulativeNorm)
        self._width = attention.query.out_features
        self._sizes = [2 * self._width, (self._width + self._heads) if own else 0]
        self.register_buffer('now', last_tap(layer.conv.conv))
        query_key = (attention.query, attention.key)
        weight = torch.cat([m.weight.detach() for m in query_key])
        bias = torch.cat([m.bias.detach() for m in query_key])
        value, offset = self._with_ones(attention.value)
        if own:
            weight, bias = torch.cat([weight, value]), torch.cat([bias, offset])
        else:
            self.register_buffer('value', value.T.contiguous())
            self.register_buffer('value_bias', offset)
        if isinstance(layer.norm, FrozenNorm):
            weight, bias = self._with_norm(layer.norm, weight, bias)
        self.register_buffer('mix', weight.T.contiguous())
        self.register_buffer('mix_bias', bias)
        through, shift = folded(layer.out, attention.out)
        both = torch.cat([through, layer.out.weight.detach()], dim=1)
        self.register_buffer('out', both.T.contiguous())
        self.register_buffer('out_bias', shift)

    def _with_ones(self, value: nn.Linear) -> tuple[Tensor, Tensor]:
        """The value map with a 1 after each head's values: keys are summed along with them."""
        weight = value.weight.detach().reshape(self._heads, -1, value.in_features)
        bias = value.bias.detach().reshape(self._heads, -1)
        weight = torch.cat([weight, torch.zeros_like(weight[:, :1])], dim=1)
        bias = torch.cat([bias, torch.ones_like(bias[:, :1])], dim=1)
        return weight.flatten(0, 1), bias.flatten()

    @staticmethod
    def _with_norm(norm: FrozenNorm, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        assert norm.running_mean is not None and norm.running_var is not None
        scale = torch.rsqrt(norm.running_var + norm.eps)
        weight = weight * scale
        return weight, bias - weight @ norm.running_mean

    def forward(self, x: Tensor, memory: Memory, source: Tensor | None) -> Tensor:
        """Refine x (B, C); values come from source (B, C) in the decoder."""
        y = torch.relu(memory.convolved(x, self.get_buffer('now')))
        normed = standardise(y, *memory.moments(y)) if self._cumulative else y
        mixed = torch.addmm(self.get_buffer('mix_bias'), normed, self.get_buffer('mix'))
        query_key, value = torch.split(mixed, self._sizes, dim=1)
        if source is not None:
            value = torch.addmm(self.get_buffer('value_bias'), source, self.get_buffer('value'))
        heads, d = self._heads, self._width // self._heads
        query, key = torch.split(torch.sigmoid(query_key), self._width, dim=1)
        added = key.reshape(-1, heads, d, 1) * value.reshape(-1, heads, 1, d + 1)
        query, sums = query.reshape(-1, heads, 1, d), memory.attended(added)
        read, keys = torch.split(query @ sums, [d, 1], dim=-1)
        attended = (read / keys).reshape(-1, self._width)
        both = torch.cat([attended, y], dim=1)
        return x + torch.addmm(self.get_buffer('out_bias'), both, self.get_buffer('out'))


class ResidualStep(nn.Module):
    """One boundary layer, one frame."""

    def __init__(self, layer: BoundaryLayer) -> None:
        super().__init__()
        self.register_buffer('now', last_tap(layer.conv.conv))
        self.out = layer.out

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        """Refine x (B, C)."""
        return cast(Tensor, x + self.out(torch.relu(memory.convolved(x, self.get_buffer('now')))))


class GateChain(nn.Module):
    """The gates of all levels for one frame: each depends on the last one's, not on features."""

    def __init__(self, gates: nn.ModuleList) -> None:
        super().__init__()
        levels = [cast(Gate, gate) for gate in gates]
        taps = torch.stack([g.conv.conv.weight.detach()[:, 0] for g in levels])  # (L, 3, taps)
        scale = torch.stack([g.scale.weight.detach() for g in levels])
        offset = torch.stack([g.scale.bias.detach() for g in levels])
        bias = torch.stack([cast(Tensor, g.conv.conv.bias).detach() for g in levels])
        self.register_buffer('past', taps[:, :, :2].transpose(1, 2).contiguous())  # (L, 2, 3)
        self.register_buffer('factor', taps[:, :, 2] * scale)
        self.register_buffer('shift', taps[:, :, 2] * offset + bias)
        self.register_buffer('scale', scale)
        self.register_buffer('offset', offset)

    def forward(self, signals: Tensor, state: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Gates of every level (B, 3), and the state for the next frame (B, L, 2, 3)."""
        base = (state * self.get_buffer('past')).sum(dim=2) + self.get_buffer('shift')
        levels = torch.split(base.flatten(1), SIGNALS, dim=1)
        entering, leaving = [], []
        for before, factor in zip(levels, self.get_buffer('factor'), strict=True):
            entering.append(signals)
            signals = torch.sigmoid(torch.addcmul(before, signals, factor))
            leaving.append(signals)
        scaled = torch.cat(entering, dim=1).reshape(-1, len(levels), SIGNALS)
        scaled = scaled * self.get_buffer('scale') + self.get_buffer('offset')
        return tuple(leaving), torch.cat([state[:, :, 1:], scaled.unsqueeze(2)], dim=2)
