"""Joint centres that were not seen, from those that were.

Every rule is linear: a joint is a weighted sum of others plus a share of body height forward,
left and up. So a pattern of missing joints is one matrix, and velocities and accelerations
follow from the same matrix. What matters to forces are the accelerations:

- an unseen trunk moves up and down with the pelvis but follows its sway only in part;
- unseen arms swing against the legs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
    HIP_WIDTH_PER_HEIGHT,
    SHOULDER_WIDTH_PER_HEIGHT,
    TRUNK_PER_HEIGHT,
)
from humandyn_ros.quantities import CANONICAL, Array, Mask

_J = len(CANONICAL.joints)
SWAY = 0.4  # share of the pelvis' horizontal acceleration that an unseen trunk follows
SWING = 0.6  # swing of an unseen arm over that of the opposite thigh
_UPPER_ARM, _FOREARM, _THIGH, _SHANK = 0.186, 0.146, 0.245, 0.246  # Drillis and Contini 1966
_NECK_ABOVE = TRUNK_PER_HEIGHT + 0.03

# Where the pelvis is without hips: below, or above, the first of these that was seen.
_ABOVE_PELVIS = {
    'spine1': 0.1,
    'spine2': 0.15,
    'spine3': 0.22,
    'neck': _NECK_ABOVE,
    **{f'{s}_{j}': h for j, h in (
        ('hip', 0.0), ('shoulder', TRUNK_PER_HEIGHT), ('knee', -_THIGH),
        ('ankle', -_THIGH - _SHANK), ('foot', -_THIGH - _SHANK - 0.02), ('collar', 0.3),
        ('elbow', 0.1), ('wrist', 0.0), ('hand', 0.0),
    ) for s in ('left', 'right')},
    'head': _NECK_ABOVE + 0.09,
}  # fmt: skip

_UNKNOWN_LEFT = np.array([0.0, 1.0])  # of a person whose hips were not seen

Weights = dict[str, float]


@dataclass(frozen=True)
class Rule:
    """How one joint follows from others.

    Attributes:
        joint: What is filled in.
        weights: Joints it is a weighted sum of.
        offset: Forward, left, up, in body heights.
        moving: Weights for horizontal velocity and acceleration, where they differ.
        note: What is assumed.
    """

    joint: str
    weights: Weights
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    moving: Weights | None = None
    note: str = ''


def _rules() -> list[Rule]:
    girdle = HIP_WIDTH_PER_HEIGHT / 2
    rules = [
        Rule('pelvis', {'left_hip': 0.5, 'right_hip': 0.5}),
        *(
            Rule('pelvis', {joint: 1.0}, (0, 0, -above), note='hips')
            for joint, above in _ABOVE_PELVIS.items()
        ),
        *_both(lambda s, o: Rule(f'{s}_hip', {'pelvis': 2.0, f'{o}_hip': -1.0}, note='hips')),
        *_both(
            lambda s, o: Rule(f'{s}_hip', {'pelvis': 1.0}, _sided(s, 0, girdle, 0), note='hips')
        ),
        *_both(lambda s, o: Rule(f'{s}_knee', {f'{s}_hip': 0.5, f'{s}_ankle': 0.5}, note='leg')),
        *_both(lambda s, o: Rule(f'{s}_knee', {f'{s}_hip': 1.0}, (0, 0, -_THIGH), note='leg')),
        *_both(lambda s, o: Rule(f'{s}_ankle', {f'{s}_knee': 1.0}, (0, 0, -_SHANK), note='leg')),
        *_both(
            lambda s, o: Rule(
                f'{s}_foot',
                {f'{s}_ankle': 1.0},
                (0.55 * FOOT_LENGTH_PER_HEIGHT, 0, 0.018 - ANKLE_HEIGHT_PER_HEIGHT),
                note='feet',
            )
        ),
        Rule('neck', {'left_shoulder': 0.5, 'right_shoulder': 0.5}, (0, 0, 0.03)),
        Rule('neck', {'pelvis': 1.0}, (0, 0, _NECK_ABOVE), {'pelvis': SWAY}, note='trunk'),
        *_both(
            lambda s, o: Rule(
                f'{s}_shoulder',
                {'neck': 1.0},
                _sided(s, 0, SHOULDER_WIDTH_PER_HEIGHT / 2, -0.03),
                note='arms',
            )
        ),
        Rule('head', {'neck': 1.0}, (0, 0, 0.09)),
    ]
    rules += [
        Rule(f'spine{i}', {'pelvis': 1 - k, 'neck': k}) for i, k in ((1, 0.3), (2, 0.5), (3, 0.7))
    ]
    rules += _both(lambda s, o: Rule(f'{s}_collar', {'neck': 0.6, f'{s}_shoulder': 0.4}))
    return rules + _both(_elbow) + _both(_wrist) + _both(_hand)


def _both(make: Callable[[str, str], Rule]) -> list[Rule]:
    return [make('left', 'right'), make('right', 'left')]


def _sided(side: str, forward: float, left: float, up: float) -> tuple[float, float, float]:
    return (forward, left if side == 'left' else -left, up)


def _elbow(side: str, other: str) -> Rule:
    swing = SWING * _UPPER_ARM / _THIGH
    return Rule(
        f'{side}_elbow',
        {f'{side}_shoulder': 1.0, f'{other}_knee': swing, f'{other}_hip': -swing},
        (0, 0, -(1 - SWING) * _UPPER_ARM),
        note='arms',
    )


def _wrist(side: str, other: str) -> Rule:
    ratio = _FOREARM / _UPPER_ARM
    return Rule(f'{side}_wrist', {f'{side}_elbow': 1 + ratio, f'{side}_shoulder': -ratio})


def _hand(side: str, other: str) -> Rule:
    return Rule(f'{side}_hand', {f'{side}_wrist': 1.35, f'{side}_elbow': -0.35})


_RULES = _rules()


@dataclass(frozen=True, eq=False)
class _Filling:
    """Matrices of one pattern of missing joints."""

    places: Array  # (24, 24)
    sway: Array  # (24, 24) of horizontal velocity and acceleration
    offset: Array  # (24, 3) body heights
    notes: tuple[str, ...]


def _filling(seen: Mask) -> _Filling:
    places = np.diag(seen.astype(float))
    sway, offset = places.copy(), np.zeros((_J, 3))
    notes: list[str] = []
    done = {name for name, ok in zip(CANONICAL.joints, seen, strict=True) if ok}
    if not done:  # a person standing at the origin, rather than no answer
        done.add('pelvis')
        notes.append('hips')
    for rule in _RULES:
        if rule.joint in done or not set(rule.weights) <= done:
            continue
        i = CANONICAL.index[rule.joint]
        for matrix, weights in ((places, rule.weights), (sway, rule.moving or rule.weights)):
            matrix[i] = sum(w * matrix[CANONICAL.index[k]] for k, w in weights.items())
        offset[i] = np.array(rule.offset) + sum(
            w * offset[CANONICAL.index[k]] for k, w in rule.weights.items()
        )
        done.add(rule.joint)
        if rule.note and rule.note not in notes:
            notes.append(rule.note)
    return _Filling(places, sway, offset, tuple(notes))


class Completion:
    """Completes states of one person; remembers the matrices of the last patterns.

    Args:
        height_m: Body height.
    """

    def __init__(self, height_m: float) -> None:
        self.height_m = height_m
        self._known: dict[bytes, _Filling] = {}

    def step(
        self, positions: Array, velocities: Array, accelerations: Array
    ) -> tuple[Array, Array, Array, tuple[str, ...]]:
        """All 24 joints at one instant, with the parts of the body that are assumed.

        Args:
            positions: (24, 3) m; NaN = not seen.
            velocities: (24, 3) m/s.
            accelerations: (24, 3) m/s².
        """
        seen = np.isfinite(positions.sum(1) + velocities.sum(1) + accelerations.sum(1))
        if seen.all():
            return positions, velocities, accelerations, ()
        key = seen.tobytes()
        if key not in self._known:
            if len(self._known) > 256:
                self._known.clear()
            self._known[key] = _filling(seen)
        filling = self._known[key]
        gaps = ~seen
        p = np.where(gaps[:, None], 0.0, positions)
        v = np.where(gaps[:, None], 0.0, velocities)
        a = np.where(gaps[:, None], 0.0, accelerations)
        shift = filling.offset * self.height_m
        place = filling.places @ p
        left = place[1, :2] - place[2, :2]
        width = float(np.sqrt(left @ left))
        left = left / width if width > 1e-6 else _UNKNOWN_LEFT
        place[:, 0] += shift[:, 0] * left[1] + shift[:, 1] * left[0]
        place[:, 1] += -shift[:, 0] * left[0] + shift[:, 1] * left[1]
        place[:, 2] += shift[:, 2]
        return place, self._moving(filling, v), self._moving(filling, a), filling.notes

    @staticmethod
    def _moving(filling: _Filling, rates: Array) -> Array:
        result = filling.sway @ rates
        result[:, 2] = filling.places @ rates[:, 2]
        return result
