"""What the narrator learns to say: label, a sentence and reasons from measured facts.

Numbers and directions are slots, so a text says which facts tell, not how much they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from humandyn_ros.engines.narrator.language import NEXT, TURNING
from humandyn_ros.errors import ConfigError
from humandyn_ros.resources import resource
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.slots import SIDES

REASONS = 3
_GOES = {
    'hip': ('bends', 'stretches'), 'knee': ('bends', 'stretches'),
    'elbow': ('bends', 'stretches'), 'arm': ('rises', 'sinks'),
}  # fmt: skip
_LEAST = 0.25  # of a fact to be a third reason


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: Label.
        does: What the person does, third person.
        descriptions: Texts that describe it.
        held_out: Never trained, only described.
    """

    name: str
    does: str
    descriptions: tuple[str, ...]
    held_out: bool = False

    @property
    def label(self) -> str:
        """The label in words."""
        return self.name.replace('_', ' ')


@lru_cache(maxsize=4)
def read_actions(path: Path | None = None) -> tuple[Action, ...]:
    """Actions of a file, config/training/narrator_labels.yaml if none is given.

    Raises:
        ConfigError: An action lacks what it does or its descriptions.
    """
    file = path or resource('config', 'training', 'narrator_labels.yaml')
    found = yaml.safe_load(file.read_text(encoding='utf-8'))
    try:
        return tuple(
            Action(name, item['does'], tuple(item['descriptions']), item.get('held_out', False))
            for name, item in found.items()
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigError(
            f'{file}: every action needs `does` and `descriptions` ({error})'
        ) from error


def told(action: Action, facts: Facts) -> str:
    """Label, sentence and reasons of what is notable, apart by NEXT."""
    clause, used = _clause(facts)
    sentence = f'the person {action.does}{_manner(facts, action.does)}{clause}'
    return f' {NEXT} '.join((action.label, sentence, *_reasons(facts, used)))


def everything(actions: tuple[Action, ...]) -> Iterator[str]:
    """Every word that can occur in a text."""
    numbers = dict.fromkeys(
        ('trunk_lean', 'trunk_from', 'speed', 'distance', 'steps', 'cadence', 'turn', 'sink',
         'rise', 'flight', 'single_support', 'duration', 'peak_grf', 'seat'), 1.0,
    )  # fmt: skip
    for action in actions:
        yield from (action.label, action.does, *action.descriptions)
    yield from (text for _, text in _candidates(Facts(numbers)))
    for limb in (f'{side}_{joint}' for side in SIDES for joint in TURNING):
        for end in (90.0, -90.0):
            yield _clause(Facts({f'{limb}_from': 0.0, f'{limb}_to': end}))[0]
    for name in ('speed', 'flight', 'sink', 'rise', 'trunk_lean'):
        yield _manner(Facts({'duration': 1.0, name: 1.0}))
        yield _clause(Facts({name: 1.0}))[0]
    yield '<travel_way> <turn_way> <lean_way> <foot>'


def _manner(facts: Facts, does: str = '') -> str:
    numbers = facts.numbers
    if 'speed' in numbers:
        way = ' <travel_way>' if 'travel_way' in facts.words and ' ' not in does else ''
        return f'{way} at <speed> m/s for <duration> s'
    return ' for <duration> s' if 'duration' in numbers else ''


def _clause(facts: Facts) -> tuple[str, str]:
    """What else the sentence says, and the fact it takes for it."""
    numbers = facts.numbers
    if 'flight' in numbers:
        return ' and is in the air for <flight> s', 'flight'
    if 'speed' in numbers:
        return '', 'speed'
    for name, verb in (('sink', 'sinks'), ('rise', 'rises')):
        if name in numbers:
            return f' and the pelvis {verb} by <{name}> cm', name
    if 'trunk_lean' in numbers:
        return ', leaning <lean_way> by <trunk_lean> degrees', 'trunk'
    turned = _turned(facts, _LEAST)
    if turned:
        _, joint, text = max(turned)
        return f' and {text}', joint
    return '', ''


def _turned(facts: Facts, least: float) -> list[tuple[float, str, str]]:
    """The side of each joint that turns more: how much, which joint, the sentence."""
    found = []
    for joint in TURNING:
        there = [side for side in SIDES if f'{side}_{joint}_to' in facts.numbers]
        if not there:
            continue
        side = max(there, key=lambda s: abs(facts.change(f'{s}_{joint}')))
        change = facts.change(f'{side}_{joint}')
        if abs(change) / 90 < least:
            continue
        verb = _GOES[joint][0 if change > 0 else 1]
        limb = f'{side}_{joint}'
        text = f'the {side} {joint} {verb} from <{limb}_from> to <{limb}_to> degrees'
        found.append((abs(change) / 90, joint, text))
    return found


_PLAIN = (
    # fact, what counts as 1, text
    ('trunk', 'trunk_lean', 45.0, 'the trunk leans <lean_way> by <trunk_lean> degrees'),
    ('distance', 'distance', 2.0, 'the pelvis covers <distance> m'),
    ('steps', 'cadence', 150.0, 'the feet take <steps> steps at <cadence> steps per minute'),
    ('turn', 'turn', 60.0, 'the body turns <turn> degrees to the <turn_way>'),
    ('sink', 'sink', 25.0, 'the pelvis sinks by <sink> cm'),
    ('rise', 'rise', 25.0, 'the pelvis rises by <rise> cm'),
    ('flight', 'flight', 0.2, 'nothing touches the ground for <flight> s'),
    ('single_support', 'single_support', 1.5,
     'the <foot> foot alone carries the body for <single_support> s'),
    ('peak_grf', 'peak_grf', 3.0, 'the ground pushes with up to <peak_grf> body weights'),
    ('seat', 'seat', 60.0, 'a seat carries up to <seat> percent of the weight'),
)  # fmt: skip


def _candidates(facts: Facts) -> list[tuple[str, str]]:
    """Facts in a fixed order with their sentences, those that tell most only."""
    rows = [(joint, far, text) for far, joint, text in _turned(facts, 0.0)]
    rows += [
        (name, facts.numbers[slot] / one, text)
        for name, slot, one, text in _PLAIN
        if slot in facts.numbers
    ]
    return [(name, text) for name, far, text in rows if far > 0.0]


def _reasons(facts: Facts, used: str) -> tuple[str, ...]:
    size = {joint: far for far, joint, _ in _turned(facts, 0.0)}
    size |= {n: facts.numbers[slot] / one for n, slot, one, _ in _PLAIN if slot in facts.numbers}
    rows = [(name, text) for name, text in _candidates(facts) if name != used]
    best = sorted(rows, key=lambda row: -size[row[0]])[:REASONS]
    kept = {name for k, (name, _) in enumerate(best) if k < REASONS - 1 or size[name] > _LEAST}
    return tuple(text for name, text in rows if name in kept)
