"""Grounding: whether what a sentence claims was measured.

Numbers must be the measured ones to the digit written, with their unit, of the part and side that
the clause names, in the right role (from, to); directions and contacts must be those measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from humandyn_ros.words.claims import Amount, Clause, Part, clauses
from humandyn_ros.words.facts import LEAST_SPEED, LIMBS, Facts
from humandyn_ros.words.slots import BENDING, LOADED, SIDES

_MOVED_DEG = 5.0  # a direction that is claimed must be at least this
_LIMB_DEG = 15.0  # a limb that is said to do something turns at least this
_SHARE = 0.6  # and at least this much of what the other side's does
_SPEED, _SINK_CM, _LEAN_DEG, _TURN_DEG = 0.1, 3.0, 8.0, 10.0
_FLIGHT_S, _SINGLE_S, _SEAT = 0.04, 0.1, 10.0
_UPRIGHT_DEG, _STRAIGHT_DEG = 15.0, 25.0
_TOUCHING, _ALWAYS = 5.0, 97.0  # % of the time

_BENDS = re.compile(r'\b(?:bends?|bending|flex(?:es|ing)?|curls?)\b')
_BENT = re.compile(r'\b(?:bent|flexed)\b')
_STRAIGHT = re.compile(r'\bstraight\b')
_STRETCHES = re.compile(r'\b(?:stretch(?:es|ing)?|extend(?:s|ing)?|straighten(?:s|ing)?)\b')
_UP = re.compile(r'\b(?:ris(?:es?|ing)|rais(?:es?|ing)|lift(?:s|ing)?|goes up|go up|moves? up)\b')
_DOWN = re.compile(
    r'\b(?:sink(?:s|ing)?|lower(?:s|ing)?|drop(?:s|ping)?|goes down|go down|descends?'
    r'|moves? down)\b'
)
_WAY = re.compile(
    r'\b(?P<ahead>forwards?|ahead)\b|\b(?P<back>backwards?|(?<!the )back)\b|\b(?:to|towards) '
    r'(?:the|its|his|her|their)? ?(?P<side>left|right)\b|\b(?P<bare>leftwards?|rightwards?)\b'
)
_LEFT_RIGHT = re.compile(r'\b(left|right|leftwards?|rightwards?|clockwise|anticlockwise'
                         r'|counterclockwise)\b')  # fmt: skip
_TURN = re.compile(r'\bturn(?:s|ing)?\b|\brotat(?:es?|ing)\b')
_TURN_WAY = re.compile(r'\b(?:turn(?:s|ing)?|rotat(?:es?|ing))\b.*?\b(left|right)\b')
_LEAN = re.compile(r'\blean(?:s|ing)?\b|\bbends? (?:over|down|forwards?)\b|\btilt(?:s|ing)?\b')
_TRAVEL = re.compile(
    r'\b(?:walk|run|mov|step|travel|go|march|jog|stroll|pac)(?:s|es|ing|ning|e)?\b'
)
_AIR = re.compile(
    r'\bnothing (?:\w+ )*touches the (?:ground|floor)|\bno foot touches|\bin the air\b'
    r'|\bairborne\b|\bin flight\b|\bboth feet (?:\w+ )?(?:leave|off) the (?:ground|floor)'
)
_GROUNDED = re.compile(
    r'\bone foot is always on|\bboth feet (?:\w+ )*(?:on|touch) the (?:ground|floor)'
)
_ALONE = re.compile(
    r'\bone (?:foot|leg) (?:alone|only|carries|bears)|\bon one (?:foot|leg)\b|\bsingle support\b'
)
_SIDE_ALONE = re.compile(
    r'\b(left|right) (?:foot|leg) (?:alone|only)'
    r'|\bon (?:the|his|her|its|their) (left|right) (?:foot|leg)\b'
    r'|\bonly (?:the|his|her|its|their) (left|right) (?:foot|leg)\b'
    r'|\b(left|right) (?:foot|leg) (?:carries|bears|supports) the (?:body|person|weight)'
)
_TOUCH = re.compile(
    r'\b(left|right) foot (?:\w+ )?(?:touches|lands|strikes|hits|stays on|is on|rests on)'
)
_LEAVES = re.compile(
    r'\b(left|right) foot (?:\w+ )?(?:leaves|lifts|swings|is off|is in the air|comes off)'
)
_SEAT_WORDS = re.compile(r'\b(?:seat|chair|bench|stool)\b')
_OTHER_TOUCH = re.compile(
    r'\b(?:hands?|knees?|elbows?|head|fists?|shoulders?) (?:\w+ )?(?:touch|rest on|push)'
)
_STILL = re.compile(r'\b(?:still|motionless|hangs?|rests?|steady|stays?|remains?)\b')


_Get = Callable[[str, float], float]
_STATES: tuple[tuple[re.Pattern[str], Callable[[_Get], bool]], ...] = (
    (re.compile(r'\bon the spot\b'), lambda get: get('speed', 9.0) <= LEAST_SPEED),
    (re.compile(r'\bupright\b'), lambda get: get('trunk_lean', 99.0) < _UPRIGHT_DEG),
    (re.compile(r'\bkeeps? \w+ direction\b'), lambda get: get('turn', 99.0) < _TURN_DEG),
    (
        re.compile(r'\bkeeps? \w+ height\b'),
        lambda get: max(get('sink', 99.0), get('rise', 99.0)) < _SINK_CM,
    ),
)


class Check(NamedTuple):
    """One claim and whether it holds."""

    claim: str
    holds: bool


def faults(sentence: str, facts: Facts) -> tuple[str, ...]:
    """Return what a sentence claims and was not measured; () where all of it was.

    Args:
        sentence: English, one sentence or several.
        facts: Everything measured, not only what is notable.
    """
    return tuple(check.claim for check in checks(sentence, facts) if not check.holds)


def share(sentence: str, facts: Facts) -> tuple[int, int]:
    """Return how many claims hold, and how many there are."""
    found = checks(sentence, facts)
    return sum(check.holds for check in found), len(found)


def checks(sentence: str, facts: Facts) -> tuple[Check, ...]:
    """Return every claim of a sentence, held against the facts."""
    return tuple(check for clause in clauses(sentence) for check in _checks(clause, facts))


def _checks(clause: Clause, facts: Facts) -> Iterator[Check]:
    for claim in clause.open:
        yield Check(claim, False)
    for amount in clause.amounts:
        yield _number(clause, amount, facts)
    settled: set[str] = set()  # sides that a check has answered for
    for check, sides in (*_contacts(clause, facts), *_ways(clause, facts), *_moves(clause, facts)):
        settled |= sides
        yield check
    for part in clause.parts:
        if part.side and part.side in clause.text and part.side not in settled:
            settled |= {part.side} if part.side != 'both' else set(SIDES)
            yield _limb(part, clause, facts)
    for side in set(_LEFT_RIGHT.findall(clause.text)) - settled:
        yield Check(f'side {side!r}', False)


# Numbers


def _number(clause: Clause, amount: Amount, facts: Facts) -> Check:
    claim = f'{amount.value:g} {amount.unit or "of no known unit"}'
    groups = list(_candidates(clause, amount, facts))
    holds = bool(groups) and all(any(_equal(amount, value) for value in group) for group in groups)
    return Check(claim, holds)


def _equal(amount: Amount, value: float) -> bool:
    return abs(abs(amount.value) - abs(value)) <= 0.5 * amount.step + 1e-6 and (
        amount.value * value >= 0 or abs(value) < amount.step
    )


def _candidates(clause: Clause, amount: Amount, facts: Facts) -> Iterator[list[float]]:
    """Measured values of which one, in every group, must be the number."""
    text, numbers, unit = clause.text, facts.numbers, amount.unit
    if unit in ('deg', 'N·m', 'body weights', 'N', '%') and _of_part(clause, unit):
        for names in _sided(clause, unit):
            yield _angles(names, amount.role, facts) if unit == 'deg' else _known(names, facts)
        return
    names = {
        'deg': ['turn'] if _TURN.search(text) else ['trunk_from', 'trunk_lean'],
        'm/s': ['speed'],
        'cm': ['sink' if _DOWN.search(text) else 'rise' if _UP.search(text) else 'distance'],
        's': _times(text),
        'steps': ['steps'],
        'steps/min': ['cadence'],
        'body weights': ['peak_grf'],
        'N': ['peak_force'],
        '%': ['seat'] if _SEAT_WORDS.search(text) or 'weight' in text else [],
    }.get(unit, [])
    if unit == 'deg' and not (_TURN.search(text) or clause.trunk or _LEAN.search(text)):
        names = []
    found = [numbers[name] * (100.0 if name == 'distance' else 1.0)
             for name in names if name in numbers]  # fmt: skip
    if 'trunk_lean' in names and amount.role in ('from', 'to'):
        found = found[:1] if amount.role == 'from' else found[1:]
    yield found


def _times(text: str) -> list[str]:
    if _AIR.search(text):
        return ['flight']
    if _ALONE.search(text) or _SIDE_ALONE.search(text):
        return ['single_support']
    return ['duration']


def _of_part(clause: Clause, unit: str) -> bool:
    if clause.trunk and unit == 'deg':
        return False
    if unit == 'deg' and _TURN.search(clause.text):
        return False
    if unit == '%' and _SEAT_WORDS.search(clause.text):
        return False
    return bool(clause.parts)


def _sided(clause: Clause, unit: str) -> Iterator[list[str]]:
    """Slots of the parts that a clause names; `both` are two groups, no side is either."""
    part = clause.parts[-1] if unit != 'deg' else clause.parts[0]
    stems = {
        'deg': [part.name] if part.name in BENDING else [],
        'N·m': [part.name] if part.name in LOADED else [],
    }.get(unit, [part.name] if part.name == 'foot' else [])
    suffix = {'deg': '', 'N·m': '_torque', 'body weights': '_grf', 'N': '_force', '%': '_contact'}
    names = {side: [f'{side}_{stem}{suffix[unit]}' for stem in stems] for side in SIDES}
    names = {s: [n.replace('foot_', '') for n in found] for s, found in names.items()}
    if part.side == 'both':
        yield from names.values()
    elif part.side:
        yield names[part.side]
    else:
        yield [name for found in names.values() for name in found]


def _angles(stems: list[str], role: str, facts: Facts) -> list[float]:
    found = []
    for stem in stems:
        start, end = (facts.numbers.get(f'{stem}_{which}') for which in ('from', 'to'))
        if start is None or end is None:
            continue
        told = {'from': [start], 'to': [end], 'by': [abs(end - start)]}
        found += told.get(role, [start, end, abs(end - start)])
    return found


def _known(names: list[str], facts: Facts) -> list[float]:
    # A contact's slot has no stem of its own: foot_contact is left_contact.
    return [facts.numbers[name] for name in names if name in facts.numbers]


# Contacts

_Found = list[tuple[Check, set[str]]]


def _contacts(clause: Clause, facts: Facts) -> _Found:
    text, found = clause.text, []
    at_least = facts.numbers.get
    if match := _AIR.search(text):
        found.append((Check(match[0], at_least('flight', 0.0) >= _FLIGHT_S), {'both'}))
    if match := _GROUNDED.search(text):
        grounded = at_least('flight', 1.0) < _FLIGHT_S
        if 'both' in match[0]:
            grounded = all(at_least(f'{side}_contact', 0.0) >= _ALWAYS for side in SIDES)
        found.append((Check(match[0], grounded), {'both'}))
    if match := _ALONE.search(text):
        found.append((Check(match[0], at_least('single_support', 0.0) >= _SINGLE_S), set()))
    if match := _SIDE_ALONE.search(text):
        side = next(filter(None, match.groups()))
        alone = at_least('single_support', 0.0) >= _SINGLE_S and facts.words.get('foot') == side
        found.append((Check(match[0], alone), {side}))
    if match := _TOUCH.search(text):
        touches = at_least(f'{match[1]}_contact', 0.0) >= _TOUCHING
        found.append((Check(match[0], touches), {match[1]}))
    if match := _LEAVES.search(text):
        leaves = at_least(f'{match[1]}_contact', 100.0) <= _ALWAYS
        found.append((Check(match[0], leaves), {match[1]}))
    if match := _SEAT_WORDS.search(text):
        found.append((Check(match[0], at_least('seat', 0.0) >= _SEAT), set()))
    found += [
        (Check(match[0], holds(at_least)), set())
        for pattern, holds in _STATES
        if (match := pattern.search(text))
    ]
    if match := _OTHER_TOUCH.search(text):
        found.append((Check(f'{match[0]}: not measured', False), set()))
    return found


# Directions


def _ways(clause: Clause, facts: Facts) -> _Found:
    """Turning, leaning and going somewhere."""
    text, numbers, words = clause.text, facts.numbers, facts.words
    if (match := _TURN_WAY.search(text)) and not clause.trunk:
        right = words.get('turn_way') == match[1] and numbers.get('turn', 0.0) >= _TURN_DEG
        return [(Check(match[0], right), {match[1]})]
    if _TURN.search(text) and not clause.parts and not clause.trunk:
        return [(Check('turns', numbers.get('turn', 0.0) >= _TURN_DEG), set())]
    match = _WAY.search(text)
    leans = _LEAN.search(text)
    if leans and (clause.trunk or not clause.parts):
        way = _way_of(match) if match else ''
        right = numbers.get('trunk_lean', 0.0) >= _LEAN_DEG
        right = right and way in ('', words.get('lean_way'))
        return [(Check(f'leans {way}'.strip(), right), {match['side']} if match else set())]
    if not match:
        return []
    way = _way_of(match)
    right = words.get('travel_way') == way and numbers.get('speed', 0.0) >= _SPEED
    right = right and bool(_TRAVEL.search(text))
    return [(Check(match[0], right), {match['side'] or match['bare'] or ''})]


def _way_of(match: re.Match[str]) -> str:
    if match['ahead']:
        return 'forwards'
    if match['back']:
        return 'backwards'
    side = match['side'] or match['bare'].replace('wards', '').replace('ward', '')
    return f'to the {side}'


def _moves(clause: Clause, facts: Facts) -> _Found:
    """Joints that bend and stretch, arms and the pelvis that rise and sink."""
    found: _Found = []
    text = clause.text
    for part in clause.parts:
        way = _bending(text, part)
        if way is None:
            continue
        sides = [part.side] if part.side in SIDES else list(SIDES)
        changes = [facts.change(f'{side}_{part.name}') for side in sides]
        if way in ('bent', 'straight'):
            right = [_bent(f'{side}_{part.name}', facts) == (way == 'bent') for side in sides]
        else:
            sign = 1.0 if way in ('bends', 'rises') else -1.0
            right = [sign * change >= _MOVED_DEG for change in changes]
        holds = any(right) if not part.side else all(right)
        found.append((Check(f'{part.side} {part.name} {way}'.strip(), holds), {*sides, part.side}))
    if not clause.parts and 'pelvis' in text:
        found += _heights(text, facts)
    if not clause.parts and not clause.trunk and (match := _STRETCHES.search(text)):
        found.append((Check(f'{match[0]}: no joint is named', False), set()))
    return found


def _bending(text: str, part: Part) -> str | None:
    """What a part is said to do, where that was measured."""
    if part.name not in BENDING:
        return None
    if _UP.search(text) or _DOWN.search(text):
        if part.name not in ('arm', 'shoulder', 'knee'):
            return None
        return 'rises' if _UP.search(text) else 'sinks'
    told = {'bends': _BENDS, 'stretches': _STRETCHES, 'bent': _BENT, 'straight': _STRAIGHT}
    found = [way for way, pattern in told.items() if pattern.search(text)]
    return found[0] if found and part.name != 'arm' else None


def _bent(stem: str, facts: Facts) -> bool:
    return any(facts.numbers.get(f'{stem}_{end}', 0.0) >= _STRAIGHT_DEG for end in ('from', 'to'))


def _heights(text: str, facts: Facts) -> _Found:
    if _DOWN.search(text):
        return [(Check('pelvis sinks', facts.numbers.get('sink', 0.0) >= _SINK_CM), set())]
    if _UP.search(text):
        return [(Check('pelvis rises', facts.numbers.get('rise', 0.0) >= _SINK_CM), set())]
    return []


def _limb(part: Part, clause: Clause, facts: Facts) -> Check:
    """A limb that does something turns, and not much less than the other one."""
    limb = 'arm' if part.name in ('arm', 'hand', 'elbow', 'shoulder') else 'leg'
    claim = f'{part.side} {part.name}'
    if clause.amounts and any(a.unit in ('deg', 'N·m', 'N', 'body weights', '%')
                              for a in clause.amounts):  # fmt: skip
        return Check(claim, True)  # its numbers answer for it
    moved = {
        side: max(abs(facts.change(f'{side}_{joint}')) for joint in LIMBS[limb]) for side in SIDES
    }
    mine = [moved[side] for side in SIDES if part.side in (side, 'both')]
    if _STILL.search(clause.text):
        return Check(claim, max(mine) < _LIMB_DEG)
    if part.side == 'both':
        return Check(claim, min(mine) >= _LIMB_DEG)
    other = SIDES[1 - SIDES.index(part.side)]
    return Check(
        claim, moved[part.side] >= _LIMB_DEG and moved[part.side] >= _SHARE * moved[other]
    )
