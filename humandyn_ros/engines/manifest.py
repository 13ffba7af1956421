"""What accompanies an exported model: manifest.json beside model.onnx.

The manifest says what the numbers are (tensors with units, rate, window, derivative convention,
normalisation, labels, frame); `sha256` ties it to the one model it was written for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ModelError

SCHEMA = 1
MODEL = 'model.onnx'
HALF_MODEL = 'model.fp16.onnx'
MANIFEST = 'manifest.json'
BATCH = 'batch'

DTYPES = ('float32', 'float16', 'int32', 'int64', 'bool')


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    Attributes:
        name: In the model.
        shape: Sizes; 'batch' stands first for the number of windows at once.
        dtype: As NumPy calls it.
        unit: SI; '' for none.
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: str
    unit: str = ''

    def sized(self, batch: int) -> tuple[int, ...]:
        """Return the shape for a batch."""
        return tuple(batch if size == BATCH else int(size) for size in self.shape)

    def check(self, values: NDArray[Any]) -> int:
        """Check an array against this tensor and return its batch.

        Raises:
            ModelError: Its type or shape is another.
        """
        fits = len(values.shape) == len(self.shape) and all(
            size in {BATCH, found} for size, found in zip(self.shape, values.shape, strict=True)
        )
        if not fits:
            raise ModelError(f'{self.name} has shape {values.shape}: expected {self._shown()}')
        if values.dtype != np.dtype(self.dtype):
            raise ModelError(f'{self.name} is {values.dtype}: expected {self.dtype}')
        return int(values.shape[0]) if self.shape[:1] == (BATCH,) else 1

    def _shown(self) -> str:
        return '(' + ', '.join(str(size) for size in self.shape) + ')'


@dataclass(frozen=True)
class Manifest:
    """A validated manifest.

    Attributes:
        folder: Where the model lies.
        name: Of the model.
        kind: Of the network: 'lady', 'imdys', 'hdys' ...
        inputs: In the order of the model.
        outputs: In the order of the model.
        opset: Of ONNX.
        sha256: Of model.onnx.
        half_sha256: Of model.fp16.onnx, '' where there is none.
        fields: The whole file, what only the network's own engine reads included.
    """

    folder: Path
    name: str
    kind: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opset: int
    sha256: str
    half_sha256: str = ''
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def model(self) -> Path:
        """Path of model.onnx."""
        return self.folder / MODEL

    @property
    def half_model(self) -> Path:
        """Path of model.fp16.onnx."""
        return self.folder / HALF_MODEL

    def check_model(self) -> None:
        """Check that the model is the one this manifest was written for.

        Raises:
            ModelError: It is absent or another.
        """
        _check_file(self.model, self.sha256)
        if self.half_sha256:
            _check_file(self.half_model, self.half_sha256)


def read_manifest(folder: str | Path) -> Manifest:
    """Read the manifest of a model folder; the model itself is not looked at.

    Raises:
        ModelError: It is absent, no JSON, or of another form.
    """
    folder = Path(folder)
    path = folder / MANIFEST if folder.is_dir() else folder
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise ModelError(f'no model in {folder}: {MANIFEST} is missing') from error
    except (OSError, ValueError) as error:
        raise ModelError(f'{path} cannot be read: {error}') from error
    if not isinstance(found, dict) or found.get('schema') != SCHEMA:
        raise ModelError(f'{path} is no manifest of schema {SCHEMA}: export the model again')
    try:
        return _manifest(path.parent, found)
    except (KeyError, TypeError, ValueError) as error:
        wrong = f'{type(error).__name__} {error}'
        raise ModelError(f'{path} is incomplete ({wrong}): export the model again') from error


def _manifest(folder: Path, found: dict[str, Any]) -> Manifest:
    return Manifest(
        folder,
        str(found['name']),
        str(found['kind']),
        tuple(_tensor(item) for item in found['tensors']['inputs']),
        tuple(_tensor(item) for item in found['tensors']['outputs']),
        int(found['opset']),
        str(found['sha256']),
        str(found.get('half_sha256', '')),
        found,
    )


def _tensor(item: dict[str, Any]) -> TensorSpec:
    shape = tuple(size if size == BATCH else int(size) for size in item['shape'])
    if item['dtype'] not in DTYPES:
        raise ValueError(f'dtype {item["dtype"]} of {item["name"]}')
    return TensorSpec(str(item['name']), shape, item['dtype'], str(item.get('unit', '')))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise ModelError(f'{path} is missing: export or download the model again')
    found = sha256_of(path)
    if found != expected:
        raise ModelError(
            f'{path} is not the model of its manifest (SHA-256 {found[:12]}..., expected '
            f'{expected[:12]}...): export or download the model again'
        )
