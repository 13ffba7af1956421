"""Makes config/demo: a procedural take with forces and torques true by construction.

A MuJoCo model with the mannequin's joints, whose segments' masses and moments of inertia differ
from the package's by 10 % up or down, follows the procedural motion. The pelvis is then moved by
a few centimetres and degrees until the six equations of motion of the free-floating root hold
with ground reactions alone: one sparse equality-constrained least-squares problem per pass in the
offsets of the pelvis and the wrenches under both feet, which vanish while a foot is in the air.
Nothing assists the root, so those wrenches, and the torques of inverse dynamics with them, are
the forces that make exactly this motion.

    python -m bench.make_demo_recording
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import mujoco
import numpy as np

from bench.demo.model import HEIGHT_M, MASS_KG, Array, Body, build
from bench.demo.root import EDGE, Problem
from humandyn_ros.coordinates import COORDINATES as PUBLISHED
from humandyn_ros.mannequin import INDEX, joint_centres
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.synthetic import FINE_HZ, Plan, plan

FRICTION = 0.8
KEEP_EVERY = 2  # 200 Hz -> 100 Hz
PASSES = 9
# Axis of dorsiflexion in the shank, x forwards, y left, z up (Rajagopal et al. 2016).
TALOCRURAL = {'r': np.array([-0.105, -0.979, -0.174]), 'l': np.array([0.105, -0.979, 0.174])}


def torques(
    body: Body, score: Plan, q: Array, rates: tuple[Array, Array], feet: dict[str, Array]
) -> tuple[Array, Array]:
    """Torques (T, 17) N·m of the published coordinates, and what the root lacks (T, 6)."""
    model, state = body.model, body.state
    found, lacking = np.empty((len(q), len(PUBLISHED))), np.empty((len(q), 6))
    bodies = {side: model.body(f'foot_{side}').id for side in feet}
    for k in range(len(q)):
        body.load(q[k], rates[0][k], rates[1][k])
        state.xfrc_applied[:] = 0
        mujoco.mj_inverse(model, state)
        applied = np.zeros(model.nv)
        for side, wrench in feet.items():
            point = score.feet[side].pressure[k]
            force, moment, foot = wrench[k, :3], wrench[k, 3:], bodies[side]
            mujoco.mj_applyFT(model, state, force, moment, point, foot, applied)
            arm = point - state.xipos[foot]
            state.xfrc_applied[foot] = [*force, *(moment + np.cross(arm, force))]
        generalized = (state.qfrc_inverse - applied)[body.columns]
        mujoco.mj_rnePostConstraint(model, state)
        lacking[k] = generalized[:6]
        for i, name in enumerate(PUBLISHED):
            ankle = name.startswith('ankle')
            found[k, i] = ankle_torque(body, name[-1]) if ankle else generalized[INDEX[name]]
    return found, lacking


def ankle_torque(body: Body, side: str) -> float:
    """Moment of the shank on the foot along Rajagopal's talocrural axis, N·m."""
    state, foot = body.state, body.model.body(f'foot_{side}').id
    torque, force = state.cfrc_int[foot, :3], state.cfrc_int[foot, 3:]
    away = state.subtree_com[body.model.body('pelvis').id] - state.xpos[foot]
    moment = torque + np.cross(away, force)
    shank = state.xmat[body.model.body(f'shank_{side}').id].reshape(3, 3)
    return float(moment @ shank @ TALOCRURAL[side])


def solve(passes: int) -> Problem:
    """Move the pelvis until the root's equations hold."""
    problem = Problem(Body(*build()), plan('demo', None, 0, HEIGHT_M))
    for _ in range(passes):
        left = problem.step()
        print(f'the root lacks at most {left:.2e} N or N·m')
    return problem


def pressures(score: Plan, feet: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Force (T, 2, 3) N, centre of pressure (T, 2, 3) m, free moment (T, 2) N·m, left first."""
    force = np.stack([feet[s][:, :3] for s in 'lr'], axis=1)
    moment = np.stack([feet[s][:, 3:] for s in 'lr'], axis=1)
    meant = np.stack([score.feet[s].pressure for s in 'lr'], axis=1)
    loaded = force[..., 2] > 1.0
    load = np.where(loaded, force[..., 2], 1.0)
    shift = np.stack([-moment[..., 1] / load, moment[..., 0] / load, 0 * load], -1)
    free = moment[..., 2] - (shift[..., 0] * force[..., 1] - shift[..., 1] * force[..., 0])
    return (
        np.where(loaded[..., None], force, 0.0),
        np.where(loaded[..., None], meant + shift, 0.0),
        np.where(loaded, free, 0.0),
    )


def check(problem: Problem, lacking: Array) -> str:
    """Assert what physics asks of the take, and say how well it holds."""
    force, point, free = pressures(problem.score, problem.wrenches)
    inner = slice(EDGE, -EDGE)
    q = problem.motion(problem.offset)
    centre = problem.body.centre_of_mass(q)
    newton = MASS_KG * (problem.second @ centre + [0, 0, GRAVITY]) - force.sum(1)
    loaded = force[..., 2] > 1.0
    slope = np.linalg.norm(force[..., :2], axis=-1)[loaded] / force[..., 2][loaded]
    twist = np.abs(free)[loaded] / force[..., 2][loaded]
    air = ~loaded.any(1)
    ahead = (point - np.stack([problem.score.feet[s].ankle for s in 'lr'], 1))[..., 0][loaded]
    assert np.abs(lacking[inner]).max() < 1e-4
    assert np.abs(newton[inner]).max() < 2.0  # forces below 1 N were cut
    assert slope.max() < FRICTION and twist.max() < 0.05 and force[..., 2].min() >= 0
    assert air.sum() / FINE_HZ > 0.6
    assert ahead.min() > -0.05 and ahead.max() < 0.2
    return (
        f'root residual below {np.abs(lacking[inner]).max():.0e} N and N·m; '
        f'forces minus m (a + g) below {np.abs(newton[inner]).max():.2f} N; '
        f'{air.sum() / FINE_HZ:.2f} s in the air; '
        f'friction at most {slope.max():.2f}; '
        f'centre of pressure {100 * ahead.min():.1f} to {100 * ahead.max():.1f} cm ahead of the '
        f'ankle; pelvis moved {100 * np.abs(problem.offset[:, :3]).max():.1f} cm, '
        f'{np.degrees(np.abs(problem.offset[:, 3:]).max()):.1f} degrees'
    )


def y_up(points: Array) -> Array:
    """World z up to the y up of OpenSim's files."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def write_text(path: Path, lines: list[str]) -> None:
    """Write a reproducible .gz: no time, no name."""
    path.write_bytes(gzip.compress('\n'.join([*lines, '']).encode(), 9, mtime=0))


def write_table(path: Path, time: Array, names: list[str], values: Array) -> None:
    """Write an OpenSim storage file."""
    head = [path.name.split('.')[0], 'version=1', f'nRows={len(time)}']
    head += [
        f'nColumns={len(names) + 1}',
        'inDegrees=no',
        'endheader',
        '\t'.join(['time', *names]),
    ]
    rows = np.column_stack([time, values])
    body = ['\t'.join([f'{row[0]:.2f}', *(f'{x:.2f}' for x in row[1:])]) for row in rows]
    write_text(path, head + body)


def write_motion(path: Path, time: Array, names: list[str], points: Array) -> None:
    """Write joint centres (T, J, 3) m as .trc, micrometres kept."""
    count, rate = len(names), FINE_HZ / KEEP_EVERY
    keys = 'DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame'
    axes = [f'{axis}{i + 1}' for i in range(count) for axis in 'XYZ']
    head = [
        f'PathFileType\t4\t(X/Y/Z)\t{path.name.removesuffix(".gz")}',
        '\t'.join([*keys.split(), 'OrigNumFrames']),
        f'{rate:g}\t{rate:g}\t{len(time)}\t{count}\tmm\t{rate:g}\t1\t{len(time)}',
        '\t'.join(['Frame#', 'Time', *(cell for name in names for cell in (name, '', ''))]),
        '\t'.join(['', '', *axes]),
    ]
    table = 1e3 * y_up(points).reshape(len(time), -1)
    body = [
        '\t'.join([str(k), f'{t:.2f}', *(f'{x:.3f}' for x in row)])
        for k, (t, row) in enumerate(zip(time, table, strict=True), 1)
    ]
    write_text(path, head + body)


def main() -> None:
    """Make the take and write its three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--folder', type=Path, default=Path('config/demo'))
    folder = parser.parse_args().folder
    problem = solve(PASSES)
    q = problem.motion(problem.offset)
    torque, lacking = torques(problem.body, problem.score, q, problem.rates(q), problem.wrenches)
    print(check(problem, lacking))
    keep = slice(EDGE, -EDGE, KEEP_EVERY)
    time = problem.score.time[keep] - problem.score.time[EDGE]
    centres = joint_centres(q, HEIGHT_M)
    everything = np.concatenate([centres, problem.body.centre_of_mass(q)[:, None]], 1)
    write_motion(
        folder / 'motion.trc.gz', time, [*CANONICAL.joints, 'centre_of_mass'], everything[keep]
    )
    force, point, free = pressures(problem.score, problem.wrenches)
    names, columns = [], []
    for i, side in enumerate(('left', 'right')):
        names += [f'{side}_ground_{kind}{axis}' for kind in ('force_v', 'force_p', 'torque_')
                  for axis in 'xyz']  # fmt: skip
        moment = np.stack([0 * free[:, i], 0 * free[:, i], free[:, i]], axis=1)
        columns += [y_up(force[:, i]), y_up(point[:, i]), y_up(moment)]
    write_table(folder / 'forces.mot.gz', time, names, np.concatenate(columns, axis=1)[keep])
    write_table(
        folder / 'moments.sto.gz', time, [f'{name}_moment' for name in PUBLISHED], torque[keep]
    )


if __name__ == '__main__':
    main()
