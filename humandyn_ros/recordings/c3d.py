"""Laboratory recordings (.c3d): markers, and access to everything else in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import axis_of, checked_up
from humandyn_ros.recordings.c3d_layout import Value, decode
from humandyn_ros.recordings.files import lost, read_bytes, reading, stem_and_ending
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
        with reading(path, '.c3d'):
            self._content = decode(path, content)
            self.labels = tuple(_plain(label) for label in self.strings('POINT', 'LABELS'))
        self.rate_hz = self.number('POINT', 'RATE') or 0.0
        if not (np.isfinite(self.rate_hz) and 0.1 <= self.rate_hz <= 1e5):
            raise RecordingError(f'{path}: POINT:RATE is {self.rate_hz} Hz: corrupt file')

    def numbers(self, group: str, name: str) -> Array | None:
        """Return a numeric parameter in its dimensions, None where the file lacks it."""
        value = self._group(group).get(name.upper())
        return value if isinstance(value, np.ndarray) and value.size else None

    def _group(self, group: str) -> dict[str, Value]:
        """Parameters of a group; case does not count in a .c3d."""
        entries = self._content.parameters.get(group, {})
        return {name.upper(): value for name, value in entries.items()}

    def names(self, group: str) -> tuple[str, ...]:
        """Names, as written, of a group's parameters that are single numbers."""
        entries = self._content.parameters.get(group, {})
        return tuple(n for n, v in entries.items() if isinstance(v, np.ndarray) and v.size == 1)

    def strings(self, group: str, name: str) -> list[str]:
        """Return a list of strings; one parameter holds 255, more are in NAME2, NAME3, ..."""
        parameters = self._group(group)
        parts = [parameters.get(name), *(parameters.get(f'{name}{k}') for k in range(2, 10))]
        return [text for part in parts if isinstance(part, list) for text in part]

    def number(self, group: str, name: str) -> float | None:
        """Return a parameter's first number, None where the file lacks it."""
        value = self.numbers(group, name)
        return None if value is None else float(value.flat[0])

    @property
    def unit_m(self) -> float:
        """Metres per unit of length of the file."""
        unit = (self.strings('POINT', 'UNITS') or ['mm'])[0].lower() or 'mm'
        if unit not in UNITS_M:
            raise RecordingError(f'{self.path}: unknown POINT:UNITS {unit!r}: use mm, cm or m')
        return UNITS_M[unit]

    @property
    def points(self) -> Array:
        """All points (T, N, 3) in the file's unit; NaN where not seen."""
        xyz: Array = self._content.points.copy()
        with np.errstate(invalid='ignore'):
            xyz[lost(xyz * self.unit_m)] = np.nan
        return xyz

    @property
    def analogs(self) -> Array:
        """Analog channels (T_a, N), scaled by the file's own factors."""
        return self._content.analogs

    @property
    def analog_rate_hz(self) -> float:
        """Rate of the analog channels in Hz."""
        return self.rate_hz * len(self.analogs) / len(self._content.points)

    def corners(self) -> Array:
        """Corners of the force plates (P, 4, 3) in the file's unit; (0, 4, 3) without plates."""
        used = int(self.number('FORCE_PLATFORM', 'USED') or 0)
        corners = self.numbers('FORCE_PLATFORM', 'CORNERS')
        if not used:
            return np.zeros((0, 4, 3))
        if corners is None or corners.size < 12 * used or corners.shape[:2] != (3, 4):
            raise RecordingError(f'{self.path}: FORCE_PLATFORM:CORNERS are missing or damaged')
        plates: Array = corners.reshape(3, 4, -1, order='F').transpose(2, 1, 0)[:used]
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
        screen = self.strings('POINT', 'Y_SCREEN') or ['+Z']
        return checked_up(screen[0] or '+Z')


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
    outputs = {_plain(label) for group in _MODEL_GROUPS for label in c3d.strings('POINT', group)}
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
