import dataclasses

import pytest
import torch

from humandyn_ros.learning.losses.imdys import (
    PAPER,
    RELEASED,
    ImdysWeights,
    Teaching,
    direction_loss,
    imdys_losses,
    pair_loss,
)
from humandyn_ros.learning.nets.imdys import Imdys, ImdysConfig

torch.set_num_threads(1)
CONFIG = ImdysConfig(
    input='joints', points=24, width=32, hidden=32, layers=1, dropout=0.0, heads=2
)
ALL = dataclasses.replace(RELEASED, plausible=1.0)


def material(windows=8):
    torch.manual_seed(0)
    states = 0.5 * torch.randn(windows, 24, 6, 6)
    ground = torch.randn(windows, 2, 24, 3) * (torch.rand(windows, 2, 24, 1) < 0.3)
    feet = 5.0 * torch.randn(windows, 2, 2, 3)
    batch = {
        'states': states,
        'seen': torch.ones(windows, 24),
        'past': states[:, :, :3, :3],
        'next': states[:, :, 3, :3],
        'torque': torch.randn(windows, 23, 3),
        'ground': ground,
        'contact': (ground.norm(dim=-1) > 1e-4).float(),
        'joint_torque': torch.randn(windows, 17),
        'feet': feet,
        'feet_contact': (feet[..., 2] > 0).float(),
    }
    model = Imdys(CONFIG)
    model.fit(batch)
    return model, batch


def losses(model, batch, weights=ALL, predicted=1.0):
    generator = torch.Generator().manual_seed(0)
    return imdys_losses(model, batch, weights, Teaching(predicted), generator)


def test_every_term_falls_on_a_few_windows():
    model, batch = material()
    before = {name: float(term.detach()) for name, term in losses(model, batch).items()}
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        torch.stack(list(losses(model, batch).values())).sum().backward()
        optimizer.step()
    after = {name: float(term.detach()) for name, term in losses(model, batch).items()}
    assert len(before) == 16
    assert {name for name in before if after[name] >= 0.9 * before[name]} == set()


def test_the_papers_terms_are_five():
    model, batch = material(4)
    kinds = {name.split('/')[0] for name in losses(model, batch, PAPER)}
    assert kinds == {'magnitude', 'direction', 'forward', 'plausible', 'joint_torque'}


def test_the_released_configuration_has_no_discriminator():
    model, batch = material(4)
    assert 'plausible' not in losses(model, batch, RELEASED)


def test_labels_that_are_missing_cost_nothing():
    model, batch = material(4)
    only = {name: batch[name] for name in ('states', 'seen', 'joint_torque')}
    assert set(losses(model, only, RELEASED)) == {'joint_torque'}


def test_the_cycle_teaches_the_inverse_model_only_through_predicted_forces():
    model, batch = material(4)
    forward = dataclasses.replace(ImdysWeights(), **dict.fromkeys(
        ('magnitude', 'direction', 'joint_torque', 'vector', 'pairs', 'contact', 'change', 'feet'),
        0.0,
    ))  # fmt: skip
    for predicted, expected in ((0.0, False), (1.0, True)):
        model.zero_grad()
        losses(model, batch, forward, predicted)['forward'].backward()
        gradient = model.inverse.heads.torque.weight.grad
        assert (gradient is not None and bool(gradient.abs().sum() > 0)) is expected


def test_directions_are_judged_only_where_there_is_a_force():
    truth = torch.tensor([[[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]])
    up = torch.tensor([[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]])
    assert float(direction_loss(up, truth)) == pytest.approx(0.0)
    assert float(direction_loss(-up, truth)) == pytest.approx(2.0)


def test_pairs_do_not_see_a_common_offset():
    sizes = torch.rand(8, 23)
    assert float(pair_loss(sizes + 3.0, sizes)) == pytest.approx(0.0, abs=1e-6)
