"""Hard negatives: for each label, the other labels that a model takes it for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array

NONE = -1


def mined(scores: Array, truth: NDArray[np.int64], labels: int, top: int = 5) -> NDArray[np.int64]:
    """Return the hardest wrong labels (labels, top), hardest first.

    Args:
        scores: Log-likelihood of every label for every clip (S, labels).
        truth: Right label of each clip (S,); NONE pads where there are fewer others than `top`.
        labels: How many labels there are.
        top: How many negatives each gets.
    """
    shifted = scores - scores.max(axis=1, keepdims=True)
    likely = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    taken_for = np.zeros((labels, labels))  # mean probability of each label, by the right one
    np.add.at(taken_for, truth, likely)
    clips = np.bincount(truth, minlength=labels)
    taken_for /= np.maximum(clips, 1)[:, None]
    # A label without a clip is hard for those that it is hard for.
    unseen = clips == 0
    taken_for[unseen] = taken_for.T[unseen]
    np.fill_diagonal(taken_for, -np.inf)
    found = np.full((labels, top), NONE, np.int64)
    width = min(top, labels - 1)
    found[:, :width] = np.argsort(-taken_for, axis=1, kind='stable')[:, :width]
    return found


def read_negatives(path: str | Path, labels: Sequence[str], top: int = 5) -> NDArray[np.int64]:
    """Return hard negatives (labels, top) of a JSON file, label -> list of labels, hardest first.

    Labels that are not among `labels` are passed over, as lists are made for whole data sets.

    Raises:
        ConfigError: It cannot be read, or leaves a label without any.
    """
    try:
        lists = json.loads(Path(path).read_text(encoding='utf-8'))
        index = {label: number for number, label in enumerate(labels)}
        rows = {
            label: [index[other] for other in lists.get(label, ()) if other in index][:top]
            for label in labels
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f'negatives {path} cannot be read: {error}') from error
    empty = [label for label, row in rows.items() if not row or index[label] in row]
    if empty:
        raise ConfigError(f'negatives {path}: none, or themselves, for {", ".join(empty)}')
    found = np.full((len(labels), top), NONE, np.int64)
    for number, row in enumerate(rows.values()):
        found[number, : len(row)] = row
    return found
