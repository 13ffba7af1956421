"""A tiny real network for the tests of the loop: three numbers to two, learned from a formula."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from humandyn_ros.config import Checked, setting
from humandyn_ros.learning.tasks import Exportable, Progress, Stage

NAME = 'line_task:LineTask'


@dataclass(frozen=True)
class LineConfig(Checked):
    width: int = setting(8, '', 'of the hidden layer', low=1, high=64)
    epochs: int = setting(3, 'epochs', 'of each stage', low=1, high=100)
    scales: tuple[float, ...] = setting((1.0, 0.5), '', 'of the loss terms')
    noise: float | None = setting(None, '', 'added to the inputs', low=0, high=1)


class LineNet(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(3, width)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        hidden = self.drop(torch.tanh(self.encoder(x)))
        return self.head(hidden), hidden.square().sum(-1)


def truth(x):
    return torch.stack([x[:, 0] - 0.5 * x[:, 1], torch.sin(x[:, 2])], dim=1)


class LineTask:
    name = 'line'
    Config = LineConfig

    def __init__(self, config: LineConfig, data: Path | None) -> None:
        self.config = config
        self.data = data

    def model(self):
        return LineNet(self.config.width)

    def stages(self):
        return (
            Stage('whole', self.config.epochs, 1e-2, lambda name: True),
            Stage('head', self.config.epochs, 5e-3, lambda name: name.startswith('head')),
        )

    def batches(self, split, seed):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(5):
            yield {'x': torch.randn(16, 3, generator=generator)}

    def losses(self, model, batch, progress: Progress):
        x = batch['x']
        if self.config.noise:
            x = x + self.config.noise * torch.randn_like(x)
        y, power = model(x)
        errors = (y - truth(x)).square().mean(0)
        return {
            'first': self.config.scales[0] * errors[0],
            'second': self.config.scales[1] * errors[1],
            'power': 1e-3 * power.mean(),
        }

    def score(self, model, split):
        x = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
        return {f'rmse_{split}_m': float((model(x)[0] - truth(x)).square().mean().sqrt())}

    def exportable(self, model):
        manifest = {'kind': 'line', 'rate_hz': 50.0, 'units': {'x': 'm', 'y': 'N·m/kg'}}
        return Exportable(model, (torch.randn(2, 3),), ('x',), ('y', 'power'), manifest)
