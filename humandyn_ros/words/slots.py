"""Slots: the names of measured numbers in sentences, their units, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from humandyn_ros.errors import ModelError

SIDES = ('left', 'right')
BENDING = ('hip', 'knee', 'ankle', 'shoulder', 'elbow', 'arm')
"""What has an angle, `<side>_<name>_from` and `_to`: flexion; of the arm its elevation, from
hanging (0) to overhead (180)."""
LOADED = ('hip', 'knee', 'ankle')
"""What has a torque, `<side>_<name>_torque`."""


class Slot(NamedTuple):
    """Unit of a number and how many decimals are written."""

    unit: str
    decimals: int


def _sided() -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for side in SIDES:
        for name in BENDING:
            found |= {f'{side}_{name}_{end}': Slot('deg', 0) for end in ('from', 'to')}
        found |= {f'{side}_{name}_torque': Slot('N·m', 0) for name in LOADED}
        found[f'{side}_grf'] = Slot('body weights', 1)
        found[f'{side}_force'] = Slot('N', 0)
        found[f'{side}_contact'] = Slot('%', 0)
    return found


SLOTS: Mapping[str, Slot] = {
    **_sided(),
    'trunk_from': Slot('deg', 0),
    'trunk_lean': Slot('deg', 0),
    'turn': Slot('deg', 0),
    'speed': Slot('m/s', 1),
    'distance': Slot('m', 1),
    'steps': Slot('steps', 0),
    'cadence': Slot('steps/min', 0),
    'sink': Slot('cm', 0),
    'rise': Slot('cm', 0),
    'flight': Slot('s', 2),
    'single_support': Slot('s', 1),
    'duration': Slot('s', 1),
    'peak_grf': Slot('body weights', 1),
    'peak_force': Slot('N', 0),
    'seat': Slot('%', 0),
}
"""Every number that can be measured, by name."""

_SLOT = re.compile(r'[<{]([a-z_]+)[>}]')


def spoken(name: str, value: float) -> str:
    """Write a measured number as sentences do: rounded, no unit.

    Args:
        name: One of SLOTS.
        value: In the slot's unit.
    """
    text = f'{value:.{SLOTS[name].decimals}f}'
    return text.lstrip('-') if not float(text) else text


def fill(text: str, numbers: Mapping[str, float], words: Mapping[str, str] | None = None) -> str:
    """Write measured numbers and words where `{slot}` or `<slot>` stands.

    Raises:
        ModelError: A slot is unknown, or was not measured.
    """

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in numbers and name in SLOTS:
            return spoken(name, numbers[name])
        if words and name in words:
            return words[name]
        raise ModelError(f'{name} was not measured: {text!r} cannot be said')

    return _SLOT.sub(one, text)


def needs(text: str) -> tuple[str, ...]:
    """Names of the slots in a text, in order."""
    return tuple(_SLOT.findall(text))
