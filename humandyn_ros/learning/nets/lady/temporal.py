"""Temporal layers: dilated convolution, normalisation, linear attention, residual.

After the encoder and decoder of LaSA/DeST as LaDy releases them. Every layer works on (B, T, C).
Acausal: symmetric convolutions, instance normalisation and attention over the whole sequence.
Causal: convolutions see t, t-d, t-2d; attention sums over the past with a fading memory.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.learning.nets.lady.causal import running_attention, running_mean
from humandyn_ros.learning.nets.lady.config import CUMULATIVE, LadyConfig

VARIANCE = 1e-5  # added to variances, as PyTorch's normalisations do


class DilatedConv(nn.Module):
    """Three taps, d frames apart: around t, or t and its past."""

    def __init__(self, channels: int, dilation: int, causal: bool, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, dilation=dilation, groups=groups)
        self._padding = (2 * dilation, 0) if causal else (dilation, dilation)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x (B, T, C); zeros lie outside."""
        padded = functional.pad(x.transpose(1, 2), self._padding)
        result: Tensor = self.conv(padded).transpose(1, 2)
        return result


class InstanceNorm(nn.Module):
    """Mean 0, variance 1 per channel over the frames of one sequence (B, T, C)."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Normalise x; frames outside the mask (B, T, 1) do not count."""
        count = mask.sum(dim=1, keepdim=True)
        mean = (x * mask).sum(dim=1, keepdim=True) / count
        variance = ((x - mean).square() * mask).sum(dim=1, keepdim=True) / count
        return (x - mean) * torch.rsqrt(variance + VARIANCE)


class FrozenNorm(nn.BatchNorm1d):
    """Statistics of training, fixed afterwards; no scale or shift, as in InstanceNorm."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise x (B, T, C) with frames outside the mask not counting."""
        if self.training:
            valid = x[mask.squeeze(-1) > 0]
            super().forward(valid)  # updates the running statistics
            variance, mean = torch.var_mean(valid, dim=0, correction=0)
        else:
            assert self.running_mean is not None and self.running_var is not None
            mean, variance = self.running_mean, self.running_var
        return (x - mean) * torch.rsqrt(variance + self.eps)


class CumulativeNorm(nn.Module):
    """Statistics of the past of the stream, fading."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self._decay = decay

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Normalise x (B, T, C)."""
        mean, square = running_mean(torch.cat([x, x.square()], dim=-1), self._decay).chunk(2, -1)
        return standardise(x, mean, square)


def standardise(x: Tensor, mean: Tensor, square: Tensor) -> Tensor:
    """(x - mean) / standard deviation, from the means of x and x²."""
    variance = (square - mean.square()).clamp(min=0.0)
    return (x - mean) * torch.rsqrt(variance + VARIANCE)


def normalisation(config: LadyConfig) -> nn.Module:
    """Return the normalisation that a configuration asks for."""
    if not config.causal:
        return InstanceNorm()
    if config.normalisation == CUMULATIVE:
        return CumulativeNorm(config.decay)
    return FrozenNorm(config.features)


class LinearAttention(nn.Module):
    """Attention with a sigmoid feature map (Katharopoulos et al. 2020, map as released)."""

    def __init__(self, config: LadyConfig) -> None:
        super().__init__()
        width = config.features
        self.heads, self.causal, self.decay = config.heads, config.causal, config.decay
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(0.05)

    def forward(self, x: Tensor, source: Tensor, mask: Tensor) -> Tensor:
        """Attend from and to x (B, T, C), taking values from source (B, T, C)."""
        split = (*x.shape[:2], self.heads, -1)
        q = torch.sigmoid(self.query(x)).reshape(split)
        k = (torch.sigmoid(self.key(x)) * mask).reshape(split)
        v = self.value(source).reshape(split)
        if self.causal:
            mixed = running_attention(q, k, v, self.decay)
        else:
            sums = torch.einsum('bthd,bthe->bhde', k, v)
            norm = torch.einsum('bthd,bhd->bth', q, k.sum(dim=1) + 1e-6)
            mixed = torch.einsum('bthd,bhde->bthe', q, sums) / norm[..., None]
        result: Tensor = self.dropout(self.out(mixed.flatten(-2)))
        return result


class TemporalLayer(nn.Module):
    """Dilated convolution, then attention on its normalised output, with a residual."""

    def __init__(self, config: LadyConfig, dilation: int) -> None:
        super().__init__()
        self.conv = DilatedConv(config.features, dilation, config.causal)
        self.norm = normalisation(config)
        self.attention = LinearAttention(config)
        self.out = nn.Linear(config.features, config.features)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor, mask: Tensor, source: Tensor | None = None) -> Tensor:
        """Refine x (B, T, C); attention values come from source, else from the layer itself."""
        y = torch.relu(self.conv(x))
        normed = self.norm(y, mask)
        y = y + self.attention(normed, normed if source is None else source, mask)
        result: Tensor = (x + self.dropout(self.out(y))) * mask
        return result


class Fusion(nn.Module):
    """Adaptive fusion: the spatial features of one group join the temporal ones."""

    def __init__(self, spatial: int, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(spatial, features)
        self.fuse = nn.Linear(2 * features, features)
        self.feed = nn.Sequential(
            nn.Linear(features, features),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(features, features),
        )

    def forward(self, x: Tensor, spatial: Tensor, mask: Tensor) -> Tensor:
        """Join x (B, T, C) and spatial (B, T, S)."""
        fused = self.fuse(torch.cat([x, self.project(spatial)], dim=-1))
        result: Tensor = (x + self.feed(fused)) * mask
        return result
