import dataclasses
import shutil

import numpy as np
import onnx
import pytest
import torch
from line_task import NAME, LineConfig, LineTask
from torch import nn

from humandyn_ros.cli import main
from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.errors import ModelError
from humandyn_ros.learning.export import OPSET, difference, export, write_model
from humandyn_ros.learning.settings import TrainConfig
from humandyn_ros.learning.tasks import Exportable
from humandyn_ros.learning.train import BEST, Training

torch.set_num_threads(1)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp('trained')
    task = LineTask(LineConfig(epochs=1), None)
    assert Training(NAME, task, TrainConfig(), {'epochs': 1}, out, quiet=True).run()
    return out / BEST


@pytest.fixture(scope='module')
def exported(trained, tmp_path_factory):
    return export(NAME, trained, tmp_path_factory.mktemp('models') / 'line', half=True)


def test_the_model_equals_torch_and_says_by_how_much(exported):
    assert exported.differences.keys() == {'y', 'power'}
    assert all(0.0 <= value < 1e-5 for value in exported.differences.values())
    assert 'relative to torch' in str(exported)
    assert all(1e-6 < value < 1e-2 for value in exported.half_differences.values())


def test_parts_of_a_network_lie_in_folders_within_its_own(tmp_path):
    task = LineTask(LineConfig(), None)
    part = task.exportable(task.model().eval())
    whole = dataclasses.replace(task.exportable(task.model().eval()), parts={'other': part})
    found = write_model('line', whole, tmp_path / 'line')
    assert found.differences.keys() == {'y', 'power', 'other y', 'other power'}
    assert read_manifest(tmp_path / 'line' / 'other').name == 'line_other'
    read_manifest(tmp_path / 'line' / 'other').check_model()


def test_the_manifest_names_tensors_units_opset_and_training(exported):
    manifest = read_manifest(exported.folder)
    manifest.check_model()
    assert [spec.name for spec in manifest.outputs] == ['y', 'power']
    assert manifest.inputs[0].shape == ('batch', 3)
    assert (manifest.inputs[0].dtype, manifest.inputs[0].unit) == ('float32', 'm')
    assert (manifest.kind, manifest.fields['rate_hz']) == ('line', 50.0)
    assert manifest.fields['training']['validation']['rmse_validation_m'] > 0
    model = onnx.load(manifest.model)
    assert [entry.version for entry in model.opset_import if not entry.domain] == [OPSET]
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert dims[0].dim_param
    assert dims[1].dim_value == 3
    half = onnx.load(manifest.half_model)
    assert {w.data_type for w in half.graph.initializer} >= {onnx.TensorProto.FLOAT16}
    assert half.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_any_batch_runs(exported):
    with OrtSession('ort-cpu', read_manifest(exported.folder), BackendConfig()) as session:
        for batch in (1, 7):
            assert session.run({'x': np.zeros((batch, 3), np.float32)})['y'].shape == (batch, 2)


class Drifts(nn.Module):
    """Traced as something else than it computes: drops its noise on export."""

    def forward(self, x):
        return x if torch.compiler.is_exporting() else x * 1.01


def test_a_model_that_differs_is_refused_and_leaves_nothing(tmp_path):
    given = Exportable(Drifts(), (torch.randn(2, 3),), ('x',), ('y',), {'kind': 'drifts'})
    with pytest.raises(ModelError, match=r'differs from torch: y by 9\.9e-03'):
        write_model('drifts', given, tmp_path / 'drifts')
    assert not list(tmp_path.iterdir())


def test_a_refused_export_leaves_the_old_model(exported, tmp_path):
    shutil.copytree(exported.folder, tmp_path / 'm')
    bad = Exportable(Drifts(), (torch.randn(2, 3),), ('x',), ('y',), {})
    with pytest.raises(ModelError):
        write_model('m', bad, tmp_path / 'm')
    before = {p.name: p.read_bytes() for p in exported.folder.iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / 'm').iterdir()} == before


def test_a_network_that_fixes_its_batch_is_refused(tmp_path):
    class Fixed(nn.Module):
        def forward(self, x):
            return x.reshape(2, 3) * 2

    given = Exportable(Fixed(), (torch.randn(2, 3),), ('x',), ('y',), {})
    with pytest.raises(ModelError, match='does not run with a batch of 1'):
        write_model('fixed', given, tmp_path / 'fixed')
    assert not list(tmp_path.iterdir())


def test_fields_of_the_export_are_its_own(tmp_path):
    given = Exportable(nn.Linear(3, 2), (torch.randn(2, 3),), ('x',), ('y',), {'sha256': '0'})
    with pytest.raises(ModelError, match='sha256'):
        write_model('m', given, tmp_path / 'm')


def test_difference_is_relative_and_sees_what_is_not_finite():
    assert difference(np.array([1.0, 100.1]), np.array([1.0, 100.0])) == pytest.approx(1e-3)
    assert difference(np.array([np.nan]), np.array([1.0])) == float('inf')
    assert difference(np.zeros(2), np.zeros(3)) == float('inf')


def test_the_command_replaces_a_model_and_names_a_damaged_checkpoint(
    trained, exported, tmp_path, capsys
):
    shutil.copytree(exported.folder, tmp_path / 'm')
    (tmp_path / 'm' / 'MODEL_CARD.md').write_text('card')
    assert main(['export', NAME, str(trained), '--out', str(tmp_path / 'm')]) == 0
    assert 'relative to torch' in capsys.readouterr().out
    read_manifest(tmp_path / 'm').check_model()
    assert not (tmp_path / 'm' / 'model.fp16.onnx').exists()
    assert (tmp_path / 'm' / 'MODEL_CARD.md').read_text() == 'card'
    (tmp_path / 'bad.safetensors').write_bytes(trained.read_bytes()[:200])
    assert main(['export', NAME, str(tmp_path / 'bad.safetensors'), '--out', 'x']) == 2
    assert 'is damaged' in capsys.readouterr().err
    assert main(['export', 'imdys', str(trained), '--out', 'x']) == 2
    assert 'not of imdys' in capsys.readouterr().err
