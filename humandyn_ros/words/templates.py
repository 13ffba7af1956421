"""Template sentences: what is said without a model, and what models learn to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.resources import SafeLoader, resource
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.slots import SIDES, SLOTS, fill, needs

_WORDS = {'turn_way', 'travel_way', 'foot', 'lean_way', 'moves_most'}
_PARTS = ('doing', 'sentences', 'joints', 'reasons', 'conclusions', 'labels', 'answers')


@dataclass(frozen=True)
class Draft:
    """Sentences with slots still to be filled; they begin small and have no full stop."""

    label: str
    sentence: str
    reasons: tuple[str, ...]
    conclusions: tuple[str, ...]

    def filled(self, facts: Facts) -> Draft:
        """The same with what was measured in place of the slots."""

        def said(texts: Sequence[str]) -> tuple[str, ...]:
            return tuple(fill(text, facts.numbers, facts.words) for text in texts)

        (sentence,) = said([self.sentence])
        return Draft(self.label, sentence, said(self.reasons), said(self.conclusions))


class Templates:
    """The sentences of config/prompts/narration.yaml, or of a file like it.

    Args:
        path: The file; None: the shipped one.

    Raises:
        ConfigError: The file cannot be read, lacks a part, or has a slot that is none.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or resource('config', 'prompts', 'narration.yaml')
        try:
            content = yaml.load(path.read_text(encoding='utf-8'), SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f'sentences {path}: {error}') from error
        missing = [part for part in _PARTS if part not in (content or {})]
        if missing or 'any' not in content['sentences']:
            raise ConfigError(f'sentences {path}: {", ".join(missing) or "sentences.any"} missing')
        self._content: Mapping[str, Any] = content
        self.answers: Mapping[str, Any] = content['answers']
        told = [text for texts in content['sentences'].values() for text in texts]
        for text in (*told, *content['reasons']):
            unknown = set(needs(text)) - SLOTS.keys() - _WORDS - {'doing', 'most'}
            if unknown:
                raise ConfigError(f'sentences {path}: {text!r} has no slot {min(unknown)}')

    @property
    def labels(self) -> tuple[str, ...]:
        """Action labels that have a word of their own."""
        return tuple(self._content['doing'])

    def doing(self, label: str) -> str:
        """Say what is done, e.g. `squats`; labels that are not known `move`."""
        words: Mapping[str, str] = self._content['doing']
        return words.get(label, words['other'])

    def label_of(self, facts: Facts) -> str:
        """Guess an action where nobody tells one."""
        return str(self._fitting('labels', facts)[0]['label'])

    def draft(self, label: str, facts: Facts, reasons: int = 3) -> Draft:
        """Choose the sentences about a stretch of motion.

        Args:
            label: What is done.
            facts: What was measured.
            reasons: How many reasons at most.
        """
        notable, joints = facts.notable, self._joints(facts)
        told = {'doing': self.doing(label)} | ({'most': joints[0]} if joints else {})
        sentences = self._content['sentences']
        for template in (*sentences.get(label, ()), *sentences['any']):
            sentence = template
            for name, text in told.items():
                sentence = sentence.replace(f'{{{name}}}', text)
            if _can_be_said(sentence, notable):
                break
        whole = [text for text in self._content['reasons'] if _can_be_said(text, notable)]
        # Limbs and the whole body take turns: what turns most is not all that tells.
        chosen = [text for pair in zip(joints, whole, strict=False) for text in pair]
        chosen += joints[len(whole) :] + whole[len(joints) :]
        concluded = tuple(str(rule['text']) for rule in self._fitting('conclusions', facts))
        return Draft(label, sentence, tuple(chosen[:reasons]), concluded)

    def _joints(self, facts: Facts) -> list[str]:
        """Sentences about the joints that turn enough, those that turn most first."""
        found = []
        for joint, ways in self._content['joints'].items():
            for side in SIDES:
                stem = f'{side}_{joint}'
                if f'{stem}_to' in facts.notable.numbers:
                    change = facts.change(stem)
                    found.append((-abs(change), bend(ways, side, joint, change)))
        return [text for _, text in sorted(found)]

    def joint(self, side: str, joint: str, facts: Facts) -> str:
        """Say how one joint turns; '' where that was not measured."""
        stem, ways = f'{side}_{joint}', self._content['joints'].get(joint)
        if ways is None or f'{stem}_to' not in facts.numbers:
            return ''
        return bend(ways, side, joint, facts.change(stem))

    def _fitting(self, rules: str, facts: Facts) -> list[Mapping[str, Any]]:
        known = facts.notable.numbers
        return [
            rule
            for rule in self._content[rules]
            if all(name in known for name in rule['with'])
            and not any(name in known for name in rule['without'])
        ]


def bend(ways: Sequence[str], side: str, joint: str, change: float) -> str:
    """Write which way a joint turns, its angles as slots."""
    text = ways[0] if change >= 0 else ways[1]
    stem = f'{side}_{joint}'
    return text.format(side=side, **{'from': f'{{{stem}_from}}', 'to': f'{{{stem}_to}}'})


def _can_be_said(text: str, facts: Facts) -> bool:
    return all(name in facts.numbers or name in facts.words for name in needs(text))
