"""A person in MuJoCo: the mannequin's joints, soles of spheres, a floor, a seat.

Masses and moments of inertia follow de Leva's table, each kind of segment off by some percent
from seed to seed: no two people are built alike, and labels must not know how.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOOT_BREADTH_PER_HEIGHT,
    FOOT_LENGTH_PER_HEIGHT,
    SEGMENTS,
    segment_table,
)
from humandyn_ros.body import segments
from humandyn_ros.learning.synthesis.labels import Body
from humandyn_ros.learning.synthesis.loads import many_backwards
from humandyn_ros.mannequin import BALL, COORDINATES, PARTS, joint_centres, place
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

ARMATURE = 0.02  # kg·m², of every hinge: keeps light segments stable in fast simulation
STEP_HZ = 960.0
FRICTION = 0.9
RADIUS_M = 0.01
_THICK = 0.025  # of height: radius of gyration of limbs about their long axis
_SPREAD = 0.08  # of masses and moments of inertia
_CAPSULES = {'thigh': 0.04, 'shank': 0.028, 'upper_arm': 0.024, 'forearm': 0.02}
# Points of the sole: forwards of the ankle and aside in sizes of the foot, and whose joint.
_SOLE = (
    (-0.2, 0.3, 'ankle'), (-0.2, -0.3, 'ankle'), (None, 0.5, 'foot'), (None, -0.5, 'foot'),
    (0.26, 0.3, 'foot'), (0.26, -0.3, 'foot'),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Human:
    """The model and what its parts mean.

    Attributes:
        model: MuJoCo's; its degrees of freedom are `mannequin.COORDINATES`, sorted by `columns`.
        columns: Degree of freedom of every coordinate (N,).
        body: Mass, height, sex.
        rows: Canonical joint on whose part each geom's contacts act (G,); -1 for floor and seat.
        parts: MuJoCo body and canonical joint of every articulated joint.
    """

    model: mujoco.MjModel
    columns: np.ndarray[tuple[int], np.dtype[np.intp]]
    body: Body
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    parts: tuple[tuple[int, int], ...]


_JOINT_OF = {'thigh': 'hip', 'shank': 'knee', 'foot': 'ankle', 'upper_arm': 'shoulder',
             'forearm': 'elbow'}  # fmt: skip
_SIDES = {'r': 'right', 'l': 'left'}


def full_mass(model: mujoco.MjModel, state: mujoco.MjData, into: Array) -> None:
    """Dense mass matrix; MuJoCo 4 takes the state where 3 took its sparse matrix."""
    if hasattr(state, 'qM'):
        mujoco.mj_fullM(model, into, state.qM)
    else:
        mujoco.mj_fullM(model, state, into)


def joint_of(part: str) -> str:
    """Canonical joint on which a part of the mannequin hangs."""
    if part in ('pelvis', 'torso'):
        return {'pelvis': 'pelvis', 'torso': 'spine1'}[part]
    kind, letter = part.rsplit('_', 1)
    return f'{_SIDES[letter]}_{_JOINT_OF[kind]}'


def build(body: Body, seed: int, seat_m: tuple[float, float, float] | None = None) -> Human:
    """Make a person, and a seat where there is one.

    Args:
        body: Mass, height, sex.
        seed: How the person differs from the table.
        seat_m: Where the middle of the seat's top is.
    """
    spec = mujoco.MjSpec()
    spec.option.gravity = [0.0, 0.0, -GRAVITY]
    spec.option.timestep = 1.0 / STEP_HZ
    spec.compiler.degree = False
    rows: list[str] = []
    floor = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
    _surface(floor, rows, '')
    if seat_m is not None:
        seat = spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.15, 0.2, 0.02],
            pos=[seat_m[0], seat_m[1], seat_m[2] - 0.02],
        )
        _surface(seat, rows, '')
    bodies = {'': spec.worldbody}
    inertias = _inertias(body, seed)
    for part in PARTS:
        origin = [body.height_m * x for x in part.origin]
        made = bodies[part.name] = bodies[part.parent].add_body(name=part.name, pos=origin)
        _hinges(made, part.name, part.hinges)
        mass, centre, inertia = inertias[part.name]
        made.mass, made.ipos = mass, centre.tolist()
        made.fullinertia = [*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2]]
        made.explicitinertial = True
        _skin(made, part.name, body.height_m, rows, seated=seat_m is not None)
    model = spec.compile()
    columns = np.array([model.joint(name).dofadr[0] for name in COORDINATES])
    named = [model.geom(k).name.split(':') for k in range(model.ngeom)]
    owners = np.array([CANONICAL.index[joint[0]] if joint[0] else -1 for joint in named])
    parts = tuple((model.body(p.name).id, CANONICAL.index[joint_of(p.name)]) for p in PARTS)
    return Human(model, columns, body, owners, parts)


def _surface(geom: mujoco.MjsGeom, rows: list[str], row: str) -> None:
    geom.friction = [FRICTION, 0.005, 0.0001]
    geom.solref = [0.025, 1.0]  # s: as soft as shoe and heel pad together
    geom.contype, geom.conaffinity = (1, 2) if not row else (2, 1)
    geom.name = f'{row}:{len(rows)}'  # compiling reorders geoms
    rows.append(row)


def _hinges(
    made: mujoco.MjsBody, part: str, hinges: tuple[tuple[str, tuple[float, float, float]], ...]
) -> None:
    if part == 'pelvis':
        for name, way in zip(COORDINATES[:3], np.eye(3), strict=True):
            made.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=way)
    for name, axis in hinges:
        inertia = 0.0 if part == 'pelvis' else ARMATURE
        made.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, armature=inertia)


def sole_points(height_m: float) -> list[tuple[list[float], str]]:
    """Middles (3,) m of the balls of a sole in the foot's axes, and the joint each belongs to."""
    found = []
    for forwards, aside, owner in _SOLE:
        ahead = BALL * height_m if forwards is None or forwards > 0 else 0.0
        ahead += (forwards or 0.0) * FOOT_LENGTH_PER_HEIGHT * height_m
        aside_m = aside * FOOT_BREADTH_PER_HEIGHT * height_m
        found.append(([ahead, aside_m, RADIUS_M - ANKLE_HEIGHT_PER_HEIGHT * height_m], owner))
    return found


def _skin(
    made: mujoco.MjsBody, part: str, height: float, rows: list[str], *, seated: bool
) -> None:
    """What can touch the ground."""
    kind, _, letter = part.rpartition('_')
    joint = joint_of(part)
    if kind == 'foot':
        for at, owner in sole_points(height):
            ball = made.add_geom(
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=[RADIUS_M, 0, 0], pos=at,
            )  # fmt: skip
            _surface(ball, rows, f'{_SIDES[letter]}_{owner}')
        return
    radius = _CAPSULES.get(kind)
    if radius is not None:
        length = next((p.origin[2] for p in PARTS if p.parent == part), -0.17)
        ends = [0.0, 0.0, 0.2 * length * height, 0.0, 0.0, length * height]
        rod = made.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[radius * height, 0, 0],
                            fromto=ends)  # fmt: skip
        _surface(rod, rows, joint)
        if kind != 'shank' and seated:
            rod.contype = rod.conaffinity = 0  # the buttocks alone touch the seat
        return
    balls = {
        'pelvis': (((0.0, 0.05, -0.0), 0.05), ((0.0, -0.05, -0.0), 0.05)),
        'torso': (((0.0, 0.0, 0.16), 0.07), ((0.005, 0.0, 0.3), 0.055), ((0.0, 0.0, 0.06), 0.06)),
    }
    for share, size in balls[part]:
        ball = made.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[size * height, 0, 0],
            pos=[height * x for x in share],
        )  # fmt: skip
        _surface(ball, rows, joint)


SEAT_BELOW = 0.05  # of height, seat under the hip centres: the radius of the buttocks


def _inertias(body: Body, seed: int) -> dict[str, tuple[float, Array, Array]]:
    """Mass kg, centre of mass m and inertia kg·m² (3, 3) of every part, in its axes."""
    table, random = segment_table(body.sex), np.random.default_rng([seed, 77])
    heavier = dict(zip(SEGMENTS, 1 + _SPREAD * random.uniform(-1, 1, len(SEGMENTS)), strict=True))
    rounder = dict(zip(SEGMENTS, 1 + _SPREAD * random.uniform(-1, 1, len(SEGMENTS)), strict=True))
    rest = np.zeros((1, len(COORDINATES)))
    centres, placed = joint_centres(rest, body.height_m)[0], place(rest, body.height_m)
    back = many_backwards(centres[None], 0 * centres[None], 0 * centres[None])[0][0, 0]
    pieces: dict[str, list[tuple[float, Array, Array]]] = {}
    for segment in segments(table):
        kind = segment.name.removeprefix('left_').removeprefix('right_')
        mass = segment.mass * heavier[kind]
        bars = segment.bars @ centres
        spread = np.einsum('b,bi,bj->ij', segment.second, bars, bars) * rounder[kind]
        spread += segment.mass * (_THICK * body.height_m) ** 2 / 2 * np.eye(3)
        part = _part_of(segment.name)
        at = segment.centre @ centres + segment.behind * back - placed[part][0][0]
        pieces.setdefault(part, []).append((mass, at, heavier[kind] * spread))
    whole = sum(mass for found in pieces.values() for mass, _, _ in found)
    return {part: _together(found, body.mass_kg / whole) for part, found in pieces.items()}


def _together(
    pieces: list[tuple[float, Array, Array]], scale: float
) -> tuple[float, Array, Array]:
    mass = sum(m for m, _, _ in pieces)
    centre = sum((m * at for m, at, _ in pieces), np.zeros(3)) / mass
    spread = np.zeros((3, 3))
    for m, at, own in pieces:
        spread += own + m * np.outer(at - centre, at - centre)
    return scale * mass, centre, scale * (np.trace(spread) * np.eye(3) - spread)


def _part_of(segment: str) -> str:
    """Part of the mannequin that carries a segment of the body model."""
    if segment == 'pelvis':
        return segment
    if segment in ('abdomen', 'chest', 'head'):
        return 'torso'
    side, kind = segment.split('_', 1)
    return f'{"forearm" if kind == "hand" else kind}_{side[0]}'
