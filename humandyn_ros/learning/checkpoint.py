"""Checkpoints: one safetensors file, the facts about it as JSON in its header; never a pickle.

A file is written beside its place and moved there whole, so an interruption leaves the old one.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from humandyn_ros.errors import MissingDependencyError, ModelError

SCHEMA = 1


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        tensors: By name: `model.*`, and where training can go on `optimizer.*` and `random.*`.
        facts: Task, settings, progress and the like, as in JSON.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of one part, the part's name left out."""
        start = f'{name}.'
        found = self.tensors.items()
        return {key[len(start) :]: value for key, value in found if key.startswith(start)}

    def load_model(self, model: nn.Module) -> None:
        """Put the weights into a network.

        Raises:
            ModelError: They do not fit it.
        """
        try:
            model.load_state_dict(self.part('model'))
        except RuntimeError as error:
            raise ModelError(f'the checkpoint does not fit the network: {error}') from error


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in checkpoint.tensors.items()}
    tensors = {key: value.clone() for key, value in tensors.items()}  # none shares memory
    facts = {'schema': SCHEMA, **checkpoint.facts, 'sha256': _digest(tensors)}
    partial = path.with_name(path.name + '.partial')
    path.parent.mkdir(parents=True, exist_ok=True)
    _safetensors().save_file(tensors, partial, metadata={'facts': json.dumps(facts)})
    with partial.open('rb+') as file:
        os.fsync(file.fileno())
    partial.replace(path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ModelError: It is absent, truncated, altered, or of another schema.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    if not path.is_file():
        raise ModelError(f'no checkpoint {path}: train first, or correct the path')
    try:
        with safe_open(path, framework='pt') as file:
            facts = json.loads((file.metadata() or {}).get('facts', 'null'))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise ModelError(f'checkpoint {path} is damaged: {error}') from error
    if not isinstance(facts, dict) or facts.get('schema') != SCHEMA:
        raise ModelError(f'{path} is no checkpoint of schema {SCHEMA}: train again')
    if facts.pop('sha256', None) != _digest(tensors):
        raise ModelError(f'checkpoint {path} is damaged: its tensors were altered')
    return Checkpoint(tensors, facts)


def _safetensors() -> Any:
    try:
        import safetensors.torch  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError('safetensors', 'train', 'a checkpoint') from error
    return safetensors.torch


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}\n'.encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimizer as 'index.name' tensors."""
    state = optimizer.state_dict()['state']
    return {f'{i}.{key}': value for i, items in state.items() for key, value in items.items()}


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition('.')
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()['param_groups']
    optimizer.load_state_dict({'state': state, 'param_groups': groups})


def random_tensors() -> dict[str, Tensor]:
    """Return the state of every global random generator: torch's, NumPy's and Python's."""
    _, keys, place, has_gauss, gauss = np.random.get_state()
    _, words, spare = random.getstate()
    states = {
        'torch': torch.get_rng_state(),
        'numpy': torch.from_numpy(np.asarray(keys, dtype=np.int64)),
        'numpy_rest': torch.tensor([place, has_gauss, gauss], dtype=torch.float64),
        'python': torch.tensor(words, dtype=torch.int64),
        'python_spare': torch.tensor([] if spare is None else [spare], dtype=torch.float64),
    }
    if torch.cuda.is_available():
        for i, state in enumerate(torch.cuda.get_rng_state_all()):
            states[f'cuda{i}'] = state
    return states


def restore_random(tensors: Mapping[str, Tensor]) -> None:
    """Put back what `random_tensors` gave."""
    torch.set_rng_state(tensors['torch'])
    place, has_gauss, gauss = tensors['numpy_rest'].tolist()
    keys = tensors['numpy'].numpy().astype(np.uint32)
    np.random.set_state(('MT19937', keys, int(place), int(has_gauss), gauss))
    spare = tensors['python_spare'].tolist()
    random.setstate((3, tuple(tensors['python'].tolist()), spare[0] if spare else None))
    for i in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if f'cuda{i}' in tensors:
            torch.cuda.set_rng_state(tensors[f'cuda{i}'], i)
