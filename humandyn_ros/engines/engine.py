"""What every engine is to the rest of the program: filtered motion in, dynamics out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from humandyn_ros.quantities import Array, GroundReaction, InverseDynamics, KinematicState


@dataclass(frozen=True, eq=False)
class Dynamics:
    """One engine's answer for one instant; the safety gate turns it into an Estimate."""

    inverse_dynamics: InverseDynamics
    ground: GroundReaction
    residual: Array  # (6,) N/kg, N·m/kg left unexplained at the root
    notes: tuple[str, ...] = ()  # assumptions in force


class Engine(Protocol):
    """A dynamics engine for one person; holds only that person's state."""

    name: str

    def step(self, state: KinematicState) -> Dynamics:
        """Answer for one state; states come in order of their stamps.

        Joints that were not seen are NaN in the state; every number in the answer is finite.
        """

    def reset(self) -> None:
        """Forget the past: the next state is unrelated to the last."""
