"""Joint centres that were not seen, from those that were.

Every rule is linear: a joint is a weighted sum of others plus a share of body height forward,
left and up. So a pattern of missing joints is one matrix, and velocities and accelerations
follow from the same matrix. What matters to forces are the accelerations:

- an unseen trunk moves up and down with the pelvis but follows its sway only in part;
- unseen arms swing against the legs, and in running rise with the opposite thigh.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
    FOREARM_PER_HEIGHT,
    HIP_WIDTH_PER_HEIGHT,
    LEG_PER_HEIGHT,
    SHANK_PER_HEIGHT,
    SHOULDER_WIDTH_PER_HEIGHT,
    THIGH_PER_HEIGHT,
    TRUNK_PER_HEIGHT,
    UPPER_ARM_PER_HEIGHT,
)
from humandyn_ros.quantities import CANONICAL, Array, Mask

_J = len(CANONICAL.joints)
LEAN = 0.015  # of an unseen neck before the pelvis, body heights: some 3 degrees
SWAY = 0.3, 0.4  # shares of the pelvis' acceleration that an unseen trunk follows: forward, left
SWING = 0.6  # of unseen arms over the thighs', one against the other: no force, but a moment
LIFT = 0.8  # of an unseen arm over that of the opposite thigh, running
_NECK_ABOVE = TRUNK_PER_HEIGHT + 0.03

# Where the pelvis is without hips: below, or above, the first of these that was seen.
_ABOVE_PELVIS = {
    'spine1': 0.1,
    'spine2': 0.15,
    'spine3': 0.22,
    'neck': _NECK_ABOVE,
    **{f'{s}_{j}': h for j, h in (
        ('hip', 0.0), ('shoulder', TRUNK_PER_HEIGHT), ('knee', -THIGH_PER_HEIGHT),
        ('ankle', -LEG_PER_HEIGHT), ('foot', -LEG_PER_HEIGHT - 0.02), ('collar', 0.3),
        ('elbow', 0.1), ('wrist', 0.0), ('hand', 0.0),
    ) for s in ('left', 'right')},
    'head': _NECK_ABOVE + 0.09,
}  # fmt: skip

_SWAYING = ({'pelvis': SWAY[0]}, {'pelvis': SWAY[1]}, {'pelvis': 1.0})
_PATTERNS = 256  # of missing joints whose matrices are kept

Weights = dict[str, float]


@dataclass(frozen=True)
class Rule:
    """How one joint follows from others.

    Attributes:
        joint: What is filled in.
        weights: Joints it is a weighted sum of.
        offset: Forward, left, up, in body heights.
        note: What is assumed.
        rates: Weights of velocity and acceleration where they differ: forward, left, up.
        running: What running adds to the last of these.
    """

    joint: str
    weights: Weights
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    note: str = ''
    rates: tuple[Weights, Weights, Weights] | None = None
    running: Weights | None = None


def _rules() -> list[Rule]:
    """Best ways first; what a rule builds on stands before it."""
    arms = _both(_collar) + _both(_elbow) + _both(_wrist) + _both(_hand)
    return [*_pelvis(), *_legs(), *_trunk(), *arms]


def _pelvis() -> list[Rule]:
    girdle = HIP_WIDTH_PER_HEIGHT / 2
    return [
        Rule('pelvis', {'left_hip': 0.5, 'right_hip': 0.5}),
        *(
            Rule('pelvis', {joint: 1.0}, (0, 0, -above), note='hips')
            for joint, above in _ABOVE_PELVIS.items()
        ),
        *_both(lambda s, o: Rule(f'{s}_hip', {'pelvis': 2.0, f'{o}_hip': -1.0}, note='hips')),
        *_both(
            lambda s, o: Rule(f'{s}_hip', {'pelvis': 1.0}, _sided(s, 0, girdle, 0), note='hips')
        ),
    ]


def _legs() -> list[Rule]:
    thigh, shank = (0.0, 0.0, -THIGH_PER_HEIGHT), (0.0, 0.0, -SHANK_PER_HEIGHT)
    toes = (0.55 * FOOT_LENGTH_PER_HEIGHT, 0.0, 0.018 - ANKLE_HEIGHT_PER_HEIGHT)
    return [
        *_both(lambda s, o: Rule(f'{s}_knee', {f'{s}_hip': 0.5, f'{s}_ankle': 0.5}, note='leg')),
        *_both(lambda s, o: Rule(f'{s}_knee', {f'{s}_hip': 1.0}, thigh, note='leg')),
        *_both(lambda s, o: Rule(f'{s}_ankle', {f'{s}_knee': 1.0}, shank, note='leg')),
        *_both(lambda s, o: Rule(f'{s}_foot', {f'{s}_ankle': 1.0}, toes, note='feet')),
    ]


def _trunk() -> list[Rule]:
    half = SHOULDER_WIDTH_PER_HEIGHT / 2
    return [
        Rule('neck', {'left_shoulder': 0.5, 'right_shoulder': 0.5}, (0, 0, 0.03)),
        Rule('neck', {'pelvis': 1.0}, (LEAN, 0, _NECK_ABOVE), 'trunk', _SWAYING),
        *_both(
            lambda s, o: Rule(f'{s}_shoulder', {'neck': 1.0}, _sided(s, 0, half, -0.03), 'arms')
        ),
        Rule('head', {'neck': 1.0}, (0, 0, 0.09)),
        *(
            Rule(f'spine{i}', {'pelvis': 1 - k, 'neck': k})
            for i, k in ((1, 0.3), (2, 0.5), (3, 0.7))
        ),
    ]


def _both(make: Callable[[str, str], Rule]) -> list[Rule]:
    return [make('left', 'right'), make('right', 'left')]


def _sided(side: str, forward: float, left: float, up: float) -> tuple[float, float, float]:
    return (forward, left if side == 'left' else -left, up)


def _collar(side: str, other: str) -> Rule:
    return Rule(f'{side}_collar', {'neck': 0.6, f'{side}_shoulder': 0.4})


def _elbow(side: str, other: str) -> Rule:
    swing, lift = (share * UPPER_ARM_PER_HEIGHT / THIGH_PER_HEIGHT for share in (SWING, LIFT))
    hanging = {f'{side}_shoulder': 1.0}
    swinging = {
        f'{other}_knee': 0.5,
        f'{other}_hip': -0.5,
        f'{side}_knee': -0.5,
        f'{side}_hip': 0.5,
    }
    against = {**hanging, **{name: swing * weight for name, weight in swinging.items()}}
    return Rule(
        f'{side}_elbow',
        hanging,
        (0, 0, -UPPER_ARM_PER_HEIGHT),
        'arms',
        (against, hanging, hanging),
        running={f'{other}_knee': lift, f'{other}_hip': -lift},
    )


def _wrist(side: str, other: str) -> Rule:
    ratio = FOREARM_PER_HEIGHT / UPPER_ARM_PER_HEIGHT
    return Rule(f'{side}_wrist', {f'{side}_elbow': 1 + ratio, f'{side}_shoulder': -ratio})


def _hand(side: str, other: str) -> Rule:
    return Rule(f'{side}_hand', {f'{side}_wrist': 1.35, f'{side}_elbow': -0.35})


_RULES = _rules()


@dataclass(frozen=True, eq=False)
class _Filling:
    """Matrices of one pattern of missing joints, in axes forward, left, up."""

    places: Array  # (24, 24)
    rates: Array  # (3, 24, 24) of velocity and acceleration
    running: Array  # (3, 24, 24) what running adds to them
    offset: Array  # (24, 3) body heights
    notes: tuple[str, ...]


def _filling(seen: Mask) -> _Filling:
    offset = np.zeros((_J, 3))
    # Places; then rates forward, left, up; then what running adds to the last.
    matrices = np.tile(np.diag(seen.astype(float)), (5, 1, 1))
    matrices[4] = 0.0
    notes: list[str] = []
    done = {name for name, ok in zip(CANONICAL.joints, seen, strict=True) if ok}
    if not done:  # a person standing at the origin, rather than no answer
        done.add('pelvis')
        notes.append('hips')
    for rule in _RULES:
        if rule.joint in done or not set(rule.weights) <= done:
            continue
        i = CANONICAL.index[rule.joint]
        parts = (rule.weights, *(rule.rates or (rule.weights,) * 3))
        for matrix, weights in zip(matrices[:4], parts, strict=True):
            matrix[i] = _sum(matrix, weights)
        matrices[4, i] = _sum(matrices[4], parts[3]) + _sum(matrices[3], rule.running or {})
        offset[i] = np.array(rule.offset) + _sum(offset, rule.weights)
        done.add(rule.joint)
        if rule.note and rule.note not in notes:
            notes.append(rule.note)
    running = np.zeros((3, _J, _J))
    running[2] = matrices[4]
    return _Filling(matrices[0], matrices[1:4], running, offset, tuple(notes))


def _sum(rows: Array, weights: Weights) -> Array:
    total = np.zeros(rows.shape[1])
    for name, weight in weights.items():
        total += weight * rows[CANONICAL.index[name]]
    return total


class Completion:
    """Completes states of one person; remembers the matrices of the last patterns.

    Args:
        height_m: Body height.
    """

    def __init__(self, height_m: float) -> None:
        self.height_m = height_m
        self._known: dict[bytes, _Filling] = {}

    def step(
        self, positions: Array, velocities: Array, accelerations: Array, running: float = 0.0
    ) -> tuple[Array, Array, Array, tuple[str, ...]]:
        """All 24 joints at one instant, with the parts of the body that are assumed.

        Args:
            positions: (24, 3) m; NaN = not seen.
            velocities: (24, 3) m/s.
            accelerations: (24, 3) m/s².
            running: 0 for a person who walks, 1 for one who runs.
        """
        # A sum is finite only if every number is.
        if math.isfinite(positions.sum() + velocities.sum() + accelerations.sum()):
            return positions, velocities, accelerations, ()
        given = np.stack([positions, velocities, accelerations])
        seen = np.isfinite(given.sum((0, 2)))
        filling = self._matrices(seen)
        given[:, ~seen] = 0.0
        places = filling.places @ given[0]
        turn = _heading(places)
        places += self.height_m * (filling.offset @ turn)
        weights = filling.rates + running * filling.running
        rates = weights @ (given[1:] @ turn.T).transpose(2, 1, 0)  # (axis, joint, order)
        moving = rates.transpose(2, 1, 0) @ turn
        return places, moving[0], moving[1], filling.notes

    def _matrices(self, seen: Mask) -> _Filling:
        key = seen.tobytes()
        if key not in self._known:
            if len(self._known) > _PATTERNS:
                self._known.clear()
            self._known[key] = _filling(seen)
        return self._known[key]


def _heading(places: Array) -> Array:
    """Axes forward, left, up as rows (3, 3), from the hips."""
    x, y = float(places[1, 0] - places[2, 0]), float(places[1, 1] - places[2, 1])
    width = math.hypot(x, y)
    if width < 1e-6:
        return np.eye(3)
    x, y = x / width, y / width
    return np.array([[y, -x, 0.0], [x, y, 0.0], [0.0, 0.0, 1.0]])
