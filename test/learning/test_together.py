import numpy as np
import pytest
import torch
from line_task import NAME, LineConfig, LineTask
from torch import nn

from humandyn_ros.cli import main
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.errors import ModelError
from humandyn_ros.learning.export import export
from humandyn_ros.learning.settings import TrainConfig
from humandyn_ros.learning.tasks import Exportable
from humandyn_ros.learning.together import together
from humandyn_ros.learning.train import BEST, Training

torch.set_num_threads(1)


def train(out, seed, width=8):
    task = LineTask(LineConfig(epochs=1, width=width), None)
    settings = {'epochs': 1, 'width': width, 'training': {'seed': seed}}
    assert Training(NAME, task, TrainConfig(seed=seed), settings, out, quiet=True).run()
    return out / BEST


@pytest.fixture(scope='module')
def seeds(tmp_path_factory):
    return [train(tmp_path_factory.mktemp(f'seed{seed}'), seed) for seed in (3, 4, 5)]


def answer(folder):
    x = np.array([[0.3, -1.0, 2.0]], np.float32)
    with OrtSession('ort-cpu', read_manifest(folder), BackendConfig()) as session:
        return session.run({'x': x})['y']


def test_the_model_of_several_answers_with_their_mean(seeds, tmp_path):
    each = [answer(export(NAME, seed, tmp_path / str(k)).folder) for k, seed in enumerate(seeds)]
    assert np.ptp(each, axis=0).min() > 1e-3
    found = answer(export(NAME, seeds, tmp_path / 'mean').folder)
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-6)


def test_the_manifest_names_the_seeds_and_the_mean_of_their_figures(seeds, tmp_path, capsys):
    out = tmp_path / 'm'
    assert main(['export', NAME, *map(str, seeds), '--out', str(out)]) == 0
    training = read_manifest(out).fields['training']
    assert training['seeds'] == [3, 4, 5]
    name = 'rmse_validation_m'
    alone = [
        read_manifest(export(NAME, s, tmp_path / 'one').folder).fields['training']['validation']
        for s in seeds
    ]
    assert training['validation'][name] == pytest.approx(np.mean([a[name] for a in alone]))


def test_networks_of_other_settings_are_refused(seeds, tmp_path):
    other = train(tmp_path / 'wide', 6, width=16)
    with pytest.raises(ModelError, match=r'other settings than .*only the seed may differ'):
        export(NAME, [seeds[0], other], tmp_path / 'm')
    assert not (tmp_path / 'm').exists()


class Chooses(nn.Module):
    def forward(self, x):
        return x.argmax(1)


def test_there_is_no_mean_of_choices_nor_of_other_shapes():
    choice = Exportable(Chooses(), (torch.randn(2, 3),), ('x',), ('y',), {})
    with pytest.raises(ModelError, match='int64'):
        together([choice, choice])
    two, four = (
        Exportable(nn.Linear(3, n), (torch.randn(2, 3),), ('x',), ('y',), {}) for n in (2, 4)
    )
    with pytest.raises(ModelError, match='different shapes'):
        together([two, four])
    assert together([two]) is two


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 4)

    def forward(self, x, past):
        latent = self.layer(torch.cat([x, past], 1))[:, :2]
        return latent, latent.sum(1, keepdim=True)


def test_each_of_several_gets_back_what_it_alone_remembers():
    modules = [Remembers() for _ in range(3)]
    x, past = torch.randn(2, 3), torch.randn(2, 2)
    one = [
        Exportable(
            module, (x, past), ('x', 'past'), ('latent', 'y'), {'latent': 2},
            private=('past', 'latent'), private_width='latent',
        )
        for module in modules
    ]  # fmt: skip
    made = together(one)
    assert made.manifest == {'latent': 6}
    assert [tuple(x.shape) for x in made.inputs] == [(2, 3), (2, 6)]
    pasts = torch.randn(2, 6)
    latent, answer = made.module(x, pasts)
    alone = [m(x, p) for m, p in zip(modules, pasts.split(2, 1), strict=True)]
    torch.testing.assert_close(latent, torch.cat([found for found, _ in alone], 1))
    torch.testing.assert_close(answer, torch.stack([found for _, found in alone]).mean(0))
