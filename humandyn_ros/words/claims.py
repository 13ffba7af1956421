"""Claims: what a sentence says that can be measured, clause by clause.

A small grammar of the English that models and templates use. What it does not understand but looks
measurable (a number without a unit, a side that belongs to nothing, a negation) is a claim too,
one that cannot be shown to hold.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = (
    (r'degrees?|deg|°', 'deg', 1.0),
    (r'm/s|met(?:er|re)s? per second', 'm/s', 1.0),
    (r'km/h|kilomet(?:er|re)s? per hour', 'm/s', 1 / 3.6),
    (r'steps? per minute|steps?/min', 'steps/min', 1.0),
    (r'steps?', 'steps', 1.0),
    (r'(?:times )?(?:the )?body ?weights?|bw', 'body weights', 1.0),
    (r'%|per ?cent', '%', 1.0),
    (r'n·m|n\*m|nm|newton[- ]?met(?:er|re)s?', 'N·m', 1.0),
    (r'newtons?|n', 'N', 1.0),
    (r'centimet(?:er|re)s?|cm', 'cm', 1.0),
    (r'millimet(?:er|re)s?|mm', 'cm', 0.1),
    (r'met(?:er|re)s?|m', 'cm', 100.0),
    (r'milliseconds?|ms', 's', 0.001),
    (r'seconds?|sec|s', 's', 1.0),
)
_NUMBER = r'(?P<number>[-+−]?\d+(?:\.\d+)?)'
_UNIT = '|'.join(f'(?P<u{i}>{words})' for i, (words, _, _) in enumerate(_UNITS))
_AMOUNT = re.compile(
    rf'(?:\b(?P<role>from|between|to|by|and|up to)\s+)?(?<![\d.\w]){_NUMBER}(?![\d])'
    rf'(?:\s*-?\s*(?:{_UNIT})(?!\w))?'
)
_SPELLED = (
    'zero one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty '
    'forty fifty sixty seventy eighty ninety hundred thousand half'
)
_SPELLED_AMOUNT = re.compile(
    rf'\b(?:{"|".join(_SPELLED.split())})(?:[ -](?:{"|".join(_SPELLED.split())}))*'
    r'[ -](?:degrees?|met(?:er|re)s?|centimet(?:er|re)s?|seconds?|steps?|times|body ?weights?'
    r'|newtons?|per ?cent)\b|\b(?:twice|thrice|half|quarter)\b'
)
_ENDS = re.compile(
    r'[,;:!?]|\.(?!\d)|\b(?:while|whereas|because|so|then|before|after|when|which|but)\b'
)
_AND = re.compile(r'\band\b')
_NEGATION = re.compile(r"\b(?:not|never|no|without|neither|nor|hardly|cannot)\b|n't\b")
_VAGUE = re.compile(r'\b(?:more|less|fewer|greater|higher|lower) than\b|\bat (?:least|most)\b')
_BOTH = re.compile(r'\b(?:left and (?:the )?right|right and (?:the )?left)\b')
_PART = re.compile(
    r'\b(?:(?P<side>left|right|both)(?: the)?(?: (?:upper|lower))?[ -])?'
    r'(?P<part>hip|knee|ankle|shoulder|elbow|arm|leg|foot|feet|hand|wrist|thigh|shank|forearm'
    r'|fist)s?\b'
)
_TELLING = re.compile(r'\b(?:left|right|air|ground|seat|turns?|leans?)\b')
_TRUNK = re.compile(r'\b(?:trunk|torso|upper body|back(?= (?:leans|bends|is)))\b')


class Amount(NamedTuple):
    """A number in a sentence."""

    value: float  # in the unit
    unit: str  # of slots.SLOTS; '' if it has none that is known
    step: float  # what the last written digit is worth
    role: str  # 'from', 'to', 'by' or ''


class Part(NamedTuple):
    """A part of the body in a sentence."""

    side: str  # 'left', 'right', 'both' or ''
    name: str


class Clause(NamedTuple):
    """A piece of a sentence about one thing."""

    text: str  # lower case
    parts: tuple[Part, ...]  # the clause's own; if it has none, those of the one before
    trunk: bool
    amounts: tuple[Amount, ...]
    open: tuple[str, ...]  # what looks measurable and is not understood


def clauses(sentence: str) -> tuple[Clause, ...]:
    """Take a sentence apart."""
    text = ' '.join(sentence.lower().replace('’', "'").replace('−', '-').split())
    text = _BOTH.sub('both', text)
    pieces = [piece.strip() for piece in _ENDS.split(text)]
    found: list[Clause] = []
    before: tuple[tuple[Part, ...], bool] = ((), False)
    for piece in (part for whole in pieces if whole for part in _split_and(whole)):
        clause = _clause(piece, before)
        before = (clause.parts, clause.trunk)
        found.append(clause)
    return tuple(found)


def _split_and(text: str) -> list[str]:
    """Split at `and`, but keep `between 5 and 90`, and `sits down and stands up`, together."""
    pieces, start = [], 0
    for found in _AND.finditer(text):
        left, right = text[start : found.start()], text[found.end() :]
        if re.search(r'\bbetween\b[^a-z]*\S*\s*$', left) or not _says(left) or not _says(right):
            continue
        pieces.append(left.strip())
        start = found.end()
    return [*pieces, text[start:].strip()]


def _says(text: str) -> bool:
    return any(pattern.search(text) for pattern in (_AMOUNT, _PART, _TRUNK, _TELLING))


def _clause(text: str, before: tuple[tuple[Part, ...], bool]) -> Clause:
    parts = tuple(Part(m['side'] or '', _base(m['part'])) for m in _PART.finditer(text))
    trunk = bool(_TRUNK.search(text))
    if not parts and not trunk:
        parts, trunk = before
    amounts = _amounts(text)
    return Clause(text, parts, trunk, amounts, tuple(_open(text)))


def _base(part: str) -> str:
    same = {'feet': 'foot', 'wrist': 'hand', 'fist': 'hand', 'thigh': 'leg', 'shank': 'leg',
            'forearm': 'arm'}  # fmt: skip
    return same.get(part, part)


def _amounts(text: str) -> tuple[Amount, ...]:
    """Numbers; one without a unit has that of the next, as in `from 5 to 90 degrees`."""
    found: list[Amount] = []
    for match in reversed(list(_AMOUNT.finditer(text))):
        number = match['number'].replace('−', '-')
        unit, scale = '', 1.0
        for i, (_, name, factor) in enumerate(_UNITS):
            if match[f'u{i}']:
                unit, scale = name, factor
        role = match['role'] or ''
        if not unit and role in ('from', 'between') and found:
            unit = found[-1].unit
        decimals = len(number.partition('.')[2])
        role = {'between': 'from', 'and': 'to' if 'between' in text else ''}.get(role, role)
        role = '' if role == 'up to' else role
        found.append(Amount(float(number) * scale, unit, scale * 10.0**-decimals, role))
    return tuple(reversed(found))


def _open(text: str) -> list[str]:
    found = []
    rest = re.sub(r'\bnothing (?:\w+ )*touches\b|\bno foot touches\b', '', text)
    if match := _NEGATION.search(rest):
        found.append(f'negation {match[0]!r}')
    if match := _VAGUE.search(text):
        found.append(f'comparison {match[0]!r}')
    if match := _SPELLED_AMOUNT.search(text):
        found.append(f'number in words {match[0]!r}')
    return found
