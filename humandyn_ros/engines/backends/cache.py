"""Engines that TensorRT has built, kept on disk, rebuilt when anything they rest on changes.

An engine belongs to one model, TensorRT version, kind of GPU, precision and set of shapes; its
key is a hash over all of them. Beside it lies a note of the same facts, so that a file of another
version, moved or renamed, is found out before TensorRT sees it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from humandyn_ros.engines.backends.config import BackendConfig
from humandyn_ros.engines.manifest import BATCH, Manifest


@dataclass(frozen=True)
class EngineKey:
    """What an engine rests on.

    Attributes:
        model: SHA-256 of the ONNX file it is built from.
        tensorrt: Version.
        capability: Compute capability of the GPU, such as '8.7'.
        precision: 'fp32', 'tf32' or 'fp16'.
        shapes: Every input with its shape and the largest batch.
    """

    model: str
    tensorrt: str
    capability: str
    precision: str
    shapes: str

    @property
    def digest(self) -> str:
        """Hash over all of it."""
        facts = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()[:32]


def engine_key(
    manifest: Manifest, config: BackendConfig, tensorrt: str, capability: str
) -> EngineKey:
    """Return the key of the engine that a model needs here."""
    strong = is_strongly_typed(tensorrt) and config.precision == 'fp16'
    inputs = [
        f'{spec.name}:{spec.dtype}:{"x".join(str(size) for size in spec.shape)}'
        for spec in manifest.inputs
    ]
    shapes = ','.join([*inputs, f'{BATCH}=1..{config.max_batch}'])
    model = manifest.half_sha256 if strong else manifest.sha256
    return EngineKey(model, tensorrt, capability, config.precision, shapes)


def is_strongly_typed(version: str) -> bool:
    """Whether this TensorRT takes its types from the model: it can from 10 on, from 11 it must."""
    return int(version.split('.', maxsplit=1)[0]) >= 10


class EngineCache:
    """A folder of engines.

    Args:
        folder: Made when the first engine is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: EngineKey) -> Path:
        """Where the engine of a key lies."""
        return self.folder / f'{key.digest}.engine'

    def load(self, key: EngineKey) -> bytes | None:
        """Return an engine; None if it is absent, damaged, or not what its name says."""
        path = self.path(key)
        try:
            content = path.read_bytes()
            note = json.loads(path.with_suffix('.json').read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return None
        expected = {**dataclasses.asdict(key), 'sha256': hashlib.sha256(content).hexdigest()}
        return content if note == expected else None

    def keep(self, key: EngineKey, content: bytes) -> Path:
        """Keep an engine, whole or not at all; return its path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(key)
        note = {**dataclasses.asdict(key), 'sha256': hashlib.sha256(content).hexdigest()}
        _write(path, content)  # between the two, the old note does not fit: the engine is rebuilt
        _write(path.with_suffix('.json'), (json.dumps(note, indent=1) + '\n').encode())
        return path

    def drop(self, key: EngineKey) -> None:
        """Forget an engine that TensorRT did not accept."""
        self.path(key).unlink(missing_ok=True)
        self.path(key).with_suffix('.json').unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    handle, partial = tempfile.mkstemp(suffix='.partial', dir=path.parent)
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
