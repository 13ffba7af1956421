"""Material of SkeletonLLM: what is asked and answered in each stage, as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from humandyn_ros.config import Checked, setting
from humandyn_ros.drawing import velocities
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.skeletonllm import SkeletonLLM, SkeletonLLMConfig
from humandyn_ros.learning.tasks.task import Batch
from humandyn_ros.learning.words.clips import Source, WordedClip, picked
from humandyn_ros.learning.words.negatives import NONE
from humandyn_ros.learning.words.prompts import Prompts, spoken
from humandyn_ros.learning.words.rationales import Rationale
from humandyn_ros.quantities import Skeleton

DRAWN = ('points', 'confidence', 'velocity', 'skeleton')
KINDS = ('choose', 'name', 'describe', 'reason')


@dataclass(frozen=True)
class SkeletonLLMTaskConfig(Checked):
    """Training of SkeletonLLM; a stage of no epochs is left out.

    Stages, epochs and rates: released training script (wangzy01/SkeletonLLM).
    """

    net: SkeletonLLMConfig = field(default_factory=SkeletonLLMConfig)
    source: str = setting('synthesis', '', "of clips: 'synthesis', 'lists' or module:function")
    clips: int = setting(2000, '', 'of an epoch, of sources without end', low=1)
    labels: tuple[str, ...] = ()  # actions to choose from; none: those of synthesis
    held_out: tuple[str, ...] = ()  # actions never learned from, judged by themselves
    prompts: str = setting('', '', 'file of prompts; empty: config/prompts/skeletonllm.yaml')
    synonyms: str = setting('', '', 'file of synonyms; empty: config/prompts/synonyms.yaml')
    rationales: str = setting(
        '', '', "file of a teacher's reasons (.jsonl); empty: the clips' own, from measured facts"
    )
    negatives: str = setting('', '', 'file of hard negatives (.json); empty: mined by the model')
    mining_clips: int = setting(200, '', 'clips that hard negatives are mined on', low=1)
    hardest: int = setting(5, '', 'hard negatives of a label', low=1)
    batch: int = setting(2, 'clips', 'of a step', low=1)
    learning_rate: float = setting(2e-5, '', 'of AdamW', low=0.0, high=1.0)
    warm_up_epochs: int = setting(1, '', 'renderer and projector choose among labels', low=0)
    discriminate_epochs: int = setting(
        1, '', 'renderer and projector say YES or NO to the label or a hard negative', low=0
    )
    distil_epochs: int = setting(1, '', 'with adapters: reasons and label', low=0)
    refine_epochs: int = setting(3, '', 'projector and adapters choose, renderer frozen', low=0)
    fixed_renderer: bool = setting(False, '', 'the renderer never learns: a fixed rasteriser')
    score_clips: int = setting(200, '', 'most clips a score is made of', low=1)
    scored: tuple[str, ...] = ('choose', 'name')  # and 'describe', 'reason'
    answer_tokens: int = setting(16, '', 'of a label, at most (released code)', low=1, high=4096)
    reason_tokens: int = setting(256, '', 'of a sentence or reasons, at most', low=1, high=4096)

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = [kind for kind in self.scored if kind not in KINDS]
        if wrong:
            raise ConfigError(f'scored = {wrong}: choose from {", ".join(KINDS)}')
        strange = set(self.held_out) - set(self.labels) if self.labels else set()
        if strange:
            raise ConfigError(f'held_out = {sorted(strange)}: not among the labels')


def shown(clip: WordedClip, frames: int, rng: np.random.Generator | None) -> Batch:
    """Points, confidence and velocity (frames, P, J, ...) of a clip's pictures."""
    moved = velocities(clip.points, clip.rate_hz)
    at = picked(len(clip.points), frames, rng)
    parts = {'points': clip.points, 'confidence': clip.confidence, 'velocity': moved}
    return {name: torch.from_numpy(part[at].astype(np.float32)) for name, part in parts.items()}


def together(rows: Sequence[Batch]) -> Batch:
    """One batch; where one clip has fewer people than another, nobody is seen."""
    people = max(row['points'].shape[1] for row in rows)
    empty = {'points': float('nan'), 'confidence': 0.0, 'velocity': 0.0}

    def padded(row: Batch, name: str) -> Tensor:
        values = row[name]
        some = people - values.shape[1]
        pad = (*([0, 0] * (values.ndim - 2)), 0, some)
        return torch.nn.functional.pad(values, pad, value=empty[name])

    return {name: torch.stack([padded(row, name) for row in rows]) for name in empty}


class Lessons:
    """Batches of questions and answers.

    Args:
        config: Settings.
        labels: Every label, those held out among them.
        prompts: Templates.
        source: Clips.
        rationales: A teacher's reasons by clip; None: the clips' own.
    """

    def __init__(
        self,
        config: SkeletonLLMTaskConfig,
        labels: tuple[str, ...],
        prompts: Prompts,
        source: Source,
        rationales: Mapping[str, Rationale] | None,
    ) -> None:
        self._config, self.labels, self.prompts = config, labels, prompts
        self._source, self._rationales = source, rationales
        self.learned = tuple(label for label in labels if label not in config.held_out)
        self.skeletons: list[Skeleton] = []

    def clips(self, split: str, seed: int) -> Iterator[WordedClip]:
        """Yield an epoch of clips with a label that counts; in training none held out."""
        wanted = set(self.learned if split == 'train' else self.labels)
        return (clip for clip in self._source(split, seed) if clip.label in wanted)

    def batches(self, model: SkeletonLLM, kind: str, seed: int) -> Iterator[Batch]:
        """Yield one epoch of a kind: 'choose', 'judge' or 'reason'.

        Raises:
            ConfigError: There is nothing to learn from.
        """
        rng = np.random.default_rng([seed, 29])
        waiting: dict[str, list[tuple[WordedClip, str, str]]] = {}
        count = 0
        for clip in self.clips('train', seed):
            for prompt, answer in self._asked(kind, clip, model, rng):
                group = waiting.setdefault(clip.skeleton.name, [])
                group.append((clip, prompt, answer))
                if len(group) == self._config.batch:
                    yield self._batch(model, group, rng)
                    count += 1
                    group.clear()
        for group in waiting.values():
            if group and not count:
                yield self._batch(model, group, rng)
                count += 1
        if not count:
            raise ConfigError(f'stage of {kind}: no clip to learn from; {self._lack(kind)}')

    def _lack(self, kind: str) -> str:
        if kind == 'reason' and self._rationales is not None:
            return (
                f'no id in {self._config.rationales} is that of a clip: make it from this source'
            )
        return f'their labels must be among {", ".join(self.learned)}'

    def _asked(
        self, kind: str, clip: WordedClip, model: SkeletonLLM, rng: np.random.Generator
    ) -> Iterator[tuple[str, str]]:
        if kind == 'choose':
            yield self.prompts.choosing(self.learned), spoken(clip.label)
        elif kind == 'judge':
            number = self.labels.index(clip.label)
            row = model.negatives[number].cpu().numpy()
            hard = [self.labels[k] for k in row if k != NONE and self.labels[k] in self.learned]
            yield self.prompts.judging(clip.label), self.prompts.agree
            if hard:
                other = hard[int(rng.integers(len(hard)))]
                yield self.prompts.judging(other), self.prompts.disagree
        else:
            found = self._rationale(clip)
            if found is not None:
                yield self.prompts.reason, found.text

    def _rationale(self, clip: WordedClip) -> Rationale | None:
        if self._rationales is not None:
            return self._rationales.get(clip.id)
        if not clip.reasons and not clip.caption:
            return None
        return Rationale(clip.id, clip.label, clip.caption, clip.reasons)

    def _batch(
        self,
        model: SkeletonLLM,
        group: Sequence[tuple[WordedClip, str, str]],
        rng: np.random.Generator,
    ) -> Batch:
        clips, prompts, answers = zip(*group, strict=True)
        drawn = self.drawn(clips, model.config.frames, rng)
        return {**drawn, **model.lessons(prompts, answers)}

    def drawn(
        self, clips: Sequence[WordedClip], frames: int, rng: np.random.Generator | None
    ) -> Batch:
        """What of clips is drawn; all are of one skeleton, whose number comes with them."""
        skeleton = clips[0].skeleton
        if skeleton not in self.skeletons:
            self.skeletons.append(skeleton)
        number = torch.tensor(self.skeletons.index(skeleton))
        return {**together([shown(clip, frames, rng) for clip in clips]), 'skeleton': number}

    def pictures(self, model: SkeletonLLM, batch: Mapping[str, Any]) -> Tensor:
        """Draw what `drawn` gave, on the network's device."""
        skeleton = self.skeletons[int(batch['skeleton'])]
        return model.draw(batch['points'], batch['confidence'], batch['velocity'], skeleton)
