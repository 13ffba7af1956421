import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope='session')
def data() -> Path:
    """The folder of real recordings."""
    folder = os.environ.get('HUMANDYN_DATA')
    if not folder:
        pytest.skip('HUMANDYN_DATA is not set: no real recordings to read')
    return Path(folder)


@pytest.fixture
def write_c3d(tmp_path: Path) -> Callable[..., Path]:
    """Write a .c3d with an independent library: points in mm, analog channels, parameters."""
    ezc3d = pytest.importorskip('ezc3d')

    def write(points, labels, *, rate=100.0, analogs=None, name='trial.c3d', **groups):
        file = ezc3d.c3d()
        frames = len(points)
        file['parameters']['POINT']['RATE']['value'] = [rate]
        file['parameters']['POINT']['UNITS']['value'] = ['mm']
        file['parameters']['POINT']['LABELS']['value'] = list(labels)
        quads = np.ones((4, len(labels), frames))
        quads[:3] = np.transpose(points, (2, 1, 0))
        file['data']['points'] = quads
        if analogs is not None:
            factor = len(analogs) // frames
            file['parameters']['ANALOG']['RATE']['value'] = [rate * factor]
            file['parameters']['ANALOG']['LABELS']['value'] = [
                f'c{i}' for i in range(analogs.shape[1])
            ]
            file['data']['analogs'] = analogs.T[None]
        for group, entries in groups.items():
            for key, value in entries.items():
                file.add_parameter(group, key, value)
        path = tmp_path / name
        file.write(str(path))
        return path

    return write
