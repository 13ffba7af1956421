"""What every engine is to the rest of the program: filtered motion in, dynamics out."""

from __future__ import annotations

from typing import Protocol

from humandyn_ros.quantities import Dynamics, KinematicState

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

    def step(self, state: KinematicState) -> Dynamics:
        """Answer for one state; states come in order of their stamps.

        Joints that were not seen are NaN in the state; every number in the answer is finite.
        """

    def reset(self) -> None:
        """Forget the past: the next state is unrelated to the last."""
