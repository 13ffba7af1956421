import numpy as np
import pytest
import torch
from torch import nn

from humandyn_ros.engines.backends import open_session
from humandyn_ros.engines.manifest import read_manifest
from humandyn_ros.engines.torch_backend import TorchSession
from humandyn_ros.errors import ModelError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


class Twice(nn.Module):
    def forward(self, x):
        return 2 * x, x.sum(1)


def test_it_answers_as_onnx_runtime_does(model):
    with TorchSession(Twice(), read_manifest(model), 'cpu') as session:
        found, expected = session.run({'x': X}), open_session(model).run({'x': X})
        assert session.describe()['backend'] == 'torch'
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values)
        with pytest.raises(ModelError, match='x has shape'):
            session.run({'x': X[0]})
    with pytest.raises(ModelError, match='closed'):
        session.run({'x': X})


def test_a_module_with_other_outputs_is_named(model):
    session = TorchSession(nn.Identity(), read_manifest(model), 'cpu')
    with pytest.raises(ModelError, match='gave 1 outputs'):
        session.run({'x': X})


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_a_missing_gpu_is_named(model):
    with pytest.raises(ModelError, match='no GPU'):
        TorchSession(Twice(), read_manifest(model), 'cuda')


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')
def test_a_recorded_graph_answers_as_the_eager_network(model):
    session = TorchSession(Twice(), read_manifest(model), 'cuda')
    for batch in (X, X[:1], X + 1):
        found = session.run({'x': batch})
        np.testing.assert_allclose(found['y'], 2 * batch, rtol=1e-6)
        np.testing.assert_allclose(found['s'], batch.sum(1), rtol=1e-6)
