"""A MuJoCo model with the mannequin's joints and inertias that differ from the package's."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from humandyn_ros.anthropometry import SEGMENTS, SegmentTable, segment_table
from humandyn_ros.body import Segment, backwards, segments
from humandyn_ros.mannequin import COORDINATES, PARTS, joint_centres, place
from humandyn_ros.quantities import GRAVITY

Array = NDArray[np.float64]

MASS_KG, HEIGHT_M = 72.0, 1.75
DIFFERENCE = 0.10  # of masses and moments of inertia, up or down


def part_of(segment: str) -> str:
    """Part of the mannequin that carries a segment of the package's body model."""
    if segment == 'pelvis':
        return segment
    if segment in ('abdomen', 'chest', 'head'):
        return 'torso'
    side, kind = segment.split('_', 1)
    return f'{"forearm" if kind == "hand" else kind}_{side[0]}'


def kind_of(segment: str) -> str:
    """Row of de Leva's table: 'left_upper_arm' -> 'upper_arm'."""
    return segment.removeprefix('left_').removeprefix('right_')


def build() -> tuple[mujoco.MjModel, dict[str, int]]:
    """The model, and the address of every coordinate in its vectors."""
    table = segment_table('average')
    heavier, rounder = _differences()
    shares = {part.name: part.mass * heavier[kind_of(part.name)] for part in segments(table)}
    total = sum(shares.values())
    rest = np.zeros((1, len(COORDINATES)))
    centres, placed = joint_centres(rest, HEIGHT_M)[0], place(rest, HEIGHT_M)
    back, _ = backwards(centres, np.zeros_like(centres), np.zeros_like(centres))
    spec = mujoco.MjSpec()
    spec.option.gravity = [0.0, 0.0, -GRAVITY]
    spec.compiler.degree = False
    bodies = {'': spec.worldbody}
    for part in PARTS:
        origin = [HEIGHT_M * x for x in part.origin]
        body = bodies[part.name] = bodies[part.parent].add_body(name=part.name, pos=origin)
        if not part.parent:
            for name, axis in zip(COORDINATES[:3], np.eye(3), strict=True):
                body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis)
        for name, axis in part.hinges:
            body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis)
        own = [s for s in segments(table) if part_of(s.name) == part.name]
        masses = [MASS_KG * shares[s.name] / total for s in own]
        places = [s.centre @ centres + s.behind * back - placed[part.name][0][0] for s in own]
        body.mass = sum(masses)
        body.ipos = np.average(places, axis=0, weights=masses)
        inertia = np.zeros((3, 3))
        for segment, mass, at in zip(own, masses, places, strict=True):
            radii = _radii(segment, centres, table)
            away = at - body.ipos
            inertia += np.diag(mass * radii**2 * rounder[kind_of(segment.name)])
            inertia += mass * (away @ away * np.eye(3) - np.outer(away, away))
        body.fullinertia = [*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2]]
        body.explicitinertial = True
    model = spec.compile()
    return model, {name: model.joint(name).dofadr[0] for name in COORDINATES}


def _differences() -> tuple[dict[str, float], dict[str, float]]:
    """How far this person is from the table: factors of mass and of inertia per kind of segment.

    The same on the left and the right: people are built alike on both sides.
    """
    random = np.random.default_rng(0)
    heavier, rounder = (
        dict(
            zip(SEGMENTS, 1 + DIFFERENCE * random.choice([-1.0, 1.0], len(SEGMENTS)), strict=True)
        )
        for _ in range(2)
    )
    return heavier, rounder


def _radii(segment: Segment, centres: Array, table: SegmentTable) -> Array:
    """Radii of gyration (3,) m about the fore-aft, left-right and vertical axis at rest."""
    kind = kind_of(segment.name)
    radii: Array = table.gyration[table.row(kind)] * _length(segment, kind, centres, table)
    return radii[[2, 1, 0]] if kind == 'foot' else radii  # its long axis lies forwards


def _length(segment: Segment, kind: str, centres: Array, table: SegmentTable) -> float:
    """Segment length (m) that de Leva's radii refer to."""
    if kind in ('chest', 'abdomen', 'pelvis'):
        share = table.trunk[('chest', 'abdomen', 'pelvis').index(kind)]
        return float(share * np.linalg.norm(segment.bars[0] @ centres))
    if kind == 'head':
        return 0.139 * HEIGHT_M  # vertex to neck: 242 of 1741 mm
    if kind == 'foot':
        return 0.148 * HEIGHT_M  # heel to toe tip: 258 of 1741 mm
    return float(np.linalg.norm(segment.bars[0] @ centres))


@dataclass
class Body:
    """The MuJoCo model, driven along whole trajectories."""

    model: mujoco.MjModel
    address: dict[str, int]

    def __post_init__(self) -> None:
        self.state = mujoco.MjData(self.model)
        self.order = np.argsort([self.address[name] for name in COORDINATES])
        self.columns = np.array([self.address[name] for name in COORDINATES])

    def load(self, q: Array, qd: Array, qdd: Array) -> None:
        """Set one instant, in the mannequin's order of coordinates."""
        self.state.qpos[self.columns] = q
        self.state.qvel[self.columns] = qd
        self.state.qacc[self.columns] = qdd

    def root_wrench(self, q: Array, qd: Array, qdd: Array) -> tuple[Array, Array]:
        """Force (T, 3) N and moment about the world's origin (T, 3) N·m that the motion needs."""
        force, moment = np.empty((len(q), 3)), np.empty((len(q), 3))
        self.state.xfrc_applied[:] = 0
        for k in range(len(q)):
            self.load(q[k], qd[k], qdd[k])
            mujoco.mj_inverse(self.model, self.state)
            needed = self.state.qfrc_inverse[self.columns]
            axes = self.state.xaxis[[self.model.joint(n).id for n in COORDINATES[3:6]]]
            force[k] = needed[:3]
            moment[k] = np.linalg.solve(axes, needed[3:6]) + np.cross(q[k, :3], needed[:3])
        return force, moment

    def point_masses(self) -> list[tuple[str, float, Array]]:
        """Six point masses per body with its mass and inertia: part, kg, place in its axes m."""
        found = []
        for part in PARTS:
            body = self.model.body(part.name)
            axes = np.empty(9)
            mujoco.mju_quat2Mat(axes, body.iquat)
            second = body.inertia.sum() / 2 - body.inertia  # ∫ x² dm along the principal axes
            for moment, axis in zip(second, axes.reshape(3, 3).T, strict=True):
                arm = np.sqrt(3 * moment / body.mass[0]) * axis
                found += [(part.name, body.mass[0] / 6, body.ipos + s * arm) for s in (1, -1)]
        return found

    def points(self, q: Array) -> Array:
        """Places of all point masses (T, P, 3) m."""
        placed = place(q, HEIGHT_M)
        return np.stack([placed[n][0] + placed[n][1] @ at for n, _, at in self.point_masses()], 1)

    def centre_of_mass(self, q: Array) -> Array:
        """(T, 3) m."""
        return np.average(self.points(q), 1, [mass for _, mass, _ in self.point_masses()])
