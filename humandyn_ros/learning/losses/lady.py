"""Losses of LaDy: segmentation, boundary, action-text contrast, energy (LaDy 2026, L_total).

L = L_as + λ1·L_br + λ2·L_atc + λ3·L_EC. The paper states λ = 1, 0.8, 0.1; the released code
has 0.1, 0.8 and λ3 per data set. Frames with the label IGNORE count nowhere.

L_EC as published gives G, F and N no gradient: τ - G - F does not hold G or F, and q̇ᵀNq̇ = 0, so
only M is left. `lagrangian_consistency` is our optional term that reaches all four.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from humandyn_ros.learning.nets.lady.dynamics import (
    Motion,
    Synthesis,
    inertia_times,
    kinetic_energy,
    times,
)
from humandyn_ros.segmentation import IGNORE

ENERGY_OFFSET = 0.1  # δ of the residual, released code
STILL = 1e-3  # |ΔK| + |W| up to which a frame counts as still, released code
WARM_UP_STEPS = 300  # released code
LARGEST_JUMP = 16.0  # clamp of squared log-probability differences (MS-TCN's τ = 4)


def segmentation_loss(scores: Sequence[Tensor], labels: Tensor, inputs: Tensor) -> Tensor:
    """L_as: cross entropy plus smoothing, mean over stages.

    Smoothing is the Gaussian-similarity truncated error of ASRF (Ishikawa et al. 2021): squared
    change of log-probabilities, weighted by exp(-‖Δx‖/2), so that where the inputs change the
    answer may.

    Args:
        scores: Logits (B, T, n) of every stage.
        labels: Classes (B, T), IGNORE where there is none.
        inputs: What the network saw (B, T, V, C).
    """
    change = (inputs[:, 1:] - inputs[:, :-1]).flatten(2)
    similar = torch.exp(-torch.linalg.vector_norm(change, dim=-1) / 2.0)
    both = (labels[:, 1:] != IGNORE) & (labels[:, :-1] != IGNORE)
    total = scores[0].new_zeros(())
    for logits in scores:
        total = total + functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE
        )
        step = logits.log_softmax(dim=-1).diff(dim=1).square().clamp(max=LARGEST_JUMP)
        total = total + _per_sequence(similar * step.mean(dim=-1), both)
    return total / len(scores)


def boundary_loss(
    scores: Sequence[Tensor], targets: Tensor, mask: Tensor, positive_weight: float
) -> Tensor:
    """L_br: weighted binary cross entropy, mean over stages.

    Args:
        scores: Logits (B, T) of every stage.
        targets: 1 at boundaries (B, T).
        mask: Frames that exist (B, T).
        positive_weight: One over the share of boundary frames in the training split.
    """
    weight = targets.new_tensor(positive_weight)
    total = scores[0].new_zeros(())
    for logits in scores:
        loss = functional.binary_cross_entropy_with_logits(
            logits, targets, pos_weight=weight, reduction='none'
        )
        total = total + _per_sequence(loss, mask)
    return total / len(scores)


def _per_sequence(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over valid frames of each sequence, then over sequences."""
    count = mask.sum(dim=1).clamp(min=1)
    return ((values * mask).sum(dim=1) / count).mean()


class Stretches(NamedTuple):
    """Every labelled segment of a batch."""

    labels: Tensor  # (S,)
    weights: Tensor  # (B, T, S): 1/length within the segment, else 0


def stretches(labels: Tensor) -> Stretches:
    """Segments of labels (B, T), also the last one of a padded sequence."""
    count, frames = labels.shape
    starts = torch.ones_like(labels, dtype=torch.bool)
    starts[:, 1:] = labels[:, 1:] != labels[:, :-1]
    number = starts.flatten().cumsum(0) - 1  # of the segment each frame is in
    kinds = labels.flatten()[starts.flatten()]
    member = functional.one_hot(number, len(kinds)).to(torch.float32)
    member = (member / member.sum(dim=0)).reshape(count, frames, -1)
    kept = kinds != IGNORE
    return Stretches(kinds[kept], member[:, :, kept])


def action_text_loss(features: Tensor, labels: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """L_atc: segment features and text features of their classes, contrasted (LaSA, Ji 2024).

    Args:
        features: Text-layer output of the first stage (B, T, E).
        labels: Classes (B, T).
        texts: One vector per class (n, E).
        scale: Factor on the cosine; learned, and not exponentiated, as released.
    """
    found = stretches(labels)
    segment = torch.einsum('bts,bte->se', found.weights.to(features.dtype), features)
    text = texts[found.labels].to(features.dtype)
    cosine = functional.normalize(segment, dim=-1) @ functional.normalize(text, dim=-1).T
    same = (found.labels[:, None] == found.labels[None]).to(features.dtype)
    wanted = torch.softmax(10.0 * same, dim=1)
    total = features.new_zeros(())
    for logits in (scale * cosine, scale * cosine.T):
        # The released code averages over all entries and multiplies by the number of segments.
        total = total + functional.kl_div(logits.log_softmax(dim=1), wanted, reduction='batchmean')
    return total / 2.0


def energy_residual(kinetic: Tensor, power: Tensor) -> Tensor:
    """ΔK - W between frames (B, T-1, P); W by the trapezoidal rule, one frame apart.

    It falls with the time step: relative to ΔK with its first power where derivatives are the
    backward differences of the network, with its second where they are exact.

    Args:
        kinetic: Kinetic energy (B, T, P).
        power: Power of the net torque (B, T, P).
    """
    return kinetic.diff(dim=1) - 0.5 * (power[:, 1:] + power[:, :-1])


def energy_consistency_loss(motion: Motion, mask: Tensor | None = None, step: int = 0) -> Tensor:
    """L_EC: the work of τ - G - F equals the change of kinetic energy.

    The residual is divided by |ΔK| + |W| + δ, zero where still, under a Huber loss, and warmed up
    over 300 steps.

    Args:
        motion: Of one pass of the network.
        mask: Frames that exist (B, T); None: all (the released code counts padding too).
        step: Optimizer steps since the loss began.
    """
    terms = motion.terms
    kinetic = kinetic_energy(terms.factor, motion.velocity)
    net = motion.torque - terms.friction - terms.gravity
    power = (net * motion.velocity).sum(dim=-1)
    residual = energy_residual(kinetic, power)
    change = kinetic.diff(dim=1)
    size = change.abs() + (change - residual).abs()
    relative = residual / (size + ENERGY_OFFSET) * (size > STILL)
    loss = functional.smooth_l1_loss(relative, torch.zeros_like(relative), reduction='none')
    if mask is not None:
        both = (mask[:, 1:] & mask[:, :-1])[..., None].expand_as(loss)
        mean = (loss * both).sum() / both.sum().clamp(min=1)
    else:
        mean = loss.mean()
    return mean * warm_up(step)


def warm_up(step: int) -> float:
    """Weight of the energy terms after `step` optimizer steps with them, 0-1."""
    return min(1.0, (step + 1) / WARM_UP_STEPS)


def lagrangian_consistency(synthesis: Synthesis, q: Tensor, velocity: Tensor) -> Tensor:
    """Our optional term, not in the paper: what Lagrange's equation says about N, G and F.

    1. Nq̇ = ∂(q̇ᵀMq̇)/∂q - Ṁq̇: with Cq̇ = Ṁq̇ - ∂K/∂q, the Coriolis force of M itself.
    2. G is the gradient of a potential: its Jacobian is symmetric, tested along random directions.
    3. F takes energy out: q̇ᵀF ≥ 0 (it stands on the side of τ, as what the joints must overcome).

    Each part is relative, so the sizes of the operators do not matter; Ṁ here is M's derivative
    along q̇, not a difference, so frames stand alone.

    Args:
        synthesis: The operators.
        q: Coordinates (..., D) rad.
        velocity: q̇ (..., D).
    """
    q = q.detach().reshape(-1, q.shape[-1]).requires_grad_()
    velocity = velocity.detach().reshape(q.shape)
    with torch.enable_grad():
        terms = synthesis(q, velocity)
        coriolis = _relative(times(terms.skew, velocity), _skew_force(synthesis, q, velocity))
        first, second = torch.randn_like(q), torch.randn_like(q)
        along = (_pulled(terms.gravity, q, first) * second).sum(dim=-1, keepdim=True)
        across = (_pulled(terms.gravity, q, second) * first).sum(dim=-1, keepdim=True)
        curl = _relative(along, across)
        power = (terms.friction * velocity).sum(dim=-1)
        size = torch.linalg.vector_norm(terms.friction, dim=-1)
        size = size * torch.linalg.vector_norm(velocity, dim=-1)
        passive = functional.relu(-power / (size + 1e-6)).mean()
    return coriolis + curl + passive


def _pulled(force: Tensor, q: Tensor, direction: Tensor) -> Tensor:
    """Jᵀu of a force (N, D) in q."""
    (found,) = torch.autograd.grad(force, q, direction, create_graph=True)
    return found


def _skew_force(synthesis: Synthesis, q: Tensor, velocity: Tensor) -> Tensor:
    """∂(q̇ᵀMq̇)/∂q - Ṁq̇ (N, D)."""
    factor = synthesis.factor(synthesis.packed_factor(q))
    momentum = inertia_times(factor, velocity)  # Mq̇
    energy = (momentum * velocity).sum()
    (force,) = torch.autograd.grad(energy, q, create_graph=True)
    # Ṁq̇ = (∂Mq̇/∂q)q̇, a directional derivative: a gradient of a gradient in a dummy vector.
    dummy = torch.ones_like(momentum, requires_grad=True)
    (pulled,) = torch.autograd.grad(momentum, q, dummy, create_graph=True)
    (rate,) = torch.autograd.grad(pulled, dummy, velocity, create_graph=True)
    return force - rate


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean over rows of the Huber loss of |found - wanted| / (|found| + |wanted|)."""
    size = torch.linalg.vector_norm(found, dim=-1) + torch.linalg.vector_norm(wanted, dim=-1)
    share = torch.linalg.vector_norm(found - wanted, dim=-1) / (size + 1e-6)
    return functional.smooth_l1_loss(share, torch.zeros_like(share))
