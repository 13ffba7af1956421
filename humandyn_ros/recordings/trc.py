"""Marker files of OpenSim and Motion Analysis (.trc)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.files import (
    lost,
    number_table,
    read_lines,
    reading,
    stamps_from_times,
    stem_and_ending,
)
from humandyn_ros.recordings.recording import Recording

UNITS_M = {'mm': 1e-3, 'cm': 1e-2, 'm': 1.0, 'meters': 1.0, 'inches': 0.0254, 'in': 0.0254}


def read_trc(path: Path, up: str | None = None) -> Recording:
    """Read a .trc file; its vertical is y unless said (the OpenSim convention).

    Raises:
        RecordingError: Empty, truncated or corrupt, or in an unknown unit.
    """
    lines = read_lines(path)
    with reading(path, '.trc'):
        return _parsed(path, lines, up)


def _parsed(path: Path, lines: list[str], up: str | None) -> Recording:
    header = _header(path, lines)
    count, frames = int(header['NumMarkers']), int(header['NumFrames'])
    names = tuple(cell.strip() for cell in lines[3].split('\t')[2:] if cell.strip())
    if len(names) != count:
        raise RecordingError(f'{path}: NumMarkers is {count}, but {len(names)} markers are named')
    rows = [(i, line) for i, line in enumerate(lines[5:], 6) if line.strip()]
    if not rows:
        raise RecordingError(f'{path}: no frames after the header: empty or truncated')
    if len(rows) < frames:
        raise RecordingError(
            f'{path}: truncated: the header promises {frames} frames, {len(rows)} are there; '
            'copy the file again, or correct NumFrames if it was cut on purpose'
        )
    cells = [_cells(line) for _, line in rows]
    table = number_table(path, cells, 2 + 3 * count, rows[0][0])
    scale = UNITS_M.get(header['Units'].lower())
    if scale is None:
        raise RecordingError(f'{path}: unknown Units {header["Units"]!r}: use mm, cm or m')
    points = table[:, 2:].reshape(len(rows), count, 3) * scale
    missing = lost(points)
    points[missing] = np.nan
    stamps, rate_hz = stamps_from_times(path, table[:, 1], float(header['DataRate']))
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=stamps,
        points=points,
        confidence=(~missing).astype(float),
        names=names,
        rate_hz=rate_hz,
        up=up or 'Y',
        format=None,
        kind='markers',
        notes=() if up else ('vertical axis: y, as .trc files have it (--up changes it)',),
    )


def _header(path: Path, lines: list[str]) -> dict[str, str]:
    if not lines or not lines[0].startswith('PathFileType'):
        raise RecordingError(f'{path}: does not begin with PathFileType: not a .trc file')
    if len(lines) < 6:
        raise RecordingError(f'{path}: truncated inside the header')
    # Some writers put stray blanks and doubled tabs between the values.
    header = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    missing = {'DataRate', 'NumFrames', 'NumMarkers', 'Units'} - set(header)
    if missing:
        raise RecordingError(f'{path}: the header lacks {", ".join(sorted(missing))}')
    return header


def _cells(line: str) -> list[str]:
    """Split one row; tabs keep blank cells apart, and a tab may end the row."""
    cells = line.rstrip('\r\n').split('\t')
    while cells and not cells[-1].strip():
        cells.pop()
    return cells
