"""Hip joint centres from the iliac spines, by regression."""

from __future__ import annotations

import numpy as np

from humandyn_ros.markers.vectors import across, cross, dot, length, unit
from humandyn_ros.quantities import Array

_MM = 0.001


def pelvis_axes(left_asis: Array, right_asis: Array, back: Array) -> tuple[Array, Array, Array]:
    """Forward, upward and rightward directions of the pelvis, each (..., 3).

    Rightward through the front iliac spines, forward in the plane with the point at the back
    (Wu et al. 2002, ISB recommendation, section 3.2.1).
    """
    right = unit(right_asis - left_asis)
    forward = across((left_asis + right_asis) / 2 - back, right)
    return forward, cross(right, forward), right


def harrington(width: Array, depth: Array) -> tuple[Array, Array, Array]:
    """Forward, upward and lateral distance of the hip from the middle of the front spines, m.

    Harrington et al. 2007, "Prediction of the hip joint centre in adults, children, and
    patients with cerebral palsy based on magnetic resonance imaging", table 4 (one predictor
    each): -0.24 depth - 9.9 mm, -0.30 width - 10.9 mm, 0.33 width + 7.3 mm.
    """
    return (
        -0.24 * depth - 9.9 * _MM,
        -0.30 * width - 10.9 * _MM,
        0.33 * width + 7.3 * _MM,
    )


def bell(width: Array) -> tuple[Array, Array, Array]:
    """Forward, upward and lateral distance of the hip by the width alone, m.

    Bell, Pedersen, Brand 1990: -0.19, -0.30 and 0.36 times the distance between the spines.
    """
    return -0.19 * width, -0.30 * width, 0.36 * width


def hip_centres(
    asis: Array, back: Array, *, depth_known: bool, radius: float, width: float | None = None
) -> Array:
    """Both hip centres (T, 2, 3) m, left then right.

    Marker centres lie in front of the bone by the marker's radius: it is taken off, as in
    Davis et al. 1991.

    Args:
        asis: Front iliac spine markers, left and right (T, 2, 3) m.
        back: Middle of the rear iliac spine markers, or the sacrum marker (T, 3) m.
        depth_known: Whether `back` lies at the rear spines' depth (Harrington) or only gives
            the pelvis' tilt (Bell).
        radius: Marker radius m.
        width: Distance between the front spines where it was measured, m.
    """
    left, right = asis[:, 0], asis[:, 1]
    axes = pelvis_axes(left, right, back)
    middle = (left + right) / 2
    across_spines = length(right - left) if width is None else np.full((len(asis), 1), width)
    depth = dot(middle - back, axes[0]) - 2 * radius
    x, y, z = harrington(across_spines, depth) if depth_known else bell(across_spines)
    centre = middle + (x - radius) * axes[0] + y * axes[1]
    return np.stack([centre - z * axes[2], centre + z * axes[2]], axis=1)
