"""What must hold for the operators of LaDy whatever the weights."""

import numpy as np
import pytest
import torch

from humandyn_ros.learning.losses.lady import (
    energy_consistency_loss,
    energy_residual,
    lagrangian_consistency,
)
from humandyn_ros.learning.nets.lady.dynamics import (
    Motion,
    Synthesis,
    inertia,
    inertia_times,
    joint_torque,
    kinetic_energy,
    synthesize,
    times,
)

D = 9


@pytest.fixture
def synthesis() -> Synthesis:
    torch.manual_seed(0)
    return Synthesis(D).double()


def operators(synthesis: Synthesis, seed: int = 0):
    rng = torch.Generator().manual_seed(seed)
    q, velocity = torch.randn(2, 50, D, generator=rng, dtype=torch.float64) * 3
    return q, velocity, synthesis(q, velocity)


def test_the_inertia_matrix_is_symmetric_positive_definite(synthesis):
    _, _, terms = operators(synthesis)
    matrix = inertia(terms.factor)
    assert torch.allclose(matrix, matrix.mT)
    assert torch.linalg.eigvalsh(matrix).min() > 0.0


def test_the_factor_of_the_inertia_is_lower_triangular_with_a_positive_diagonal(synthesis):
    _, _, terms = operators(synthesis)
    assert torch.equal(terms.factor, terms.factor.tril())
    assert terms.factor.diagonal(dim1=-2, dim2=-1).min() >= 1e-5


def test_inertia_rate_minus_twice_coriolis_is_skew_and_does_no_work(synthesis):
    _, velocity, terms = operators(synthesis)
    rate = inertia(terms.factor) - inertia(terms.factor.roll(1, dims=0))
    coriolis = 0.5 * (rate - terms.skew)
    remainder = rate - 2.0 * coriolis
    assert torch.allclose(remainder, -remainder.mT, atol=1e-12)
    assert remainder.abs().max() > 1e-3
    work = (velocity * times(terms.skew, velocity)).sum(dim=-1)
    assert work.abs().max() < 1e-12


def test_the_torque_is_the_sum_of_its_four_terms(synthesis):
    _q, velocity, terms = operators(synthesis)
    acceleration = torch.randn(50, D, dtype=torch.float64)
    before = terms.factor.roll(1, dims=0)
    matrix = inertia(terms.factor)
    coriolis = 0.5 * (matrix - inertia(before) - terms.skew)
    wanted = (
        times(matrix, acceleration) + times(coriolis, velocity) + terms.gravity + terms.friction
    )
    torque = joint_torque(terms, before, velocity, acceleration)
    assert torch.allclose(torque, wanted)


def test_without_friction_there_is_no_friction_force():
    assert torch.equal(operators(Synthesis(D, friction=False).double())[2].friction,
                       torch.zeros(50, D, dtype=torch.float64))  # fmt: skip


def trajectory(frames: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A smooth motion over one second: q, dq/dt, d²q/dt² at frames + 1 instants."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.0, 1.0, frames + 1)[:, None, None]
    w, phase = rng.uniform(1.0, 7.0, (3, D)), rng.uniform(0.0, 6.28, (3, D))
    size = rng.uniform(0.2, 1.0, (3, D))
    angle = w * t + phase
    series = (
        (size * np.sin(angle)).sum(1),
        (size * w * np.cos(angle)).sum(1),
        (-size * w**2 * np.sin(angle)).sum(1),
    )
    return tuple(torch.tensor(x) for x in series)


def smooth_factor(q: torch.Tensor) -> torch.Tensor:
    """L(q) of a smooth inertia, without the kinks of ReLU."""
    rng = torch.Generator().manual_seed(1)
    weight = torch.randn(D, D, D, generator=rng, dtype=torch.float64)
    raw = torch.tanh(0.3 * torch.einsum('td,dij->tij', q, weight))
    return torch.tril(raw, -1) + torch.diag_embed(1.5 + raw.diagonal(dim1=-2, dim2=-1))


def relative_residual(frames: int, seed: int, *, exact: bool, corrupt: str = '') -> float:
    """Mean |ΔK - W| over mean |ΔK| of a net torque that obeys M, C, q̈."""
    q, velocity, acceleration = trajectory(frames, seed)
    dt = 1.0 / frames
    if not exact:
        velocity = (q[1:] - q[:-1]) / dt
        acceleration = (velocity[1:] - velocity[:-1]) / dt
        q, velocity = q[2:], velocity[1:]
    factor = smooth_factor(q)
    matrix = inertia(factor)
    if exact:
        _, rate = torch.autograd.functional.jvp(lambda s: inertia(smooth_factor(s)), q, velocity)
    else:
        rate = torch.cat([torch.zeros_like(matrix[:1]), matrix.diff(dim=0)]) / dt
    up = torch.randn(D, D, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    skew = 5.0 * (up + up.T if corrupt == 'skew' else up - up.T)
    acceleration = acceleration * (1.5 if corrupt == 'acceleration' else 1.0)
    rate = rate * (-1.0 if corrupt == 'inertia rate' else 1.0)
    net = times(matrix, acceleration) + 0.5 * (times(rate, velocity) - times(skew, velocity))
    kinetic = kinetic_energy(factor, velocity)
    power = (net * velocity).sum(dim=-1) * dt
    residual = energy_residual(kinetic[None, 1:, None], power[None, 1:, None])
    return float(residual.abs().mean() / kinetic[1:].diff().abs().mean())


def order(seed: int, *, exact: bool, corrupt: str = '') -> float:
    """Power of the time step with which the residual falls."""
    coarse = relative_residual(200, seed, exact=exact, corrupt=corrupt)
    fine = relative_residual(800, seed, exact=exact, corrupt=corrupt)
    return float(np.log(coarse / fine) / np.log(4.0))


@pytest.mark.parametrize('seed', range(5))
def test_the_energy_residual_is_of_second_order_with_exact_derivatives(seed):
    assert order(seed, exact=True) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize('seed', range(5))
def test_the_energy_residual_is_of_first_order_with_backward_differences(seed):
    assert order(seed, exact=False) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize('exact', [True, False])
@pytest.mark.parametrize('corrupt', ['inertia rate', 'acceleration', 'skew'])
def test_the_energy_residual_stays_when_the_physics_is_broken(exact, corrupt):
    assert abs(order(0, exact=exact, corrupt=corrupt)) < 0.1
    assert relative_residual(800, 0, exact=exact, corrupt=corrupt) > 0.1


def test_the_residual_of_a_whole_synthesis_falls_as_frames_lie_closer():
    torch.manual_seed(3)
    synthesis = Synthesis(D).double()
    sizes = []
    for frames in (100, 200, 400):
        q = trajectory(frames, 4)[0][None, :, None]
        motion = synthesize(synthesis, q, rest=True)
        kinetic = kinetic_energy(motion.terms.factor, motion.velocity)
        net = motion.torque - motion.terms.gravity - motion.terms.friction
        power = (net * motion.velocity).sum(dim=-1)
        residual = energy_residual(kinetic, power)[:, 4:]
        change = kinetic[:, 4:].diff(dim=1)
        sizes.append(float((residual.abs().mean() / change.abs().mean()).detach()))
    assert sizes[0] / sizes[1] == pytest.approx(2.0, rel=0.3)
    assert sizes[1] / sizes[2] == pytest.approx(2.0, rel=0.3)


def gradients(synthesis: Synthesis, loss: torch.Tensor) -> dict[str, float]:
    synthesis.zero_grad()
    loss.backward()
    return {
        name: max(float(p.grad.abs().max()) if p.grad is not None else 0.0
                  for p in getattr(synthesis, name).parameters())
        for name in ('inertia', 'coriolis', 'gravity', 'friction')
    }  # fmt: skip


def moving(synthesis: Synthesis) -> Motion:
    torch.manual_seed(5)
    q = torch.randn(2, 40, 1, D, dtype=torch.float64).cumsum(dim=1) * 0.3
    return synthesize(synthesis, q)


def test_the_published_energy_loss_teaches_the_inertia_only(synthesis):
    loss = energy_consistency_loss(moving(synthesis), step=10_000)
    sizes = gradients(synthesis, loss)
    assert sizes['inertia'] > 1e-4
    assert max(sizes['coriolis'], sizes['gravity'], sizes['friction']) < 1e-12 * sizes['inertia']


def test_our_term_teaches_all_four_operators(synthesis):
    motion = moving(synthesis)
    q = torch.randn(80, D, dtype=torch.float64)
    loss = lagrangian_consistency(synthesis, q, motion.velocity.reshape(80, D))
    assert min(gradients(synthesis, loss).values()) > 1e-6


def test_our_term_vanishes_for_a_pendulum_cart():
    """A mechanism with known M, C, G, F fits Lagrange's equation: nothing is left over."""

    class Cart(Synthesis):
        def packed_factor(self, q):
            off = torch.cos(q[:, 1])
            return torch.stack([torch.full_like(off, 2.0).sqrt(), off / 2.0**0.5,
                                (1.0 - off.square() / 2.0).sqrt()], dim=-1)  # fmt: skip

        def forward(self, q, velocity):
            # C by Christoffel symbols: C[0, 1] = -sin(q1)·q̇1; N = Ṁ - 2C.
            n = torch.sin(q[:, 1]) * velocity[:, 1]
            zero = torch.zeros_like(n)
            skew = torch.stack([zero, n, -n, zero], dim=-1).reshape(-1, 2, 2)
            gravity = torch.stack([0.0 * q[:, 0], -9.8 * torch.sin(q[:, 1])], dim=-1)
            terms = super().forward(q, velocity)
            return terms._replace(skew=skew, gravity=gravity, friction=0.3 * velocity)

    torch.manual_seed(6)
    cart = Cart(2).double()
    q, velocity = torch.randn(2, 30, 2, dtype=torch.float64)
    assert float(lagrangian_consistency(cart, q, velocity).detach()) < 1e-12


def test_still_frames_and_padding_cost_nothing(synthesis):
    still = synthesize(synthesis, torch.ones(1, 20, 1, D, dtype=torch.float64), rest=True)
    assert float(energy_consistency_loss(still, step=10_000).detach()) == 0.0
    motion = moving(synthesis)
    mask = torch.ones(2, 40, dtype=torch.bool)
    mask[:, 20:] = False
    cut = Motion(
        type(motion.terms)(*(x[:, :20] for x in motion.terms)),
        motion.velocity[:, :20],
        motion.torque[:, :20],
    )
    torch.testing.assert_close(
        energy_consistency_loss(motion, mask, 10_000), energy_consistency_loss(cut, None, 10_000)
    )


def test_the_energy_loss_is_warmed_up(synthesis):
    motion = moving(synthesis)
    early, late = (energy_consistency_loss(motion, step=step) for step in (29, 299))
    torch.testing.assert_close(early * 10.0, late)


def test_inertia_times_a_vector_needs_no_matrix(synthesis):
    _q, velocity, terms = operators(synthesis)
    wanted = times(inertia(terms.factor), velocity)
    torch.testing.assert_close(inertia_times(terms.factor, velocity), wanted)
