"""HumanML3D (Guo et al. 2022) as SkeletonLLM takes it: .json of SMPL joints, 20 Hz."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.arrays import shaped
from humandyn_ros.quantities import CANONICAL, Array, Skeleton
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.files import read_bytes

RATE_HZ = 20.0
JOINTS = Skeleton('smpl_22', CANONICAL.joints[:22], CANONICAL.parents[:22])


@dataclass(frozen=True, eq=False)
class HumanMl3dClip:
    """One motion of SMPL's first 22 joints (no hands); z up.

    Traps taken away: y up in the file (turned here); every motion is retargeted to one body and
    starts at the origin facing +z, so sizes and headings of the original people are gone.

    Attributes:
        points: (T, 22, 3) m.
    """

    points: Array


def read_humanml3d(path: Path) -> HumanMl3dClip:
    """Read a .json with `skeletons` (T, 22, 3).

    Raises:
        RecordingError: Not such a file, truncated, or its numbers are not finite.
    """
    try:
        found = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise RecordingError(f'{path}: not a .json file, or cut off ({error})') from error
    if not isinstance(found, dict) or 'skeletons' not in found:
        raise RecordingError(f"{path}: no 'skeletons' in it: not a motion of HumanML3D")
    points = shaped(path, 'skeletons', found['skeletons'], None, len(JOINTS.joints), 3)
    if not len(points) or not np.isfinite(points).all():
        raise RecordingError(f'{path}: no frames, or numbers that are not finite')
    return HumanMl3dClip(to_z_up(points, 'Y'))
