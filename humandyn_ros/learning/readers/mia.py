"""Muscles in Action (Chiquier, Vondrick 2023): video skeletons with eight surface EMG channels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.arrays import load_npy, same_length, shaped
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import to_z_up

MUSCLES = (
    'right_quadriceps', 'left_quadriceps', 'right_hamstring', 'left_hamstring',
    'right_gluteus', 'left_gluteus', 'left_biceps', 'right_biceps',
)  # fmt: skip
STEPS = 30
RATE_HZ = 10.0  # as the authors' plots scale time; the clips' rate is not stated


@dataclass(frozen=True, eq=False)
class MiaClip:
    """Thirty steps; z up.

    Traps taken away: the last two channels are left before right, unlike the others; joints are
    in camera axes (y down; turned here) and only the first 25 (BODY_25 of OpenPose) are measured
    joints; EMG is stored raw, in units of the amplifier that differ by person (up to some 470):
    scale it per *training* person. Left: joints come from a monocular body model, so their place
    in the room is not known (root-relative); `emgvaluesstd.npy`, if wanted, is another file.

    Attributes:
        emg: (30, 8), order `MUSCLES`, raw.
        points: BODY_25 joints (30, 25, 3) m.
        image_points: The same in the picture, with confidence where the file has it (30, 25, 2-3).
        rotvecs: SMPL rotation vectors in camera axes (30, 24, 3) rad, where the file is there.
        betas: SMPL shape (30, 10), where the file is there.
    """

    emg: Array
    points: Array
    image_points: Array | None
    rotvecs: Array | None
    betas: Array | None


def read_clip(folder: Path) -> MiaClip:
    """Read the folder of one clip.

    Raises:
        RecordingError: A needed file is missing or damaged, or shapes do not fit.
    """
    path = folder / 'emgvalues.npy'
    emg = np.asarray(load_npy(path), np.float64)
    emg = emg.T if emg.shape == (len(MUSCLES), STEPS) else emg
    emg = shaped(path, 'EMG', emg, STEPS, len(MUSCLES))
    joints = shaped(folder / 'joints3d.npy', 'joints', load_npy(folder / 'joints3d.npy'),
                    STEPS, None, 3)  # fmt: skip
    if joints.shape[1] < 25:
        raise RecordingError(f'{folder}: {joints.shape[1]} joints, 25 or more expected')
    image = _optional(folder / 'joints2d.npy', None, None)
    turns = _optional(folder / 'pose.npy', 72)
    betas = _optional(folder / 'betas.npy', 10)
    return MiaClip(
        emg=emg,
        points=to_z_up(joints[:, :25], '-Y'),
        image_points=None if image is None else image[:, :25],
        rotvecs=None if turns is None else turns.reshape(STEPS, 24, 3),
        betas=betas,
    )


def _optional(path: Path, *shape: int | None) -> Array | None:
    if not path.exists():
        return None
    found = shaped(path, path.stem, load_npy(path), None, *shape)
    same_length(path, steps=found, expected=np.zeros(STEPS))
    return found
