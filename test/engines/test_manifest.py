import numpy as np
import pytest
from edit import edit

from humandyn_ros.engines.manifest import TensorSpec, read_manifest
from humandyn_ros.errors import ModelError


def test_a_manifest_is_read_with_all_its_fields(model):
    manifest = read_manifest(model)
    manifest.check_model()
    assert manifest.inputs == (TensorSpec('x', ('batch', 3), 'float32', 'm'),)
    assert (manifest.name, manifest.opset, manifest.fields['rate_hz']) == ('twice', 18, 50.0)


def test_another_model_than_the_manifests_is_named(model):
    content = bytearray((model / 'model.onnx').read_bytes())
    content[40] ^= 1
    (model / 'model.onnx').write_bytes(content)
    with pytest.raises(ModelError, match='is not the model of its manifest'):
        read_manifest(model).check_model()


def test_a_missing_model_is_named(model):
    (model / 'model.fp16.onnx').unlink()
    with pytest.raises(ModelError, match=r'model\.fp16\.onnx is missing'):
        read_manifest(model).check_model()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'schema': 9}, 'no manifest of schema 1'),
        ({'sha256': None}, 'is incomplete .KeyError'),
        ({'tensors': {'inputs': []}}, 'is incomplete'),
        ({'opset': 'new'}, 'is incomplete .ValueError'),
        ({'tensors': {'inputs': [{'name': 'x', 'shape': ['batch'], 'dtype': 'text'}]}}, 'dtype'),
    ],
)
def test_a_manifest_of_another_form_is_named(model, changes, message):
    edit(model, **changes)
    with pytest.raises(ModelError, match=message):
        read_manifest(model)


def test_a_manifest_that_is_absent_or_no_json_is_named(model, tmp_path):
    with pytest.raises(ModelError, match='no model in'):
        read_manifest(tmp_path)
    (model / 'manifest.json').write_text('{')
    with pytest.raises(ModelError, match='cannot be read'):
        read_manifest(model)


@pytest.mark.parametrize('shape', [(3,), (2, 4), (2, 3, 1), ()])
def test_a_wrong_shape_is_named_with_the_right_one(shape):
    with pytest.raises(ModelError, match=r'x has shape .*: expected \(batch, 3\)'):
        TensorSpec('x', ('batch', 3), 'float32').check(np.zeros(shape, np.float32))


def test_a_wrong_type_is_named():
    with pytest.raises(ModelError, match='x is float64: expected float32'):
        TensorSpec('x', ('batch', 3), 'float32').check(np.zeros((1, 3)))
