import dataclasses

import pytest
import torch

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.imdys import Imdys, ImdysConfig

torch.set_num_threads(1)


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def windows(config, points=30, batch=3):
    torch.manual_seed(1)
    states = torch.randn(batch, points, config.frames, 2 * config.channels)
    return states, torch.ones(batch, points)


def test_the_published_sizes():
    model = Imdys()
    inverse, heads = model.inverse, model.inverse.heads
    released = count(inverse.encoder, heads.torque, heads.ground, heads.contact)
    assert released == 174_860  # .175 M: 332 outputs
    forces = model.forward_dynamics.forces
    assert count(model.forward_dynamics) - count(forces['joint_torque'], forces['feet']) == 160_835
    assert count(inverse) == pytest.approx(175e3, rel=0.02)
    assert count(model.forward_dynamics) == pytest.approx(161e3, rel=0.02)


def test_the_published_window_is_two_before_and_three_after():
    config = ImdysConfig()
    assert (config.before, config.after, config.frames) == (2, 3, 6)
    causal = ImdysConfig(causal=True)
    assert (causal.before, causal.after, causal.frames) == (5, 0, 6)


@pytest.mark.parametrize('encoder', ['query', 'self'])
def test_the_order_of_markers_does_not_matter(encoder):
    model = Imdys(ImdysConfig(encoder=encoder)).eval()
    states, seen = windows(model.config)
    order = torch.randperm(30)
    torch.testing.assert_close(
        model(states[:, order], seen).feature, model(states, seen).feature, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize('encoder', ['query', 'self'])
def test_there_may_be_any_number_of_markers_and_hidden_ones_change_nothing(encoder):
    model = Imdys(ImdysConfig(encoder=encoder)).eval()
    states, seen = windows(model.config, points=60)
    seen[:, 22:] = 0.0
    few = model(states[:, :22], seen[:, :22])
    torch.testing.assert_close(model(states, seen).torque, few.torque, rtol=1e-4, atol=1e-5)


def test_directions_are_unit_and_sizes_positive():
    model = Imdys().eval()
    answer = model(*windows(model.config))
    torch.testing.assert_close(answer.torque_direction.norm(dim=-1), torch.ones(3, 23))
    assert answer.torque.shape == (3, 23, 3)
    assert answer.ground.shape == (3, 2, 24, 3)
    assert (answer.ground_size > 0).all()
    assert (answer.torque_size <= model.config.torque_ceiling).all()


def test_points_with_an_identity_are_told_apart():
    model = Imdys(ImdysConfig(input='joints', points=24)).eval()
    states, seen = windows(model.config, points=24)
    turned = model(states.roll(1, dims=1), seen).feature
    assert not torch.allclose(turned, model(states, seen).feature, atol=1e-3)


def test_wrong_shapes_are_refused_with_both_shapes():
    model = Imdys()
    states, seen = windows(model.config)
    with pytest.raises(ValueError, match=r'states has shape \(3, 30, 5, 6\): expected'):
        model(states[:, :, :5], seen)
    with pytest.raises(ValueError, match=r'seen has shape \(3, 29\): expected \(batch, 30\)'):
        model(states, seen[:, :29])


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match='window'):
        dataclasses.replace(ImdysConfig(), window=0)
