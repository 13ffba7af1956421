"""Lagrangian Dynamics Synthesis: τ = M(q)q̈ + C(q,q̇)q̇ + G(q) + F(q,q̇) (LaDy 2026, equation of LDS).

M = LLᵀ with L lower triangular and a positive diagonal, so M is symmetric positive definite;
C = ½(Ṁ - N) with N skew-symmetric, so Ṁ - 2C = N. Units: q in rad, derivatives per
frame. M is never formed: Mv = L(Lᵀv).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5  # least diagonal of L, released code


class Terms(NamedTuple):
    """The operators of Lagrange's equation at every frame."""

    factor: Tensor  # L (..., D, D)
    skew: Tensor  # N (..., D, D)
    gravity: Tensor  # G (..., D)
    friction: Tensor  # F (..., D); zero where it is not used


class Motion(NamedTuple):
    """One synthesis over a sequence."""

    terms: Terms
    velocity: Tensor  # q̇ (B, T, P, D) rad/frame
    torque: Tensor  # τ (B, T, P, D)


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two hidden layers with ReLU, as each operator has."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
    )


class Synthesis(nn.Module):
    """The four operators; nothing in it mixes frames.

    Args:
        coordinates: D.
        hidden: Width of the hidden layers.
        friction: Whether there is an F.
    """

    place: Tensor
    diagonal: Tensor
    sign: Tensor

    def __init__(self, coordinates: int, hidden: int = 128, friction: bool = True) -> None:
        super().__init__()
        d = coordinates
        self.inertia = mlp(d, hidden, d * (d + 1) // 2)
        self.coriolis = mlp(2 * d, hidden, d * (d - 1) // 2)
        self.gravity = mlp(d, hidden, d)
        self.friction = mlp(2 * d, hidden, d) if friction else None
        rows, columns = torch.tril_indices(d, d)
        place = torch.full((d, d), len(rows))  # the entry after the last is zero
        place[rows, columns] = torch.arange(len(rows))
        self.register_buffer('place', place, persistent=False)
        self.register_buffer('diagonal', rows == columns, persistent=False)
        upper = torch.triu_indices(d, d, 1)
        skew = torch.full((d, d), upper.shape[1])
        skew[upper[0], upper[1]] = skew[upper[1], upper[0]] = torch.arange(upper.shape[1])
        self.register_buffer('skew_place', skew, persistent=False)
        self.register_buffer('sign', torch.ones(d, d).triu() - torch.ones(d, d).tril())

    def packed_factor(self, q: Tensor) -> Tensor:
        """Entries of L by rows (..., D(D+1)/2) for q (..., D)."""
        raw = self.inertia(q)
        return torch.where(self.diagonal, functional.softplus(raw) + EPSILON, raw)

    def factor(self, packed: Tensor) -> Tensor:
        """L (..., D, D) of its entries."""
        return _spread(packed, self.place)

    def skew(self, q: Tensor, velocity: Tensor) -> Tensor:
        """N (..., D, D), exactly skew-symmetric."""
        raw = self.coriolis(torch.cat([q, velocity], dim=-1))
        return _spread(raw, self.get_buffer('skew_place')) * self.sign

    def forward(self, q: Tensor, velocity: Tensor) -> Terms:
        """Operators at q, q̇ (..., D)."""
        return self.terms(self.packed_factor(q), q, velocity)

    def terms(self, packed: Tensor, q: Tensor, velocity: Tensor) -> Terms:
        """Operators at q, q̇ (..., D), the entries of L (..., D(D+1)/2) being known."""
        friction = torch.zeros_like(q)
        if self.friction is not None:
            friction = self.friction(torch.cat([q, velocity], dim=-1))
        return Terms(self.factor(packed), self.skew(q, velocity), self.gravity(q), friction)


def _spread(packed: Tensor, place: Tensor) -> Tensor:
    """Matrix (..., D, D) whose entries are packed (..., n) at places (D, D); n means zero."""
    entries = functional.pad(packed, (0, 1)).index_select(-1, place.flatten())
    return entries.reshape(*packed.shape[:-1], *place.shape)


def times(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrix (..., D, D) times vector (..., D)."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def inertia_times(factor: Tensor, vector: Tensor) -> Tensor:
    """Mv = L(Lᵀv) (..., D)."""
    return times(factor, times(factor.transpose(-1, -2), vector))


def inertia(factor: Tensor) -> Tensor:
    """M = LLᵀ (..., D, D)."""
    return factor @ factor.transpose(-1, -2)


def kinetic_energy(factor: Tensor, velocity: Tensor) -> Tensor:
    """½q̇ᵀMq̇ (...) = ½|Lᵀq̇|²."""
    return 0.5 * times(factor.transpose(-1, -2), velocity).square().sum(dim=-1)


def joint_torque(
    terms: Terms, factor_before: Tensor, velocity: Tensor, acceleration: Tensor
) -> Tensor:
    """τ (..., D); Ṁ is M minus the M of `factor_before` (..., D, D), one frame earlier.

    Ṁq̇ and Mq̈ share one product with M: it is what costs most in training.
    """
    inertial = inertia_times(terms.factor, acceleration + 0.5 * velocity)
    past = inertia_times(factor_before, velocity) + times(terms.skew, velocity)
    return inertial - 0.5 * past + terms.gravity + terms.friction


def before(x: Tensor, rest: bool) -> Tensor:
    """The sequence one frame earlier, time in dimension 1; the first is zero, or itself (rest)."""
    first = x[:, :1] if rest else torch.zeros_like(x[:, :1])
    return torch.cat([first, x[:, :-1]], dim=1)


def synthesize(synthesis: Synthesis, q: Tensor, rest: bool = False) -> Motion:
    """Forces of a whole sequence of coordinates.

    Args:
        synthesis: The operators.
        q: Coordinates (B, T, P, D) rad.
        rest: What was before the first frame: the same as in it, or zero (as published, which
            makes the first velocity and acceleration equal to the first coordinates).
    """
    velocity = q - before(q, rest)
    acceleration = velocity - before(velocity, rest)
    terms = synthesis(q, velocity)
    torque = joint_torque(terms, before(terms.factor, rest), velocity, acceleration)
    return Motion(terms, velocity, torque)


def gate_signals(torque: Tensor, velocity: Tensor, torque_before: Tensor) -> Tensor:
    """Power Σ|τ·q̇|, torque norm and torque change (..., 3) of forces (..., P·D).

    The released code sums the absolute power of each coordinate; nothing is normalised.
    """
    signals = (
        (torque * velocity).abs().sum(dim=-1),
        torch.linalg.vector_norm(torque, dim=-1),
        torch.linalg.vector_norm(torque - torque_before, dim=-1),
    )
    return torch.stack(signals, dim=-1)
