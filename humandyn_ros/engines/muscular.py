"""Any engine, and muscle activation beside what it says."""

from __future__ import annotations

import dataclasses

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.engine import Engine
from humandyn_ros.muscles import load_muscles, of_legs, strength
from humandyn_ros.quantities import (
    Array,
    Dynamics,
    Extras,
    InverseDynamics,
    KinematicState,
    MuscleActivation,
)
from humandyn_ros.stature import Stature


class MuscularEngine:
    """Shares the joint torques of another engine among the muscles of the legs.

    What the other engine says stays as it is; muscles that it told of itself give way.

    Args:
        engine: The other engine.
        person: Body mass and height, on which the strength of muscles rests.
    """

    def __init__(self, engine: Engine, person: PersonConfig) -> None:
        self._engine = engine
        self._stature = Stature(person)
        self._muscles = load_muscles()
        self._near: Array | None = None
        self.name = engine.name

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self._engine.mass_kg

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency the filter should have for the next state."""
        return self._engine.cutoff_hz

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex."""
        self._engine.set_person(person)
        self._stature.set_person(person)

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Hand on what was measured."""
        self._engine.see(stamp_ns, points, confidence)

    def reset(self) -> None:
        """Forget the past."""
        self._engine.reset()
        self._stature.reset()
        self._near = None

    def step(self, state: KinematicState) -> Dynamics | str:
        """Answer for one state, or say why there is no answer yet."""
        answer = self._engine.step(state)
        if isinstance(answer, str):
            return answer
        self._stature.learn(state.positions)
        extras = dataclasses.replace(
            answer.extras or Extras(), muscles=self._activation(answer.inverse_dynamics)
        )
        return dataclasses.replace(answer, extras=extras)

    def _activation(self, found: InverseDynamics) -> MuscleActivation | None:
        if found.joint_names != COORDINATES:
            return None
        activation, self._near = self._muscles.activation(
            of_legs(found.position),
            of_legs(found.velocity),
            of_legs(found.torque),
            strength(self.mass_kg, self._stature.height_m),
            self._near,
        )
        return MuscleActivation(self._muscles.both, activation.ravel())
