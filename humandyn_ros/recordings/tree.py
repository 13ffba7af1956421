"""Joint angles of a tree of rigid parts into points; shared by .bvh, .amc and AMASS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.quantities import Array


def euler(angles: Array, order: str) -> Array:
    """Rotations about moving axes, in the order named.

    Args:
        angles: One column per axis (T, n) rad.
        order: Axes such as 'ZXY'; the first is turned first, the others turn with it.

    Returns:
        Matrices (T, 3, 3).
    """
    matrix: Array = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
    for column, axis in zip(angles.T, order, strict=True):
        turned = np.zeros((len(angles), 3))
        turned[:, 'XYZ'.index(axis)] = column
        matrix = matrix @ rotations.exp(turned)
    return matrix


def place(parents: Sequence[int], turns: Array, offsets: Array) -> Array:
    """Forward kinematics: where each part's origin comes to lie.

    Args:
        parents: Index of each part's parent, -1 for the root; parents before children (N).
        turns: Each part's rotation in its parent (T, N, 3, 3).
        offsets: Each part's origin in its parent's axes (T, N, 3); the root's in the world.

    Returns:
        Origins in the world (T, N, 3).
    """
    world: Array = turns.copy()
    origins: Array = offsets.copy()
    for part, parent in enumerate(parents):
        if parent >= 0:
            arm = (world[:, parent] @ offsets[:, part, :, None])[..., 0]
            origins[:, part] = origins[:, parent] + arm
            world[:, part] = world[:, parent] @ turns[:, part]
    return origins
