import pytest
import torch

from humandyn_ros.learning.nets.imdys import ForwardDynamics, ImdysConfig

torch.set_num_threads(1)


def inputs(config, points=20):
    torch.manual_seed(0)
    past = torch.randn(2, points, config.window + 1, config.channels)
    forces = {'torque': torch.randn(2, 23, 3), 'ground': torch.randn(2, 24, 3)}
    return past, torch.ones(2, points), forces


@pytest.mark.parametrize('kind', ['markers', 'joints', 'smpl'])
def test_every_point_gets_its_next_frame(kind):
    config = ImdysConfig(input=kind)
    past, seen, forces = inputs(config)
    following = ForwardDynamics(config).eval()(past, seen, forces)
    assert following.shape == (2, 20, config.channels)


def test_points_in_another_order_move_alike():
    model = ForwardDynamics(ImdysConfig()).eval()
    past, seen, forces = inputs(model.config)
    order = torch.randperm(20)
    torch.testing.assert_close(
        model(past[:, order], seen, forces), model(past, seen, forces)[:, order]
    )


def test_forces_move_the_points():
    model = ForwardDynamics(ImdysConfig()).eval()
    past, seen, forces = inputs(model.config)
    other = {**forces, 'ground': forces['ground'] + 1.0}
    assert not torch.allclose(model(past, seen, forces), model(past, seen, other), atol=1e-3)


def test_extrapolation_starts_from_constant_velocity():
    config = ImdysConfig(extrapolate=True)
    model = ForwardDynamics(config).eval()
    past, seen, forces = inputs(config)
    with torch.no_grad():
        model.out.weight.zero_()
        model.out.bias.zero_()
    expected = past[:, :, -1] + (past[:, :, -1] - past[:, :, -2])
    torch.testing.assert_close(model(past, seen, forces), expected)


def test_without_any_force_it_says_so():
    model = ForwardDynamics(ImdysConfig())
    past, seen, _ = inputs(model.config)
    with pytest.raises(ValueError, match='needs one of torque, ground'):
        model(past, seen, {})
