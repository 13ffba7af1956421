"""SkeletonLLM at run time: any vision-language model as the one that tells about a person.

It runs in PyTorch, with the extras `train` and `words`; the narrator needs neither. What it says
are plain sentences whose numbers the caller holds against what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from humandyn_ros.errors import MissingDependencyError, ModelError, StreamError
from humandyn_ros.quantities import Array, Skeleton
from humandyn_ros.words.facts import Facts

_SPEAKER = 'humandyn_ros.learning.nets.skeletonllm.speaker'  # torch lives there, not here
_LEAST_FRAMES = 2


@dataclass(frozen=True)
class Sentence:
    """A finished sentence: it has no slots."""

    words: str

    def text(self, numbers: Mapping[str, float], words: Mapping[str, str] | None = None) -> str:
        """Return it."""
        return self.words


@dataclass(frozen=True)
class Told:
    """What was said, before anybody checks it.

    Attributes:
        label: The action, 'unknown' where none was named.
        confidence: How likely the model holds that answer, 0-1.
        sentence: What is done.
        reasons: Why.
    """

    label: str
    confidence: float
    sentence: Sentence
    reasons: tuple[Sentence, ...]


class SkeletonTeller:
    """A vision-language model that tells what it sees in drawn skeletons.

    Args:
        speaker: Of `learning.nets.skeletonllm.speaker`.
    """

    name = 'skeletonllm'

    def __init__(self, speaker: Any) -> None:
        self._speaker: Any = speaker
        self._origin, self._device = str(speaker.origin), str(speaker.net.negatives.device)
        self.labels: tuple[str, ...] = speaker.labels

    def narrate(
        self,
        points: Array,
        confidence: Array | None,
        skeleton: Skeleton,
        rate_hz: float,
        facts: Facts,
    ) -> Told:
        """Tell about a stretch of motion.

        Args:
            points: (T, J, 3) world, z up, or (T, J, 2) image points; NaN = not seen.
            confidence: (T, J) 0-1; None: 1 where points are finite.
            skeleton: Of the points.
            rate_hz: Frames per second.
            facts: Not looked at: the caller holds what is said against them.

        Raises:
            StreamError: Too short, or nobody in it.
            ModelError: Memory has run out, or it is closed.
        """
        pictures = self._pictures(points, confidence, skeleton, rate_hz)
        label, sure = self._speaker.choose(pictures)
        sentence, reasons = self._speaker.tell(pictures)
        return Told(label, sure, Sentence(sentence), tuple(Sentence(reason) for reason in reasons))

    def answer(
        self,
        points: Array,
        confidence: Array | None,
        skeleton: Skeleton,
        rate_hz: float,
        question: str,
    ) -> str:
        """Answer a question about a stretch of motion; arguments and errors of `narrate`.

        Raises:
            ConfigError: The question is empty.
        """
        prompt = self._open().prompts.asking(question)
        pictures = self._pictures(points, confidence, skeleton, rate_hz)
        return ' '.join(str(self._speaker.ask(prompt, pictures)).split())

    def _open(self) -> Any:
        if self._speaker is None:
            raise ModelError(f'{self._origin} is closed')
        return self._speaker

    def _pictures(
        self, points: Array, confidence: Array | None, skeleton: Skeleton, rate_hz: float
    ) -> Any:
        speaker = self._open()
        if len(points) < _LEAST_FRAMES or not np.isfinite(points).all(-1).any():
            raise StreamError(f'{len(points)} frames with nobody in them: nothing can be told')
        known = np.ones(points.shape[:2]) if confidence is None else confidence
        return speaker.pictures(points[:, None], known[:, None], skeleton, rate_hz)

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show."""
        return {'model': self.name, 'weights': self._origin, 'device': self._device}

    def close(self) -> None:
        """Free the model."""
        self._speaker = None


def open_skeletonllm(path: str) -> SkeletonTeller:
    """Open a checkpoint of `humandyn train skeletonllm`, a model's folder, or one of the hub.

    Raises:
        ConfigError: No path.
        ModelError: Nothing there, damaged, or of another kind.
        MissingDependencyError: torch, transformers or peft is not installed.
    """
    try:
        speaker = import_module(_SPEAKER)
    except ModuleNotFoundError as error:
        if error.name != 'torch':
            raise
        raise MissingDependencyError('torch', 'train,words', 'SkeletonLLM') from error
    return SkeletonTeller(speaker.open_speaker(path))
