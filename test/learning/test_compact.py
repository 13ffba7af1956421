import numpy as np
import onnx
import pytest
import torch
from torch import nn

from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.learning.compact import round_weights
from humandyn_ros.learning.export import write_model
from humandyn_ros.learning.tasks import Exportable

torch.set_num_threads(1)


@pytest.fixture
def wide():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(100, 200), nn.Tanh(), nn.Linear(200, 100))
    return Exportable(net.eval(), (torch.randn(2, 100),), ('x',), ('y',), {})


def run(folder, x):
    with OrtSession('ort-cpu', read_manifest(folder), BackendConfig()) as session:
        return session.run({'x': x.numpy()})['y']


def test_rounded_weights_take_half_the_bytes_and_answer_as_torch_does(wide, tmp_path):
    x = wide.inputs[0]
    exact = wide.module(x).detach().numpy()
    whole = write_model('m', wide, tmp_path / 'whole')
    round_weights(wide.module)
    found = write_model('m', wide, tmp_path / 'small', small=True)
    sizes = [(f.folder / 'model.onnx').stat().st_size for f in (found, whole)]
    assert sizes[0] < 0.6 * sizes[1]
    assert max(found.differences.values()) < 1e-6
    rounding = np.abs(run(found.folder, x) - exact).max() / np.abs(exact).max()
    assert 1e-7 < rounding < 1e-3
    model = onnx.load(found.folder / 'model.onnx')
    onnx.checker.check_model(model)
    kinds = [tensor.data_type for tensor in model.graph.initializer]
    assert onnx.TensorProto.FLOAT16 in kinds


def test_what_half_precision_does_not_hold_stays_as_it_is(wide, tmp_path):
    whole = write_model('m', wide, tmp_path / 'whole')
    small = write_model('m', wide, tmp_path / 'small', small=True)
    np.testing.assert_array_equal(
        run(small.folder, wide.inputs[0]), run(whole.folder, wide.inputs[0])
    )
    kinds = [t.data_type for t in onnx.load(small.folder / 'model.onnx').graph.initializer]
    assert onnx.TensorProto.FLOAT16 not in kinds


def test_biases_are_not_rounded(wide):
    before = [p.clone() for p in wide.module.parameters()]
    round_weights(wide.module)
    same = [torch.equal(a, b) for a, b in zip(before, wide.module.parameters(), strict=True)]
    assert same == [False, True, False, True]
