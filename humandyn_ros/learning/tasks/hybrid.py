"""The hybrid's network as a task of the training loop; material: hybrid_material.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import BODIES, FEATURES, LAGS_S
from humandyn_ros.engines.imdys import default_stddev
from humandyn_ros.learning.nets.hybrid import HybridConfig, HybridNet, hybrid_losses
from humandyn_ros.learning.tasks.hybrid_batches import ADULT, Sensors, batch, view
from humandyn_ros.learning.tasks.hybrid_material import material
from humandyn_ros.learning.tasks.hybrid_mirror import BothSides
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.quantities import GRAVITY

_LEG_M = 0.9  # for figures in N·m/kg where the leg is not known
_JUDGED = {'clean': 0.0, '10 mm': 10.0}
_FIRST = 4096  # pasts that the standardisation is learned from
_JUDGE = 2048  # pasts that are judged on


@dataclass(frozen=True)
class HybridTaskConfig(Checked):
    """Everything that decides the hybrid's network."""

    net: HybridConfig = field(default_factory=HybridConfig)
    sensors: Sensors = field(default_factory=Sensors)
    batch: int = setting(512, 'pasts', 'pasts of a batch', low=2)
    steps: int = setting(100, 'batches', 'batches of an epoch', low=1)
    epochs: int = setting(100, '', 'epochs', low=1)
    learning_rate: float = setting(1e-3, '', 'of AdamW', low=1e-8, high=1.0)
    newest: float = setting(
        0.4, '', 'share of the newest instant in the losses; those before share the rest',
        low=0.0, high=1.0,
    )  # fmt: skip


class HybridTask:
    """The hybrid's network with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of the clips, see kept_clips.py.
    """

    name = 'hybrid'
    Config = HybridTaskConfig

    def __init__(self, config: HybridTaskConfig, data: Path | None = None) -> None:
        self.config = config
        self._data = data or Path()
        rest = (1.0 - config.newest) / (len(LAGS_S) - 1)
        self._shares = torch.tensor([config.newest] + [rest] * (len(LAGS_S) - 1))

    def model(self) -> HybridNet:
        """Return the network; the first batch sets its standardisation."""
        return HybridNet(self.config.net)

    def stages(self) -> Sequence[Stage]:
        """Return the one leg of the schedule."""
        config = self.config
        return [Stage('all', config.epochs, config.learning_rate, lambda name: True)]

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch of pasts, one sensor to a batch."""
        found = material(self._data, split)
        for number in range(self.config.steps):
            random = np.random.default_rng([seed, number])
            made = batch(found, self.config.batch, view(random), self.config.sensors, random)
            yield {name: torch.from_numpy(values) for name, values in made.items()}

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms."""
        assert isinstance(model, HybridNet)
        if not model.fitted:
            model.fit(self._many('train'))
        return hybrid_losses(model, batch, self._shares)

    def _many(self, split: str) -> Batch:
        """Pasts of several sensors together."""
        found, random = material(self._data, split), np.random.default_rng(5)
        made = [
            batch(found, _FIRST // 16, view(random), self.config.sensors, random)
            for _ in range(16)
        ]
        return {
            name: torch.from_numpy(np.concatenate([m[name] for m in made])) for name in made[0]
        }

    @torch.no_grad()
    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return the mean error of a foot's force now and a tenth of a second ago, and of torques.

        The last figure is the mean of the forces' errors, clean and noisy.
        """
        found, scores = material(self._data, split), {}
        for name, white_mm in _JUDGED.items():
            sensors = replace(
                self.config.sensors,
                white_mm=white_mm,
                slow_mm=0.0,
                clean=0.0,
                shift_mm=0.0,
                stretch=0.0,
            )
            random = np.random.default_rng(7)
            made = batch(found, _JUDGE, ADULT, sensors, random)
            given = {key: torch.from_numpy(values) for key, values in made.items()}
            told = model(given['features'])
            off = (told['forces'] - given['forces'])[:, :, :2].norm(dim=-1).mean(-1)
            for lag, column in (('now', 0), ('100 ms ago', 3)):
                weight = given['weight'][:, column]
                error = (off[:, column] * weight).sum() / weight.sum()
                scores[f'feet_mpje_n_per_kg, {name}, {lag}'] = float(GRAVITY * error)
            twist = (told['torque'] - given['torque'])[:, 0].abs()
            known = given['torque_weight'][:, 0] > 0
            scores[f'joint_torque_mae_nm_per_kg, {name}'] = float(
                GRAVITY * _LEG_M * twist[known].mean()
            )
        forces = [value for name, value in scores.items() if name.startswith('feet')]
        return scores | {'feet_mpje_n_per_kg': float(np.mean(forces))}

    def exportable(self, model: nn.Module) -> Exportable:
        """Return the live form."""
        assert isinstance(model, HybridNet)
        spread = 0.3 * GRAVITY * _LEG_M * model.torque_scale.numpy().astype(float)
        names = ('forces', 'contact', 'ball', 'torque')
        generator = torch.Generator().manual_seed(1)
        given = model.mean + model.scale * torch.randn(2, FEATURES, generator=generator)
        return Exportable(
            HybridLive(model), (given,), ('features',), names,
            {
                'kind': 'hybrid',
                'skeleton': 'smpl_24',
                'features': FEATURES,
                'lags_s': list(LAGS_S),
                'bodies': ['left_foot', 'right_foot', 'all else'][:BODIES],
                'frame': 'z up, x where the person faces, see engines/past.py',
                'units': {
                    'features': '', 'forces': 'body weights', 'contact': 'probability',
                    'ball': 'share of a foot under its ball',
                    'torque': 'body weight times leg length',
                },
                'coordinates': list(COORDINATES),
                'outputs': list(names),
                'torque_stddev_nm_per_kg': default_stddev(spread, COORDINATES),
            },
        )  # fmt: skip


class HybridLive(nn.Module):
    """What runs live: asked for both sides, and probabilities, not logits.

    Args:
        model: Trained network.
    """

    def __init__(self, model: HybridNet) -> None:
        super().__init__()
        self.model = BothSides(model)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Return forces, contact, ball and torque."""
        told = self.model(features)
        return told['forces'], told['contact'].sigmoid(), told['ball'].sigmoid(), told['torque']
