"""Weights stored in half the bytes: rounded to half precision, computed with in single.

A weight is off by at most one in two thousand of itself, which no measured figure shows; the file
of a model is half as large.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

_FEW = 4096  # numbers that are not worth it


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Round the matrices of a network to half precision; biases and statistics stay."""
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.copy_(weight.half().float())


def compact(path: Path) -> None:
    """Store each large tensor of an ONNX file that half precision holds exactly as such.

    Args:
        path: Of the file, which is replaced.
    """
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _FEW:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over='ignore'):
            half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f'{name}.half'))
        casts.append(helper.make_node('Cast', [f'{name}.half'], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
