"""Text from what is measured: facts first, then what follows from them, then one sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.learning.synthesis.angles import unit
from humandyn_ros.learning.synthesis.labelled import ACTIONS, Fact
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labels
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

_DOING = {
    'stand': 'stands', 'walk': 'walks', 'turn': 'walks and turns', 'run': 'runs',
    'squat': 'squats', 'sit_to_stand': 'sits down and stands up', 'sit': 'sits',
    'lunge': 'lunges', 'step': 'takes a step', 'side_step': 'steps sideways', 'jump': 'jumps',
    'kick': 'kicks', 'reach': 'reaches out', 'wave': 'waves', 'throw': 'throws', 'box': 'boxes',
    'bend': 'bends over', 'lift': 'lifts something', 'kneel': 'kneels', 'fall': 'falls',
    'climb': 'climbs', 'swing': 'swings', 'dance': 'dances', 'exercise': 'exercises',
    'other': 'moves',
}  # fmt: skip
_LEAST_TURN_DEG = 25.0  # of a joint worth a sentence
_FLIGHT_BW, _FLIGHT_S = 0.05, 0.06
_MOVING = 0.4  # m/s
_LIMB = {
    'hip_flexion': 'hip', 'knee_angle': 'knee', 'arm_flex': 'shoulder', 'elbow_flex': 'elbow'
}  # fmt: skip


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
    facts = (*_joints(labels), *_trunk(motion), *_whole(motion), *_ground(labels, motion, body))
    doing = [_DOING[ACTIONS[k]] for k in _in_order(action)]
    reasons = tuple(fact.sentence for fact in facts)
    conclusions = _conclusions(facts)
    text = f'The person {", then ".join(doing)}{_manner(facts)}.'
    return text, (*reasons, *conclusions, f'So: {text[0].lower()}{text[1:]}'), facts


def _in_order(action: NDArray[np.int64]) -> list[int]:
    """Labels as they follow each other; standing only where nothing else happens."""
    changes = np.flatnonzero(np.diff(action)) + 1
    found = [int(action[k]) for k in (0, *changes)]
    active = [k for k in found if ACTIONS[k] != 'stand']
    return active or found[:1]


def _joints(labels: Labels) -> list[Fact]:
    """The joints that turn most, each from where it starts to where it is bent most."""
    facts = []
    for i, name in enumerate(COORDINATES):
        base, side = name[:-2], {'r': 'right', 'l': 'left'}.get(name[-1])
        if base not in _LIMB or side is None:
            continue
        angle = np.degrees(np.unwrap(labels.angle[:, i]))
        start, end = float(angle[0]), float(angle[np.argmax(np.abs(angle - angle[0]))])
        if abs(end - start) < _LEAST_TURN_DEG:
            continue
        limb = f'{side} {_LIMB[base]}'
        verb = 'bends' if end > start else 'stretches'
        sentence = f'the {limb} {verb} from {start:.0f} to {end:.0f} degrees'
        facts.append(Fact(f'{limb} flexion', start, end, 'deg', sentence))
    return sorted(facts, key=lambda fact: -abs(fact.end - fact.start))[:4]


def _trunk(motion: Kinematics) -> list[Fact]:
    up = unit(motion.points[:, CANONICAL.index['neck']] - motion.points[:, 0])
    lean = np.degrees(np.arccos(np.clip(up[:, 2], -1.0, 1.0)))
    start, end = float(lean[0]), float(lean.max())
    if end - start < 12.0:
        return []
    return [Fact('trunk lean', start, end, 'deg', f'the trunk leans {end:.0f} degrees')]


def _whole(motion: Kinematics) -> list[Fact]:
    pelvis, seconds = motion.points[:, 0], (len(motion.points) - 1) / motion.rate_hz
    facts = []
    travelled = float(np.linalg.norm(np.diff(pelvis[:, :2], axis=0), axis=1).sum())
    speed = travelled / max(seconds, 1e-6)
    if speed > _MOVING:
        sentence = f'the pelvis covers {travelled:.1f} m in {seconds:.1f} s, {speed:.1f} m/s'
        facts.append(Fact('speed', 0.0, speed, 'm/s', sentence))
    start, low, high = pelvis[0, 2], pelvis[:, 2].min(), pelvis[:, 2].max()
    if start - low > 0.1:
        sentence = f'the pelvis sinks by {100 * (start - low):.0f} cm'
        facts.append(Fact('pelvis height', float(start), float(low), 'm', sentence))
    if high - start > 0.1:
        sentence = f'the pelvis rises by {100 * (high - start):.0f} cm'
        facts.append(Fact('pelvis height', float(start), float(high), 'm', sentence))
    across = motion.points[:, 2] - motion.points[:, 1]
    turned = np.degrees(np.unwrap(np.arctan2(across[:, 1], across[:, 0])))
    change = float(turned[-1] - turned[0])
    if abs(change) > 30.0:
        way = 'left' if change > 0 else 'right'
        sentence = f'the body turns {abs(change):.0f} degrees to the {way}'
        facts.append(Fact('heading', 0.0, change, 'deg', sentence))
    return facts


def _ground(labels: Labels, motion: Kinematics, body: Body) -> list[Fact]:
    weight = body.mass_kg * GRAVITY
    total = labels.contact_force.sum(1)[:, 2] / weight
    facts, longest = [], _longest(total < _FLIGHT_BW) / motion.rate_hz
    if longest > _FLIGHT_S:
        sentence = f'nothing touches the ground for {longest:.2f} s'
        facts.append(Fact('flight', 0.0, longest, 's', sentence))
    peak = float(total.max())
    if peak > 1.3:
        facts.append(Fact('ground reaction', 1.0, peak, 'body weights',
                          f'the ground pushes with up to {peak:.1f} body weights'))  # fmt: skip
    single = _longest((labels.contact > 0.5).sum(1) == 1) / motion.rate_hz
    if single > 0.25:
        facts.append(Fact('single support', 0.0, single, 's',
                          f'one foot alone carries the body for {single:.1f} s'))  # fmt: skip
    seat = float(labels.contact_force[:, 0, 2].max()) / weight
    if seat > 0.2:
        facts.append(Fact('seat', 0.0, seat, 'body weights',
                          f'a seat carries up to {100 * seat:.0f} % of the weight'))  # fmt: skip
    return facts


def _longest(true: Array) -> int:
    """Length of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(true, int), [0]])))
    runs = edges.reshape(-1, 2)
    return int((runs[:, 1] - runs[:, 0]).max()) if len(runs) else 0


def _conclusions(facts: tuple[Fact, ...]) -> tuple[str, ...]:
    values = {fact.quantity: fact.end - fact.start for fact in facts}
    rules = (
        ('flight' in values and 'speed' in values, 'so both feet leave the ground on the way'),
        ('flight' in values and 'speed' not in values, 'so the body jumps on the spot'),
        ('speed' in values and 'flight' not in values, 'so one foot is always on the ground'),
        ('seat' in values, 'so somebody sits'),
        (values.get('right knee flexion', 0) > 60 and values.get('left knee flexion', 0) > 60
         and 'speed' not in values, 'so both knees bend deeply together'),
    )  # fmt: skip
    return tuple(sentence for holds, sentence in rules if holds)


def _manner(facts: tuple[Fact, ...]) -> str:
    """The figure that tells most about how it is done."""
    for quantity, words in (
        ('speed', 'at {:.1f} m/s'), ('flight', 'and is in the air for {:.2f} s'),
        ('pelvis height', 'with the pelvis at {:.2f} m'), ('trunk lean', 'leaning {:.0f} degrees'),
    ):  # fmt: skip
        found = next((fact for fact in facts if fact.quantity == quantity), None)
        if found:
            return f' {words.format(found.end)}'
    return ''
