"""The narrator's language: words and slots as tokens, and measured facts as numbers it can read.

A slot such as `<sink>` stands where a measured number or word goes; digits are no tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ModelError
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.slots import SIDES, fill

PAD, BEGIN, NEXT, END, UNKNOWN = '<pad>', '<begin>', '<next>', '<end>', '<unknown>'
SPECIAL = (PAD, BEGIN, NEXT, END, UNKNOWN)
WORD_SLOTS = ('travel_way', 'turn_way', 'lean_way', 'foot')
"""Slots that measured words fill."""
TURNING = ('hip', 'knee', 'elbow', 'arm')
FACTS = (
    *(f'{side}_{joint}' for side in SIDES for joint in TURNING),
    'trunk', 'speed', 'distance', 'steps', 'cadence', 'turn', 'sink', 'rise', 'flight',
    'single_support', 'duration', 'peak_grf', 'seat', 'moves_most',
)  # fmt: skip
"""What the decoder is told of a stretch of motion, one token each."""
FEATURES = 4
_SCALE = {
    'speed': 2.0, 'distance': 4.0, 'steps': 6.0, 'cadence': 120.0, 'turn': 90.0, 'sink': 40.0,
    'rise': 40.0, 'flight': 0.3, 'single_support': 1.0, 'duration': 3.0, 'peak_grf': 2.0,
    'seat': 100.0,
}  # fmt: skip
_WAY = {
    'forwards': (1.0, 0.0), 'backwards': (-1.0, 0.0), 'to the left': (0.0, 1.0),
    'to the right': (0.0, -1.0), 'left': (0.0, 1.0), 'right': (0.0, -1.0),
}  # fmt: skip
_WORD_OF = {'speed': 'travel_way', 'turn': 'turn_way', 'single_support': 'foot'}
_TOKEN = re.compile(r'<[a-z_]+>|[a-z]+(?:/[a-z]+)?|[.,]')

Ids = NDArray[np.int64]


def words_of(text: str) -> tuple[str, ...]:
    """Words, slots, commas and full stops of a text in small letters."""
    return tuple(_TOKEN.findall(text.casefold()))


def slot_of(token: str) -> str:
    """Name of the slot that a token is, '' for words."""
    return token[1:-1] if token.startswith('<') and token not in SPECIAL else ''


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by number.

    Attributes:
        tokens: SPECIAL first.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tokens[: len(SPECIAL)] != SPECIAL or len(set(self.tokens)) != len(self.tokens):
            raise ModelError('vocabulary of another kind: export the model again')

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """The vocabulary of some texts."""
        found = {word for text in texts for word in words_of(text)}
        return cls((*SPECIAL, *sorted(found - set(SPECIAL))))

    def __len__(self) -> int:
        return len(self.tokens)

    def number(self, token: str) -> int:
        """Number of a token; that of UNKNOWN for one that is not there."""
        return self._index.get(token, SPECIAL.index(UNKNOWN))

    def encode(self, text: str) -> list[int]:
        """Numbers of the tokens of a text."""
        return [self.number(word) for word in words_of(text)]

    def sheet(self, texts: Sequence[str], length: int) -> Ids:
        """Texts as rows (N, length), cut or filled up with PAD."""
        rows = np.full((len(texts), length), self.number(PAD), np.int64)
        for row, text in zip(rows, texts, strict=True):
            numbers = self.encode(text)[:length]
            row[: len(numbers)] = numbers
        return rows

    def allowed(self, facts: Facts) -> NDArray[np.bool_]:
        """Tokens that may be said where only these facts were measured (V)."""
        known = {*facts.numbers, *facts.words}
        silent = {PAD, BEGIN, UNKNOWN}
        return np.array(
            [
                token not in silent and (not slot_of(token) or slot_of(token) in known)
                for token in self.tokens
            ]
        )


@dataclass(frozen=True)
class Phrase:
    """One sentence before its slots are filled.

    Attributes:
        tokens: Words and slots.
    """

    tokens: tuple[str, ...]

    def slots(self) -> tuple[str, ...]:
        """Names of its slots, in order."""
        return tuple(slot_of(token) for token in self.tokens if slot_of(token))

    def text(self, numbers: Mapping[str, float], words: Mapping[str, str] | None = None) -> str:
        """The sentence with what was measured; begins small and has no full stop.

        Raises:
            ModelError: A slot was not measured.
        """
        joined = ' '.join(self.tokens).replace(' ,', ',').replace(' .', '').strip()
        return fill(joined, numbers, words)


def features(facts: Facts) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Facts as the network takes them: numbers (len(FACTS), FEATURES), and which are there."""
    values = np.zeros((len(FACTS), FEATURES), np.float32)
    there = np.zeros(len(FACTS), np.float32)
    for row, name in enumerate(FACTS):
        found = _feature(name, facts)
        if found is not None:
            values[row], there[row] = np.clip(found, -4.0, 4.0), 1.0
    return values, there


def _feature(name: str, facts: Facts) -> tuple[float, float, float, float] | None:
    numbers, words = facts.numbers, facts.words
    if name == 'moves_most' and name in words:
        most = words[name]
        side = 1.0 if most.startswith('left') else -1.0 if most.startswith('right') else 0.0
        return (1.0 if 'arm' in most else -1.0), 0.0, 0.0, side
    if name == 'trunk' and 'trunk_lean' in numbers:
        way = _WAY.get(words.get('lean_way', ''), (0.0, 0.0))
        return numbers['trunk_lean'] / 45.0, facts.change('trunk') / 45.0, *way
    if f'{name}_to' in numbers:
        return numbers[f'{name}_to'] / 90.0, facts.change(name) / 90.0, 0.0, 0.0
    if name not in numbers:
        return None
    way = _WAY.get(words.get(_WORD_OF.get(name, ''), ''), (0.0, 0.0))
    return numbers[name] / _SCALE[name], 0.0, *way
