"""The hybrid's network as a task of the training loop; material: hybrid_features.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import AGO_S, FEATURES
from humandyn_ros.engines.imdys import default_stddev
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.nets.hybrid import HybridConfig, HybridNet, hybrid_losses
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.learning.tasks.clips import Arrays
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.quantities import GRAVITY

Floats = NDArray[np.float32]
_LEG_M = 0.9  # for figures in N·m/kg where the leg is not known
_NAMES = ('features', 'feet', 'contact', 'torque')


@dataclass(frozen=True)
class HybridTaskConfig(Checked):
    """Everything that decides the hybrid's network."""

    net: HybridConfig = field(default_factory=HybridConfig)
    batch: int = setting(256, 'samples', 'samples of a batch', low=2)
    epochs: int = setting(12, '', 'epochs', low=1)
    learning_rate: float = setting(1e-3, '', 'of AdamW', low=1e-8, high=1.0)
    jitter: float = setting(
        0.02, '', 'noise on features while training, in their spreads', low=0.0, high=1.0
    )


class HybridTask:
    """The hybrid's network with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder that holds hybrid/SPLIT-SEED.npz.
    """

    name = 'hybrid'
    Config = HybridTaskConfig

    def __init__(self, config: HybridTaskConfig, data: Path | None = None) -> None:
        self.config = config
        self._data = data or Path()

    def model(self) -> HybridNet:
        """Return the network; the first batch sets its standardisation."""
        return HybridNet(self.config.net)

    def stages(self) -> Sequence[Stage]:
        """Return the one leg of the schedule."""
        config = self.config
        return [Stage('all', config.epochs, config.learning_rate, lambda name: True)]

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch of samples."""
        samples = samples_of(self._data, split)
        order = np.random.default_rng([seed, 29]).permutation(len(samples['feet']))
        size = min(self.config.batch, len(order))
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            batch = {name: torch.from_numpy(samples[name][rows]) for name in _NAMES}
            yield mirrored(batch) if start // size % 2 else batch

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms."""
        assert isinstance(model, HybridNet)
        model.fit(batch)
        noise = self.config.jitter * torch.randn_like(batch['features']) * model.scale
        return hybrid_losses(model, {**batch, 'features': batch['features'] + noise})

    @torch.no_grad()
    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return the mean error of a foot's force, and of the torques."""
        samples = samples_of(self._data, split)
        feet, _, torque = model(torch.from_numpy(samples['features']))
        off = np.linalg.norm(feet.numpy() - samples['feet'], axis=-1).mean()
        twist = np.abs(torque.numpy() - samples['torque']).mean()
        return {
            'feet_mpje_n_per_kg': float(GRAVITY * off),
            'joint_torque_mae_nm_per_kg': float(GRAVITY * _LEG_M * twist),
        }

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the live form."""
        assert isinstance(model, HybridNet)
        spread = 0.3 * GRAVITY * _LEG_M * model.torque_scale.numpy().astype(float)
        names = ('feet', 'contact', 'torque')
        generator = torch.Generator().manual_seed(1)
        given = model.mean + model.scale * torch.randn(2, FEATURES, generator=generator)
        return Exportable(
            HybridLive(model), (given,), ('features',), names,
            {
                'kind': 'hybrid',
                'skeleton': 'smpl_24',
                'features': FEATURES,
                'frame': 'origin under the pelvis now, z up, x where the person faces',
                'units': {
                    'features': '', 'feet': 'body weights', 'contact': 'probability',
                    'torque': 'body weight times leg length',
                },
                'coordinates': list(COORDINATES),
                'outputs': list(names),
                'torque_stddev_nm_per_kg': default_stddev(spread, COORDINATES),
            },
        )  # fmt: skip


class HybridLive(nn.Module):
    """What runs live: probabilities, not logits.

    Args:
        model: Trained network.
    """

    def __init__(self, model: HybridNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Return feet, contact and torque."""
        feet, contact, torque = self.model(features)
        return feet, contact.sigmoid(), torque


def mirrored(batch: Batch) -> Batch:
    """The same people in a mirror: left is right."""
    swap = {
        'features': _FEATURE_SWAP,
        'feet': None,
        'contact': None,
        'torque': (_TORQUE_ROWS, _TORQUE_SIGNS),
    }
    found = {}
    for name, how in swap.items():
        values = batch[name]
        if how is None:
            values = values.flip(1)
            found[name] = values * torch.tensor([1.0, -1.0, 1.0]) if values.ndim == 3 else values
        else:
            found[name] = values[:, torch.from_numpy(how[0])] * torch.from_numpy(how[1])
    return found


def _joint_swap() -> tuple[NDArray[np.intp], Floats]:
    """Mirror of one vector per joint, as rows and signs (72,)."""
    rows = (3 * SWAPPED[:, None] + np.arange(3)).ravel()
    return rows, np.tile(np.array([1.0, -1.0, 1.0], np.float32), len(SWAPPED))


def _torque_swap() -> tuple[NDArray[np.intp], Floats]:
    other = {'_r': '_l', '_l': '_r'}
    names = [name[:-2] + other.get(name[-2:], name[-2:]) for name in COORDINATES]
    signs = [-1.0 if name in _SIDEWAYS else 1.0 for name in COORDINATES]
    return np.array([COORDINATES.index(n) for n in names]), np.array(signs, np.float32)


def _feature_swap() -> tuple[NDArray[np.intp], Floats]:
    """Mirror of the hybrid's features, in the order of engines.hybrid.features."""
    joints = _joint_swap()
    feet = np.array([3, 4, 5, 0, 1, 2]), np.array([1, -1, 1] * 2, np.float32)
    contact = np.array([1, 0]), np.ones(2, np.float32)
    motions = [joints] * (3 + 3 + 2 * len(AGO_S))
    forces = [feet, contact] * (1 + len(AGO_S))
    rest = np.arange(4), np.ones(4, np.float32)
    parts = [*motions, *forces, (_TORQUE_ROWS, _TORQUE_SIGNS), rest]
    starts = np.cumsum([0, *(len(rows) for rows, _ in parts[:-1])])
    rows = np.concatenate([start + rows for start, (rows, _) in zip(starts, parts, strict=True)])
    return rows, np.concatenate([signs for _, signs in parts])


_SIDEWAYS = ('lumbar_bending', 'lumbar_rotation')
_TORQUE_ROWS, _TORQUE_SIGNS = _torque_swap()
_FEATURE_SWAP = _feature_swap()


@lru_cache(maxsize=4)
def samples_of(data: Path, split: str) -> Arrays:
    """Every sample of a split.

    Raises:
        RecordingError: There are none.
    """
    found = sorted((data / 'hybrid').glob(f'{split}-*.npz'))
    if not found:
        raise RecordingError(
            f'no {data}/hybrid/{split}-*.npz: make them by python -m '
            'humandyn_ros.learning.tasks.hybrid_features'
        )
    pieces: list[Arrays] = []
    for path in found:
        with np.load(path) as file:
            pieces.append({name: file[name] for name in _NAMES})
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in _NAMES}
