"""SkeletonLLM as a task of the training loop: the four stages, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.nets.skeletonllm import SkeletonLLM
from humandyn_ros.learning.tasks.skeletonllm_lessons import (
    DRAWN,
    Lessons,
    SkeletonLLMTaskConfig,
)
from humandyn_ros.learning.tasks.skeletonllm_scores import Judge
from humandyn_ros.learning.tasks.task import Batch, Exportable, Progress, Stage
from humandyn_ros.learning.words.clips import clip_source
from humandyn_ros.learning.words.negatives import read_negatives
from humandyn_ros.learning.words.prompts import read_prompts
from humandyn_ros.learning.words.rationales import read_rationales
from humandyn_ros.learning.words.scores import LabelMatcher, read_synonyms

_SPLITS = {'warm_up': 'choose', 'discriminate': 'judge', 'distil': 'reason', 'refine': 'choose'}


class SkeletonLLMTask:
    """SkeletonLLM with its material, losses and judgement.

    Args:
        config: Settings.
        data: Folder of recordings, of lists, or None.
    """

    name = 'skeletonllm'
    Config = SkeletonLLMTaskConfig

    def __init__(self, config: SkeletonLLMTaskConfig, data: Path | None = None) -> None:
        self.config = config
        labels = config.labels or self._own_labels()
        self.matcher = LabelMatcher(labels, read_synonyms(config.synonyms))
        rationales = read_rationales(Path(config.rationales)) if config.rationales else None
        source = clip_source(config.source, data, config.clips)
        self.lessons = Lessons(config, labels, read_prompts(config.prompts), source, rationales)
        if len(self.lessons.learned) < 2:
            raise ConfigError(f'labels {labels}: at least two must be learned, not held out')
        self.judge = Judge(config, self.lessons, self.matcher)
        self._model: SkeletonLLM | None = None

    def _own_labels(self) -> tuple[str, ...]:
        if self.config.source != 'synthesis':
            raise ConfigError('labels = []: name the actions to choose from')
        from humandyn_ros.learning.synthesis import ACTIONS  # noqa: PLC0415

        return tuple(label for label in ACTIONS if label != 'other')

    def model(self) -> SkeletonLLM:
        """Return the network of the settings; adapters are drawn from torch's current seed."""
        count = len(self.lessons.labels)
        self._model = SkeletonLLM(self.config.net, (count, self.config.hardest))
        if self.config.negatives:
            table = read_negatives(self.config.negatives, self.lessons.labels, self.config.hardest)
            self._model.negatives.copy_(torch.from_numpy(table))
        return self._model

    def stages(self) -> Sequence[Stage]:
        """Return the stages that have epochs."""
        seeing = ('projector',) if self.config.fixed_renderer else ('renderer', 'projector')
        wanted = {
            'warm_up': (self.config.warm_up_epochs, seeing),
            'discriminate': (self.config.discriminate_epochs, seeing),
            'distil': (self.config.distil_epochs, (*seeing, 'adapter')),
            'refine': (self.config.refine_epochs, ('projector', 'adapter')),
        }
        return [
            Stage(name, epochs, self.config.learning_rate, self._learning(parts), name)
            for name, (epochs, parts) in wanted.items()
            if epochs
        ]

    def _learning(self, parts: tuple[str, ...]) -> Callable[[str], bool]:
        return lambda name: self._opened.part_of(name) in parts

    @property
    def _opened(self) -> SkeletonLLM:
        if self._model is None:
            raise ModelError('ask the task for its model() first: what it says is in its tokens')
        return self._model

    def batches(self, split: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch of a stage's lessons; hard negatives are mined when first needed."""
        kind = _SPLITS.get(split, 'choose')
        model = self._opened
        if kind == 'judge' and (model.negatives < 0).all():
            model.negatives.copy_(torch.from_numpy(self.judge.mine(model, 0)))
        yield from self.lessons.batches(model, kind, seed)

    def losses(self, model: nn.Module, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the cross-entropy of the answers, the one loss of every stage."""
        assert isinstance(model, SkeletonLLM)
        numbers = {name: values for name, values in batch.items() if name not in DRAWN}
        return {'words': model.loss(numbers, self.lessons.pictures(model, batch))}

    def score(self, model: nn.Module, split: str) -> dict[str, float]:
        """Return what the settings ask for, `choose_accuracy_percent` first."""
        assert isinstance(model, SkeletonLLM)
        return self.judge.score(model, split)

    def exportable(self, model: nn.Module) -> Exportable:
        """Refuse: a language model of billions of weights runs in PyTorch.

        Raises:
            ModelError: Always; says what to do.
        """
        raise ModelError(
            'skeletonllm is not exported to ONNX: run its checkpoint as it is, with '
            'engines.skeletonllm.open_skeletonllm; the narrator is the network that is exported'
        )
