"""Boundary-refined labels while the stream runs: majority vote since the last boundary."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from humandyn_ros.quantities import Array
from humandyn_ros.segmentation import majority


class Vote(NamedTuple):
    """The answer after one frame."""

    label: int
    began: int  # frame in which the present segment began


class RunningVote:
    """Segments begin where the boundary probability has a strict local maximum.

    A maximum is known one frame later, and `lookahead` frames later still where the network
    tells boundaries late. Memory and cost are constant.

    Args:
        classes: Number of classes.
        lookahead: Frames that boundaries are told after classes.
        threshold: Least probability of a boundary.
    """

    def __init__(self, classes: int, lookahead: int = 0, threshold: float = 0.5) -> None:
        self._classes, self._threshold, self._lookahead = classes, threshold, lookahead
        self._recent: deque[Array] = deque(maxlen=lookahead + 2)
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame begins a segment."""
        self._recent.clear()
        self._before, self._middle = np.inf, np.inf  # the first frame is no maximum: it begins
        self._frame, self._began = -1, 0
        self._clear()

    def _clear(self) -> None:
        self._votes = np.zeros(self._classes, dtype=np.int64)
        self._sums = np.zeros(self._classes)

    def _count(self, scores: Array) -> None:
        self._votes[np.argmax(scores)] += 1
        self._sums += scores

    def push(self, scores: Array, boundary: float) -> Vote:
        """Take one frame.

        Args:
            scores: Log-probabilities of the classes (n,).
            boundary: Probability of a boundary `lookahead` frames ago.
        """
        self._frame += 1
        self._recent.append(scores)
        value = boundary if boundary >= self._threshold else 0.0
        if self._frame < self._lookahead:  # about a frame before the first
            value = np.inf
        if self._before < self._middle > value and np.isfinite(self._middle):
            self._began = self._frame - self._lookahead - 1
            self._clear()
            for past in self._recent:
                self._count(past)
        else:
            self._count(scores)
        self._before, self._middle = self._middle, value
        return Vote(majority(self._votes, self._sums), self._began)


def log_softmax(logits: Array) -> Array:
    """Log-probabilities (..., n)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def sigmoid(logits: Array) -> Array:
    """Probabilities of logits, without overflow."""
    result: Array = 0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits)))
    return result
