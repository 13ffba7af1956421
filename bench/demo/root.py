"""Moves the pelvis until ground reactions alone explain the motion of the root."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from bench.demo.model import MASS_KG, Array, Body
from humandyn_ros.mannequin import place
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.synthetic import FINE_HZ, Plan, perform, reach

EDGE = 4  # frames at either end where differences are one-sided

# Central differences of sixth order.
_FIRST = np.array([-1 / 60, 3 / 20, -3 / 4, 0.0, 3 / 4, -3 / 20, 1 / 60])
_SECOND = np.array([1 / 90, -3 / 20, 3 / 2, -49 / 18, 3 / 2, -3 / 20, 1 / 90])

# What moving one way costs as much as the other: pelvis m and rad, their second derivatives, then
# per foot the force N, and the moment N·m per body weight about where the plan wants it.
SIGMA_OFFSET = np.array([0.01, 0.01, 0.005, 0.03, 0.03, 0.03])
SIGMA_BEND = np.array([1.0, 1.0, 1.0, 6.0, 6.0, 6.0])
SIGMA_WRENCH = np.array([40.0, 40.0, 60.0, 10.0, 10.0, 6.0])


def stencil(weights: Array, frames: int, power: int) -> sp.csr_matrix:
    """Differentiation matrix (frames, frames); the edges repeat the nearest full stencil."""
    rows, columns, values = [], [], []
    for k in range(frames):
        centre = min(max(k, 3), frames - 4)
        rows += [k] * 7
        columns += range(centre - 3, centre + 4)
        values += list(weights * FINE_HZ**power)
    return sp.csr_matrix((values, (rows, columns)), (frames, frames))


@dataclass
class Problem:
    """Offsets of the pelvis and wrenches under the feet that satisfy the root's equations."""

    body: Body
    score: Plan

    def __post_init__(self) -> None:
        frames = len(self.score.time)
        self.first, self.second = stencil(_FIRST, frames, 1), stencil(_SECOND, frames, 2)
        loaded = np.clip(self.score.support / GRAVITY, 0.0, None)
        loaded = np.where(loaded < 1e-9, 0.0, loaded)
        self.scale = {s: foot.share * loaded for s, foot in self.score.feet.items()}
        self.base = perform(self.score, lambda q, _: self.body.centre_of_mass(q))
        self.offset = np.zeros((frames, 6))
        self.wrenches: dict[str, Array] = {}  # (T, 6) N, N·m about the planned pressure

    def motion(self, offset: Array) -> Array:
        """Coordinates (T, N) with the pelvis moved by offset (T, 6) and the feet kept."""
        q = self.base.copy()
        q[:, :6] += offset
        reach(q, self.score)
        return q

    def rates(self, q: Array) -> tuple[Array, Array]:
        """First and second derivatives (T, N)."""
        return self.first @ q, self.second @ q

    def step(self) -> float:
        """One Newton pass; returns how far the root is off, N or N·m."""
        frames = len(self.score.time)
        q = self.motion(self.offset)
        force, moment = self.body.root_wrench(q, *self.rates(q))
        about = self.score.centre_of_mass
        moment = moment - np.cross(about, force)
        needed = np.concatenate([force, moment], axis=1)
        jacobian = self._jacobian(q, about)
        feet, wanted = self._wrench_maps(about), self._wanted(q)
        inner = np.zeros(frames, bool)
        inner[EDGE:-EDGE] = True
        rows = np.repeat(inner, 6)
        pinned = sp.identity(6 * frames, format='csr')[~rows]
        # Unknown: new offset (T·6), then scaled wrenches of both feet (T·6 each).
        dynamics = sp.hstack([jacobian, *(-m for m in feet.values())], format='csr')[rows]
        right = (jacobian @ self.offset.ravel() - needed.ravel())[rows]
        hold = sp.hstack([pinned, sp.csr_matrix((pinned.shape[0], 12 * frames))])
        constraint = sp.vstack([dynamics, hold], format='csr')
        hessian, gradient = self._cost(wanted)
        kkt = sp.bmat([[hessian, constraint.T], [constraint, None]], format='csc')
        order = self._interleaved(frames, inner)
        unknown = np.empty(kkt.shape[0])
        target = np.concatenate([gradient, right, np.zeros(pinned.shape[0])])
        factor = splu(kkt[order][:, order], permc_spec='NATURAL', diag_pivot_thresh=0.1)
        unknown[order] = factor.solve(target[order])
        self.offset = unknown[: 6 * frames].reshape(frames, 6)
        for i, side in enumerate(self.score.feet, start=1):
            scaled = unknown[6 * frames * i : 6 * frames * (i + 1)].reshape(frames, 6)
            self.wrenches[side] = self.scale[side][:, None] * scaled
        return self.residual()

    def _interleaved(self, frames: int, inner: Array) -> Array:
        """Order of unknowns and multipliers by frame, so that the factor stays banded."""
        stamp = np.repeat(np.arange(frames), 6)
        rows = np.repeat(inner, 6)
        when = np.concatenate([stamp, stamp, stamp, stamp[rows], stamp[~rows]])
        return np.argsort(when, kind='stable')

    def _jacobian(self, q: Array, about: Array) -> sp.csr_matrix:
        """Change of the needed wrench with the offset: Σ [1; r×] m p̈ over all point masses."""
        frames, nudge = len(q), 1e-5
        points = self.body.points(q)
        mass = np.array([m for _, m, _ in self.body.point_masses()])[:, None, None]
        shifts = [self.motion(self.offset + nudge * row) for row in np.eye(6)]
        partial = np.stack([(self.body.points(s) - points) / nudge for s in shifts], -1)
        acceleration = (self.second @ points.reshape(frames, -1)).reshape(points.shape)
        lever = mass * _skew(points - about[:, None])
        blocks, rows, columns = [], [], []
        for k, weight in enumerate(_SECOND * FINE_HZ**2, start=-3):
            moved = np.roll(partial, -k, axis=0)
            block = weight * np.concatenate(
                [(mass * moved).sum(1), np.einsum('tbij,tbjl->til', lever, moved)], axis=1
            )
            if k == 0:
                load = mass * _skew(acceleration + [0.0, 0.0, GRAVITY])
                block[:, 3:] -= np.einsum('tbij,tbjl->til', load, partial)
            blocks.append(block)
            rows.append(np.arange(frames))
            columns.append((np.arange(frames) + k) % frames)  # what wraps lies in the edges
        return _assemble(np.concatenate(blocks), np.concatenate(rows), np.concatenate(columns))

    def _wrench_maps(self, about: Array) -> dict[str, sp.csr_matrix]:
        """Scaled wrench at a foot's planned centre of pressure to the wrench about a point."""
        maps = {}
        for side, foot in self.score.feet.items():
            block = np.tile(np.eye(6), (len(about), 1, 1))
            block[:, 3:, :3] = _skew(foot.pressure - about)
            maps[side] = sp.block_diag(list(self.scale[side][:, None, None] * block), format='csr')
        return maps

    def _wanted(self, q: Array) -> dict[str, Array]:
        """Scaled wrenches (T, 6) the cost leans towards.

        Fore and aft along the line to the centre of mass, sideways along the line to the hip:
        a leg that stands is loaded along itself.
        """
        wanted, placed = {}, place(q, self.score.height_m)
        for side, foot in self.score.feet.items():
            to_centre = self.score.centre_of_mass - foot.pressure
            to_hip = placed[f'thigh_{side}'][0] - foot.pressure
            wanted[side] = np.zeros((len(q), 6))
            wanted[side][:, 0] = to_centre[:, 0] / to_centre[:, 2]
            wanted[side][:, 1] = to_hip[:, 1] / to_hip[:, 2]
            wanted[side][:, 2] = 1.0
            wanted[side] *= MASS_KG * GRAVITY
        return wanted

    def _cost(self, wanted: dict[str, Array]) -> tuple[sp.csc_matrix, Array]:
        """Quadratic cost of offsets and of wrenches and their change in time."""
        frames = len(self.score.time)
        bend = sp.kron(self.second, sp.diags(1 / SIGMA_BEND))
        blocks = [bend.T @ bend + sp.kron(sp.identity(frames), sp.diags(SIGMA_OFFSET**-2.0))]
        gradient = [np.zeros(6 * frames)]
        change = self.first / 30.0  # a change within a thirtieth of a second costs its size
        smooth = sp.identity(frames) + change.T @ change
        for target in wanted.values():
            blocks.append(sp.kron(smooth, sp.diags(SIGMA_WRENCH**-2.0)))
            gradient.append(blocks[-1] @ target.ravel())
        return sp.block_diag(blocks, format='csc'), np.concatenate(gradient)

    def residual(self) -> float:
        """Largest force (N) or moment (N·m) the root still lacks, edges left out."""
        q = self.motion(self.offset)
        force, moment = self.body.root_wrench(q, *self.rates(q))
        for side, foot in self.score.feet.items():
            wrench = self.wrenches[side]
            force = force - wrench[:, :3]
            moment = moment - np.cross(foot.pressure, wrench[:, :3]) - wrench[:, 3:]
        missing = np.concatenate([force, moment], axis=1)[EDGE:-EDGE]
        return float(np.abs(missing).max())


def _skew(v: Array) -> Array:
    x, y, z = np.moveaxis(v, -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*v.shape[:-1], 3, 3)


def _assemble(blocks: Array, rows: Array, columns: Array) -> sp.csr_matrix:
    """Sparse matrix of 6 x 6 blocks (B, 6, 6) at block rows and columns (B,)."""
    i = 6 * rows[:, None, None] + np.arange(6)[None, :, None] + np.zeros((1, 1, 6), int)
    j = 6 * columns[:, None, None] + np.arange(6)[None, None, :] + np.zeros((1, 6, 1), int)
    return sp.csr_matrix((blocks.ravel(), (i.ravel(), j.ravel())))
