"""Force plates of a .c3d, computed from the file's own channels, corners and calibration.

Each plate's axes are built from its own CORNERS (x from corner 2 to 1, y from 4 to 1, z down), so
plates may lie in any direction. Source: C3D User Guide (Motion Lab Systems 2021), "Force platform
types"; type 3 after Kistler's formulas quoted there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.c3d import C3d
from humandyn_ros.recordings.files import reading
from humandyn_ros.recordings.loads import plate_from_surface
from humandyn_ros.recordings.recording import Forces, Plate

_CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6, 5: 8}


def read_plates(path: Path, up: str | None = None) -> Forces:
    """Read the force plates of a .c3d.

    Raises:
        RecordingError: No plates, an unknown plate type, or a damaged file.
    """
    c3d = C3d(path)
    with reading(path, '.c3d'):
        corners = c3d.corners() * c3d.unit_m
        if not len(corners) or not c3d.analogs.size:
            raise RecordingError(f'{path}: holds no force plate data: give a force file beside it')
        axis = up or c3d.up()
        plates, words = zip(
            *(_plate(c3d, i, corners[i], axis) for i in range(len(corners))), strict=True
        )
    rate = c3d.analog_rate_hz
    stamps = np.rint(np.arange(len(c3d.analogs)) / rate * 1e9).astype(np.int64)
    return Forces(stamps, plates, '; '.join(words), rate)


def _plate(c3d: C3d, index: int, corners: Array, up: str) -> tuple[Plate, str]:
    kind = int(_parameter(c3d, 'TYPE').flat[index])
    if kind not in _CHANNELS:
        raise RecordingError(
            f'{c3d.path}: force plate {index + 1} is of type {kind}; types 1 to 5 are read'
        )
    channels, millimetres = _channels(c3d, index, kind)
    force, moment = _at_surface(c3d, index, kind, channels, millimetres)
    rotation = _axes(corners)
    centre = corners.mean(0)
    force, moment = force @ rotation.T, moment @ rotation.T
    # Some files hold the force on the plate, some the reaction: a person is never pulled down.
    sign = -1.0 if to_z_up(force, up)[:, 2].sum() < 0 else 1.0
    plate = plate_from_surface(
        f'plate {index + 1}',
        to_z_up(sign * force, up),
        to_z_up(sign * moment, up),
        to_z_up(centre, up),
        to_z_up(corners, up),
    )
    reading_of = 'reaction' if sign > 0 else 'action, turned round'
    return plate, f'plate {index + 1}: type {kind}, axes from its corners, {reading_of}'


def _parameter(c3d: C3d, name: str) -> Array:
    value = c3d.numbers('FORCE_PLATFORM', name)
    if value is None:
        raise RecordingError(f'{c3d.path}: FORCE_PLATFORM:{name} is missing: corrupt file')
    return value


def _channels(c3d: C3d, index: int, kind: int) -> tuple[Array, float]:
    """The plate's analog channels (T, 6 or 8), and metres per length unit of its moments."""
    table = _parameter(c3d, 'CHANNEL')
    wanted = table.reshape(len(table), -1)[: _CHANNELS[kind], index].astype(int) - 1
    if wanted.min() < 0 or wanted.max() >= c3d.analogs.shape[1] or len(wanted) < _CHANNELS[kind]:
        raise RecordingError(f'{c3d.path}: force plate {index + 1} names channels that are absent')
    channels = c3d.analogs[:, wanted]
    if kind in (4, 5):
        matrix = _parameter(c3d, 'CAL_MATRIX')
        matrix = matrix.reshape(6, _CHANNELS[kind], -1, order='F')[..., index]
        channels = channels @ matrix.T
    units = c3d.strings('ANALOG', 'UNITS')
    label = units[wanted[-1]].replace('.', '').strip().lower() if wanted[-1] < len(units) else ''
    channels = np.where(np.isfinite(channels), channels, 0.0)
    return channels, 1.0 if label in ('nm', 'n·m', 'n-m') else c3d.unit_m


def _at_surface(
    c3d: C3d, index: int, kind: int, channels: Array, unit: float
) -> tuple[Array, Array]:
    """Force (T, 3) and moment about the centre of the plate's surface (T, 3), plate axes."""
    origins = c3d.numbers('FORCE_PLATFORM', 'ORIGIN')
    origin = np.zeros(3)
    if origins is not None:
        origin = origins.reshape(3, -1, order='F')[:, index] * c3d.unit_m
    if kind == 1:
        force, (x, y, twist) = channels[:, :3], channels[:, 3:].T
        x, y = x * c3d.unit_m, y * c3d.unit_m
        arm = np.stack([x, y, np.zeros_like(x)], -1)
        moment = np.cross(arm, force)
        moment[:, 2] += twist * unit
        return force, moment
    if kind == 3:
        return _kistler(channels, origin)
    force, moment = channels[:, :3], channels[:, 3:6] * unit
    # The transducers lie below the surface; writers disagree on the direction of ORIGIN.
    arm = origin if origin[2] > 0 else -origin
    return force, moment + np.cross(arm, force)


def _kistler(channels: Array, origin: Array) -> tuple[Array, Array]:
    """Type 3: fx12 fx34 fy14 fy23 fz1 fz2 fz3 fz4; origin = sensor offsets a, b and depth."""
    fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = channels.T
    a, b, depth = np.abs(origin)
    force = np.stack([fx12 + fx34, fy14 + fy23, fz1 + fz2 + fz3 + fz4], -1)
    moment = np.stack(
        [
            b * (fz1 + fz2 - fz3 - fz4),
            a * (-fz1 + fz2 + fz3 - fz4),
            b * (-fx12 + fx34) + a * (fy14 - fy23),
        ],
        -1,
    )
    return force, moment + np.cross(np.array([0.0, 0.0, depth]), force)


def _axes(corners: Array) -> Array:
    """Columns: the plate's x, y, z in the file's axes, from corners (4, 3)."""
    x = corners[0] - corners[1] + corners[3] - corners[2]
    z = np.cross(x, corners[0] - corners[3] + corners[1] - corners[2])
    lengths = np.linalg.norm(x), np.linalg.norm(z)
    if min(lengths) < 1e-6:
        raise ValueError('force plate corners coincide: FORCE_PLATFORM:CORNERS are damaged')
    x, z = x / lengths[0], z / lengths[1]
    return np.stack([x, np.cross(z, x), z], -1)
