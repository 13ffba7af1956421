"""A test set whose forces are true by construction: people simulated in MuJoCo.

A controller makes the model of `human` follow a reference: joint accelerations come from its
errors, contact forces that can carry the root are found inside friction cones at the points that
touch, and joint torques follow from the equations of motion. MuJoCo then integrates these torques
with its own contacts, and what is recorded is what its solver did: no label is computed. Windows
of one second each start on the reference; those that lose it are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.interpolate import make_interp_spline

from humandyn_ros.contact.distribution import distribute
from humandyn_ros.learning.synthesis.human import (
    FRICTION,
    STEP_HZ,
    Human,
    full_mass,
)
from humandyn_ros.mannequin import COORDINATES, joint_centres
from humandyn_ros.quantities import CANONICAL, Array

WINDOW_S, SETTLE_S = 1.0, 0.12
SUBSTEPS = 8  # recorded at 120 Hz: the mean over them
RECORD_HZ = STEP_HZ / SUBSTEPS
_JOINT_GAIN, _ROOT_GAIN = (250.0, 31.0), (500.0, 45.0)  # 1/s², 1/s
_GONE_M = 0.25  # of the pelvis from the reference: played no further
_REGULAR = 1e-6  # cost of contact forces, N²
_EDGES = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]) * 0.7 * FRICTION


@dataclass(frozen=True, eq=False)
class Reference:
    """What to follow, at STEP_HZ."""

    q: Array  # (T, N) coordinates of the mannequin
    qd: Array
    qdd: Array


def reference(time: Array, q: Array) -> Reference:
    """Resample coordinates (T, N) at instants (T,) s to the simulator's steps."""
    spline = make_interp_spline(time, q, k=5)
    at = np.arange(int((time[-1] - time[0]) * STEP_HZ)) / STEP_HZ + time[0]
    return Reference(spline(at), spline.derivative(1)(at), spline.derivative(2)(at))


def _weight(name: str) -> float:
    """How much an acceleration that is not as wanted costs: arms and trunk give way first."""
    if name in COORDINATES[:3]:
        return 20.0
    if name in COORDINATES[3:6]:
        return 8.0
    return 0.3 if name.startswith(('arm', 'elbow', 'lumbar')) else 1.0


@dataclass(frozen=True, eq=False)
class Recorded:
    """One window as MuJoCo played it, at RECORD_HZ."""

    q: Array  # (T, N)
    qd: Array  # (T, N)
    moment: Array  # (T, 24, 3) N·m world axes; NaN where the mannequin has no joint
    contact_force: Array  # (T, 24, 3) N
    contact_moment: Array  # (T, 24, 3) N·m about the world's origin
    error_m: Array  # (T,) mean distance of joint centres from the reference


class Simulation:
    """One person that follows references.

    Args:
        human: The model.
    """

    def __init__(self, human: Human) -> None:
        self.human, self.model = human, human.model
        self.state = mujoco.MjData(human.model)
        self._mass = np.zeros((self.model.nv, self.model.nv))
        self._root = human.columns[:6]
        gains = np.tile(_JOINT_GAIN, (self.model.nv, 1))
        gains[self._root] = _ROOT_GAIN
        self._stiff, self._damp = gains.T
        self._weights = np.ones(self.model.nv)
        self._weights[human.columns] = [_weight(name) for name in COORDINATES]

    def play(self, goal: Reference, start: int, steps: int) -> Recorded:
        """Play one window from the reference's state at `start`.

        Args:
            goal: What to follow.
            start: First step.
            steps: How many, a multiple of SUBSTEPS.
        """
        state, human = self.state, self.human
        mujoco.mj_resetData(self.model, state)
        state.qpos[human.columns], state.qvel[human.columns] = goal.q[start], goal.qd[start]
        frames = steps // SUBSTEPS
        joints = len(CANONICAL.joints)
        motion = np.zeros((2, frames, len(COORDINATES)))
        acting = np.zeros((3, frames, joints, 3))
        for k in range(steps):
            mujoco.mj_step1(self.model, state)
            self._drive(goal, start + k)
            mujoco.mj_fwdActuation(self.model, state)
            mujoco.mj_fwdAcceleration(self.model, state)
            mujoco.mj_fwdConstraint(self.model, state)
            mujoco.mj_rnePostConstraint(self.model, state)
            frame = k // SUBSTEPS
            motion[0, frame] += state.qpos[human.columns] / SUBSTEPS
            motion[1, frame] += state.qvel[human.columns] / SUBSTEPS
            self._read(acting[:, frame])
            mujoco.mj_Euler(self.model, state)
            lost = np.linalg.norm(state.qpos[human.columns[:3]] - goal.q[start + k, :3])
            if not lost < _GONE_M:
                motion[0, frame:] = np.nan
                break
        wanted = goal.q[start : start + steps].reshape(frames, SUBSTEPS, -1).mean(1)
        height = human.body.height_m
        apart = joint_centres(motion[0], height) - joint_centres(wanted, height)
        error = np.linalg.norm(apart, axis=2).mean(1)
        moment = acting[0]
        moment[:, [j for j in range(joints) if j not in {row for _, row in human.parts}]] = np.nan
        return Recorded(motion[0], motion[1], moment, acting[1], acting[2], error)

    def _drive(self, goal: Reference, k: int) -> None:
        """Torques that make the wanted accelerations, as far as contacts allow.

        Accelerations a and contact forces w minimise |a - a*|²_W + r|w|² where the root's
        equations hold. For given w the best a is known in closed form, and what is left is a
        nonnegative problem in six dimensions, as `contact.distribution` solves.
        """
        state, columns, root = self.state, self.human.columns, self._root
        wanted = np.empty(self.model.nv)
        wanted[columns] = (
            goal.qdd[k]
            + self._stiff[columns] * (goal.q[k] - state.qpos[columns])
            + self._damp[columns] * (goal.qd[k] - state.qvel[columns])
        )
        full_mass(self.model, state, self._mass)
        cones = self._cones()
        spread = self._mass[root].T / self._weights[:, None]
        square = self._mass[root] @ spread
        needed = self._mass[root] @ wanted + state.qfrc_bias[root]
        pushes = np.zeros(self.model.nv)
        if len(cones):
            white = np.linalg.inv(np.linalg.cholesky(square))
            columns_of = np.ascontiguousarray(white @ cones[:, root].T)
            ease = np.full(len(cones), 1.0 / _REGULAR)
            found, _ = distribute(columns_of, ease, white @ needed, np.ones(6))
            pushes = found @ cones
        made = wanted + spread @ np.linalg.solve(square, pushes[root] - needed)
        torque = self._mass @ made + state.qfrc_bias - pushes
        torque[root] = 0.0
        state.qfrc_applied[:] = torque

    def _cones(self) -> Array:
        """Generalized forces (C, nv) of unit forces along the edges of all friction cones."""
        edges = []
        model, state = self.model, self.state
        jacobian = np.zeros((3, model.nv))
        for i in range(state.ncon):
            contact = state.contact[i]
            body = max(model.geom_bodyid[contact.geom1], model.geom_bodyid[contact.geom2])
            mujoco.mj_jac(model, state, jacobian, None, contact.pos, body)
            axes = contact.frame.reshape(3, 3)
            normal = axes[0] if axes[0][2] > 0 else -axes[0]
            edges += [(normal + a * axes[1] + b * axes[2]) @ jacobian for a, b in _EDGES]
        return np.array(edges)

    def _read(self, into: Array) -> None:
        """Add this step's moments and contact forces (3, 24, 3) to the mean."""
        state, model = self.state, self.model
        root = state.subtree_com[1]
        for body, row in self.human.parts:
            torque, force = state.cfrc_int[body, :3], state.cfrc_int[body, 3:]
            into[0, row] += (torque + np.cross(root - state.xpos[body], force)) / SUBSTEPS
        wrench = np.zeros(6)
        for i in range(state.ncon):
            mujoco.mj_contactForce(model, state, i, wrench)
            contact = state.contact[i]
            force = contact.frame.reshape(3, 3).T @ wrench[:3]
            row = self.human.rows[contact.geom2]
            if row < 0:
                row, force = self.human.rows[contact.geom1], -force
            into[1, row] += force / SUBSTEPS
            into[2, row] += np.cross(contact.pos, force) / SUBSTEPS
