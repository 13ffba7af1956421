"""How well SkeletonLLM speaks: labels, captions, reasons; and what it takes labels for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from humandyn_ros.learning.nets.skeletonllm import SkeletonLLM
from humandyn_ros.learning.tasks.skeletonllm_lessons import Lessons, SkeletonLLMTaskConfig
from humandyn_ros.learning.words.clips import WordedClip
from humandyn_ros.learning.words.negatives import mined
from humandyn_ros.learning.words.prompts import spoken
from humandyn_ros.learning.words.rationales import parsed
from humandyn_ros.learning.words.scores import LabelMatcher, caption_scores, label_accuracy
from humandyn_ros.quantities import Array
from humandyn_ros.words.facts import measure
from humandyn_ros.words.grounding import share


class Judge:
    """Judges one network on clips.

    Args:
        config: Settings.
        lessons: Labels, prompts and clips.
        matcher: Which label an answer is.
    """

    def __init__(
        self, config: SkeletonLLMTaskConfig, lessons: Lessons, matcher: LabelMatcher
    ) -> None:
        self._config, self._lessons, self._matcher = config, lessons, matcher

    def score(self, model: SkeletonLLM, split: str) -> dict[str, float]:
        """Return the scores that the settings ask for, by kind."""
        clips = list(islice(self._lessons.clips(split, 0), self._config.score_clips))
        by_kind: dict[str, Callable[[SkeletonLLM, Sequence[WordedClip]], dict[str, float]]] = {
            'choose': self._chosen,
            'name': self._named,
            'describe': self._described,
            'reason': self._reasoned,
        }
        found: dict[str, float] = {}
        for kind in self._config.scored if clips else ():
            found |= {f'{kind}_{name}': v for name, v in by_kind[kind](model, clips).items()}
        return found

    def _chosen(self, model: SkeletonLLM, clips: Sequence[WordedClip]) -> dict[str, float]:
        """Closed set: the labels are listed; those held out are also judged by themselves."""
        prompt = self._lessons.prompts.choosing(self._lessons.labels)
        answers = self.answers(model, clips, prompt, self._config.answer_tokens)
        found = label_accuracy(answers, [clip.label for clip in clips], self._matcher)
        return found | self._parted(answers, clips)

    def _named(self, model: SkeletonLLM, clips: Sequence[WordedClip]) -> dict[str, float]:
        """Open set: no label is told."""
        prompt, tokens = self._lessons.prompts.name, self._config.answer_tokens
        answers = self.answers(model, clips, prompt, tokens)
        found = label_accuracy(answers, [clip.label for clip in clips], self._matcher)
        return found | self._parted(answers, clips)

    def _parted(self, answers: Sequence[str], clips: Sequence[WordedClip]) -> dict[str, float]:
        held_out = set(self._config.held_out)
        if not held_out:
            return {}
        found = {}
        for name, wanted in (('learned', False), ('held_out', True)):
            rows = [k for k, clip in enumerate(clips) if (clip.label in held_out) == wanted]
            if rows:
                some = [answers[k] for k in rows], [clips[k].label for k in rows]
                rate = label_accuracy(*some, self._matcher)['accuracy_percent']
                found[f'{name}_accuracy_percent'] = rate
        return found

    def _described(self, model: SkeletonLLM, clips: Sequence[WordedClip]) -> dict[str, float]:
        known = [clip for clip in clips if clip.caption]
        if not known:
            return {}
        prompt, tokens = self._lessons.prompts.describe, self._config.reason_tokens
        answers = self.answers(model, known, prompt, tokens)
        return caption_scores(answers, [clip.caption for clip in known])

    def _reasoned(self, model: SkeletonLLM, clips: Sequence[WordedClip]) -> dict[str, float]:
        """The label at the end of the reasons, and how many of their claims were measured."""
        prompt, tokens = self._lessons.prompts.reason, self._config.reason_tokens
        answers = self.answers(model, clips, prompt, tokens)
        parts = [parsed(answer) for answer in answers]
        labels = [label for _, _, label in parts]
        found = label_accuracy(labels, [clip.label for clip in clips], self._matcher)
        right = claimed = judged = 0
        for clip, (caption, reasons, _) in zip(clips, parts, strict=True):
            if clip.measured is not None:
                true, told = share('. '.join((*reasons, caption)), measure(clip.measured))
                right, claimed, judged = right + true, claimed + told, judged + 1
        if judged:
            found['claims_per_clip'] = claimed / judged
        if claimed:
            found['faithful_percent'] = 100.0 * right / claimed
        return found

    def answers(
        self, model: SkeletonLLM, clips: Sequence[WordedClip], prompt: str, tokens: int
    ) -> list[str]:
        """What the network answers to one prompt, clip by clip."""
        found = [''] * len(clips)
        for rows in self._alike(clips):
            drawn = self._lessons.drawn([clips[k] for k in rows], model.config.frames, None)
            with torch.no_grad():
                pictures = self._lessons.pictures(model, model.to_device(drawn))
            answers = model.answer([prompt] * len(rows), pictures, tokens)
            for k, answer in zip(rows, answers, strict=True):
                found[k] = answer
        return found

    def _alike(self, clips: Sequence[WordedClip]) -> Iterator[list[int]]:
        """Rows of at most a batch, of one skeleton each."""
        groups: dict[str, list[int]] = {}
        for k, clip in enumerate(clips):
            groups.setdefault(clip.skeleton.name, []).append(k)
        for rows in groups.values():
            for start in range(0, len(rows), self._config.batch):
                yield rows[start : start + self._config.batch]

    @torch.no_grad()
    def likelihoods(self, model: SkeletonLLM, clips: Iterable[WordedClip]) -> Array:
        """Log-likelihood of every learned label as the answer for every clip (S, labels).

        Labels held out are -inf.
        """
        lessons, learned = self._lessons, self._lessons.learned
        prompt = lessons.prompts.choosing(learned)
        columns = [lessons.labels.index(label) for label in learned]
        rows = []
        for clip in clips:
            drawn = lessons.drawn([clip], model.config.frames, None)
            picture = lessons.pictures(model, model.to_device(drawn))
            row = np.full(len(lessons.labels), -np.inf)
            for start in range(0, len(learned), self._config.batch):
                some = [spoken(label) for label in learned[start : start + self._config.batch]]
                numbers = model.to_device(model.lessons([prompt] * len(some), some))
                found = model.likelihood(numbers, picture.expand(len(some), *picture.shape[1:]))
                row[columns[start : start + len(some)]] = found.cpu().numpy()
            rows.append(row)
        return np.stack(rows)

    def mine(self, model: SkeletonLLM, seed: int) -> NDArray[np.int64]:
        """Hard negatives of every label by what the network takes training clips for."""
        clips = list(islice(self._lessons.clips('train', seed), self._config.mining_clips))
        learning = model.training
        model.eval()
        try:
            scores = self.likelihoods(model, clips)
        finally:
            model.train(learning)
        truth = np.array([self._lessons.labels.index(clip.label) for clip in clips], np.int64)
        return mined(scores, truth, len(self._lessons.labels), self._config.hardest)
