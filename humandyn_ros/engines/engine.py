"""What every engine is to the rest of the program: filtered motion in, dynamics out."""

from __future__ import annotations

from typing import Protocol

from humandyn_ros.config import PersonConfig
from humandyn_ros.quantities import Array, Dynamics, KinematicState

__all__ = ['Dynamics', 'Engine']


class Engine(Protocol):
    """A dynamics engine for one person; holds only that person's state."""

    name: str

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency the filter should have for the next state."""

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex; the motion so far stays known."""

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take what was measured, before the filter: a network keeps windows of its own.

        Args:
            stamp_ns: When it was seen.
            points: Canonical joint centres (24, 3) m; NaN = not seen.
            confidence: (24,) 0-1.
        """

    def step(self, state: KinematicState) -> Dynamics | str:
        """Answer for one state, or say why there is no answer yet.

        States come in order of their stamps. Joints that were not seen are NaN in the state;
        every number in the answer is finite.
        """

    def reset(self) -> None:
        """Forget the past: the next state is unrelated to the last."""
