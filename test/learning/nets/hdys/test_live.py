import torch

from humandyn_ros.learning.nets.hdys import Hdys, HdysConfig, LiveStep

torch.set_num_threads(1)
CONFIG = HdysConfig(latent=16, frames=5, point_layers=1, temporal_layers=2, look_ahead=1)


def test_frame_by_frame_gives_what_the_whole_sequence_gives():
    torch.manual_seed(0)
    model = Hdys(CONFIG).eval()
    live = LiveStep(model, 'keypoints', ('torque',))
    points, seen = torch.randn(1, 5, 24, 9), torch.ones(1, 5, 24)
    past, known = torch.zeros(1, 4, 16), torch.zeros(1, 4)
    for frame in range(5):
        latent, refined, torque = live(points[:, frame], seen[:, frame], past, known)
        past = torch.cat([past[:, 1:], latent[:, None]], dim=1)
        known = torch.cat([known[:, 1:], torch.ones(1, 1)], dim=1)
    whole = model('keypoints', points, seen)
    torch.testing.assert_close(torque, whole['torque'][:, 3], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        refined, model.refine(whole['latent'], torch.ones(1, 5))[:, 3], rtol=1e-4, atol=1e-5
    )


def test_a_model_without_limit_answers_for_the_middle():
    config = HdysConfig(latent=16, frames=8, point_layers=1, temporal_layers=1, look_ahead=-1)
    assert LiveStep(Hdys(config), 'smpl', ('muscles',)).index == 4
