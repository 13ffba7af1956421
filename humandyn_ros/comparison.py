"""Estimates beside their reference on one time line: what reports and demonstrations show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros import metrics
from humandyn_ros.evaluation import GROUPS, Result
from humandyn_ros.motion import is_bag
from humandyn_ros.quantities import Array, Mask

FEET = ('left', 'right')


@dataclass(frozen=True, eq=False)
class Comparison:
    """One person's estimates over time; NaN where there are none.

    Attributes:
        title: What was moved.
        seconds: Instants the estimates are about, from the start of the motion (T,) s.
        mass_kg: Body mass.
        points: Canonical joint centres then (T, 24, 3) m, world z up.
        force: Ground on the person, left then right (T, 2, 3) N.
        centre_of_pressure: Where it acts (T, 2, 3) m.
        joint_names: Coordinates (N).
        torque: Joint torques (T, N) N·m.
        age_ms: Age at arrival, or by declaration (T,).
        valid: Which may be acted on (T,).
        reference_force: As `force`, measured elsewhere; None without a reference.
        reference_torque: As `torque`; NaN for coordinates the reference lacks.
        judged: Frames in which the reference holds the whole person (T,).
        notes: Assumptions in force.
    """

    title: str
    seconds: Array
    mass_kg: float
    points: Array
    force: Array
    centre_of_pressure: Array
    joint_names: tuple[str, ...]
    torque: Array
    age_ms: Array
    valid: Mask
    reference_force: Array | None
    reference_torque: Array | None
    judged: Mask
    notes: tuple[str, ...]

    @property
    def rate_hz(self) -> float:
        """Estimates per second."""
        return float(1 / np.median(np.diff(self.seconds))) if len(self.seconds) > 1 else 0.0

    def torque_error(self, base: str) -> float:
        """RMSE of both sides of a coordinate such as 'knee_angle', N·m/kg; NaN if unknown."""
        if self.reference_torque is None:
            return float('nan')
        judged = self.valid if self.reference_force is None else self.valid & self.judged
        sides = [
            i for i, name in enumerate(self.joint_names) if name in (f'{base}_r', f'{base}_l')
        ]
        errors = [
            metrics.rmse(self.torque[:, i], self.reference_torque[:, i], judged) for i in sides
        ]
        return (
            float(np.sqrt(np.mean(np.square(errors)))) / self.mass_kg if errors else float('nan')
        )

    def force_error(self, force: Array | None = None) -> float:
        """Mean error of the force per foot, N/kg, of these estimates or of another guess."""
        if self.reference_force is None:
            return float('nan')
        guess = self.force if force is None else force
        judged = self.valid & self.judged & np.isfinite(self.force).all((1, 2))
        both = np.repeat(judged[:, None], 2, axis=1)
        pair = metrics.grf_mpje_n_per_kg(guess, self.reference_force, self.mass_kg, both)
        return float(np.mean(pair))

    def guesses(self) -> dict[str, float]:
        """The force error of three predictors without any dynamics, N/kg."""
        if self.reference_force is None:
            return {}
        named = metrics.baselines(self.reference_force, self.mass_kg)
        return {name: self.force_error(guess) for name, guess in named.items()}

    def errors(self) -> dict[str, float]:
        """Every error against the reference, by name; empty without one."""
        found = {'force': self.force_error()}
        found |= {group: self.torque_error(base) for group, base in GROUPS.items()}
        return {name: value for name, value in found.items() if np.isfinite(value)}


def comparison_of(result: Result) -> Comparison:
    """Arrange a replay for a report."""
    run, reference = result.run, result.reference
    stamps = run.stamps_ns
    feet = reference.feet
    return Comparison(
        title=_title(result),
        seconds=(stamps - result.motion.stamps_ns[0]) * 1e-9,
        mass_kg=run.mass_kg,
        points=np.array([estimate.state.positions for estimate in run.estimates]),
        force=run.feet('force'),
        centre_of_pressure=run.feet('centre_of_pressure'),
        joint_names=run.joint_names,
        torque=run.joints('torque'),
        age_ms=np.array([estimate.age_ms for estimate in run.estimates]),
        valid=run.valid,
        reference_force=None if feet is None else feet.force,
        reference_torque=reference.torques(run.joint_names, stamps),
        judged=np.ones(len(stamps), bool) if feet is None else feet.measured,
        notes=tuple(result.figures['notes']),
    )


def _title(result: Result) -> str:
    """The source's name, and which body where a bag tells them apart."""
    name = result.options.source.name
    return f'{name} b{result.motion.body_id}' if is_bag(result.options.source) else name
