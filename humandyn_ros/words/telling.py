"""Telling: a model's sentences, held against what was measured, and templates where they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from humandyn_ros.errors import HumandynError
from humandyn_ros.quantities import CANONICAL, Array, Caption, Skeleton
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import faults
from humandyn_ros.words.questions import LONGEST_ANSWER, plain
from humandyn_ros.words.templates import Draft, Templates

_REASONS = 3


class Phrase(Protocol):
    """One sentence of a model, numbers as slots or written out."""

    def text(self, numbers: Mapping[str, float], words: Mapping[str, str] | None = None) -> str:
        """Fill the slots."""


class Said(Protocol):
    """What a model says, before the check."""

    @property
    def label(self) -> str:
        """The action."""

    @property
    def confidence(self) -> float:
        """0-1, of the label."""

    @property
    def sentence(self) -> Phrase:
        """What is done."""

    @property
    def reasons(self) -> Sequence[Phrase]:
        """Why."""


class Teller(Protocol):
    """A model that tells what it sees."""

    def narrate(
        self,
        points: Array,
        confidence: Array | None,
        skeleton: Skeleton,
        rate_hz: float,
        facts: Facts,
    ) -> Said:
        """Tell about a stretch of motion (T, J, 3) m, z up; only of what is in the facts."""

    def describe(self) -> dict[str, str]:
        """Return what diagnostics show."""

    def close(self) -> None:
        """Free the model."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """What there is to tell about."""

    began_ns: int
    stamp_ns: int
    rate_hz: float
    points: Array  # (T, 24, 3) m
    facts: Facts
    label: str = ''  # of the action, where somebody tells it


class Telling:
    """Makes captions that hold.

    Args:
        templates: What is said without a model, and instead of what does not hold.
        teller: The model; None: templates only.
    """

    def __init__(self, templates: Templates, teller: Teller | None = None) -> None:
        self._templates = templates
        self.teller = teller
        self.failure = ''  # of the newest caption; '' when the model answered
        self.failures = 0  # in a row

    def caption(self, stretch: Stretch) -> Caption:
        """Tell about a stretch; every sentence holds."""
        said = self._said(stretch)
        if said is None:
            return self.plain(stretch)
        label, score, sentence, reasons = said
        wrong = list(self._faults(sentence, stretch.facts))
        draft = self._draft(stretch.label or label if wrong else label, stretch.facts)
        label, text = (draft.label, draft.sentence) if wrong else (label, sentence)
        kept: list[str] = []
        for reason in reasons[:_REASONS]:
            found = self._faults(reason, stretch.facts)
            wrong += found
            other = next((r for r in draft.reasons if r not in kept), '')
            kept += [chosen] if (chosen := other if found else reason) else []
        return Caption(
            stretch.began_ns, stretch.stamp_ns, label, score, _sentence(text),
            tuple(_sentence(reason) for reason in dict.fromkeys(kept)), 'model', tuple(wrong),
        )  # fmt: skip

    def _said(self, stretch: Stretch) -> tuple[str, float, str, list[str]] | None:
        """What the model says, its slots filled; None without a model or where it fails."""
        if self.teller is None:
            return None
        facts = stretch.facts
        try:
            told = self.teller.narrate(
                stretch.points, None, CANONICAL, stretch.rate_hz, facts.notable
            )
            reasons = [_filled(phrase, facts) for phrase in told.reasons]
            sentence = _filled(told.sentence, facts)
            score = float(np.nan_to_num(told.confidence))
            answer = (plain(told.label, 80), score, sentence, reasons)
        except Exception as error:  # models are foreign code; none of them ends the node
            self.failure = f'{type(error).__name__}: {plain(str(error), LONGEST_ANSWER)}'
            self.failures += 1
            return None
        self.failure, self.failures = '', 0
        return answer

    def plain(self, stretch: Stretch) -> Caption:
        """Tell about a stretch without the model."""
        label = stretch.label or self._templates.label_of(stretch.facts)
        draft = self._draft(label, stretch.facts)
        return Caption(
            stretch.began_ns, stretch.stamp_ns, draft.label, 0.0, _sentence(draft.sentence),
            tuple(_sentence(reason) for reason in draft.reasons), 'templates',
        )  # fmt: skip

    def _draft(self, label: str, facts: Facts) -> Draft:
        """Template sentences, less those that, against all care, do not hold.

        Where a label itself says what did not happen, the facts choose another.
        """
        draft = self._templates.draft(label, facts).filled(facts)
        reasons = tuple(reason for reason in draft.reasons if not faults(reason, facts))
        names = (label, self._templates.label_of(facts), 'other')
        short = [(name, f'the person {self._templates.doing(name)}') for name in names]
        choices = ((label, draft.sentence), *short)
        held = (choice for choice in choices if not faults(choice[1], facts))
        label, sentence = next(held, short[-1])
        return Draft(label, sentence, reasons, draft.conclusions)

    def _faults(self, sentence: str, facts: Facts) -> tuple[str, ...]:
        if not sentence:
            return ('a sentence that was not measured',)
        return faults(sentence, facts)


def _filled(phrase: Phrase, facts: Facts) -> str:
    """The phrase as a sentence; '' where it says what was not measured."""
    try:
        return plain(phrase.text(facts.numbers, facts.words), LONGEST_ANSWER)
    except (HumandynError, LookupError):
        return ''


def _sentence(text: str) -> str:
    return f'{text[0].upper()}{text[1:].rstrip(".")}.'
