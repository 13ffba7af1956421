"""ImDyS's inverse dynamics: a window of points in, torques and contact forces out.

Liu et al. 2025, "ImDy: Human Inverse Dynamics from Imitated Observations", section 4:

    (τ^t, λ^{t:t+1}) = ImDyS(s^{t-w : t+w+1})                                   (4)

One token per point holds its positions and velocities in the whole window. Torque and contact
force of every body are a direction times a magnitude. All outputs are per kilogram of body mass,
in the axes of the input; τ is the mean torque over the step t -> t+1, so that τ Δt is the
paper's imposed angular momentum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from humandyn_ros.learning.nets.attention import (
    DecoderLayer,
    EncoderLayer,
    check_shape,
    score_bias,
)
from humandyn_ros.learning.nets.imdys.config import ImdysConfig
from humandyn_ros.learning.nets.imdys.forward import ForwardDynamics
from humandyn_ros.learning.nets.imdys.plausibility import Discriminator

_LEAST_SPREAD = 2e-3  # m, and m per frame
_LEAST = 1e-6  # length of a direction below which it is not scaled up


class ImdysAnswer(NamedTuple):
    """What one window tells; B windows, J bodies, frames t and t+1."""

    torque_direction: Tensor  # (B, J-1, 3) unit
    torque_size: Tensor  # (B, J-1) N·m/kg, mean over the step
    ground_direction: Tensor  # (B, 2, J, 3) unit
    ground_size: Tensor  # (B, 2, J) N/kg
    contact: Tensor  # (B, 2, J) logit
    joint_torque: Tensor  # (B, N) N·m/kg at t, in coordinates of the model
    feet: Tensor  # (B, 2, 2, 3) N/kg: frame, foot (left, right)
    feet_contact: Tensor  # (B, 2, 2) logit
    feature: Tensor  # (B, d) f_ID

    @property
    def torque(self) -> Tensor:
        """Mean torque over the step (B, J-1, 3) N·m/kg."""
        return self.torque_direction * self.torque_size[..., None]

    @property
    def ground(self) -> Tensor:
        """Contact force of every body (B, 2, J, 3) N/kg."""
        return self.ground_direction * self.ground_size[..., None]


class PointEncoder(nn.Module):
    """A set of points to one feature, the same for any order of the points.

    Args:
        config: Settings.
    """

    def __init__(self, config: ImdysConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Linear(config.frames * 2 * config.channels, width)
        self.identity = (
            nn.Parameter(0.02 * torch.randn(config.points, width)) if config.points else None
        )
        size = (width, config.heads, config.hidden, config.dropout)
        if config.encoder == 'query':
            self.query = nn.Parameter(torch.randn(1, 1, width))
            self.layers = nn.ModuleList(DecoderLayer(*size) for _ in range(config.layers))
        else:
            self.layers = nn.ModuleList(EncoderLayer(*size) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        """Feature (B, d) of states (B, N, F, 2C) of points seen (B, N)."""
        config = self.config
        number: int | str = config.points or 'points'
        check_shape('states', states, ('batch', number, config.frames, 2 * config.channels))
        check_shape('seen', seen, ('batch', states.shape[1]))
        tokens = self.embed(states.flatten(2))
        if self.identity is not None:
            tokens = tokens + self.identity
        bias = score_bias(seen)
        if config.encoder == 'query':
            return self._ask(tokens, bias)
        for layer in self.layers:
            tokens = layer(tokens, bias)
        share = seen / seen.sum(1, keepdim=True).clamp(min=1.0)
        result: Tensor = self.norm((tokens * share[..., None]).sum(1))
        return result

    def _ask(self, tokens: Tensor, bias: Tensor) -> Tensor:
        question = self.query.expand(tokens.shape[0], -1, -1)
        for layer in self.layers:
            question = layer(question, tokens, None, bias)
        result: Tensor = self.norm(question[:, 0])
        return result


class FlatEncoder(nn.Module):
    """All points of the window at once to one feature, through a residual perceptron.

    Args:
        config: Settings; `points` is fixed.
    """

    mean: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, config: ImdysConfig) -> None:
        super().__init__()
        self.config = config
        shape = (config.points, config.frames, 2 * config.channels)
        self.register_buffer('mean', torch.zeros(shape))
        self.register_buffer('scale', torch.ones(shape))
        self.register_buffer('fitted', torch.zeros(()))
        self.embed = nn.Linear(math.prod(shape) + config.points, config.width)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(config.width),
                nn.Linear(config.width, config.hidden),
                nn.GELU(),
                nn.Dropout(config.dropout),
                nn.Linear(config.hidden, config.width),
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)

    @torch.no_grad()
    def fit(self, states: Tensor) -> None:
        """Learn the usual place and spread of every number from a first batch."""
        if not self.fitted:
            self.mean.copy_(states.mean(0))
            self.scale.copy_(states.std(0, unbiased=False).clamp(min=_LEAST_SPREAD))
            self.fitted.fill_(1.0)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        """Feature (B, d) of states (B, N, F, 2C) of points seen (B, N)."""
        shape = ('batch', *self.mean.shape)
        check_shape('states', states, shape)
        check_shape('seen', seen, ('batch', self.config.points))
        known = (states - self.mean) / self.scale * seen[..., None, None]
        hidden = self.embed(torch.cat([known.flatten(1), seen], dim=1))
        for layer in self.layers:
            hidden = hidden + layer(hidden)
        result: Tensor = self.norm(hidden)
        return result


class Heads(nn.Module):
    """Linear heads on the feature, one for each kind of answer.

    The buffers `*_scale` hold the usual size of each target; they are set from training material
    (Imdys.fit) and travel with the weights.

    Args:
        config: Settings.
    """

    torque_scale: Tensor
    ground_scale: Tensor
    joint_torque_mean: Tensor
    joint_torque_scale: Tensor
    feet_scale: Tensor
    fitted: Tensor

    def __init__(self, config: ImdysConfig) -> None:
        super().__init__()
        self.config = config
        width, bodies = config.width, config.bodies
        self.torque = nn.Linear(width, 4 * (bodies - 1))
        self.ground = nn.Linear(width, 4 * 2 * bodies)
        self.contact = nn.Linear(width, 2 * bodies)
        self.joint_torque = nn.Linear(width, config.coordinates)
        self.feet = nn.Linear(width, 2 * 2 * 3)
        self.feet_contact = nn.Linear(width, 2 * 2)
        self.register_buffer('torque_scale', torch.ones(bodies - 1))
        self.register_buffer('ground_scale', torch.ones(bodies))
        self.register_buffer('joint_torque_mean', torch.zeros(config.coordinates))
        self.register_buffer('joint_torque_scale', torch.ones(config.coordinates))
        self.register_buffer('feet_scale', torch.full((3,), 5.0))
        self.register_buffer('fitted', torch.zeros(3))

    def forward(self, feature: Tensor) -> ImdysAnswer:
        """Answer for features (B, d)."""
        bodies = self.config.bodies
        torque = self.torque(feature).unflatten(-1, (bodies - 1, 4))
        ground = self.ground(feature).unflatten(-1, (2, bodies, 4))
        size = functional.softplus(torque[..., 3]) * self.torque_scale
        joint_torque = self.joint_torque(feature) * self.joint_torque_scale
        return ImdysAnswer(
            unit(torque[..., :3]),
            size.clamp(max=self.config.torque_ceiling),
            unit(ground[..., :3]),
            functional.softplus(ground[..., 3]) * self.ground_scale,
            self.contact(feature).unflatten(-1, (2, bodies)),
            joint_torque + self.joint_torque_mean,
            self.feet(feature).unflatten(-1, (2, 2, 3)) * self.feet_scale,
            self.feet_contact(feature).unflatten(-1, (2, 2)),
            feature,
        )


def unit(vectors: Tensor) -> Tensor:
    """Vectors (..., 3) at length one."""
    result: Tensor = vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=_LEAST)
    return result


class InverseDynamicsNet(nn.Module):
    """Encoder and heads: what runs live.

    Args:
        config: Settings.
    """

    def __init__(self, config: ImdysConfig) -> None:
        super().__init__()
        flat = config.encoder == 'flat'
        self.encoder = FlatEncoder(config) if flat else PointEncoder(config)
        self.heads = Heads(config)

    def forward(self, states: Tensor, seen: Tensor) -> ImdysAnswer:
        """Answer for windows of points.

        Args:
            states: Positions and velocities (B, N, F, 2C), 0 where not seen.
            seen: 1 where a point is seen in the whole window (B, N), else 0.
        """
        result: ImdysAnswer = self.heads(self.encoder(states, seen))
        return result


class Imdys(nn.Module):
    """ImDyS with what only training needs: forward dynamics and the discriminator.

    Args:
        config: Settings.
    """

    def __init__(self, config: ImdysConfig | None = None) -> None:
        super().__init__()
        self.config = config or ImdysConfig()
        self.inverse = InverseDynamicsNet(self.config)
        self.forward_dynamics = ForwardDynamics(self.config)
        self.discriminator = Discriminator(self.config.width)

    def forward(self, states: Tensor, seen: Tensor) -> ImdysAnswer:
        """Same as the inverse dynamics alone."""
        result: ImdysAnswer = self.inverse(states, seen)
        return result

    @torch.no_grad()
    def fit(self, batch: dict[str, Tensor]) -> None:
        """Set the usual sizes of targets that occur in a batch for the first time."""
        heads = self.inverse.heads
        if isinstance(self.inverse.encoder, FlatEncoder):
            self.inverse.encoder.fit(batch['states'])
        for number, name in enumerate(('torque', 'ground', 'joint_torque')):
            if name not in batch or heads.fitted[number]:
                continue
            truth = batch[name]
            heads.fitted[number] = 1.0
            if name == 'torque':
                heads.torque_scale.copy_(_usual(truth.norm(dim=-1)))
            elif name == 'ground':
                heads.ground_scale.copy_(_usual(truth.norm(dim=-1).flatten(0, 1)))
            else:
                heads.joint_torque_mean.copy_(truth.mean(0))
                heads.joint_torque_scale.copy_(truth.std(0, unbiased=False).clamp(min=0.02))


def _usual(sizes: Tensor) -> Tensor:
    """Root mean square over the batch (B, K) -> (K,), not below a fiftieth of the largest."""
    usual = sizes.square().mean(0).sqrt()
    return usual.clamp(min=max(0.02 * float(usual.max()), 1e-3))
