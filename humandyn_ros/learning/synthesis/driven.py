"""Torque-driven forward simulation: do estimated torques make the motion they were estimated from?

As in HDyS (tables 5 and 11): from the state at a frame, torques drive the model for k frames, and
the joint angles are compared with those that were seen. Contact forces act where they were
estimated; the pelvis and the axial rotations, for which no torque is published, follow the motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from humandyn_ros.coordinates import COORDINATES as PUBLISHED
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis.human import build, full_mass
from humandyn_ros.learning.synthesis.labels import Body
from humandyn_ros.mannequin import COORDINATES, INDEX
from humandyn_ros.quantities import Array

RATES_HZ = (90.0, 120.0, 150.0)
STEPS = (1, 2, 3, 4, 5)
_FREE = np.array([INDEX[name] for name in PUBLISHED])
_HELD = np.array([k for k in range(len(COORDINATES)) if k not in set(_FREE.tolist())])
_INNER = 4  # integration steps in a frame


@dataclass(frozen=True, eq=False)
class Course:
    """A motion of the mannequin, uniform in time.

    Attributes:
        rate_hz: Frame rate.
        q: Coordinates (T, N), with their rates and accelerations.
        qd: (T, N).
        qdd: (T, N).
        force: Of the ground on each foot (T, 2, 3) N, left first.
        centre: Centres of pressure (T, 2, 3) m; NaN in the air.
        free: Free moments (T, 2, 3) N·m.
    """

    rate_hz: float
    q: Array
    qd: Array
    qdd: Array
    force: Array
    centre: Array
    free: Array


class Driven:
    """The equations of motion of one person, without a floor.

    Args:
        body: Mass, height, sex.
        seed: How the person differs from the table of masses.
    """

    def __init__(self, body: Body, seed: int = 0) -> None:
        self.human = build(body, seed)
        self.model = self.human.model
        self.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
        self.model.dof_armature[:] = 0.0
        self.state = mujoco.MjData(self.model)
        self._mass = np.zeros((self.model.nv, self.model.nv))
        self._feet = [self.model.body(f'foot_{s}').id for s in 'lr']

    def torques(self, course: Course) -> Array:
        """Torques (T, 17) N·m that make the course, in the order of the published coordinates."""
        found = np.empty((len(course.q), len(PUBLISHED)))
        for k in range(len(found)):
            mass, rest = self._equations(course.q[k], course.qd[k], course, k)
            found[k] = (mass @ course.qdd[k] + rest)[_FREE]
        return found

    def errors(self, course: Course, torque: Array, every: int = 5) -> dict[int, float]:
        """Mean squared error (rad²) of the driven joint angles after k frames, for k in STEPS.

        Args:
            course: What was seen.
            torque: (T, 17) N·m.
            every: Frames between starts.

        Raises:
            ConfigError: Torques do not fit the course.
        """
        if torque.shape != (len(course.q), len(PUBLISHED)):
            raise ConfigError(f'{torque.shape=} but the course has {len(course.q)} frames')
        squares: dict[int, list[float]] = {k: [] for k in STEPS}
        for start in range(0, len(course.q) - max(STEPS), every):
            q, qd = course.q[start].copy(), course.qd[start].copy()
            for k in STEPS:
                self._advance(q, qd, course, torque, start + k - 1)
                apart = (q - course.q[start + k])[_FREE]
                squares[k].append(float(np.mean(apart**2)))
        return {k: float(np.mean(found)) for k, found in squares.items()}

    def _advance(self, q: Array, qd: Array, course: Course, torque: Array, frame: int) -> None:
        """Integrate over one frame, in place; torques and forces change linearly over it."""
        dt = 1.0 / course.rate_hz / _INNER
        for inner in range(_INNER):
            share = (inner + 0.5) / _INNER
            mass, rest = self._equations(q, qd, course, frame + share)
            qdd = _between(course.qdd, frame + share)
            moved = _between(torque, frame + share) - rest[_FREE]
            moved = moved - mass[np.ix_(_FREE, _HELD)] @ qdd[_HELD]
            qdd[_FREE] = np.linalg.solve(mass[np.ix_(_FREE, _FREE)], moved)
            q += dt * qd + 0.5 * dt**2 * qdd
            qd += dt * qdd
            at = frame + (inner + 1) / _INNER
            q[_HELD], qd[_HELD] = _between(course.q, at)[_HELD], _between(course.qd, at)[_HELD]

    def _equations(self, q: Array, qd: Array, course: Course, at: float) -> tuple[Array, Array]:
        """Mass matrix, and bias less contact forces, in the order of COORDINATES."""
        state, columns = self.state, self.human.columns
        state.qpos[columns], state.qvel[columns] = q, qd
        mujoco.mj_forward(self.model, state)
        full_mass(self.model, state, self._mass)
        pushed = np.zeros(self.model.nv)
        force, free = _between(course.force, at), _between(course.free, at)
        for side, foot in enumerate(self._feet):
            centre = _between(course.centre[:, side], at)
            if np.isfinite(centre).all():
                mujoco.mj_applyFT(self.model, state, force[side], free[side], centre, foot, pushed)
        rest: Array = (state.qfrc_bias - pushed)[columns]
        return self._mass[np.ix_(columns, columns)], rest


def _between(values: Array, at: float) -> Array:
    """Linear interpolation along the first axis at a fractional frame; NaN where either is."""
    first = min(int(at), len(values) - 1)
    second, share = min(first + 1, len(values) - 1), at - first
    if share <= 0.0:
        return np.array(values[first])
    result: Array = (1.0 - share) * values[first] + share * values[second]
    return result
