"""What physics corrected lately, for motion like that of now.

People repeat themselves, step for step and left for right. A tenth of a second after the network
has answered, physics knows better; what it says in difference is remembered with how the legs
were held and moved, and added where they are held and moved like that again, on either side. It is
kernel regression (Nadaraya 1964, Watson 1964) of the network's errors on the last seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.past import NAMES
from humandyn_ros.quantities import Array

LASTS_S = 10.0
_WIDTH = 0.1  # legs: how alike motion must be
_DOUBT = 0.5  # moments just alike that weigh as much as no correction
_SPEED_S = 0.15  # an adult's s: what a speed counts against a place
_APART_S = 0.13  # between the coefficients that the speed is taken from
_NOW, _LATER, _SOONER = (-3, -4), -2, -5  # coefficients: late enough to be little noisy
_LEGS = [NAMES.index(f'{s}_{j}') for s in ('left', 'right') for j in ('knee', 'ankle', 'foot')]
_OTHER_LEG = [3, 4, 5, 0, 1, 2]
_SIDE = np.array([1.0, -1.0, 1.0])
_PENDING_S = 0.5
_MOST = 4000  # errors kept: ten seconds at 400 Hz


def _torque_mirror() -> tuple[Array, Array]:
    other = {'_r': '_l', '_l': '_r'}
    names = [name[:-2] + other.get(name[-2:], name[-2:]) for name in COORDINATES]
    sideways = ('lumbar_bending', 'lumbar_rotation')
    signs = [-1.0 if name in sideways else 1.0 for name in COORDINATES]
    return np.array([COORDINATES.index(n) for n in names]), np.array(signs, np.float32)


TORQUE_ROWS, TORQUE_SIGNS = _torque_mirror()
"""Rows and signs of the coordinates in a mirror."""


def likeness(coefficients: Array, rotation: Array) -> Array:
    """Where the legs are and how they move (2, 6, 3), in legs and the axes of the person.

    Args:
        coefficients: Of past.JOINTS (K, J, 3), in legs.
        rotation: Axes of the person (3, 3).
    """
    legs = (coefficients[:, _LEGS] - coefficients[:, :1]) @ rotation
    speed = (legs[_LATER] - legs[_SOONER]) * (_SPEED_S / _APART_S)
    return np.stack([legs[list(_NOW)].mean(axis=0), speed])


class Answer(NamedTuple):
    """What was said of one instant, without dimension."""

    stamp_ns: int
    feet: Array  # (2, 3) body weights
    torque: Array  # (17,) body weight times leg length


class _Waiting(NamedTuple):
    answer: Answer  # feet in the axes of the person
    likeness: Array
    rotation: Array


class _Errors:
    """Sliding store of errors, one row after the other, nothing allocated per frame."""

    def __init__(self) -> None:
        self._stamps = np.zeros(2 * _MOST, np.int64)
        self._alike = np.zeros((2 * _MOST, 2, 6, 3))
        self._feet = np.zeros((2 * _MOST, 2, 3))
        self._torque = np.zeros((2 * _MOST, len(COORDINATES)))
        self._start = self._stop = 0

    def append(self, stamp_ns: int, alike: Array, feet: Array, torque: Array) -> None:
        """Add one of an instant later than all others."""
        if self._stop == len(self._stamps):
            for table in (self._stamps, self._alike, self._feet, self._torque):
                table[: self._stop - self._start] = table[self._start : self._stop].copy()
            self._start, self._stop = 0, self._stop - self._start
        self._stamps[self._stop] = stamp_ns
        self._alike[self._stop] = alike
        self._feet[self._stop] = feet
        self._torque[self._stop] = torque
        self._stop += 1
        self._start = max(self._start, self._stop - _MOST)

    def forget(self, before_ns: int) -> None:
        """Drop what is older."""
        self._start += int(np.searchsorted(self._kept(), before_ns))

    def until(self, stamp_ns: int | None) -> tuple[Array, Array, Array]:
        """Likeness (N, 2, 6, 3), feet (N, 2, 3) and torque (N, 17) up to an instant, or all."""
        count = self._stop - self._start
        if stamp_ns is not None:
            count = int(np.searchsorted(self._kept(), stamp_ns, 'right'))
        rows = slice(self._start, self._start + count)
        return self._alike[rows], self._feet[rows], self._torque[rows]

    def _kept(self) -> NDArray[np.int64]:
        return self._stamps[self._start : self._stop]


class Memory:
    """Errors of the last seconds, by what the legs did."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._waiting: deque[_Waiting] = deque()
        self._errors = _Errors()

    def answered(self, answer: Answer, alike: Array, rotation: Array) -> None:
        """Keep an answer of the network, its feet in the axes of the person, for physics."""
        self._waiting.append(_Waiting(answer, alike, rotation))
        while self._waiting[0].answer.stamp_ns < answer.stamp_ns - 1e9 * _PENDING_S:
            self._waiting.popleft()

    def learn(
        self, physics: Callable[[int], Answer | None], until_ns: int, share: float = 1.0
    ) -> None:
        """Compare what physics says, in the axes of the world, with what the network said.

        Args:
            physics: What it says of an instant; None: nothing.
            until_ns: The latest instant that it knows of.
            share: Of the difference that is an error of the network.
        """
        while self._waiting and self._waiting[0].answer.stamp_ns <= until_ns:
            told, alike, rotation = self._waiting.popleft()
            known = physics(told.stamp_ns)
            if known is None:
                continue
            off = known.feet @ rotation - told.feet, known.torque - told.torque
            self._errors.append(told.stamp_ns, alike, share * off[0], share * off[1])
        self._errors.forget(until_ns - round(1e9 * LASTS_S))

    def correction(self, alike: Array, until_ns: int | None = None) -> tuple[Array, Array, float]:
        """What to add to feet (2, 3) and torque (17,), and how much of it is believed (0-1).

        Args:
            alike: As `likeness` returns it.
            until_ns: Only errors of instants up to this one count; None: all.
        """
        known, feet, torque = self._errors.until(until_ns)
        if not len(known):
            return np.zeros((2, 3)), np.zeros(len(COORDINATES)), 0.0
        mirrored = alike[:, _OTHER_LEG] * _SIDE
        same, other = (
            np.exp(-np.square(known - place).sum(axis=(1, 2, 3)) / (2.0 * _WIDTH**2))
            for place in (alike, mirrored)
        )
        weight = float(same.sum() + other.sum()) + _DOUBT
        swapped = (np.tensordot(other, feet, 1)[::-1]) * _SIDE
        turned = np.tensordot(other, torque, 1)[TORQUE_ROWS] * TORQUE_SIGNS
        return (
            (np.tensordot(same, feet, 1) + swapped) / weight,
            (np.tensordot(same, torque, 1) + turned) / weight,
            1.0 - _DOUBT / weight,
        )
