"""HDyS: many representations of motion and of its causes, one latent space.

Liu et al. 2025, "Homogeneous Dynamics Space for Heterogeneous Humans" (CVPR). No code was
released; what the paper leaves open is marked "ours" in config.py and here.

Values enter and leave in their units (torque per kilogram of body mass); standardisation is part
of the network.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.attention import HIDDEN, EncoderLayer, check_shape
from humandyn_ros.learning.nets.hdys.config import (
    DYNAMICS,
    HEAD_HIDDEN,
    KINEMATICS,
    POINTS,
    HdysConfig,
)
from humandyn_ros.learning.nets.hdys.encoders import Mlp, Standard
from humandyn_ros.learning.nets.hdys.forward import ForwardAutoEncoder, kinematics_encoder


class Temporal(nn.Module):
    """The shared decoder: latents of consecutive frames, refined by their neighbours in time.

    Sinusoidal positions, as a transformer without any cannot tell before from after (ours).

    Args:
        config: Settings.
    """

    where: Tensor
    reach: Tensor

    def __init__(self, config: HdysConfig) -> None:
        super().__init__()
        d, frames = config.latent, config.frames
        self.frames = frames
        self.layers = nn.ModuleList(
            EncoderLayer(d, config.temporal_heads, config.expansion * d, config.dropout)
            for _ in range(config.temporal_layers)
        )
        ahead = torch.arange(frames)[None] - torch.arange(frames)[:, None]
        limit = frames if config.look_ahead < 0 else config.look_ahead
        self.register_buffer('where', sinusoids(frames, d), persistent=False)
        self.register_buffer('reach', HIDDEN * (ahead > limit).float(), persistent=False)

    def forward(self, latents: Tensor, known: Tensor) -> Tensor:
        """Refined latents (B, T, d) of latents (B, T, d), of which known (B, T) = 1 count."""
        check_shape('latents', latents, ('sequences', self.frames, self.where.shape[1]))
        check_shape('known', known, (latents.shape[0], self.frames))
        if not self.layers:
            return latents
        bias = self.reach[None, None] + HIDDEN * (1.0 - known)[:, None, None, :]
        x = latents + self.where
        for layer in self.layers:
            x = layer(x, bias)
        return x


def sinusoids(length: int, width: int) -> Tensor:
    """Positions (length, width) of Vaswani et al. 2017, section 3.5."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(length)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


class InverseAutoEncoder(nn.Module):
    """Kinematics to latent, latent to dynamics.

    Args:
        config: Settings.
    """

    def __init__(self, config: HdysConfig) -> None:
        super().__init__()
        d = config.latent
        self.kinematics = nn.ModuleDict(
            {name: kinematics_encoder(config, name, orders=3) for name in KINEMATICS}
        )
        self.temporal = Temporal(config)
        self.heads = nn.ModuleDict(
            {name: Mlp(d, hidden, config.width(name)) for name, hidden in HEAD_HIDDEN.items()}
        )


class Hdys(nn.Module):
    """Both auto-encoders and the figures that standardise what enters and leaves.

    Args:
        config: Settings.
    """

    def __init__(self, config: HdysConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or HdysConfig()
        self.inverse = InverseAutoEncoder(config)
        self.forward_dynamics = ForwardAutoEncoder(config)
        standards = {name: Standard(9, blocks=3) for name in POINTS}
        standards |= {name: Standard(3 * config.width(name)) for name in ('angles', 'smpl')}
        standards |= {name: Standard(config.width(name)) for name in (*DYNAMICS, 'feet')}
        self.standards = nn.ModuleDict(standards)

    def standard(self, name: str) -> Standard:
        """Standardisation of one representation."""
        found = self.standards[name]
        assert isinstance(found, Standard)
        return found

    def encode(self, name: str, values: Tensor, seen: Tensor | None = None) -> Tensor:
        """Latent z_kin (n, d) of n frames.

        Args:
            name: One of KINEMATICS.
            values: Points (n, N, 9), or angles (n, 69), or SMPL (n, 225), in their units.
            seen: For points, 1 where seen (n, N).
        """
        return self._encoded(self.inverse.kinematics[name], name, values, seen, 3)

    def encode_bare(self, name: str, values: Tensor, seen: Tensor | None = None) -> Tensor:
        """Latent z̃_kin (n, d) from the same values as `encode`, acceleration left out."""
        return self._encoded(self.forward_dynamics.kinematics[name], name, values, seen, 2)

    def _encoded(
        self, encoder: nn.Module, name: str, values: Tensor, seen: Tensor | None, orders: int
    ) -> Tensor:
        width = 9 if name in POINTS else 3 * self.config.width(name)
        shape = ('frames', 'points', width) if name in POINTS else ('frames', width)
        check_shape(name, values, shape)
        standard = self.standard(name)(values)[..., : orders * width // 3]
        result: Tensor
        if name in POINTS:
            if seen is None:
                raise ValueError(f'{name} need a mask of the points that are seen')
            result = encoder(torch.where(seen[..., None] > 0, standard, 0.0), seen)
        else:
            result = encoder(standard)
        return result

    def compose(self, bare: Tensor, name: str, dynamics: Tensor) -> Tensor:
        """z_kin^dyn (n, d) of z̃_kin (n, d) and one of DYNAMICS (n, width) in its unit."""
        check_shape(name, dynamics, ('frames', self.config.width(name)))
        force: Tensor = self.forward_dynamics.dynamics[name](self.standard(name)(dynamics))
        return self.forward_dynamics.compose(bare, force)

    def refine(self, latents: Tensor, known: Tensor) -> Tensor:
        """Latents (B, T, d) with temporal context (B, T, d)."""
        result: Tensor = self.inverse.temporal(latents, known)
        return result

    def decode(self, name: str, latents: Tensor) -> Tensor:
        """One of DYNAMICS, or 'feet', from refined latents (..., d), in its unit."""
        return self.standard(name).undo(self.inverse.heads[name](latents))

    def accelerations(self, name: str, latents: Tensor) -> Tensor:
        """Standardised acceleration of keypoints, angles or smpl from z_kin^dyn (..., d)."""
        result: Tensor = self.forward_dynamics.accelerations[name](latents)
        return result

    def standard_acceleration(self, name: str, values: Tensor) -> Tensor:
        """What `accelerations` should give for values (n, ...) of keypoints, angles or smpl."""
        standard: Tensor = self.standard(name)(values)
        return standard[..., 2 * standard.shape[-1] // 3 :].flatten(1)

    @torch.no_grad()
    def fit(self, batch: dict[str, Tensor]) -> None:
        """Standardise what occurs in a batch of training material for the first time."""
        for name in self.standards:
            if name not in batch:
                continue
            mask = batch[f'{name}_seen'] if name in POINTS else batch[f'{name}_known']
            self.standard(name).fit(batch[name][mask > 0])

    def forward(self, name: str, values: Tensor, seen: Tensor | None = None) -> dict[str, Tensor]:
        """All dynamics of sequences in one representation.

        Args:
            name: One of KINEMATICS.
            values: (B, T, ...), as in `encode`.
            seen: For points (B, T, N).

        Returns:
            'latent' (B, T, d) and every head's answer (B, T, width).
        """
        flat = None if seen is None else seen.flatten(0, 1)
        latent = self.encode(name, values.flatten(0, 1), flat)
        latent = latent.reshape(*values.shape[:2], -1)
        refined = self.refine(latent, torch.ones_like(latent[..., 0]))
        answers = {head: self.decode(head, refined) for head in self.inverse.heads}
        return {'latent': latent, **answers}
