"""Facts: what a stretch of motion, its forces and torques measure, number by number.

Nothing here knows physics: forces and torques are what others estimated and published. The same
facts are behind the texts that models learn from and behind what a running node says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from humandyn_ros.coordinates import COORDINATES, STARTS, STOPS, evaluate
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Mask
from humandyn_ros.words.slots import BENDING, LOADED, SIDES

_ANGLE = {
    'hip': 'hip_flexion', 'knee': 'knee_angle', 'ankle': 'ankle_angle',
    'shoulder': 'arm_flex', 'elbow': 'elbow_flex',
}  # fmt: skip
_FLIGHT_BW = 0.05  # less than this in all is flight
_TOUCH_N = 20.0  # a foot with more touches; the usual threshold of force plates
_STEP_M = 0.08  # the feet pass each other by at least this in a step
_KNOWN = 0.8  # share of the frames in which something must have been measured

TURNED_DEG = 25.0
"""Of a joint: from here it is worth a sentence."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A stretch of motion at a uniform rate, and what was estimated for it.

    Attributes:
        rate_hz: Frame rate.
        points: Canonical joint centres (T, 24, 3) m, z up; a joint that is never seen is NaN.
        angles: Rajagopal coordinates (T, 17) rad; None: measured in the points.
        torques: Joint torques (T, 17) N·m; NaN where none was valid.
        forces: Of the ground on the left and the right foot (T, 2, 3) N; NaN where unknown.
        contact: Probability that each foot touches (T, 2); None: from the forces.
        seat: Upward force of a seat (T,) N; None: unknown.
        support: Upward force of everything (T,) N; None: feet and seat.
        mass_kg: Body mass; None: unknown, and nothing is told in body weights.
    """

    rate_hz: float
    points: Array
    angles: Array | None = None
    torques: Array | None = None
    forces: Array | None = None
    contact: Array | None = None
    seat: Array | None = None
    support: Array | None = None
    mass_kg: float | None = None


@dataclass(frozen=True)
class Facts:
    """Everything measured, by slot name, in the slot's unit and not rounded; and words for it."""

    numbers: Mapping[str, float]
    words: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def notable(self) -> Facts:
        """What is worth saying."""
        numbers = {name: value for name, value in self.numbers.items() if self._tells(name)}
        needed = {'turn_way': 'turn', 'travel_way': 'speed', 'foot': 'single_support',
                  'lean_way': 'trunk_lean'}  # fmt: skip
        words = {
            name: word
            for name, word in self.words.items()
            if name not in needed or needed[name] in numbers
        }
        return Facts(numbers, words)

    def change(self, name: str) -> float:
        """How far an angle (`left_knee`, `trunk`) goes from where it starts, deg; 0 if unknown."""
        end = 'trunk_lean' if name == 'trunk' else f'{name}_to'
        return self.numbers.get(end, 0.0) - self.numbers.get(f'{name}_from', 0.0)

    def _tells(self, name: str) -> bool:
        base, _, end = name.rpartition('_')
        if end in ('from', 'to') and base != 'trunk':
            return abs(self.change(base)) >= TURNED_DEG
        if name.endswith(('_torque', '_grf', '_force')) and not name.startswith('peak'):
            return True
        least = _LEAST.get(name)
        if name in ('speed', 'distance'):
            return self.numbers['speed'] > LEAST_SPEED
        if name in ('trunk_from', 'trunk_lean'):
            return self.change('trunk') >= _LEAST_LEAN
        return least is None or self.numbers[name] > least


_LEAST = {
    'turn': 30.0, 'sink': 10.0, 'rise': 10.0, 'flight': 0.06, 'single_support': 0.25,
    'peak_grf': 1.3, 'seat': 20.0, 'cadence': 0.0, 'steps': 1.5,
}  # fmt: skip
LEAST_SPEED = 0.4  # m/s; who is slower stays about where they are
_LEAST_LEAN = 12.0


def measure(measured: Measured) -> Facts:
    """Measure everything that can be."""
    numbers = {'duration': (len(measured.points) - 1) / measured.rate_hz}
    words: dict[str, str] = {}
    for part in (_angles, _trunk, _travel, _steps, _contacts, _loads):
        more, say = part(measured)
        numbers |= more
        words |= say
    return Facts(numbers, words)


_Found = tuple[dict[str, float], dict[str, str]]


def _angles(measured: Measured) -> _Found:
    """Every angle at the start, and where it is farthest from that."""
    rad = measured.angles if measured.angles is not None else angles_of(measured.points)
    numbers: dict[str, float] = {}
    for side in SIDES:
        for name in BENDING:
            if name == 'arm':
                angle = _elevation(measured.points, side)
                if not np.isfinite(angle).all():
                    continue
            else:
                column = rad[:, COORDINATES.index(f'{_ANGLE[name]}_{side[0]}')]
                known = np.isfinite(column)
                if known.mean() < _KNOWN:
                    continue
                angle = np.degrees(np.unwrap(column[known]))
            start, end = _excursion(angle)
            numbers |= {f'{side}_{name}_from': start, f'{side}_{name}_to': end}
    return numbers, _most(numbers)


def angles_of(points: Array) -> Array:
    """Rajagopal coordinates (T, 17) rad of canonical joint centres (T, 24, 3)."""
    bars = points[:, STOPS] - points[:, STARTS]
    return np.array([evaluate(frame)[0] for frame in bars.tolist()])


def _excursion(angle: Array) -> tuple[float, float]:
    return float(angle[0]), float(angle[np.argmax(np.abs(angle - angle[0]))])


def _elevation(points: Array, side: str) -> Array:
    """Upper arm from hanging (0) to overhead (180), deg."""
    shoulder, elbow = (CANONICAL.index[f'{side}_{name}'] for name in ('shoulder', 'elbow'))
    down = _unit(points[:, elbow] - points[:, shoulder])[:, 2]
    angle: Array = np.degrees(np.arccos(np.clip(-down, -1.0, 1.0)))
    return angle


def _most(numbers: Mapping[str, float]) -> dict[str, str]:
    """The limb that turns most, if one does."""
    facts = Facts(numbers)
    turned = {}
    for limb, joints in LIMBS.items():
        for side in SIDES:
            turned[side, limb] = max(abs(facts.change(f'{side}_{joint}')) for joint in joints)
    (side, limb), far = max(turned.items(), key=lambda item: item[1])
    if far < TURNED_DEG:
        return {}
    other = turned['left' if side == 'right' else 'right', limb]
    return {'moves_most': f'both {limb}s' if other > 0.8 * far else f'{side} {limb}'}


LIMBS = {'arm': ('arm', 'shoulder', 'elbow'), 'leg': ('hip', 'knee')}
"""Joints whose angles show that a limb moves."""


def _trunk(measured: Measured) -> _Found:
    points = measured.points
    up = _unit(points[:, CANONICAL.index['neck']] - points[:, 0])
    if not np.isfinite(up).all():
        return {}, {}
    lean = np.degrees(np.arccos(np.clip(up[:, 2], -1.0, 1.0)))
    worst = int(np.argmax(lean))
    forward, left = _facing(points)
    ahead, aside = float(up[worst] @ forward[worst]), float(up[worst] @ left[worst])
    numbers = {'trunk_from': float(lean[0]), 'trunk_lean': float(lean[worst])}
    return numbers, {'lean_way': _way(ahead, aside)}


def _facing(points: Array) -> tuple[Array, Array]:
    """Horizontal unit vectors forwards and to the left (T, 3) of the pelvis."""
    left = points[:, CANONICAL.index['left_hip']] - points[:, CANONICAL.index['right_hip']]
    left = _unit(left * (1.0, 1.0, 0.0))
    return np.cross(left, (0.0, 0.0, 1.0)), left


def _way(ahead: float, aside: float) -> str:
    if abs(ahead) >= abs(aside):
        return 'forwards' if ahead > 0 else 'backwards'
    return 'to the left' if aside > 0 else 'to the right'


def _travel(measured: Measured) -> _Found:
    pelvis = measured.points[:, 0]
    seconds = (len(pelvis) - 1) / measured.rate_hz
    forward, left = _facing(measured.points)
    if not np.isfinite(left).all():
        return {}, {}
    moved = np.diff(pelvis * (1.0, 1.0, 0.0), axis=0)
    ahead = float((moved * forward[1:]).sum())
    aside = float((moved * left[1:]).sum())
    distance = float(np.linalg.norm(moved, axis=1).sum())
    heading = np.degrees(np.unwrap(np.arctan2(left[:, 1], left[:, 0])))
    turned = float(heading[-1] - heading[0])
    start, low, high = (float(v) for v in (pelvis[0, 2], pelvis[:, 2].min(), pelvis[:, 2].max()))
    numbers = {
        'distance': distance,
        'speed': distance / max(seconds, 1e-6),
        'turn': abs(turned),
        'sink': 100.0 * (start - low),
        'rise': 100.0 * (high - start),
    }
    words = {'travel_way': _way(ahead, aside), 'turn_way': 'left' if turned > 0 else 'right'}
    return numbers, words


def _steps(measured: Measured) -> _Found:
    """Steps, counted as the feet pass each other along the way the person faces."""
    forward, _ = _facing(measured.points)
    ankles = measured.points[:, [CANONICAL.index[f'{side}_ankle'] for side in SIDES]]
    apart = ((ankles[:, 0] - ankles[:, 1]) * forward).sum(1)
    if not np.isfinite(apart).all():
        return {}, {}
    farthest: list[tuple[int, float]] = []  # frame and size of every swing to one side
    for frame, value in enumerate(apart.tolist()):
        if abs(value) < _STEP_M:
            continue
        if farthest and value * farthest[-1][1] > 0:
            if abs(value) > abs(farthest[-1][1]):
                farthest[-1] = (frame, value)
        else:
            farthest.append((frame, value))
    numbers = {'steps': float(len(farthest))}
    if len(farthest) > 2:
        seconds = (farthest[-1][0] - farthest[0][0]) / measured.rate_hz
        numbers['cadence'] = 60.0 * (len(farthest) - 1) / seconds
    return numbers, {}


def _contacts(measured: Measured) -> _Found:
    """Who touches the ground and for how long; needs contacts or forces."""
    touching = _touching(measured)
    if touching is None:
        return {}, {}
    rate = measured.rate_hz
    numbers = {f'{side}_contact': 100.0 * float(touching[:, i].mean())
               for i, side in enumerate(SIDES)}  # fmt: skip
    alone = [_longest(touching[:, i] & ~touching[:, 1 - i]) / rate for i in (0, 1)]
    numbers['single_support'] = max(alone)
    numbers['flight'] = _longest(_airborne(measured, touching)) / rate
    return numbers, {'foot': SIDES[int(alone[1] > alone[0])]}


def _touching(measured: Measured) -> Mask | None:
    if measured.contact is not None:
        return np.asarray(measured.contact > 0.5)
    if measured.forces is None or not _known(measured.forces[:, :, 2]):
        return None
    return np.asarray(np.nan_to_num(measured.forces[:, :, 2]) > _TOUCH_N)


def _airborne(measured: Measured, touching: Mask) -> Mask:
    support = _support(measured)
    if support is None or measured.mass_kg is None:
        return np.asarray(~touching.any(1))
    return np.asarray(support < _FLIGHT_BW * measured.mass_kg * GRAVITY)


def _support(measured: Measured) -> Array | None:
    if measured.support is not None:
        return np.nan_to_num(measured.support)
    if measured.forces is None or not _known(measured.forces[:, :, 2]):
        return None
    seat = 0.0 if measured.seat is None else np.nan_to_num(measured.seat)
    support: Array = np.nan_to_num(measured.forces[:, :, 2]).sum(1) + seat
    return support


def _loads(measured: Measured) -> _Found:
    """Peaks of forces and torques."""
    numbers: dict[str, float] = {}
    support, forces = _support(measured), measured.forces
    if support is not None:
        numbers['peak_force'] = float(support.max())
    if forces is not None and _known(forces[:, :, 2]):
        numbers |= {f'{s}_force': float(np.nanmax(forces[:, i, 2])) for i, s in enumerate(SIDES)}
    if measured.mass_kg is not None:
        weight = measured.mass_kg * GRAVITY
        names = [name for name in numbers if name.endswith('_force')]
        numbers |= {name.replace('_force', '_grf'): numbers[name] / weight for name in names}
        if measured.seat is not None:
            numbers['seat'] = 100.0 * float(np.nan_to_num(measured.seat).max()) / weight
    if measured.torques is not None:
        numbers |= _torques(measured.torques)
    return numbers, {}


def _torques(torques: Array) -> dict[str, float]:
    found = {}
    for side in SIDES:
        for name in LOADED:
            column = torques[:, COORDINATES.index(f'{_ANGLE[name]}_{side[0]}')]
            if _known(column):
                found[f'{side}_{name}_torque'] = float(np.nanmax(np.abs(column)))
    return found


def _known(values: Array) -> bool:
    return bool(np.isfinite(values).mean() >= _KNOWN)


def _longest(true: Mask) -> int:
    """Length of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    return int((runs[:, 1] - runs[:, 0]).max()) if len(runs) else 0


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Array = vectors / np.maximum(length, 1e-9)
    return result
