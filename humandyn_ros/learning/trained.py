"""Checkpoints of finished trainings as what the export takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from humandyn_ros.errors import ModelError
from humandyn_ros.learning.checkpoint import Checkpoint, load_checkpoint
from humandyn_ros.learning.settings import split_settings
from humandyn_ros.learning.tasks import Exportable, task_class
from humandyn_ros.learning.together import together


@dataclass(frozen=True)
class Trained:
    """One network, or several that answer together.

    Attributes:
        name: Of the task.
        exportable: The network.
        training: For the manifest: settings, step, validation; seeds where there are several,
            and then validation is the mean of the members' figures, not a figure of their mean.
    """

    name: str
    exportable: Exportable
    training: dict[str, Any]


def read_trained(name: str, paths: Sequence[Path]) -> Trained:
    """Read checkpoints of trainings that differ by their seed alone.

    Raises:
        ConfigError: There is no such network.
        ModelError: One is damaged, of another network or of other settings than the first.
    """
    found = [_checkpoint(name, path) for path in paths]
    for path, other in zip(paths[1:], found[1:], strict=True):
        if _seedless(other) != _seedless(found[0]):
            raise ModelError(
                f'{path} was trained with other settings than {paths[0]}: only the seed may '
                'differ between networks whose mean is exported'
            )
    chosen = task_class(name)
    members = []
    for each in found:
        task = chosen(split_settings(each.facts['settings'], chosen.Config)[1], None)
        model = task.model()
        each.load_model(model)
        with torch.no_grad():
            members.append(task.exportable(model.eval()))
    return Trained(task.name, together(members), _training(found))


def _checkpoint(name: str, path: Path) -> Checkpoint:
    found = load_checkpoint(path)
    if found.facts['task'] != name:
        raise ModelError(f'{path} is a checkpoint of {found.facts["task"]}, not of {name}')
    return found


def _seed(found: Checkpoint) -> int:
    return int(found.facts['settings'].get('training', {}).get('seed', 0))


def _seedless(found: Checkpoint) -> dict[str, Any]:
    settings = dict(found.facts['settings'])
    loop = {key: value for key, value in settings.pop('training', {}).items() if key != 'seed'}
    return {**settings, 'training': loop}


def _training(found: Sequence[Checkpoint]) -> dict[str, Any]:
    scores = [each.facts.get('validation', {}) for each in found]
    shared = [key for key in scores[0] if all(key in other for other in scores)]
    mean = {key: sum(score[key] for score in scores) / len(scores) for key in shared}
    facts = found[0].facts
    training = {'settings': facts['settings'], 'step': facts['place']['step'], 'validation': mean}
    return training if len(found) == 1 else training | {'seeds': [_seed(each) for each in found]}
