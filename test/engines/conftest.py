import json
import sys
from pathlib import Path

import numpy as np
import pytest

# Tests here share the stand-ins of TensorRT and CUDA in backends/fakes.py.
sys.path.insert(0, str(Path(__file__).parent / 'backends'))


@pytest.fixture
def model(tmp_path):
    """A model folder made without torch: y = 2 x, s = sum of x."""
    import onnx
    from onnx import TensorProto, helper

    from humandyn_ros.engines.manifest import sha256_of

    folder = tmp_path / 'twice'
    folder.mkdir()
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node('Add', ['x', 'x'], ['y']),
            helper.make_node('ReduceSum', ['x', 'axis'], ['s'], keepdims=0),
        ],
        'twice',
        [tensor('x', TensorProto.FLOAT, ['batch', 3])],
        [tensor('y', TensorProto.FLOAT, ['batch', 3]), tensor('s', TensorProto.FLOAT, ['batch'])],
        [helper.make_tensor('axis', TensorProto.INT64, [1], np.array([1]))],
    )
    opset = [helper.make_opsetid('', 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), folder / 'model.onnx')
    (folder / 'model.fp16.onnx').write_bytes(b'half ' + (folder / 'model.onnx').read_bytes())
    one = {'dtype': 'float32', 'unit': 'm'}
    manifest = {
        'schema': 1,
        'name': 'twice',
        'kind': 'line',
        'opset': 18,
        'sha256': sha256_of(folder / 'model.onnx'),
        'half_sha256': sha256_of(folder / 'model.fp16.onnx'),
        'tensors': {
            'inputs': [{'name': 'x', 'shape': ['batch', 3], **one}],
            'outputs': [
                {'name': 'y', 'shape': ['batch', 3], **one},
                {'name': 's', 'shape': ['batch'], **one},
            ],
        },
        'rate_hz': 50.0,
    }
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    return folder
