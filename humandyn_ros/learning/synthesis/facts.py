"""Text of a clip from what is measured: reasons first, what follows from them, one sentence."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.learning.synthesis.labelled import ACTIONS, Fact
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labels
from humandyn_ros.words.facts import Facts, Measured, measure
from humandyn_ros.words.slots import SIDES, SLOTS, needs, spoken
from humandyn_ros.words.templates import Templates

_FEW = 9  # reasons of a clip


def describe(
    motion: Kinematics, labels: Labels, body: Body, action: NDArray[np.int64]
) -> tuple[str, tuple[str, ...], tuple[Fact, ...]]:
    """One sentence, the chain of reasons that leads to it, and the facts it rests on.

    Args:
        motion: What moves.
        labels: What acts.
        body: Whose.
        action: Label of every frame (T,).
    """
    facts = facts_of(motion, labels, body)
    names = [ACTIONS[k] for k in _in_order(action)]
    templates = _templates()
    draft = templates.draft(names[0], facts, _FEW)
    told = draft.filled(facts)
    sentence = told.sentence
    if len(names) > 1:
        doing = ', then '.join(templates.doing(name) for name in names)
        sentence = f'the person {doing}, within {spoken("duration", facts.numbers["duration"])} s'
    text = f'{sentence[0].upper()}{sentence[1:]}.'
    found = tuple(
        _fact(template, said, facts)
        for template, said in zip(draft.reasons, told.reasons, strict=True)
    )
    return text, (*told.reasons, *told.conclusions, f'So: {sentence}.'), found


def facts_of(motion: Kinematics, labels: Labels, body: Body) -> Facts:
    """Measure a labelled motion as a running node measures what is published."""
    return measure(
        Measured(
            rate_hz=motion.rate_hz,
            points=motion.points,
            angles=labels.angle,
            torques=labels.torque_rajagopal,
            forces=labels.ground_force,
            contact=labels.contact,
            seat=labels.contact_force[:, 0, 2],
            support=labels.contact_force.sum(1)[:, 2],
            mass_kg=body.mass_kg,
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Templates:
    return Templates()


def _in_order(action: NDArray[np.int64]) -> list[int]:
    """Labels as they follow each other; standing only where nothing else happens."""
    changes = np.flatnonzero(np.diff(action)) + 1
    found = [int(action[k]) for k in (0, *changes)]
    active = [k for k in found if ACTIONS[k] != 'stand']
    return active or found[:1]


def _fact(template: str, sentence: str, facts: Facts) -> Fact:
    """The first number of a sentence, with where it began."""
    name = next(slot for slot in needs(template) if slot in SLOTS)
    stem, _, end = name.rpartition('_')
    if end == 'from':
        limb = stem.replace('_', ' ')
        quantity = f'{limb} elevation' if stem.endswith('arm') else f'{limb} flexion'
        numbers = facts.numbers
        return Fact(quantity, numbers[name], numbers[f'{stem}_to'], 'deg', sentence)
    start = facts.numbers.get('trunk_from', 0.0) if name == 'trunk_lean' else 0.0
    quantity = name.replace('_', ' ')
    assert not quantity.startswith(SIDES)
    return Fact(quantity, start, facts.numbers[name], SLOTS[name].unit, sentence)
