"""The hybrid's network: the last second of motion -> forces and moments now and shortly before."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import BODIES, FEATURES, LAGS_S

_FARTHEST = 6.0  # standard deviations: what is farther off is taken for that
_SIZES = {'forces': 3 * BODIES, 'contact': 2, 'ball': 2, 'torque': len(COORDINATES)}


@dataclass(frozen=True)
class HybridConfig(Checked):
    """Size of the network."""

    width: int = setting(384, '', 'features within', low=8, high=4096)
    layers: int = setting(3, '', 'residual layers', low=1, high=12)
    dropout: float = setting(0.0, '', 'dropout in them', low=0.0, high=0.9)


class HybridNet(nn.Module):
    """A residual perceptron.

    Args:
        config: Size.
    """

    mean: Tensor
    scale: Tensor
    torque_scale: Tensor
    fitted: Tensor

    def __init__(self, config: HybridConfig | None = None) -> None:
        super().__init__()
        self.config = config or HybridConfig()
        width = self.config.width
        self.register_buffer('mean', torch.zeros(FEATURES))
        self.register_buffer('scale', torch.ones(FEATURES))
        self.register_buffer('torque_scale', torch.ones(len(COORDINATES)))
        self.register_buffer('fitted', torch.zeros(()))
        self.embed = nn.Linear(FEATURES, width)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, width),
                nn.GELU(),
                nn.Dropout(self.config.dropout),
                nn.Linear(width, width),
            )
            for _ in range(self.config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(width, len(LAGS_S) * size) for name, size in _SIZES.items()}
        )

    @torch.no_grad()
    def fit(self, batch: dict[str, Tensor]) -> None:
        """Learn usual values and spreads from a first batch."""
        if not self.fitted:
            self.mean.copy_(batch['features'].mean(0))
            self.scale.copy_(batch['features'].std(0).clamp(min=3e-3))
            known = batch['torque_weight'][:, 0, 0] > 0
            self.torque_scale.copy_(batch['torque'][known, 0].std(0).clamp(min=2e-3))
            self.fitted.fill_(1.0)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Answer for features (B, FEATURES) at L instants.

        Returns:
            forces (B, L, 3, 3) in body weights; logits of contact (B, L, 2) and of the share under
            the ball (B, L, 2); torque (B, L, 17) in body weight times leg length.
        """
        given = ((features - self.mean) / self.scale).clamp(-_FARTHEST, _FARTHEST)
        hidden = self.embed(given)
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        hidden = self.norm(hidden)
        found = {
            name: head(hidden).unflatten(-1, (len(LAGS_S), _SIZES[name]))
            for name, head in self.heads.items()
        }
        found['forces'] = found['forces'].unflatten(-1, (BODIES, 3))
        found['torque'] = found['torque'] * self.torque_scale
        return found


def hybrid_losses(model: HybridNet, batch: dict[str, Tensor], shares: Tensor) -> dict[str, Tensor]:
    """Named terms: distance of the forces, as judged; contact; torques by their spread.

    Args:
        model: The network.
        batch: As `learning.tasks.hybrid_batches.batch` makes it.
        shares: What each of LAGS_S counts (L,), 1 together.
    """
    told = model(batch['features'])
    weight = batch['weight'] * shares
    off = (told['forces'] - batch['forces']).norm(dim=-1)
    twist = functional.smooth_l1_loss(
        told['torque'] / model.torque_scale, batch['torque'] / model.torque_scale, reduction='none'
    )
    touch = _cross_entropy(told['contact'], batch['contact'])
    ball = _cross_entropy(told['ball'], batch['ball'])
    return {
        'feet': 5.0 * _mean(off[..., :2], weight[..., None]),
        'rest': 2.0 * _mean(off[..., 2:], weight[..., None]),
        'torque': _mean(twist, batch['torque_weight'] * shares[:, None]),
        'contact': 0.2 * _mean(touch, weight[..., None]),
        'ball': 0.1 * _mean(ball, batch['ball_weight'] * shares[:, None]),
    }


def _cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, truth, reduction='none')


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    weight = weight.expand_as(values)
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)
