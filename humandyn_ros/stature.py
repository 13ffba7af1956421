"""Body height, leg length and mass of a person: given, measured from the skeleton or assumed."""

from __future__ import annotations

import numpy as np

from humandyn_ros.anthropometry import LEG_PER_HEIGHT
from humandyn_ros.config import PersonConfig
from humandyn_ros.quantities import CANONICAL, Array

SIDES = ('left', 'right')
ASSUMED_HEIGHT_M = 1.70  # until the legs have been seen
ASSUMED_BMI = 23.0  # kg/m², middle of the normal range (WHO 2000)
_LEGS = np.array(
    [[CANONICAL.index[f'{side}_{part}'] for part in ('hip', 'knee', 'ankle')] for side in SIDES]
)
_ENOUGH = 100  # instants after which the size is settled


class Stature:
    """Size of one person.

    Args:
        person: What is known.
    """

    def __init__(self, person: PersonConfig) -> None:
        self._person = person
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self._count = 0
        self.height_m = self._person.height_m or ASSUMED_HEIGHT_M
        self.leg_m = LEG_PER_HEIGHT * self.height_m
        self._update()

    def set_person(self, person: PersonConfig) -> None:
        """Take over what is known now; legs that were measured stay measured."""
        self._person = person
        if person.height_m is not None:
            self.height_m = person.height_m
        elif self._count:
            self.height_m = self.leg_m / LEG_PER_HEIGHT
        if not self._count:
            self.leg_m = LEG_PER_HEIGHT * self.height_m
        self._update()

    def _update(self) -> None:
        person = self._person
        self.mass_kg: float = person.mass_kg or ASSUMED_BMI * self.height_m**2
        notes = []
        if person.height_m is None:
            notes.append(f'height measured from the legs: {self.height_m:.2f} m')
        if person.mass_kg is None:
            notes.append(f'mass assumed from a body mass index of {ASSUMED_BMI:.0f}')
        self.notes: tuple[str, ...] = tuple(notes)

    def learn(self, positions: Array) -> bool:
        """Measure the legs at one instant; True where the size has changed.

        Args:
            positions: Canonical joint centres (24, 3) m; NaN = not seen.
        """
        if self._count >= _ENOUGH:
            return False
        bars = np.diff(positions[_LEGS], axis=1)
        lengths = np.sqrt((bars * bars).sum(2)).sum(1)
        leg = float(
            lengths.mean() if np.isfinite(lengths).all() else np.nanmax(lengths, initial=0)
        )
        if not 0.1 < leg < 1.6:
            return False
        self._count += 1
        self.leg_m += (leg - self.leg_m) / self._count
        if self._person.height_m is None:
            self.height_m = self.leg_m / LEG_PER_HEIGHT
        self._update()
        return True
