"""The hybrid's network as a task."""

import numpy as np
import torch

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import FEATURES
from humandyn_ros.learning.tasks.hybrid import HybridTask, HybridTaskConfig, mirrored
from humandyn_ros.learning.tasks.task import Progress


def samples(count: int = 64) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    given = random.standard_normal((count, FEATURES)).astype(np.float32)
    feet = 0.1 * given[:, :6].reshape(-1, 2, 3)
    return {
        'features': given,
        'feet': feet,
        'contact': (feet[..., 2] > 0).astype(np.float32),
        'torque': 0.05 * given[:, 10 : 10 + len(COORDINATES)],
    }


def test_a_mirror_twice_changes_nothing_and_once_swaps_sides():
    batch = {name: torch.from_numpy(values) for name, values in samples().items()}
    once = mirrored(batch)
    twice = mirrored(once)
    for name, values in batch.items():
        torch.testing.assert_close(twice[name], values)
    torch.testing.assert_close(once['feet'][:, 0, 1], -batch['feet'][:, 1, 1])
    left, right = (COORDINATES.index(f'knee_angle_{side}') for side in 'lr')
    torch.testing.assert_close(once['torque'][:, left], batch['torque'][:, right])


def test_it_learns_and_exports(tmp_path):
    (tmp_path / 'hybrid').mkdir()
    for split in ('train', 'validation'):
        np.savez(tmp_path / 'hybrid' / f'{split}-0.npz', **samples())
    task = HybridTask(HybridTaskConfig(batch=32), tmp_path)
    torch.manual_seed(0)
    model = task.model()
    before = task.score(model, 'validation')
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for epoch in range(30):
        for batch in task.batches('train', epoch):
            loss = sum(task.losses(model, batch, Progress('all', epoch, 30, 0)).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    after = task.score(model, 'validation')
    assert after['feet_mpje_n_per_kg'] < 0.7 * before['feet_mpje_n_per_kg']
    live = task.exportable(model)
    feet, contact, torque = live.module(*live.inputs)
    assert feet.shape == (2, 2, 3)
    assert ((contact >= 0) & (contact <= 1)).all()
    assert torque.shape == (2, len(COORDINATES))
