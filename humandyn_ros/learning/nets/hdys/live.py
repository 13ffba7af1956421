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

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Latent of the newest frame, refined latent and answers at the declared frame.

        Args:
            inputs: Points (B, N, 9) and seen (B, N), or values (B, width); then the latents of
                the frames before, oldest first (B, T-1, d), and which of them are known (B, T-1).

        Returns:
            latent (B, d), refined (B, d), then each head's answer (B, width).
        """
        values, *rest = inputs
        seen = rest.pop(0) if self.name in POINTS else None
        past, known = rest
        latent = self.net.encode(self.name, values, seen)
        sequence = torch.cat([past, latent[:, None]], dim=1)
        known = torch.cat([known, torch.ones_like(known[:, :1])], dim=1)
        refined = self.net.refine(sequence, known)[:, self.index]
        return (latent, refined, *(self.net.decode(head, refined) for head in self.heads))
