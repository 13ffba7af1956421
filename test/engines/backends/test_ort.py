import subprocess
import sys

import numpy as np
import pytest
from edit import edit

from humandyn_ros.engines.backends import BackendConfig, open_session
from humandyn_ros.engines.manifest import read_manifest, sha256_of
from humandyn_ros.errors import ConfigError, MissingDependencyError, ModelError

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_the_default_runs_on_the_cpu_and_says_so(model):
    with open_session(model) as session:
        found = session.run({'x': X})
        assert session.rung == 'ort-cpu'
        assert session.describe()['backend'] == 'ort-cpu'
        assert session.describe()['model_sha256'] == sha256_of(model / 'model.onnx')[:12]
    np.testing.assert_allclose(found['y'], 2 * X)
    np.testing.assert_allclose(found['s'], X.sum(1))
    with pytest.raises(ModelError, match='closed'):
        session.run({'x': X})


def test_it_needs_no_torch(model):
    code = (
        'import sys, numpy as np; from humandyn_ros.engines.backends import open_session;'
        f'open_session({str(model)!r}).run(dict(x=np.zeros((1, 3), np.float32)));'
        'sys.exit("torch" in sys.modules or "tensorrt" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'takes x, not nothing'),
        ({'x': X, 'z': X}, 'takes x, not x, z'),
        ({'x': X[:, :2]}, r'x has shape \(2, 2\): expected \(batch, 3\)'),
        ({'x': X[0]}, r'x has shape \(3,\)'),
        ({'x': X.astype(float)}, 'x is float64: expected float32'),
        ({'x': X[:0]}, 'batch'),
    ],
)
def test_wrong_inputs_are_named(model, inputs, message):
    with open_session(model) as session, pytest.raises(ModelError, match=message):
        session.run(inputs)


def test_a_truncated_model_is_named_even_with_a_manifest_made_for_it(model):
    path = model / 'model.onnx'
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ModelError, match='is not the model of its manifest'):
        open_session(model)
    edit(model, sha256=sha256_of(path))
    with pytest.raises(ModelError, match=r'ort-cpu: .*model\.onnx cannot be loaded'):
        open_session(model)


def test_a_manifest_with_other_tensors_is_named(model):
    tensors = dict(read_manifest(model).fields['tensors'])
    tensors['inputs'] = [{**tensors['inputs'][0], 'name': 'points'}]
    edit(model, tensors=tensors)
    with pytest.raises(ModelError, match='has inputs x, its manifest points'):
        open_session(model)


def test_a_missing_onnx_runtime_names_the_extra(model, monkeypatch):
    from humandyn_ros.engines.backends.ort import OrtSession

    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(MissingDependencyError, match=r'humandyn_ros\[onnx\]'):
        OrtSession('ort-cpu', read_manifest(model), BackendConfig())


def test_an_unknown_rung_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match='ort-cuda'):
        BackendConfig(ladder=('tensorflow',))
    with pytest.raises(ConfigError, match='choose'):
        BackendConfig(ladder=())
