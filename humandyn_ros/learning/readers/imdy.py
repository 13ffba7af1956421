"""ImDy (Liu et al., ICLR 2025): simulated motion with joint torques and ground reactions.

Two forms: the raw lists (`raw_train/{pos,rot,torque,grf,weight}.pkl`) and one file per sequence
as the authors' `convert.py` writes it. Units are not stated there; metres, newtons and N·m are
inferred from their use.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.arrays import same_length, shaped
from humandyn_ros.learning.readers.unpickle import read_pickle
from humandyn_ros.quantities import CANONICAL, Array

RATE_HZ = 30.0
_SUBSTEPS = 2  # simulation steps of 1/60 s whose torques are summed into one frame
# Simulation axes to SMPL's: the quaternion (0.5, 0.5, 0.5, 0.5), a third of a turn about (1,1,1).
_TO_SMPL = np.array([0.5, 0.5, 0.5, 0.5])


@dataclass(frozen=True, eq=False)
class ImdySequence:
    """One sequence, world z up, 30 Hz, SMPL's 24 joints.

    Traps taken away: stored torques are the *sum* over two simulation steps of 1/60 s (their mean
    is given here); their first row is the root's, which no joint exerts (dropped); quaternions
    are world orientations, real part first, in the simulator's axes (given here relative to the
    parent, as SMPL's rotation vectors). Left: ground forces act on all 24 bodies.

    Attributes:
        points: Joint centres (T, 24, 3) m.
        rotvecs: SMPL rotation vectors, relative to the parent (T, 24, 3) rad.
        torques: Mean over the frame of the joints' torques, joints 1-23 (T, 23, 3) N·m.
        forces: Of the ground on each body (T, 24, 3) N.
        mass_kg: Body mass, where the file holds it.
        markers: SMPL surface markers (T, 66, 3) m, in converted files; else None.
    """

    points: Array
    rotvecs: Array
    torques: Array
    forces: Array
    mass_kg: float | None
    markers: Array | None = None


@dataclass(frozen=True, eq=False)
class ImdyMotion:
    """A file of AddBiomechanics motion in ImDy's repository: angles of Rajagopal's model only."""

    name: str
    rate_hz: float
    angles: Array  # (T, 23) rad, and m for the pelvis translations; model axes, y up
    mass_kg: float


def read_raw(folder: Path) -> tuple[ImdySequence, ...]:
    """Read `raw_train` or `raw_test`.

    Raises:
        RecordingError: A file is missing, damaged, or the lists do not agree.
    """
    lists = {name: _list(folder / f'{name}.pkl') for name in ('pos', 'rot', 'torque', 'grf')}
    weight = folder / 'weight.pkl'
    masses = _list(weight) if weight.exists() else None
    lengths = {name: len(items) for name, items in lists.items()}
    if masses is not None:
        lengths['weight'] = len(masses)
    if len(set(lengths.values())) != 1:
        raise RecordingError(f'{folder}: lists of different lengths: {lengths}')
    rows = zip(*lists.values(), strict=True)
    return tuple(
        _raw(folder, row, None if masses is None else float(np.asarray(masses[i]).ravel()[0]))
        for i, row in enumerate(rows)
    )


def _list(path: Path) -> Any:
    found = read_pickle(path)
    if not isinstance(found, list | tuple):
        raise RecordingError(f'{path}: a list of arrays expected, not {type(found).__name__}')
    return found


def _raw(folder: Path, row: tuple[Any, ...], mass: float | None) -> ImdySequence:
    points = shaped(folder, 'pos', row[0], None, 24, 3)
    quats = shaped(folder, 'rot', row[1], None, 24, 4)
    torque = shaped(folder, 'torque', row[2], None, 24, 3)
    forces = shaped(folder, 'grf', row[3], None, 24, 3)
    same_length(folder, pos=points, rot=quats, torque=torque, grf=forces)
    world = rotations.quat_xyzw_to_matrix(np.roll(quats, -1, axis=-1))
    world = world @ rotations.quat_xyzw_to_matrix(_TO_SMPL)
    local = world.copy()
    parents = list(CANONICAL.parents[1:])
    local[:, 1:] = np.swapaxes(world[:, parents], -1, -2) @ world[:, 1:]
    return ImdySequence(points, rotations.log(local), torque[:, 1:] / _SUBSTEPS, forces, mass)


def read_sequence(path: Path) -> ImdySequence | ImdyMotion:
    """Read one converted sequence, or an AddBiomechanics motion in the same repository's form.

    Trap: joints of converted files come from the `smplx` package, which adds the rest pelvis to
    the translation, so they stand some 0.2 m off the raw positions; within a file joints and
    markers agree.

    Raises:
        RecordingError: Not such a file, or damaged.
    """
    found = read_pickle(path)
    if not isinstance(found, dict) or 'qpos' not in found:
        raise RecordingError(f'{path}: no sequence of ImDy (a dict with qpos expected)')
    if 'torque' not in found:
        angles = shaped(path, 'qpos', found['qpos'], None, 23)
        name = '/'.join(str(part) for part in np.atleast_1d(found.get('key', path.stem))[:1])
        return ImdyMotion(
            name, _number(path, found, 'fps'), angles, _number(path, found, 'weight')
        )
    rotvecs = shaped(path, 'qpos', found['qpos'], None, 24, 3)
    points = shaped(path, 'jpos', found.get('jpos'), None, None, 3)
    torque = shaped(path, 'torque', found['torque'], None, 24, 3)
    forces = shaped(path, 'grf', found.get('grf'), None, 24, 3)
    markers = shaped(path, 'mpos', found['mpos'], None, None, 3) if 'mpos' in found else None
    same_length(path, qpos=rotvecs, jpos=points, torque=torque, grf=forces)
    if points.shape[1] < 24:
        raise RecordingError(f'{path}: jpos {points.shape}: 24 joints or more expected')
    mass = _number(path, found, 'weight') if 'weight' in found else None
    return ImdySequence(points[:, :24], rotvecs, torque[:, 1:] / _SUBSTEPS, forces, mass, markers)


def _number(path: Path, found: dict[str, Any], name: str) -> float:
    try:
        return float(found[name])
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f'{path}: {name} is missing or no number') from error
