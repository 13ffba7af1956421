"""One door for every kind of file: the ending, without '.gz', says which reader opens it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.axes import checked_up
from humandyn_ros.recordings.files import stem_and_ending
from humandyn_ros.recordings.recording import Forces, Moments, Recording

# Readers are imported when called for: a node that reads none pays nothing.


def read_motion(
    path: str | Path,
    *,
    format: str | None = None,
    up: str | None = None,
    model: str | Path | None = None,
    asf: str | Path | None = None,
    unit_m: float | None = None,
    rate_hz: float | None = None,
    height_m: float | None = None,
) -> Recording:
    """Read the motion in a file, plain or .gz.

    Args:
        path: .trc, .c3d, .bvh, .amc, .npz (AMASS), or .mot/.sto (inverse kinematics).
        format: Skeleton format of its points, where the file cannot say.
        up: Upward axis of the file (X, Y, Z, -X, -Y, -Z); without it the file's own.
        model: OpenSim model (.osim) that the coordinates of an IK file belong to.
        asf: Skeleton of a .amc; without it the .asf beside it.
        unit_m: Metres per unit of a .bvh or .amc; without it recognised.
        rate_hz: Frame rate of a .bvh or .amc, where the file's own is absent or wrong.
        height_m: Standing height for a .npz without rest joint locations.

    Raises:
        RecordingError: The file is missing, empty, truncated, corrupt or of an unknown kind.
    """
    path = Path(path)
    axis = checked_up(up) if up else None
    ending = stem_and_ending(path)[1]
    if ending in ('.mot', '.sto') and model is None:
        raise RecordingError(
            f'{path}: a .mot or .sto file is a motion only if it holds joint angles, and with the '
            'OpenSim model they were computed with (--model FILE.osim)'
        )
    reader = {
        '.trc': lambda: _module('trc').read_trc(path, axis),
        '.c3d': lambda: _module('c3d').read_c3d(path, axis),
        '.mot': lambda: _module('ik').read_ik(path, Path(str(model))),
        '.sto': lambda: _module('ik').read_ik(path, Path(str(model))),
        '.bvh': lambda: _module('bvh').read_bvh(path, axis, unit_m, rate_hz),
        '.amc': lambda: _module('acclaim').read_acclaim(
            path, Path(asf) if asf else None, unit_m, rate_hz
        ),
        '.npz': lambda: _module('amass').read_amass(path, height_m),
    }.get(ending)
    if reader is None:
        raise RecordingError(
            f'{path}: unknown kind of motion file {ending!r}: '
            'use .trc, .c3d, .bvh, .amc, .npz, .mot or .sto, plain or .gz'
        )
    recording: Recording = reader()
    return replace(recording, format=format or recording.format, up=axis or recording.up)


def _module(name: str) -> Any:
    return import_module(f'humandyn_ros.recordings.{name}')


def read_forces(path: str | Path, *, up: str | None = None) -> Forces:
    """Read force plates from a .mot/.sto or .c3d file, plain or .gz, into the world (z up).

    Args:
        path: The force file.
        up: Upward axis of the file; without it the axis along which the load is carried.

    Raises:
        RecordingError: The file is missing, empty, truncated, corrupt, or holds no forces.
    """
    path = Path(path)
    axis = checked_up(up) if up else None
    ending = stem_and_ending(path)[1]
    if ending == '.c3d':
        result: Forces = _module('plates').read_plates(path, axis)
    elif ending in ('.mot', '.sto'):
        result = _module('force_columns').read_force_table(path, axis)
    else:
        raise RecordingError(
            f'{path}: unknown kind of force file {ending!r}: use .mot, .sto or .c3d'
        )
    return result


def read_moments(path: str | Path, *, mass_kg: float | None = None) -> Moments:
    """Read reference joint moments: OpenSim inverse dynamics (.mot, .sto), Plug-in Gait (.c3d).

    Args:
        path: The file, plain or .gz.
        mass_kg: Body mass for Plug-in Gait's N·mm per kg; without it the mass in the file.

    Raises:
        RecordingError: The file is missing, empty, truncated, corrupt, or holds no moments.
    """
    path = Path(path)
    ending = stem_and_ending(path)[1]
    if ending in ('.mot', '.sto'):
        result: Moments = _module('moments').read_id_table(path)
    elif ending == '.c3d':
        result = _module('moments').read_plug_in_gait(path, mass_kg)
    else:
        raise RecordingError(
            f'{path}: unknown kind of moment file {ending!r}: use .sto, .mot or .c3d'
        )
    return result
