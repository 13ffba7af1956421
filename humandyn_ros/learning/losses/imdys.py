"""Losses of ImDyS (Liu et al. 2025, section 4.2 and the released configuration).

The paper names five weighted terms, the released code eleven. Here every term has its weight, and
PAPER and RELEASED are the two published sets. Magnitudes are divided by their usual size, where
the original takes newtons and weights of .01: the same numerical scale for any unit of mass.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from humandyn_ros.config import Checked, setting
from humandyn_ros.learning.nets.imdys import Imdys, ImdysAnswer, implausible

_PART = 1e-4  # N/kg and N·m/kg: what is smaller has no direction


def _weight(default: float, description: str) -> float:
    value: float = setting(default, '', description, low=0.0, high=1e4)
    return value


@dataclass(frozen=True)
class ImdysWeights(Checked):
    """Weight of every term; the defaults are those of the released ImDy configuration."""

    magnitude: float = _weight(1.0, 'L1 of the sizes of torque and ground force (α1)')
    direction: float = _weight(1.0, 'cosine of their directions (α2)')
    forward: float = _weight(1.0, 'L_FD, L1 of the next frame of the points (α3)')
    plausible: float = _weight(0.0, 'L_cls of the discriminator (α4)')
    joint_torque: float = _weight(1.0, 'L2 of joint torques in model coordinates (α5)')
    vector: float = _weight(1.0, 'MSE of torque and ground force, standardised')
    pairs: float = _weight(1.0, 'L1 of differences of size between random pairs of windows')
    contact: float = _weight(1.0, 'cross-entropy of contact')
    change: float = _weight(1.0, 'L1 of the change of ground force from t to t+1')
    feet: float = _weight(1.0, 'MSE of the force of each foot, and its contact')


RELEASED = ImdysWeights()
"""All terms of the released configuration; its discriminator is off."""

PAPER = ImdysWeights(
    magnitude=1.0, forward=0.01, plausible=1.0, vector=0.0, pairs=0.0, contact=0.0, change=0.0,
    feet=0.0,
)  # fmt: skip
"""The five terms of the paper."""


@dataclass(frozen=True)
class Teaching:
    """How the forward model is fed and the discriminator is fooled.

    Attributes:
        predicted: Share of windows whose forward model gets predicted forces; others get the
            true ones. Released code: none in the first tenth of the epochs, then a fifth.
        noise: Standard deviation of the noise in implausible windows, m; the paper does not say.
    """

    predicted: float
    noise: float = 0.03


def imdys_losses(
    model: Imdys,
    batch: dict[str, Tensor],
    weights: ImdysWeights,
    teaching: Teaching,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Named, weighted terms; those without material in the batch, or of weight 0, are absent.

    Args:
        model: The network.
        batch: states (B, N, F, 2C) and seen (B, N); then as known: past (B, N, w+1, C) and next
            (B, N, C); torque (B, J-1, 3) N·m/kg; ground (B, 2, J, 3) N/kg; joint_torque (B, N)
            N·m/kg; feet (B, 2, 2, 3) N/kg; contact (B, 2, J) and feet_contact (B, 2, 2), 0-1.
        weights: Weight of every term.
        teaching: See there.
        generator: Source of chance.
    """
    answer: ImdysAnswer = model(batch['states'], batch['seen'])
    terms = _torque_terms(model, batch, answer) | _ground_terms(model, batch, answer)
    terms |= _foot_terms(model, batch, answer)
    if weights.forward and 'next' in batch:
        terms['forward'] = forward_loss(model, batch, answer, teaching.predicted, generator)
    if weights.plausible:
        spoilt = implausible(batch['states'], teaching.noise, generator)
        terms['plausible'] = plausibility_loss(model, answer, spoilt, batch['seen'])
    weighted = {name: getattr(weights, name.split('/')[0]) * term for name, term in terms.items()}
    return {
        name: term for name, term in weighted.items() if getattr(weights, name.split('/')[0]) > 0
    }


def _torque_terms(
    model: Imdys, batch: dict[str, Tensor], answer: ImdysAnswer
) -> dict[str, Tensor]:
    heads = model.inverse.heads
    terms: dict[str, Tensor] = {}
    if 'joint_torque' in batch:
        error = (answer.joint_torque - batch['joint_torque']) / heads.joint_torque_scale
        terms['joint_torque'] = error.square().mean()
    if 'torque' in batch:
        scale = heads.torque_scale
        terms['vector/torque'] = vector_loss(answer.torque, batch['torque'], scale)
        terms['direction/torque'] = direction_loss(answer.torque_direction, batch['torque'])
        sizes = answer.torque_size / scale, batch['torque'].norm(dim=-1) / scale
        terms['magnitude/torque'] = functional.l1_loss(*sizes)
        terms['pairs/torque'] = pair_loss(*sizes)
    return terms


def _ground_terms(
    model: Imdys, batch: dict[str, Tensor], answer: ImdysAnswer
) -> dict[str, Tensor]:
    if 'ground' not in batch:
        return {}
    scale, truth = model.inverse.heads.ground_scale, batch['ground']
    sizes = answer.ground_size / scale, truth.norm(dim=-1) / scale
    change = (answer.ground[:, 1] - answer.ground[:, 0]) - (truth[:, 1] - truth[:, 0])
    terms = {
        'vector/ground': vector_loss(answer.ground, truth, scale),
        'direction/ground': direction_loss(answer.ground_direction, truth),
        'magnitude/ground': functional.l1_loss(*sizes),
        'pairs/ground': pair_loss(*sizes),
        'change/ground': (change / scale[:, None]).abs().mean(),
    }
    if 'contact' in batch:
        terms['contact'] = functional.binary_cross_entropy_with_logits(
            answer.contact, batch['contact']
        )
    return terms


def _foot_terms(model: Imdys, batch: dict[str, Tensor], answer: ImdysAnswer) -> dict[str, Tensor]:
    if 'feet' not in batch:
        return {}
    scale, truth = model.inverse.heads.feet_scale, batch['feet']
    error = (answer.feet - truth) / scale
    change = (answer.feet[:, 1] - answer.feet[:, 0]) - (truth[:, 1] - truth[:, 0])
    terms = {'feet': error.square().mean(), 'change/feet': (change / scale).abs().mean()}
    if 'feet_contact' in batch:
        terms['feet/contact'] = functional.binary_cross_entropy_with_logits(
            answer.feet_contact, batch['feet_contact']
        )
    return terms


def vector_loss(estimate: Tensor, truth: Tensor, scale: Tensor) -> Tensor:
    """Mean squared error of vectors (..., K, 3), each divided by the usual size (K,)."""
    loss: Tensor = ((estimate - truth) / scale[:, None]).square().mean()
    return loss


def direction_loss(direction: Tensor, truth: Tensor) -> Tensor:
    """1 - cosine between unit vectors (..., 3) and true vectors that have a direction."""
    size = truth.norm(dim=-1)
    has = (size > _PART).float()
    cosine = (direction * truth).sum(-1) / size.clamp(min=_PART)
    loss: Tensor = ((1.0 - cosine) * has).sum() / has.sum().clamp(min=1.0)
    return loss


def pair_loss(estimate: Tensor, truth: Tensor) -> Tensor:
    """L1 of the difference between each window's sizes (B, ...) and another window's."""
    return functional.l1_loss(estimate - estimate.roll(1, 0), truth - truth.roll(1, 0))


def forward_loss(
    model: Imdys,
    batch: dict[str, Tensor],
    answer: ImdysAnswer,
    predicted: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """L_FD (equation 5): mean distance per axis of the next points, over points that are seen."""
    forces = _forces(model, batch, answer, predicted, generator)
    seen = batch['seen']
    following = model.forward_dynamics(batch['past'], seen, forces)
    error: Tensor = (following - batch['next']).abs().mean(-1)
    return (error * seen).sum() / seen.sum().clamp(min=1.0)


def _forces(
    model: Imdys,
    batch: dict[str, Tensor],
    answer: ImdysAnswer,
    predicted: float,
    generator: torch.Generator | None,
) -> dict[str, Tensor]:
    """Forces at t for the forward model, true or predicted, divided by their usual size."""
    heads = model.inverse.heads
    known: dict[str, tuple[Tensor, Tensor, Tensor]] = {
        'torque': (answer.torque, batch.get('torque', answer.torque), heads.torque_scale[:, None]),
        'ground': (
            answer.ground[:, 0],
            batch.get('ground', answer.ground)[:, 0],
            heads.ground_scale[:, None],
        ),
        'joint_torque': (
            answer.joint_torque,
            batch.get('joint_torque', answer.joint_torque),
            heads.joint_torque_scale,
        ),
        'feet': (answer.feet[:, 0], batch.get('feet', answer.feet)[:, 0], heads.feet_scale),
    }
    count = len(batch['states'])
    own = (torch.rand(count, generator=generator) < predicted).to(batch['states'].device)
    return {
        name: torch.where(own.view(-1, *(1,) * (guess.ndim - 1)), guess, truth) / scale
        for name, (guess, truth, scale) in known.items()
        if name in batch
    }


def plausibility_loss(model: Imdys, answer: ImdysAnswer, spoilt: Tensor, seen: Tensor) -> Tensor:
    """L_cls: cross-entropy of real windows against as many spoilt ones."""
    real = model.discriminator(answer.feature)
    other = model.discriminator(model.inverse.encoder(spoilt, seen))
    logits = torch.cat([real, other])
    target = torch.cat([torch.ones_like(real), torch.zeros_like(other)])
    return functional.binary_cross_entropy_with_logits(logits, target)
