"""UI-PRMD's rehabilitation exercises as canonical joint centres (Vakanski et al. 2018, PDDL 1.0).

Ten people, ten exercises, two repetitions each, cut out one by one: 39 Plug-in-Gait markers at
100 Hz in millimetres, z up, zero where a marker was lost.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.synthesis.mocap import cache_folder, unpacked
from humandyn_ros.quantities import Array, Mask
from humandyn_ros.skeleton import Adapter, recognise

LICENCE = 'PDDL 1.0'
FILE_RATE_HZ, RATE_HZ = 100.0, 30.0
EXERCISES = (
    'deep_squat',
    'hurdle_step',
    'inline_lunge',
    'side_lunge',
    'sit_to_stand',
    'leg_raise',
    'shoulder_abduction',
    'shoulder_extension',
    'shoulder_rotation',
    'shoulder_scaption',
)
"""In the order of the data set's numbers m01 to m10."""
MARKERS = (
    'LFHD', 'RFHD', 'LBHD', 'RBHD', 'C7', 'T10', 'CLAV', 'STRN', 'RBAK',
    'LSHO', 'LUPA', 'LELB', 'LFRM', 'LWRA', 'LWRB', 'LFIN',
    'RSHO', 'RUPA', 'RELB', 'RFRM', 'RWRA', 'RWRB', 'RFIN',
    'LASI', 'RASI', 'LPSI', 'RPSI', 'LTHI', 'LKNE', 'LTIB', 'LANK', 'LHEE', 'LTOE',
    'RTHI', 'RKNE', 'RTIB', 'RANK', 'RHEE', 'RTOE',
)  # fmt: skip
"""In the order of the files' columns."""
_LONGEST_GAP = 0.5  # share of a clip over which a lost joint centre is bridged


@dataclass(frozen=True, eq=False)
class Exercise:
    """One repetition.

    Attributes:
        person: As the table of people names it.
        label: Index into EXERCISES.
        points: Canonical joint centres (T, 24, 3) m at RATE_HZ.
    """

    person: str
    label: int
    points: Array


@lru_cache(maxsize=2)
def exercises(data: Path) -> tuple[Exercise, ...]:
    """Every repetition that can be read, in a fixed order; joint centres are kept in the cache.

    Raises:
        RecordingError: The folder does not hold the data set.
    """
    archives = sorted((data / 'actions_uiprmd').glob('UIPRMD_vicon_positions*.tar.xz'))
    if not archives:
        raise RecordingError(f'{data}: no actions_uiprmd with Vicon positions')
    stored = cache_folder() / 'joint_centres' / 'uiprmd.npz'
    if not stored.exists():
        _store(archives, stored)
    found = []
    with np.load(stored) as file:
        for name in file.files:
            move, person = name.split('_')[:2]
            points = file[name].astype(np.float64)
            found.append(Exercise(f'uiprmd_{person[1:]}', int(move[1:]) - 1, points))
    return tuple(found)


def _store(archives: list[Path], stored: Path) -> None:
    files = [f for archive in archives for f in unpacked(archive).rglob('m*_positions.txt')]
    converted = {f.name: joint_centres(f) for f in sorted(files, key=lambda f: f.name)}
    kept = {
        name.removesuffix('_positions.txt'): points.astype(np.float32)
        for name, points in converted.items()
        if points is not None
    }
    stored.parent.mkdir(parents=True, exist_ok=True)
    partial = stored.with_suffix(f'.{os.getpid()}.partial')
    with partial.open('wb') as file:
        np.savez(file, allow_pickle=False, **kept)
    partial.rename(stored)


def joint_centres(path: Path, rate_hz: float = RATE_HZ) -> Array | None:
    """Joint centres (T, 24, 3) m of one file at a rate; None where too much is lost.

    Raises:
        RecordingError: Other columns than 39 markers.
    """
    columns = np.loadtxt(path, delimiter=',', ndmin=2)
    if columns.shape[1] != 3 * len(MARKERS):
        raise RecordingError(f'{path}: {columns.shape[1]} columns, wanted {3 * len(MARKERS)}')
    markers = columns.reshape(len(columns), -1, 3) * 1e-3
    markers[(markers == 0.0).all(axis=-1)] = np.nan
    form = recognise(MARKERS).seen(markers)
    seen = np.isfinite(markers[..., 0]).astype(float)
    points, _ = Adapter(form, up='Z').convert(markers, seen)
    lost: Mask = np.asarray(~np.isfinite(points).all(axis=-1))
    if lost.mean(axis=0).max() > _LONGEST_GAP:
        return None
    return _at_rate(points, lost, rate_hz)


def _at_rate(points: Array, lost: Mask, rate_hz: float) -> Array:
    """Read every coordinate at a rate, bridging what is lost by straight lines."""
    time = np.arange(len(points)) / FILE_RATE_HZ
    wanted = np.arange(0.0, time[-1], 1.0 / rate_hz)
    result = np.empty((len(wanted), *points.shape[1:]))
    for joint in range(points.shape[1]):
        known = ~lost[:, joint]
        for axis in range(3):
            values = points[known, joint, axis]
            result[:, joint, axis] = np.interp(wanted, time[known], values)
    return result
