"""From raw plate loads to a Plate: centre of pressure, free moment, nothing while unloaded."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array
from humandyn_ros.recordings.recording import Plate

UNLOADED_N = 20.0  # below this vertical force plates show drift and crosstalk, not a foot


def plate_from_surface(
    name: str, force: Array, moment: Array, point: Array, corners: Array | None = None
) -> Plate:
    """Build a Plate from force (T, 3) and moment (T, 3) about a point (3,) on its surface.

    The centre of pressure is where the force's horizontal moment vanishes (Winter 2009,
    "Biomechanics and Motor Control of Human Movement", section 5.2); world z up, N and N·m.
    """
    loaded = force[:, 2] >= UNLOADED_N
    vertical = np.where(loaded, force[:, 2], np.nan)
    x, y = -moment[:, 1] / vertical, moment[:, 0] / vertical
    arm = np.stack([x, y, np.zeros_like(x)], -1)
    twist = moment[:, 2] - (x * force[:, 1] - y * force[:, 0])
    free = np.zeros_like(force)
    free[loaded, 2] = twist[loaded]
    return Plate(
        name=name,
        foot=None,
        force=np.where(loaded[:, None], force, 0.0),
        centre_of_pressure=np.where(loaded[:, None], point + arm, np.nan),
        moment=free,
        corners=corners,
    )
