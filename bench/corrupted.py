"""True sentences about held-out procedural people, corrupted on purpose, held against the facts.

What is true and what is not follows from how a sentence was made, not from the check: a corruption
that happens to say what was measured (both knees bend to 95 degrees) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from humandyn_ros.learning.synthesis import Recipe, labelled_clip
from humandyn_ros.learning.synthesis.facts import facts_of
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labels
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import faults
from humandyn_ros.words.slots import SLOTS, fill, needs, spoken
from humandyn_ros.words.templates import Templates

KINDS = ('true', 'number', 'unit', 'side', 'direction', 'contact', 'part')
_UNITS = {'degrees': 'cm', 'cm': 'm', 'm/s': 'km/h', ' s': ' steps', 'steps per minute': 'steps',
          'body weights': 'N', ' N': ' body weights', ' %': ' degrees'}  # fmt: skip
_DIRECTIONS = {'bends': 'stretches', 'stretches': 'bends', 'rises': 'sinks', 'sinks': 'rises',
               'forwards': 'backwards', 'backwards': 'forwards', 'to the left': 'to the right',
               'to the right': 'to the left'}  # fmt: skip
_CONTACTS = {
    'one foot is always on the ground': 'both feet leave the ground',
    'both feet leave the ground on the way': 'one foot is always on the ground',
    'the body jumps on the spot': 'one foot is always on the ground',
    'left foot alone': 'right foot alone',
    'right foot alone': 'left foot alone',
    'nothing touches the ground': 'one foot alone carries the body',
    'a seat carries': 'one foot carries',
}
_PARTS = {'knee': 'elbow', 'elbow': 'knee', 'hip': 'ankle', 'arm': 'hip', 'trunk': 'right knee'}


def corrupted_sentences(clips: int) -> dict[str, dict[str, int]]:
    """Count, by kind of corruption, how many sentences there were and how many were refused."""
    counts = {kind: {'sentences': 0, 'found': 0} for kind in KINDS}
    random = np.random.default_rng(0)
    names = list(MOVES)
    for number in range(clips):
        label = names[number % len(names)]
        facts = _facts(label, number)
        draft = Templates().draft(label, facts, 9)
        for text in (draft.sentence, *draft.reasons, *draft.conclusions):
            for kind, sentence in variants(text, facts, random):
                counts[kind]['sentences'] += 1
                counts[kind]['found'] += bool(faults(sentence, facts))
    return counts


def _facts(label: str, number: int) -> Facts:
    clip = labelled_clip(number, 1, 'test', Recipe(rate_hz=30.0, kinds=(label,)))
    motion = Kinematics(clip.rate_hz, clip.points, clip.velocities, clip.accelerations, 0.0)
    labels = Labels(
        clip.angle, clip.rate, clip.torque_rajagopal, clip.torque_smpl, clip.ground_force,
        clip.centre_of_pressure, clip.free_moment, clip.contact_force, clip.contact, clip.residual,
    )  # fmt: skip
    return facts_of(motion, labels, Body(clip.mass_kg, clip.height_m, clip.sex))


def variants(text: str, facts: Facts, random: np.random.Generator) -> Iterator[tuple[str, str]]:
    """A sentence as it is, and each corruption of it that is wrong, by kind."""
    whole = fill(text, facts.numbers, facts.words)
    yield 'true', whole
    slots = [slot for slot in needs(text) if slot in SLOTS]
    for slot in slots:
        yield 'number', _other_number(text, slot, facts, random)
    if slots:
        yield from (('unit', s) for s in _swapped(whole, _UNITS, after_number=True))
        yield from (('part', s) for s in _swapped(whole, _PARTS))
    side = _other_side(text, facts)
    if side:
        yield 'side', side
    yield from (('direction', s) for s in _swapped(whole, _DIRECTIONS))
    yield from (('contact', s) for s in _swapped(whole, _CONTACTS))


def _other_number(text: str, slot: str, facts: Facts, random: np.random.Generator) -> str:
    """One number off by a tenth to a half, and by at least two of its last digits."""
    value, step = facts.numbers[slot], 10.0 ** -SLOTS[slot].decimals
    change = max(abs(value) * random.uniform(0.1, 0.5), 2.0 * step)
    wrong = abs(value) + change * (1 if random.uniform() < 0.5 or abs(value) < change else -1)
    return fill(text.replace(f'{{{slot}}}', spoken(slot, wrong)), facts.numbers, facts.words)


def _other_side(text: str, facts: Facts) -> str:
    """Left for right where the other side's numbers are others; '' where there is nothing."""
    found = re.search(r'\{(left|right)_(\w+?)_(from|to)\}', text)
    if not found:
        return ''
    other = {'left': 'right', 'right': 'left'}[found[1]]
    slots = [slot for slot in needs(text) if slot.startswith(f'{found[1]}_')]
    pairs = [(slot, slot.replace(found[1], other, 1)) for slot in slots]
    if any(twin not in facts.numbers for _, twin in pairs) or all(
        spoken(slot, facts.numbers[slot]) == spoken(twin, facts.numbers[twin])
        for slot, twin in pairs
    ):
        return ''
    whole = fill(text, facts.numbers, facts.words)
    return re.sub(rf'\b{found[1]}(?= {found[2]}\b)', other, whole)


def _swapped(whole: str, words: dict[str, str], *, after_number: bool = False) -> Iterator[str]:
    """The sentence with one of some words replaced by its opposite."""
    for word, other in words.items():
        pattern = rf'(?<=\d){" ?" if word[0] != " " else ""}{re.escape(word)}(?![\w/])'
        if not after_number:
            pattern = rf'\b{re.escape(word)}\b'
        if re.search(pattern, whole):
            yield re.sub(
                pattern, other if not after_number else f' {other.strip()}', whole, count=1
            )
