import pytest
import torch

from humandyn_ros.learning.nets.hdys import DYNAMICS, KINEMATICS, Hdys, HdysConfig, Standard

torch.set_num_threads(1)
SMALL = HdysConfig(latent=16, frames=5, point_layers=1, temporal_layers=2, dropout=0.0)


def count(module):
    return sum(p.numel() for p in module.parameters())


def values(config, name, frames=4, points=11):
    torch.manual_seed(2)
    if name in ('markers', 'keypoints'):
        return torch.randn(frames, points, 9), torch.ones(frames, points)
    return torch.randn(frames, 3 * config.width(name)), None


def test_the_published_size_is_3_9_million_with_402_muscles():
    assert HdysConfig().muscles == 402
    assert count(Hdys()) == pytest.approx(3.9e6, rel=0.02)


def test_smaller_latent_spaces_come_near_the_published_sizes():
    sizes = {d: count(Hdys(HdysConfig(latent=d))) for d in (64, 32)}
    assert sizes == {64: 1_361_728, 32: 694_208}  # paper: 1.4 M and 0.6 M


@pytest.mark.parametrize('name', KINEMATICS)
def test_every_representation_reaches_the_same_latent_space(name):
    model = Hdys(SMALL).eval()
    given, seen = values(SMALL, name)
    assert model.encode(name, given, seen).shape == (4, 16)
    assert model.encode_bare(name, given, seen).shape == (4, 16)


@pytest.mark.parametrize('name', KINEMATICS)
def test_the_bare_latent_knows_no_acceleration(name):
    model = Hdys(SMALL).eval()
    given, seen = values(SMALL, name)
    other = given.clone()
    other[..., 2 * given.shape[-1] // 3 :] += 1.0
    bare = model.encode_bare(name, given, seen)
    torch.testing.assert_close(model.encode_bare(name, other, seen), bare)
    assert not torch.allclose(model.encode(name, other, seen), model.encode(name, given, seen))


def test_points_may_come_in_any_order_and_number():
    model = Hdys(SMALL).eval()
    given, seen = values(SMALL, 'markers', points=40)
    order = torch.randperm(40)
    latent = model.encode('markers', given, seen)
    torch.testing.assert_close(
        model.encode('markers', given[:, order], seen), latent, rtol=1e-4, atol=1e-5
    )
    seen[:, 7:] = 0.0
    torch.testing.assert_close(
        model.encode('markers', given, seen),
        model.encode('markers', given[:, :7], seen[:, :7]),
        rtol=1e-4,
        atol=1e-5,
    )


def test_no_frame_sees_further_ahead_than_declared():
    config = HdysConfig(latent=16, frames=6, point_layers=1, temporal_layers=1, look_ahead=1)
    model = Hdys(config).eval()
    latents, known = torch.randn(1, 6, 16), torch.ones(1, 6)
    later = latents.clone()
    later[:, 4:] += 1.0
    first, second = model.refine(latents, known), model.refine(later, known)
    torch.testing.assert_close(first[:, :3], second[:, :3])
    assert not torch.allclose(first[:, 3], second[:, 3])


def test_unknown_frames_change_nothing():
    model = Hdys(SMALL).eval()
    latents, known = torch.randn(1, 5, 16), torch.tensor([[0.0, 1, 1, 1, 1]])
    other = latents.clone()
    other[:, 0] += 5.0
    torch.testing.assert_close(
        model.refine(latents, known)[:, 1:], model.refine(other, known)[:, 1:]
    )


def test_a_sequence_answers_in_every_kind_of_dynamics():
    model = Hdys(SMALL).eval()
    answers = model('keypoints', torch.randn(2, 5, 24, 9), torch.ones(2, 5, 24))
    assert answers['latent'].shape == (2, 5, 16)
    assert {name: answers[name].shape[-1] for name in (*DYNAMICS, 'feet')} == {
        'torque': 17, 'torque_smpl': 69, 'muscles': 402, 'emg': 8, 'feet': 6,
    }  # fmt: skip


def test_composed_latents_decode_to_accelerations():
    model = Hdys(SMALL).eval()
    given, _ = values(SMALL, 'smpl')
    composed = model.compose(model.encode_bare('smpl', given), 'muscles', torch.rand(4, 402))
    assert composed.shape == (4, 16)
    assert model.accelerations('keypoints', composed).shape == (4, 72)
    assert model.standard_acceleration('smpl', given).shape == (4, 75)


def test_standardisation_undoes_itself_and_treats_points_alike():
    standard = Standard(9, blocks=3)
    points = torch.randn(500, 9) * torch.tensor([1.0] * 3 + [2.0] * 3 + [20.0] * 3)
    standard.fit(points)
    torch.testing.assert_close(standard.undo(standard(points)), points, rtol=1e-5, atol=1e-5)
    assert standard.scale[0] == standard.scale[2]
    assert float(standard(points)[:, 6:].std()) == pytest.approx(1.0, abs=0.05)
    assert (standard.mean == 0).all()


def test_wrong_shapes_are_refused_with_both_shapes():
    model = Hdys(SMALL)
    with pytest.raises(ValueError, match=r'angles has shape \(4, 51\): expected \(frames, 69\)'):
        model.encode('angles', torch.zeros(4, 51))
    with pytest.raises(ValueError, match=r'muscles has shape \(4, 80\)'):
        model.compose(torch.zeros(4, 16), 'muscles', torch.zeros(4, 80))
    with pytest.raises(ValueError, match='keypoints need a mask'):
        model.encode('keypoints', torch.zeros(4, 24, 9))
    with pytest.raises(ValueError, match=r'latents has shape \(1, 6, 16\)'):
        model.refine(torch.zeros(1, 6, 16), torch.ones(1, 6))
