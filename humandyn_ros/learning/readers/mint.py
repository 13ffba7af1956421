"""Muscles in Time (Schneider et al. 2024): simulated activation of 402 muscles at 50 Hz."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers.unpickle import Table, read_pickle
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.files import read_lines

RATE_HZ = 50.0


@dataclass(frozen=True, eq=False)
class MintTable:
    """Columns over time; `spans` are the stretches without a gap.

    Attributes:
        stamps_ns: On AMASS's clock of the same motion (T); does not start at zero.
        names: Of the columns (N).
        values: (T, N) as the file has them.
        spans: First row and row after the last of each stretch without a gap.
    """

    stamps_ns: NDArray[np.int64]
    names: tuple[str, ...]
    values: Array
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class MintClip:
    """One motion of AMASS with what was simulated of it.

    Traps taken away: rows are indexed by seconds, and stretches whose simulation failed are simply
    absent, so row number is not time; see `spans`. Left: axes of the ground reaction columns are
    those of the simulation (OpenSim, y up), named by the columns.

    Attributes:
        activations: 402 muscles, 0-1.
        muscle_forces: N, where the file is there.
        ground_reactions: As OpenSim names them (N, m, N·m), where the file is there.
    """

    activations: MintTable
    muscle_forces: MintTable | None
    ground_reactions: MintTable | None


@dataclass(frozen=True)
class MintPerson:
    """A row of the metadata: what AMASS motion, and who."""

    path: str  # below the data set's folder
    mass_kg: float
    height_m: float


def read_clip(folder: Path) -> MintClip:
    """Read the folder of one motion.

    Raises:
        RecordingError: No activations, or a file is damaged or not a table.
    """
    return MintClip(
        activations=_table(folder / 'muscle_activations.pkl'),
        muscle_forces=_optional(folder / 'muscle_forces.pkl'),
        ground_reactions=_optional(folder / 'grf.pkl'),
    )


def read_metadata(path: Path) -> tuple[MintPerson, ...]:
    """Read a metadata .csv (columns data_path, weight_kg, height_cm).

    Raises:
        RecordingError: Missing columns or numbers.
    """
    rows = list(csv.DictReader(read_lines(path)))
    try:
        return tuple(
            MintPerson(row['data_path'], float(row['weight_kg']), float(row['height_cm']) / 100)
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f'{path}: not metadata of MinT (data_path, weight_kg, height_cm): {error}'
        ) from error


def _optional(path: Path) -> MintTable | None:
    return _table(path) if path.exists() else None


def _table(path: Path) -> MintTable:
    found = read_pickle(path)
    if not isinstance(found, Table):
        raise RecordingError(f'{path}: a table of pandas expected, not {type(found).__name__}')
    try:
        seconds = np.asarray(found.index, np.float64)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{path}: the index is not in seconds') from error
    steps = np.diff(seconds)
    if not len(seconds) or not np.isfinite(seconds).all() or (steps <= 0).any():
        raise RecordingError(f'{path}: the index does not increase in seconds; damaged')
    cuts = np.flatnonzero(np.rint(steps * RATE_HZ) > 1) + 1
    edges = [0, *cuts.tolist(), len(seconds)]
    return MintTable(
        np.rint(seconds * 1e9).astype(np.int64),
        tuple(found.columns),
        found.values,
        tuple(itertools.pairwise(edges)),
    )
