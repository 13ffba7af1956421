import dataclasses
import math

import pytest
import torch

from humandyn_ros.learning.losses.hdys import HdysWeights, alignment_loss, hdys_losses, info_nce
from humandyn_ros.learning.nets.hdys import Hdys, HdysConfig

torch.set_num_threads(1)
CONFIG = HdysConfig(latent=32, frames=4, point_layers=1, temporal_layers=1, dropout=0.0)


def material(sequences=4):
    torch.manual_seed(0)
    shape = (sequences, 4)
    batch = {
        'markers': torch.randn(*shape, 10, 9), 'markers_seen': torch.ones(*shape, 10),
        'keypoints': torch.randn(*shape, 24, 9), 'keypoints_seen': torch.ones(*shape, 24),
        'angles': torch.randn(*shape, 69), 'smpl': torch.randn(*shape, 225),
        'torque': torch.randn(*shape, 17), 'torque_smpl': torch.randn(*shape, 69),
        'muscles': torch.rand(*shape, 402), 'emg': 50 * torch.rand(*shape, 8),
        'feet': torch.randn(*shape, 6),
    }  # fmt: skip
    names = [name for name in batch if not name.endswith('_seen')]
    batch |= {f'{name}_known': torch.ones(*shape) for name in names}
    model = Hdys(CONFIG)
    model.fit(batch)
    return model, batch


def losses(model, batch, weights=None):
    return hdys_losses(model, batch, weights or HdysWeights(), torch.Generator().manual_seed(0))


def test_every_term_falls_on_a_few_sequences():
    model, batch = material(2)
    before = {name: float(term.detach()) for name, term in losses(model, batch).items()}
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(12):
        optimizer.zero_grad()
        torch.stack(list(losses(model, batch).values())).sum().backward()
        optimizer.step()
    after = {name: float(term.detach()) for name, term in losses(model, batch).items()}
    assert len(before) == 5 * 4 + 3 + 1
    assert {name for name in before if after[name] >= 0.9 * before[name]} == set()


def test_the_published_weights():
    weights = HdysWeights()
    assert (weights.reconstruction, weights.alignment) == (0.01, 0.05)


def test_alignment_of_equal_distinct_latents_is_least():
    torch.manual_seed(0)
    latent = 20.0 * torch.nn.functional.one_hot(torch.arange(8), 16).float()
    weights = HdysWeights()
    assert float(info_nce(latent, latent, weights)) == pytest.approx(0.0, abs=1e-6)
    mixed = float(info_nce(latent, latent.roll(1, 0), weights))
    assert mixed > 100.0
    same = torch.ones(8, 16)
    assert float(info_nce(same, same, weights)) == pytest.approx(math.log(8))


def test_alignment_covers_all_pairs_and_only_frames_known_to_both():
    torch.manual_seed(0)
    a, b = torch.randn(6, 4), torch.randn(6, 4)
    some = torch.tensor([True] * 4 + [False] * 2)
    every = torch.ones(6, dtype=torch.bool)
    weights = HdysWeights()
    both = alignment_loss({'x': (a, every), 'y': (b, some)}, weights)
    assert float(both) == pytest.approx(float(info_nce(a[:4], b[:4], weights)), rel=1e-5)
    alone = alignment_loss({'x': (a, every)}, weights)
    assert float(alone) == 0.0


def test_temperature_and_length_are_options():
    a, b = 5 * torch.randn(6, 4), torch.randn(6, 4)
    weights = HdysWeights(unit_latents=True, temperature=0.1)
    assert float(info_nce(a, b, weights)) == pytest.approx(
        float(info_nce(2 * a, b, weights)), rel=1e-5
    )


def test_without_the_forward_auto_encoder_no_acceleration_is_judged():
    model, batch = material(1)
    names = losses(model, batch, dataclasses.replace(HdysWeights(), forward=False))
    assert not any(name.startswith('acceleration') for name in names)


def test_frames_of_another_data_set_do_not_count():
    model, batch = material(2)
    batch['torque_known'][0] = 0.0
    first = losses(model, batch, HdysWeights(alignment=0.0))['torque/angles']
    batch['torque'][0] += 100.0
    second = losses(model, batch, HdysWeights(alignment=0.0))['torque/angles']
    torch.testing.assert_close(first, second)


def test_motion_without_dynamics_is_still_aligned():
    model, batch = material(1)
    names = ('markers', 'keypoints', 'smpl')
    only = {n: x for n, x in batch.items() if n.split('_')[0] in names and 'torque' not in n}
    assert set(losses(model, only)) == {'align'}
