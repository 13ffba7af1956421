"""The hybrid's network: features of physics a moment ago and of motion now -> forces now."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import FEATURES

_FARTHEST = 8.0  # standard deviations: what is farther off is taken for that


@dataclass(frozen=True)
class HybridConfig(Checked):
    """Size of the network."""

    width: int = setting(384, '', 'features within', low=8, high=4096)
    layers: int = setting(3, '', 'residual layers', low=1, high=12)
    dropout: float = setting(0.1, '', 'dropout in them', low=0.0, high=0.9)


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
        self.feet = nn.Linear(width, 6)
        self.contact = nn.Linear(width, 2)
        self.torque = nn.Linear(width, len(COORDINATES))

    @torch.no_grad()
    def fit(self, batch: dict[str, Tensor]) -> None:
        """Learn usual values and spreads from a first batch."""
        if not self.fitted:
            self.mean.copy_(batch['features'].mean(0))
            self.scale.copy_(batch['features'].std(0).clamp(min=1e-2))
            self.torque_scale.copy_(batch['torque'].std(0).clamp(min=2e-3))
            self.fitted.fill_(1.0)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Answer for features (B, FEATURES).

        Returns:
            Force of each foot (B, 2, 3) in body weights, logit of contact (B, 2), torques (B, 17)
            in body weight times leg length.
        """
        given = ((features - self.mean) / self.scale).clamp(-_FARTHEST, _FARTHEST)
        hidden = self.embed(given)
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        hidden = self.norm(hidden)
        torque = self.torque(hidden) * self.torque_scale
        return self.feet(hidden).unflatten(-1, (2, 3)), self.contact(hidden), torque


def hybrid_losses(model: HybridNet, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Named terms: distance of the forces, as judged; contact; torques by their spread."""
    feet, contact, torque = model(batch['features'])
    off = (feet - batch['feet']).norm(dim=-1).mean()
    twist = functional.smooth_l1_loss(
        torque / model.torque_scale, batch['torque'] / model.torque_scale
    )
    touch = functional.binary_cross_entropy_with_logits(contact, batch['contact'])
    return {'feet': 5.0 * off, 'torque': twist, 'contact': 0.2 * touch}
