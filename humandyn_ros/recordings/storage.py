"""OpenSim tables (.mot, .sto): a header up to `endheader`, column names, rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.files import number_table, read_lines, reading, stamps_from_times


@dataclass(frozen=True, eq=False)
class Table:
    """A time column and named columns."""

    stamps_ns: NDArray[np.int64]  # (T,)
    rate_hz: float
    columns: tuple[str, ...]  # (N,) without time
    values: Array  # (T, N)
    in_degrees: bool
    notes: tuple[str, ...]


def read_table(path: Path) -> Table:
    """Read a .mot or .sto file.

    Raises:
        RecordingError: Empty, truncated or corrupt.
    """
    lines = read_lines(path)
    with reading(path, '.mot/.sto'):
        return _parsed(path, lines)


def _parsed(path: Path, lines: list[str]) -> Table:
    end = next((i for i, s in enumerate(lines) if s.strip().lower() == 'endheader'), None)
    if end is None:
        raise RecordingError(f'{path}: no endheader line: truncated, or not an OpenSim table')
    body = [(i, s) for i, s in enumerate(lines[end + 1 :], end + 2) if s.strip()]
    if len(body) < 2:
        raise RecordingError(f'{path}: no rows after the header: empty or truncated')
    columns = body[0][1].split()
    if columns[0].lower() != 'time':
        raise RecordingError(f'{path}: the first column is {columns[0]!r}, not time')
    rows = [line.split() for _, line in body[1:]]
    if len(rows[-1]) < len(columns):
        raise RecordingError(
            f'{path}: truncated: the last row has {len(rows[-1])} of {len(columns)} columns'
        )
    table = number_table(path, rows, len(columns), body[1][0])
    stamps, rate = stamps_from_times(path, table[:, 0])
    header = _settings(lines[:end])
    promised = int(header.get('nrows', header.get('datarows', len(rows))))
    notes: tuple[str, ...] = ()
    if promised != len(rows):
        notes = (f'the header promises {promised} rows, {len(rows)} are there',)
    degrees = header.get('indegrees', 'no').lower() == 'yes'
    return Table(stamps, rate, tuple(columns[1:]), table[:, 1:], degrees, notes)


def _settings(lines: list[str]) -> dict[str, str]:
    found = (re.match(r'\s*(\w+)\s*[= \t]\s*(\S+)\s*$', line) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}
