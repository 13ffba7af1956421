"""Questions about what a person does, answered from facts alone.

A question is searched for words that are known, and for nothing else: it is never run, repeated or
passed on, so nothing written in it can change what is said or done.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from humandyn_ros.errors import ModelError
from humandyn_ros.words.facts import LIMBS, Facts
from humandyn_ros.words.grounding import faults
from humandyn_ros.words.slots import LOADED, SIDES, fill
from humandyn_ros.words.templates import Templates

LONGEST_QUESTION, LONGEST_ANSWER = 300, 400  # characters

_LIMB_OF = {
    'arm': 'arm', 'arms': 'arm', 'hand': 'arm', 'hands': 'arm', 'elbow': 'arm', 'elbows': 'arm',
    'wrist': 'arm', 'shoulder': 'arm', 'shoulders': 'arm', 'leg': 'leg', 'legs': 'leg',
    'knee': 'leg', 'knees': 'leg', 'hip': 'leg', 'hips': 'leg', 'ankle': 'leg', 'thigh': 'leg',
    'foot': 'leg', 'feet': 'leg',
}  # fmt: skip
_TOLD = {'arm': ('arm', 'elbow'), 'leg': ('hip', 'knee')}
_LEAST_DEG = 5.0  # a joint that turns less is not told of


def plain(text: str, longest: int) -> str:
    """Return a text of one line, without control characters and not longer than that."""
    kept = ''.join(c if unicodedata.category(c)[0] != 'C' else ' ' for c in text[: 4 * longest])
    return ' '.join(kept.split())[:longest]


class Answers:
    """Answers questions from facts.

    Args:
        templates: The sentences of answers.
    """

    def __init__(self, templates: Templates) -> None:
        self._say = templates.answers
        self._templates = templates

    def answer(self, question: str, facts: Facts | None, caption: str = '') -> str:
        """Answer one question in at most LONGEST_ANSWER characters.

        Args:
            question: Anything that somebody wrote.
            facts: What was measured in the last seconds; None: nothing.
            caption: What is being done, as a sentence that was checked.
        """
        words = set(re.findall(r'[a-z]+', plain(question, LONGEST_QUESTION).lower()))
        facts = facts or Facts({})
        candidates = self._candidates(words, facts)
        for text in candidates or ():
            if said := _said(text, facts):
                return _sentence(said)
        if candidates is None and caption and words & set(self._say['action']):
            return _sentence(caption)
        return _sentence(self._say['unknown' if candidates is None else 'nothing'])

    def _candidates(self, words: set[str], facts: Facts) -> Sequence[str] | None:
        """Sentences that may answer, the most telling first; None where the topic is unknown."""
        sides = [side for side in SIDES if side in words] or list(SIDES)
        limbs = sorted({_LIMB_OF[word] for word in words if word in _LIMB_OF})
        if limbs:
            return self._of_limbs(words, limbs, sides, facts)
        for topic in self._say['topics']:
            if words & set(topic['words']):
                found: Sequence[str] = topic['say']
                return found
        return None

    def _of_limbs(
        self, words: set[str], limbs: Sequence[str], sides: Sequence[str], facts: Facts
    ) -> Sequence[str]:
        say = self._say
        if words & set(say['torque']['words']):
            joints = [joint for joint in LOADED if {joint, f'{joint}s'} & words] or LOADED
            places = [
                (side, joint, f'{side}_{joint}_torque') for side in sides for joint in joints
            ]
            told = [
                say['torque']['say'].format(side=side, joint=joint, torque=f'{{{slot}}}')
                for side, joint, slot in places
                if slot in facts.numbers
            ]
            return [', '.join(told)] if told else []
        if words & set(say['foot']['words']):
            texts = say['push' if words & set(say['push']['words']) else 'foot']['say']
            return [', '.join(_of_foot(text, side) for side in sides) for text in texts]
        return [', '.join(self._moving(limb, side, facts) for limb in limbs for side in sides)]

    def _moving(self, limb: str, side: str, facts: Facts) -> str:
        """How the joints of a limb turn, or that they do not."""
        told = [
            self._templates.joint(side, joint, facts)
            for joint in _TOLD[limb]
            if abs(facts.change(f'{side}_{joint}')) >= _LEAST_DEG
        ]
        if told or not any(f'{side}_{joint}_to' in facts.numbers for joint in LIMBS[limb]):
            return ', '.join(told)
        return str(self._say['still'].format(side=side, limb=limb))


def _of_foot(text: str, side: str) -> str:
    slots = {name: f'{{{side}_{name}}}' for name in ('contact', 'grf', 'force')}
    return text.format(side=side, **slots)


def _said(text: str, facts: Facts) -> str:
    """The sentence with its numbers; '' where they were not measured, or it does not hold."""
    try:
        said = fill(text, facts.numbers, facts.words)
    except ModelError:
        return ''
    return '' if faults(said, facts) else said


def _sentence(text: str) -> str:
    text = plain(text, LONGEST_ANSWER)
    return f'{text[0].upper()}{text[1:].rstrip(".")}.'
