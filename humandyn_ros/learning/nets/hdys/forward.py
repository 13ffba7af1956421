"""HDyS's forward-dynamics auto-encoder: motion without acceleration, and what drives it, to z.

Liu et al. 2025, section 3.3: encoders of the kinematics without acceleration and of the dynamics,
a shared composer that fuses one of each into z_kin^dyn, and decoders from there to the
acceleration of joint centres, joint angles and SMPL parameters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.hdys.config import (
    ACCELERATION_HIDDEN,
    DYNAMICS,
    DYNAMICS_HIDDEN,
    ENCODER_HIDDEN,
    KINEMATICS,
    POINTS,
    HdysConfig,
)
from humandyn_ros.learning.nets.hdys.encoders import Mlp, PointEncoder


class ForwardAutoEncoder(nn.Module):
    """Encoders, composer and acceleration decoders.

    Args:
        config: Settings.
    """

    def __init__(self, config: HdysConfig) -> None:
        super().__init__()
        d = config.latent
        self.kinematics = nn.ModuleDict(
            {name: kinematics_encoder(config, name, orders=2) for name in KINEMATICS}
        )
        self.dynamics = nn.ModuleDict(
            {name: Mlp(config.width(name), DYNAMICS_HIDDEN, d) for name in DYNAMICS}
        )
        self.composer = Mlp(2 * d, d, d)
        widths = {'keypoints': 3 * config.keypoints, 'angles': config.angles, 'smpl': config.smpl}
        self.accelerations = nn.ModuleDict(
            {name: Mlp(d, ACCELERATION_HIDDEN[name], width) for name, width in widths.items()}
        )

    def compose(self, kinematics: Tensor, dynamics: Tensor) -> Tensor:
        """z_kin^dyn (..., d) of the latents of both (..., d)."""
        result: Tensor = self.composer(torch.cat([kinematics, dynamics], dim=-1))
        return result


def kinematics_encoder(config: HdysConfig, name: str, orders: int) -> nn.Module:
    """Encoder of one representation; orders 3: with acceleration, 2: without."""
    if name in POINTS:
        return PointEncoder(3 * orders, config)
    return Mlp(orders * config.width(name), *ENCODER_HIDDEN, config.latent)
