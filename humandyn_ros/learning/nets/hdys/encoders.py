"""HDyS's encoders: one frame of any representation to one latent vector."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.attention import EncoderLayer, check_shape, score_bias
from humandyn_ros.learning.nets.hdys.config import HdysConfig

_LEAST = 1e-3  # spread below which an entry is not scaled up


class Mlp(nn.Sequential):
    """Linear layers with ReLU between.

    Args:
        widths: Input, hidden ..., output.
    """

    def __init__(self, *widths: int) -> None:
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        super().__init__(*layers[:-1])


class PointEncoder(nn.Module):
    """A set of points to a latent: transformer without positional embedding, then the mean.

    The order of the points does not matter, and there may be any number. The paper does not say
    how the points are pooled; we average those that are seen.

    Args:
        channels: Numbers per point.
        config: Settings.
    """

    def __init__(self, channels: int, config: HdysConfig) -> None:
        super().__init__()
        d = config.latent
        self.channels = channels
        self.embed = nn.Linear(channels, d)
        self.layers = nn.ModuleList(
            EncoderLayer(d, config.point_heads, config.expansion * d, config.dropout)
            for _ in range(config.point_layers)
        )

    def forward(self, points: Tensor, seen: Tensor) -> Tensor:
        """Latent (B, d) of points (B, N, channels), of which those with seen (B, N) = 1 count."""
        check_shape('points', points, ('frames', 'points', self.channels))
        check_shape('seen', seen, (points.shape[0], points.shape[1]))
        tokens, bias = self.embed(points), score_bias(seen)
        for layer in self.layers:
            tokens = layer(tokens, bias)
        share = seen / seen.sum(1, keepdim=True).clamp(min=1.0)
        result: Tensor = (tokens * share[..., None]).sum(1)
        return result


class Standard(nn.Module):
    """Zero mean and unit spread for one representation; the figures travel with the weights.

    Args:
        width: Numbers per frame, or per point.
        blocks: Equal blocks with one spread each and no mean taken off (points: position,
            velocity, acceleration); 0: every number for itself.
    """

    mean: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, width: int, blocks: int = 0) -> None:
        super().__init__()
        self.blocks = blocks
        self.register_buffer('mean', torch.zeros(width))
        self.register_buffer('scale', torch.ones(width))
        self.register_buffer('fitted', torch.zeros(()))

    @torch.no_grad()
    def fit(self, values: Tensor) -> None:
        """Take the figures from values (n, width), the first time that there are any."""
        if len(values) < 2 or self.fitted:
            return
        self.fitted.fill_(1.0)
        if self.blocks:
            blocks = values.reshape(len(values), self.blocks, -1)
            size = blocks.square().mean(dim=(0, 2)).sqrt()
            self.scale.copy_(size.repeat_interleave(values.shape[-1] // self.blocks))
        else:
            self.mean.copy_(values.mean(0))
            self.scale.copy_(values.std(0, unbiased=False))
        self.scale.clamp_(min=max(_LEAST, 0.02 * float(self.scale.mean())))

    def forward(self, values: Tensor) -> Tensor:
        """Values (..., width) in their unit to standard ones."""
        return (values - self.mean) / self.scale

    def undo(self, values: Tensor) -> Tensor:
        """Standard values (..., width) to those in their unit."""
        return values * self.scale + self.mean
