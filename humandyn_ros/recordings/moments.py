"""Reference joint moments: OpenSim inverse dynamics (.sto)."""

from __future__ import annotations

from pathlib import Path

from humandyn_ros.errors import RecordingError
from humandyn_ros.recordings.recording import Moments
from humandyn_ros.recordings.storage import read_table

_SUFFIX = '_moment'


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
