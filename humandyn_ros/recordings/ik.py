"""Inverse kinematics (.mot, .sto) with the OpenSim model it was computed with: joint centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humandyn_ros.osim import read_model
from humandyn_ros.recordings.files import reading, stem_and_ending
from humandyn_ros.recordings.recording import Recording
from humandyn_ros.recordings.storage import read_table


def read_ik(path: Path, model_path: Path) -> Recording:
    """Place the model's joint centres at the coordinates in the file.

    Args:
        path: Coordinates, degrees or radians as the file's header says.
        model_path: The scaled .osim they belong to, plain or .gz.

    Raises:
        RecordingError: One of the files is damaged, or they do not belong together.
    """
    table = read_table(path)
    model = read_model(model_path)
    columns = {name: table.values[:, i] for i, name in enumerate(table.columns)}
    with reading(path, 'inverse kinematics'):
        values = model.values(columns, degrees=table.in_degrees)
        names, points = model.skeleton_points(values)
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=table.stamps_ns,
        points=points,
        confidence=np.isfinite(points).all(-1).astype(float),
        names=names,
        rate_hz=table.rate_hz,
        up='Y',
        format='opensim',
        kind='ik',
        notes=(f'joint centres of model {model.name}', *table.notes),
    )
