"""ImDyS's forward dynamics, used in training only: past points and forces in, next points out.

Liu et al. 2025, equation 5: L_FD = | s^{t+1} - FD(s^{t-w:t}, τ^t, λ^t) |. Points are queries,
forces are the memory they attend to; as in the released code the next frame of the points is
predicted, where the paper says joint angles.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.attention import DecoderLayer, check_shape, score_bias
from humandyn_ros.learning.nets.imdys.config import ImdysConfig

FORCES = ('torque', 'ground', 'joint_torque', 'feet')
"""Memory tokens: torque (B, J-1, 3), ground (B, J, 3), joint_torque (B, N), feet (B, 2, 3)."""


class ForwardDynamics(nn.Module):
    """Next frame of every point.

    Args:
        config: Settings.
    """

    def __init__(self, config: ImdysConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Linear((config.window + 1) * config.channels, width)
        sizes = (3 * (config.bodies - 1), 3 * config.bodies, config.coordinates, 6)
        self.forces = nn.ModuleDict(
            {name: nn.Linear(size, width) for name, size in zip(FORCES, sizes, strict=True)}
        )
        self.layers = nn.ModuleList(
            DecoderLayer(width, config.heads, config.hidden, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.channels)

    def forward(self, past: Tensor, seen: Tensor, forces: dict[str, Tensor]) -> Tensor:
        """Next points (B, N, C).

        Args:
            past: Points at t-w to t (B, N, w+1, C).
            seen: 1 where a point is seen (B, N).
            forces: Those of FORCES that are known, divided by their usual size.

        Raises:
            ValueError: Wrong shapes, or no force at all.
        """
        config = self.config
        check_shape('past', past, ('batch', 'points', config.window + 1, config.channels))
        if not forces:
            raise ValueError(f'forward dynamics needs one of {", ".join(FORCES)} at least')
        memory = torch.stack(
            [self.forces[name](force.flatten(1)) for name, force in forces.items()], dim=1
        )
        tokens = self.embed(past.flatten(2))
        bias = score_bias(seen)
        for layer in self.layers:
            tokens = layer(tokens, memory, bias, None)
        change: Tensor = self.out(self.norm(tokens))
        if config.extrapolate:
            return 2.0 * past[:, :, -1] - past[:, :, -2] + change
        return change
