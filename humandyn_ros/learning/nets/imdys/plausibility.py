"""Is this motion physically plausible? ImDyS's discriminator and its implausible examples.

Liu et al. 2025, section 4.2 and appendix A ("Motion Assessment"): a linear layer on the feature,
trained on real windows against the same windows spoilt in one of two ways, chosen at random.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Discriminator(nn.Module):
    """Logit that a window is physically plausible.

    Args:
        width: Feature dimension.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 1)

    def forward(self, feature: Tensor) -> Tensor:
        """Logit (B,) of features (B, d)."""
        result: Tensor = self.linear(feature)[..., 0]
        return result


def implausible(states: Tensor, noise: float, generator: torch.Generator | None = None) -> Tensor:
    """Spoil every window: half of them, at random, in time, the others by noise.

    Args:
        states: Windows (B, N, F, 2C).
        noise: Standard deviation of the Gaussian noise, in the unit of the states; the paper
            does not say.
        generator: Source of chance.
    """
    chance = torch.rand(len(states), generator=generator).to(states.device)
    noisy = states + noise * torch.randn(states.shape, generator=generator).to(states)
    order = _orders(len(states), states.shape[2], generator).to(states.device)
    shuffled = states.gather(2, order[:, None, :, None].expand_as(states))
    return torch.where((chance < 0.5)[:, None, None, None], shuffled, noisy)


def _orders(batch: int, frames: int, generator: torch.Generator | None) -> Tensor:
    """Random orders of the frames (B, F), none of them the true one."""
    order = torch.rand(batch, frames, generator=generator).argsort(dim=1)
    same = (order == torch.arange(frames)).all(dim=1)
    return torch.where(same[:, None], torch.arange(frames).roll(1), order)
