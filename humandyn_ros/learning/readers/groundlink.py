"""GroundLink (Han et al., SIGGRAPH Asia 2023): SMPL-X motion with force plates under each foot."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.arrays import same_length, shaped
from humandyn_ros.learning.readers.unpickle import read_stream, read_torch_archive
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.files import read_bytes, reading

_NEWTONS = 1e3  # files hold kilonewtons
LOADED_N = 20.0  # below it a foot's centre of pressure means nothing


@dataclass(frozen=True, eq=False)
class GroundLinkForces:
    """Left and right foot; world z up.

    Traps taken away: forces are stored in kN, and after low-pass filtering (20 Hz, order 6) the
    centre of pressure of an unloaded foot is a number without meaning (NaN here).

    Attributes:
        forces: Of the ground on the left and right foot (T, 2, 3) N.
        centres_of_pressure: (T, 2, 3) m; NaN below 20 N.
    """

    forces: Array
    centres_of_pressure: Array


@dataclass(frozen=True, eq=False)
class GroundLinkMotion:
    """A preprocessed trial, as GroundLinkNet takes it; world z up.

    Traps taken away: in these files the centre of pressure is relative to the pelvis on the floor
    and its heading, while the force is in the world (both are in the world here).

    Attributes:
        rate_hz: Of motion and forces.
        rotvecs: SMPL-X body joints (T, 22, 3) rad, the root's in the world.
        pelvis: (T, 3) m in the world.
        feet: Forces and centres of pressure.
    """

    rate_hz: float
    rotvecs: Array
    pelvis: Array
    feet: GroundLinkForces


def read_forces(path: Path) -> GroundLinkForces:
    """Read `Force/sXXX/TRIAL.npy`: a dict of CoP and GRF, pickled inside an array.

    Raises:
        RecordingError: Not such a file, damaged, or its pickle holds more than arrays.
    """
    stream = io.BytesIO(read_bytes(path))
    with reading(path, '.npy'):
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
            np.lib.format.read_array_header_2_0
        )  # fmt: skip
        header(stream)
        found = read_stream(stream)
    while isinstance(found, np.ndarray | list) and np.size(found) == 1:
        found = found.item() if isinstance(found, np.ndarray) else found[0]
    return _forces(path, found)


def read_motion(path: Path) -> GroundLinkMotion:
    """Read `ProcessedData/SX/preprocessed/TRIAL.pth`.

    Raises:
        RecordingError: Not such a file, damaged, or its pickle holds more than arrays.
    """
    found = read_torch_archive(path)
    local = _forces(path, found)
    angles = shaped(path, 'angles', found.get('angles'), None, 22, 3)
    pelvis = shaped(path, 'trans', found.get('trans'), None, 1, 3)[:, 0]
    there = shaped(path, 'to_global', found.get('to_global'), None, 4, 4)
    same_length(path, angles=angles, trans=pelvis, to_global=there, CoP=local.forces)
    places = np.einsum('tij,tfj->tfi', there[:, :3, :3], local.centres_of_pressure)
    places += there[:, None, :3, 3]
    rate = float(found.get('framerate', 0))
    if not 1 <= rate <= 1e4:
        raise RecordingError(f'{path}: a frame rate of {rate} Hz is absurd')
    return GroundLinkMotion(rate, angles, pelvis, GroundLinkForces(local.forces, places))


def _forces(path: Path, found: Any) -> GroundLinkForces:
    if not isinstance(found, dict) or not {'CoP', 'GRF'} <= set(found):
        raise RecordingError(f'{path}: no forces of GroundLink (a dict with CoP and GRF expected)')
    forces = _NEWTONS * shaped(path, 'GRF', found['GRF'], None, 2, 3)
    places = shaped(path, 'CoP', found['CoP'], None, 2, 3)
    same_length(path, CoP=places, GRF=forces)
    loaded = np.linalg.norm(forces, axis=-1, keepdims=True) > LOADED_N
    return GroundLinkForces(forces, np.where(loaded, places, np.nan))
