"""HDyS frame by frame: only the newest frame is encoded, the latents before it are kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.hdys.config import POINTS
from humandyn_ros.learning.nets.hdys.net import Hdys


class LiveStep(nn.Module):
    """One step of HDyS with a ring of past latents, the form that is exported.

    Args:
        net: Trained network.
        name: Representation of the input, one of KINEMATICS.
        heads: Which answers are wanted.
    """

    def __init__(self, net: Hdys, name: str, heads: tuple[str, ...]) -> None:
        super().__init__()
        self.net, self.name, self.heads = net, name, heads
        ahead = net.config.look_ahead
        self.index = net.config.frames // 2 if ahead < 0 else net.config.frames - 1 - ahead

    def forward(
        self, values: Tensor, first: Tensor, second: Tensor, third: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Latent of the newest frame, refined latent and answers at the declared frame.

        Args:
            values: Points (B, N, 9), or values (B, width).
            first: For points, which are seen (B, N); else the latents of the frames before,
                oldest first (B, T-1, d).
            second: For points, those latents; else which of them are known (B, T-1).
            third: For points, which of them are known.

        Returns:
            latent (B, d), refined (B, d), then each head's answer (B, width).

        Raises:
            ValueError: Too many or too few inputs.
        """
        if (third is not None) != (self.name in POINTS):
            raise ValueError(f'{self.name}: {"four" if self.name in POINTS else "three"} inputs')
        seen, past, known = (None, first, second) if third is None else (first, second, third)
        latent = self.net.encode(self.name, values, seen)
        sequence = torch.cat([past, latent[:, None]], dim=1)
        known = torch.cat([known, torch.ones_like(known[:, :1])], dim=1)
        refined = self.net.refine(sequence, known)[:, self.index]
        return (latent, refined, *(self.net.decode(head, refined) for head in self.heads))
