"""One door for every kind of file: the ending, without '.gz', says which reader opens it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.axes import checked_up
from humandyn_ros.recordings.files import stem_and_ending
from humandyn_ros.recordings.recording import Forces, Moments, Recording

# Readers are imported inside these functions: ezc3d alone costs a node 0.3 s it does not need.
# ruff: noqa: PLC0415


def read_motion(
    path: str | Path,
    *,
    format: str | None = None,
    up: str | None = None,
    model: str | Path | None = None,
) -> Recording:
    """Read the motion in a file, plain or .gz.

    Args:
        path: .trc, .c3d or .mot/.sto (inverse kinematics, needs `model`).
        format: Skeleton format of its points, where the file cannot say.
        up: Upward axis of the file (X, Y, Z, -X, -Y, -Z); without it the file's own.
        model: OpenSim model (.osim) that the coordinates of an IK file belong to.

    Raises:
        RecordingError: The file is missing, empty, truncated, corrupt or of an unknown kind.
    """
    path = Path(path)
    axis = checked_up(up) if up else None
    ending = stem_and_ending(path)[1]
    if ending == '.trc':
        from humandyn_ros.recordings.trc import read_trc

        recording = read_trc(path, axis)
    elif ending == '.c3d':
        from humandyn_ros.recordings.c3d import read_c3d

        recording = read_c3d(path, axis)
    else:
        raise RecordingError(f'{path}: unknown kind of motion file {ending!r}: use .trc, .c3d')
    return recording if format is None else replace(recording, format=format)


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
        from humandyn_ros.recordings.plates import read_plates

        return read_plates(path, axis)
    if ending in ('.mot', '.sto'):
        from humandyn_ros.recordings.force_columns import read_force_table

        return read_force_table(path, axis)
    raise RecordingError(f'{path}: unknown kind of force file {ending!r}: use .mot, .sto or .c3d')


def read_moments(path: str | Path) -> Moments:
    """Read reference joint moments from OpenSim's inverse dynamics (.mot, .sto), plain or .gz.

    Raises:
        RecordingError: The file is missing, empty, truncated, corrupt, or holds no moments.
    """
    path = Path(path)
    ending = stem_and_ending(path)[1]
    if ending in ('.mot', '.sto'):
        from humandyn_ros.recordings.moments import read_id_table

        return read_id_table(path)
    raise RecordingError(f'{path}: unknown kind of moment file {ending!r}: use .sto or .mot')
