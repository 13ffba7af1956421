import numpy as np
import pytest
import torch

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import FEATURES, LAGS_S
from humandyn_ros.engines.momentum import SHOWN
from humandyn_ros.engines.past import COEFFICIENTS, JOINTS, NAMES, Noise, features
from humandyn_ros.engines.past import FEATURES as MOTION
from humandyn_ros.learning.nets.hybrid import HybridConfig, HybridNet
from humandyn_ros.learning.tasks.hybrid_mirror import BothSides, mirror

torch.set_num_threads(1)


def swapped():
    turn = {'left': 'right', 'right': 'left'}
    names = [
        '_'.join([turn.get(name.split('_')[0], name.split('_')[0]), *name.split('_')[1:]])
        for name in NAMES
    ]
    return [NAMES.index(name) for name in names]


def test_features_of_a_mirrored_motion_are_the_mirrored_features():
    random = np.random.default_rng(0)
    smooth = random.normal(size=(6, COEFFICIENTS, len(JOINTS), 3))
    seen = random.random((6, len(JOINTS))) < 0.9
    seen[:, [NAMES.index(f'{s}_{j}') for s in ('left', 'right') for j in ('hip', 'ankle')]] = True
    image = smooth[:, :, swapped()] * [1.0, -1.0, 1.0]
    around = Noise(np.full(6, 0.01), np.ones(SHOWN))
    told, _ = features(smooth, seen, 0.8, around)
    told_image, _ = features(image, seen[:, swapped()], 0.8, around)
    rows, signs = mirror()
    assert sorted(rows) == list(range(FEATURES))
    np.testing.assert_allclose(told_image, told[:, rows[:MOTION]] * signs[:MOTION], atol=1e-9)
    assert np.abs(told_image - told).max() > 0.1


def test_a_mirror_in_a_mirror_is_no_mirror():
    rows, signs = mirror()
    assert (rows[rows] == np.arange(FEATURES)).all()
    assert (signs[rows] * signs == 1.0).all()


@pytest.fixture
def net():
    torch.manual_seed(0)
    return HybridNet(HybridConfig(width=16, layers=1)).eval()


def test_both_sides_answer_a_mirrored_past_with_the_mirrored_answer(net):
    rows, signs = mirror()
    given = torch.randn(3, FEATURES)
    with torch.no_grad():
        straight = BothSides(net)(given)
        image = BothSides(net)(given[:, rows] * torch.from_numpy(signs))
        alone = net(given)['forces']
    forces = straight['forces']
    assert forces.shape == (3, len(LAGS_S), 3, 3)
    torch.testing.assert_close(image['forces'][:, :, 0, 0], forces[:, :, 1, 0])
    torch.testing.assert_close(image['forces'][:, :, 1, 1], -forces[:, :, 0, 1])
    torch.testing.assert_close(image['forces'][:, :, 2, 2], forces[:, :, 2, 2])
    torch.testing.assert_close(image['contact'][..., 0], straight['contact'][..., 1])
    torch.testing.assert_close(image['ball'][..., 1], straight['ball'][..., 0])
    right, left = COORDINATES.index('knee_angle_r'), COORDINATES.index('knee_angle_l')
    torch.testing.assert_close(image['torque'][..., right], straight['torque'][..., left])
    bend = COORDINATES.index('lumbar_bending')
    torch.testing.assert_close(image['torque'][..., bend], -straight['torque'][..., bend])
    assert (alone - forces).abs().max() > 1e-3


def test_a_network_that_knows_no_side_is_left_as_it_is(net):
    both = BothSides(net)
    given = torch.randn(2, FEATURES)
    with torch.no_grad():
        once, twice = both(given), BothSides(both)(given)
    for name, values in once.items():
        torch.testing.assert_close(twice[name], values)
