"""Laboratory recordings (.c3d), through ezc3d: markers, and access to everything else in it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import axis_of, checked_up
from humandyn_ros.recordings.c3d_structure import check_c3d
from humandyn_ros.recordings.files import read_bytes, reading, stem_and_ending
from humandyn_ros.recordings.recording import Recording
from humandyn_ros.recordings.trc import UNITS_M

_MODEL_GROUPS = ('ANGLES', 'FORCES', 'MOMENTS', 'POWERS', 'SCALARS', 'MODELED_MARKERS')


class C3d:
    """An opened .c3d: parameters by group and name, points and analog channels.

    Args:
        path: The file, plain or .gz.

    Raises:
        RecordingError: Empty, truncated or corrupt.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = read_bytes(path)
        check_c3d(path, content)
        with reading(path, '.c3d'):
            self._file = _opened(content)
            self._points = np.asarray(self._file['data']['points'], float)
            self._analogs = np.asarray(self._file['data']['analogs'], float)
            self.labels = tuple(_plain(label) for label in self._all('LABELS'))
            self.rate_hz = float(self.get('POINT', 'RATE', [0.0])[0])
        if not self._points.shape[-1]:
            raise RecordingError(f'{path}: holds no frames: nothing was recorded, or truncated')
        if not (np.isfinite(self.rate_hz) and 0.1 <= self.rate_hz <= 1e5):
            raise RecordingError(f'{path}: POINT:RATE is {self.rate_hz} Hz: corrupt file')

    def get(self, group: str, name: str, default: Any = None) -> Any:
        """Return a parameter's value, or the default where the file lacks it."""
        entry = self._file['parameters'].get(group, {}).get(name)
        return default if entry is None or not len(entry['value']) else entry['value']

    def names(self, group: str) -> tuple[str, ...]:
        """Names of the numeric parameters of a group; none where the file lacks it."""
        entries = self._file['parameters'].get(group, {})
        return tuple(
            name
            for name, entry in entries.items()
            if name != '__METADATA__' and np.size(entry['value']) == 1 and entry['type'] != -1
        )

    def number(self, group: str, name: str) -> float | None:
        """Return a parameter's first number, None where the file lacks it."""
        value = self.get(group, name)
        return None if value is None else float(np.ravel(value)[0])

    def _all(self, name: str) -> list[str]:
        """A list of POINT; one parameter holds 255 entries, more are in LABELS2, LABELS3, ..."""
        entries = list(self.get('POINT', name, []))
        number = 2
        while more := self.get('POINT', f'{name}{number}'):
            entries += more
            number += 1
        return entries

    @property
    def unit_m(self) -> float:
        """Metres per unit of length of the file."""
        unit = str(self.get('POINT', 'UNITS', ['mm'])[0]).strip().lower() or 'mm'
        if unit not in UNITS_M:
            raise RecordingError(f'{self.path}: unknown POINT:UNITS {unit!r}: use mm, cm or m')
        return UNITS_M[unit]

    @property
    def points(self) -> Array:
        """All points (T, N, 3) in the file's unit; NaN where not seen."""
        xyz: Array = np.ascontiguousarray(self._points[:3].transpose(2, 1, 0))
        xyz[~np.isfinite(xyz).all(-1) | (xyz == 0).all(-1)] = np.nan
        return xyz

    @property
    def analogs(self) -> Array:
        """Analog channels (T_a, N), scaled by the file's own factors."""
        channels: Array = self._analogs[0].T
        return channels

    @property
    def analog_rate_hz(self) -> float:
        """Rate of the analog channels in Hz."""
        return float(self.rate_hz * self._analogs.shape[-1] / self._points.shape[-1])

    def corners(self) -> Array:
        """Corners of the force plates (P, 4, 3) in the file's unit; (0, 4, 3) without plates."""
        used = int(np.ravel(self.get('FORCE_PLATFORM', 'USED', [0]))[0])
        corners = np.asarray(self.get('FORCE_PLATFORM', 'CORNERS', np.zeros((3, 4, 0))), float)
        if used and corners.shape[:2] != (3, 4):
            raise RecordingError(f'{self.path}: FORCE_PLATFORM:CORNERS are missing or damaged')
        plates: Array = corners.reshape(3, 4, -1).transpose(2, 1, 0)[:used]
        return plates

    def up(self) -> str:
        """The upward axis: against the first plate's normal, else POINT:Y_SCREEN, else z.

        A plate's own z axis points down (C3D User Guide, "FORCE_PLATFORM:CORNERS").
        """
        corners = self.corners()
        if len(corners):
            normal = np.cross(corners[0, 0] - corners[0, 1], corners[0, 0] - corners[0, 3])
            if np.linalg.norm(normal) > 0:
                return axis_of(-normal)
        screen = str(self.get('POINT', 'Y_SCREEN', ['+Z'])[0]).strip() or '+Z'
        return checked_up(screen)


def _opened(content: bytes) -> Any:
    import ezc3d  # noqa: PLC0415

    # ezc3d opens paths only, and not packed ones.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'recording.c3d')
        path.write_bytes(content)
        return ezc3d.c3d(str(path))


def _plain(label: str) -> str:
    """Strip blanks and a subject's prefix ('Anna:LASI' -> 'LASI')."""
    return label.strip().rsplit(':', maxsplit=1)[-1]


def read_c3d(path: Path, up: str | None = None) -> Recording:
    """Read the markers of a .c3d.

    Angles, forces, moments, joint centres and the centre of mass stored beside them are a
    model's outputs, not measurements, and are left out.

    Raises:
        RecordingError: Empty, truncated or corrupt, without markers, or in an unknown unit.
    """
    c3d = C3d(path)
    with reading(path, '.c3d'):
        keep = _measured(c3d)
        points = c3d.points[:, keep] * c3d.unit_m
    if not keep:
        raise RecordingError(f'{path}: holds no markers (only analog channels or model outputs)')
    left_out = len(c3d.labels) - len(keep)
    frames = len(points)
    stamps = np.rint(np.arange(frames) / c3d.rate_hz * 1e9).astype(np.int64)
    axis = up or c3d.up()
    notes = [] if up else [f'vertical axis {axis}, from the plates or the screen axes of the file']
    if left_out:
        notes.append(f'{left_out} model outputs and unlabelled points left out')
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=stamps,
        points=points,
        confidence=np.isfinite(points).all(-1).astype(float),
        names=tuple(c3d.labels[i] for i in keep),
        rate_hz=c3d.rate_hz,
        up=axis,
        format=None,
        kind='markers',
        notes=tuple(notes),
        parameters=_subject(c3d),
    )


def _subject(c3d: C3d) -> dict[str, float]:
    """What a laboratory wrote down of the person: Bodymass in kg, lengths in mm."""
    named = {name: c3d.number('PROCESSING', name) for name in c3d.names('PROCESSING')}
    return {name: value for name, value in named.items() if value is not None and value > 0}


def _measured(c3d: C3d) -> list[int]:
    """Indices of the points that cameras saw."""
    outputs = {_plain(label) for group in _MODEL_GROUPS for label in c3d.get('POINT', group, [])}
    labels = c3d.labels[: c3d.points.shape[1]]
    # Plug-in Gait stores each segment's axes as four points: origin O and tips A, L, P.
    stems = {s[:3] for s in labels if len(s) == 4 and all(s[:3] + c in labels for c in 'OALP')}
    return [
        i
        for i, label in enumerate(labels)
        if label
        and label not in outputs
        and not (len(label) == 4 and label[:3] in stems and label[3] in 'OALP')
        and not label.startswith(('*', 'CentreOfMass', 'CenterOfMass'))
        and not label.endswith('JC')
    ]


def has_plates(path: Path) -> bool:
    """Tell whether a .c3d holds force plates with data.

    Raises:
        RecordingError: Empty, truncated or corrupt.
    """
    c3d = C3d(path)
    with reading(path, '.c3d'):
        return bool(len(c3d.corners()) and c3d.analogs.size)
