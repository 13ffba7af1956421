"""Reference joint moments: OpenSim inverse dynamics (.sto), Plug-in Gait in a .c3d.

Plug-in Gait stores <side><joint>Moment with x sagittal, y frontal, z transverse, in N·mm per kg,
internal; positive is what holds the leg up: hip extension and abduction, knee extension, ankle
plantarflexion. So all four coordinates below are its negatives. The signs were compared, joint by
joint and side by side, with the moment of the measured ground reaction about the joint in nine
children's walks: correlations 0.87 to 1.00 in the sagittal plane, slopes near one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.c3d import C3d
from humandyn_ros.recordings.files import reading
from humandyn_ros.recordings.recording import Moments
from humandyn_ros.recordings.storage import read_table

_SUFFIX = '_moment'
_PLUG_IN_GAIT = (  # joint, component, coordinate; the sign is -1 throughout, see above
    ('Hip', 0, 'hip_flexion'),
    ('Hip', 1, 'hip_adduction'),
    ('Knee', 0, 'knee_angle'),
    ('Ankle', 0, 'ankle_angle'),
)


def read_id_table(path: Path) -> Moments:
    """Read OpenSim's inverse dynamics: the columns '<coordinate>_moment', internal, N·m.

    Raises:
        RecordingError: The file is damaged or holds no moments.
    """
    table = read_table(path)
    keep = [i for i, name in enumerate(table.columns) if name.endswith(_SUFFIX)]
    if not keep:
        raise RecordingError(
            f'{path}: no columns named <coordinate>_moment; is it an inverse dynamics result?'
        )
    names = tuple(table.columns[i].removesuffix(_SUFFIX) for i in keep)
    return Moments(table.stamps_ns, names, table.values[:, keep], table.notes)


def read_plug_in_gait(path: Path, mass_kg: float | None) -> Moments:
    """Read Plug-in Gait's joint moments from a .c3d.

    They are right only where the foot's whole load is on a plate.

    Args:
        path: The file, plain or .gz.
        mass_kg: Body mass; without it the file's own PROCESSING:BODYMASS.

    Raises:
        RecordingError: The file is damaged, holds no such moments, or no mass is known.
    """
    c3d = C3d(path)
    with reading(path, '.c3d'):
        found = [
            (f'{coordinate}_{side.lower()}', c3d.labels.index(f'{side}{joint}Moment'), component)
            for side in 'LR'
            for joint, component, coordinate in _PLUG_IN_GAIT
            if f'{side}{joint}Moment' in c3d.labels
        ]
        mass = mass_kg or c3d.number('PROCESSING', 'BODYMASS')
        if not found:
            raise RecordingError(f'{path}: holds no Plug-in Gait moments (LHipMoment, ...)')
        if not mass:
            raise RecordingError(f'{path}: its moments are per kg and it holds no mass: give one')
        per_kg = np.stack([-c3d.points[:, i, k] * 1e-3 for _, i, k in found], axis=1)
    stamps = np.rint(np.arange(len(per_kg)) / c3d.rate_hz * 1e9).astype(np.int64)
    notes = (f'Plug-in Gait moments, signs turned, times {mass:.1f} kg',)
    return Moments(stamps, tuple(name for name, _, _ in found), per_kg * mass, notes)
