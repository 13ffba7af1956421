"""Rigid bodies from clusters of markers (Söderkvist & Wedin 1993)."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array, Mask

_FLATNESS = 1e-4  # second singular value over the first below which a cluster is a line


def fit(template: Array, points: Array, used: Mask) -> tuple[Array, Array, Mask]:
    """Least-squares rotation and translation from templates to measured clusters.

    Singular value decomposition of the dispersion matrix, Söderkvist & Wedin 1993, "Determining
    the movements of the skeleton using well-configured markers", equations 6-9. Several
    clusters are fitted at once; markers not seen are left out one by one.

    Args:
        template: Marker places in each cluster's own frame (S, M, 3) m.
        points: Measured places (T, S, M, 3) m; NaN = not seen.
        used: Which of the M columns belong to each cluster (S, M).

    Returns:
        Rotations (T, S, 3, 3), translations (T, S, 3) m with `x = R @ template + t`, and which
        fits are determined (T, S): at least three markers seen that are not on one line.
    """
    seen = used & np.isfinite(points[..., 0])
    weight = seen.astype(float)
    count = weight.sum(-1)
    share = weight / np.maximum(count, 1)[..., None]
    measured = np.where(seen[..., None], points, 0.0)
    from_centre = np.einsum('tsm,smc->tsc', share, template)
    to_centre = np.einsum('tsm,tsmc->tsc', share, measured)
    a = (template - from_centre[..., None, :]) * weight[..., None]
    b = measured - to_centre[..., None, :]
    u, singular, vt = np.linalg.svd(np.swapaxes(b, -1, -2) @ a)
    u[..., 2] *= np.linalg.det(u @ vt)[..., None]  # a rotation, never a mirror image
    matrix = u @ vt
    shift = to_centre - (matrix @ from_centre[..., None])[..., 0]
    determined = (count >= 3) & (singular[..., 1] > _FLATNESS * singular[..., 0])
    return matrix, shift, determined
