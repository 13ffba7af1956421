"""`humandyn export`: a checkpoint becomes model.onnx with its manifest, checked against torch.

The folder appears whole, after the check, or not at all.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.backends.ort import OrtSession
from humandyn_ros.engines.manifest import (
    BATCH,
    HALF_MODEL,
    MANIFEST,
    MODEL,
    SCHEMA,
    read_manifest,
    sha256_of,
)
from humandyn_ros.errors import ModelError
from humandyn_ros.learning.compact import compact, round_weights
from humandyn_ros.learning.tasks import Exportable
from humandyn_ros.learning.together import Mean, as_tuple
from humandyn_ros.learning.trained import read_trained

OPSET = 18
"""What TensorRT 8.6 parses almost wholly, and the exporter writes by itself."""
TOLERANCE = 1e-4
"""Largest difference allowed, relative to the largest magnitude of that output."""
HALF_TOLERANCE = 2e-2
_BATCHES = (1, 2, 3)


@dataclass(frozen=True)
class Exported:
    """What came of an export.

    Attributes:
        folder: Of the model.
        differences: Largest relative difference from torch, by output.
        half_differences: The same in half precision, empty where not asked for.
    """

    folder: Path
    differences: dict[str, float]
    half_differences: dict[str, float]

    def __str__(self) -> str:
        lines = [f'{self.folder}: opset {OPSET}']
        halves = (' in half precision', self.half_differences)
        for what, found in (('', self.differences), halves):
            for name, value in found.items():
                lines.append(f'  {name}: {value:.1e} relative to torch{what}')
        return '\n'.join(lines)


def export(
    name: str,
    checkpoints: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    half: bool = False,
    small: bool = False,
) -> Exported:
    """Export a checkpoint of a network, or the mean of several that differ by their seed.

    Args:
        name: Of the network.
        checkpoints: best.safetensors or last.safetensors of each training.
        out: Folder to make or replace; models/NAME if not given.
        half: Also write model.fp16.onnx, half precision within, for strongly typed TensorRT.
        small: Round the weights and store them in half precision, see compact.py.

    Raises:
        ConfigError: There is no such network.
        ModelError: A checkpoint is damaged, of another network or of other settings, or ONNX
            differs from torch.
    """
    paths = [checkpoints] if isinstance(checkpoints, str | Path) else checkpoints
    found = read_trained(name, [Path(path) for path in paths])
    out = Path(out) if out else Path('models') / found.name
    if small:
        for part in (found.exportable, *found.exportable.parts.values()):
            round_weights(part.module)
    return write_model(
        found.name, found.exportable, out, training=found.training, half=half, small=small
    )


def write_model(
    name: str,
    exportable: Exportable,
    out: Path,
    *,
    training: dict[str, Any] | None = None,
    half: bool = False,
    small: bool = False,
) -> Exported:
    """Write a model folder, whole and checked, or raise and leave everything as it was.

    Args:
        name: Of the model.
        exportable: The network.
        out: Folder to make or replace.
        training: Goes into the manifest.
        half: See `export`.
        small: Store what half precision holds exactly in half precision.

    Raises:
        ModelError: ONNX differs from torch, or `out` is a file.
    """
    _check_fields(exportable)
    if out.exists() and not out.is_dir():
        raise ModelError(f'{out} is a file: name a folder')
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f'.{out.name}.', suffix='.partial', dir=out.parent))
    try:
        _write_onnx(exportable, partial / MODEL)
        if small:
            compact(partial / MODEL)
        manifest = _manifest(name, exportable, partial, training or {})
        if half:
            wrapped = replace(exportable, module=_Half(exportable.module))
            _write_onnx(wrapped, partial / HALF_MODEL)
            manifest['half_sha256'] = sha256_of(partial / HALF_MODEL)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + '\n', encoding='utf-8')
        differences = _parity(exportable, partial, TOLERANCE)
        halves = _parity(exportable, partial, HALF_TOLERANCE, HALF_MODEL) if half else {}
        _replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for part, item in exportable.parts.items():
        found = write_model(
            f'{name}_{part}', item, out / part, training=training, half=half, small=small
        )
        differences |= {f'{part} {key}': value for key, value in found.differences.items()}
        halves |= {f'{part} {key}': value for key, value in found.half_differences.items()}
    return Exported(out, differences, halves)


class _Half(nn.Module):
    """A network in half precision, its inputs and outputs as before."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).half()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        halved = [x.half() if x.is_floating_point() else x for x in inputs]
        outputs = as_tuple(self.module(*halved))
        return tuple(y.float() if y.is_floating_point() else y for y in outputs)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks about its own insides to itself."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)


def _write_onnx(exportable: Exportable, path: Path) -> None:
    module = exportable.module
    batch = torch.export.Dim('batch', min=1, max=4096)
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                module.eval(),
                exportable.inputs,
                dynamo=True,
                input_names=list(exportable.input_names),
                output_names=list(exportable.output_names),
                dynamic_shapes=_shapes(module, exportable.inputs, batch),
                opset_version=OPSET,
            )
            assert program is not None
            program.save(str(path), external_data=False)
    except Exception as error:
        raise ModelError(f'the network cannot be exported: {error}') from error


def _shapes(module: nn.Module, inputs: tuple[Tensor, ...], batch: Any) -> Any:
    each = tuple({0: batch} for _ in inputs)
    return (each,) if isinstance(module, _Half | Mean) else each  # one *inputs argument


def _manifest(
    name: str, exportable: Exportable, folder: Path, training: dict[str, Any]
) -> dict[str, Any]:
    fields = dict(exportable.manifest)
    units = dict(fields.pop('units', {}))  # type: ignore[call-overload]
    kind = fields.pop('kind', name)
    with torch.no_grad():
        outputs = as_tuple(exportable.module(*exportable.inputs))
    pairs = {
        'inputs': zip(exportable.input_names, exportable.inputs, strict=True),
        'outputs': zip(exportable.output_names, outputs, strict=True),
    }
    tensors = {what: [_spec(n, t, units) for n, t in pair] for what, pair in pairs.items()}
    own = {
        'schema': SCHEMA,
        'name': name,
        'kind': kind,
        'opset': OPSET,
        'sha256': sha256_of(folder / MODEL),
        'tensors': tensors,
    }
    return {**own, **fields, 'training': training}


def _check_fields(exportable: Exportable) -> None:
    own = {'schema', 'name', 'opset', 'sha256', 'half_sha256', 'tensors', 'training'}
    taken = sorted(own & exportable.manifest.keys())
    if taken:
        raise ModelError(f'the task sets manifest fields that the export sets: {taken}')


def _spec(name: str, tensor: Tensor, units: dict[str, str]) -> dict[str, Any]:
    shape = [BATCH, *(int(size) for size in tensor.shape[1:])]
    dtype = str(tensor.dtype).removeprefix('torch.')
    return {'name': name, 'shape': shape, 'dtype': dtype, 'unit': units.get(name, '')}


def _parity(
    exportable: Exportable, folder: Path, tolerance: float, file: str = MODEL
) -> dict[str, float]:
    """Largest relative difference from torch by output, over batches of several sizes."""
    manifest = read_manifest(folder)
    manifest.check_model()
    worst = dict.fromkeys(exportable.output_names, 0.0)
    with OrtSession('ort-cpu', manifest, BackendConfig(), file=file) as session:
        for batch in _BATCHES:
            rows = torch.arange(batch) % 2
            inputs = tuple(x[rows] for x in exportable.inputs)
            expected = _expected(exportable.module, inputs)
            names = exportable.input_names
            given = {n: x.numpy() for n, x in zip(names, inputs, strict=True)}
            found = session.run(given)
            for name, values in zip(exportable.output_names, expected, strict=True):
                worst[name] = max(worst[name], difference(found[name], values.numpy()))
    beyond = {name: value for name, value in worst.items() if not value <= tolerance}
    if beyond:
        shown = ', '.join(f'{name} by {value:.1e}' for name, value in beyond.items())
        raise ModelError(f'{file} differs from torch: {shown}; allowed is {tolerance:.0e}')
    return worst


def _expected(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    try:
        with torch.no_grad():
            return as_tuple(module(*inputs))
    except RuntimeError as error:
        raise ModelError(
            f'the network does not run with a batch of {len(inputs[0])}: {error}'
        ) from error


def difference(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> float:
    """Largest difference relative to the largest magnitude expected; infinite if not finite."""
    if found.shape != expected.shape:
        return float('inf')
    if not expected.size:
        return 0.0
    scale = max(float(np.abs(expected.astype(np.float64)).max()), 1e-12)
    worst = float(np.abs(found.astype(np.float64) - expected).max()) / scale
    return worst if np.isfinite(worst) else float('inf')


def _replace(partial: Path, out: Path) -> None:
    """Put a finished folder in its place."""
    partial.chmod(0o755)
    if not out.exists():
        partial.rename(out)
        return
    for name in (MODEL, HALF_MODEL, MANIFEST):  # what else lies there, such as a card, stays
        if (partial / name).exists():
            os.replace(partial / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)
