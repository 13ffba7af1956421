"""Rigid bodies from clusters of markers (Söderkvist & Wedin 1993)."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array, Mask

_FLATNESS = 1e-4  # second singular value over the first below which a cluster is a line


class Templates:
    """Marker places of several clusters, each in a frame of its own, to be found in the world.

    Least squares by singular value decomposition of the dispersion matrix, Söderkvist & Wedin
    1993, "Determining the movements of the skeleton using well-configured markers", equations
    6-9. Markers not seen are left out one by one.

    Args:
        places: Marker places (S, M, 3) m, clusters filled up to the widest.
        used: Which of the M belong to each cluster (S, M).
    """

    def __init__(self, places: Array, used: Mask) -> None:
        self._places, self._used = places, used
        self._whole = self._centred(used.astype(float))
        self._count = int(used.sum())

    def _centred(self, weight: Array) -> tuple[Array, Array, Array, Array]:
        """Shares (..., S, M, 1), centroids, centred places and counts for weights (..., S, M)."""
        count = weight.sum(-1)
        share = (weight / np.maximum(count, 1)[..., None])[..., None]
        centre = (share * self._places).sum(-2)
        apart = (self._places - centre[..., None, :]) * weight[..., None]
        return share, centre, apart, count

    def fit(self, points: Array) -> tuple[Array, Array, Mask]:
        """Rotation and translation of every cluster.

        Args:
            points: Measured places (T, S, M, 3) m; NaN = not seen.

        Returns:
            Rotations (T, S, 3, 3), translations (T, S, 3) m with `x = R @ place + t`, and which
            are determined (T, S): at least three markers seen that are not on one line.
        """
        seen = self._used & np.isfinite(points[..., 0])
        if seen.sum() == self._count * len(points):
            share, centre, apart, count = self._whole
        else:
            share, centre, apart, count = self._centred(seen.astype(float))
        measured = np.where(seen[..., None], points, 0.0)
        to_centre = (share * measured).sum(-2)
        dispersion = np.swapaxes(measured, -1, -2) @ apart  # apart sums to zero: no centring
        u, singular, vt = np.linalg.svd(dispersion)
        u[..., 2] *= np.linalg.det(u @ vt)[..., None]  # a rotation, never a mirror image
        matrix = u @ vt
        shift = to_centre - (matrix @ centre[..., None])[..., 0]
        determined = (count >= 3) & (singular[..., 1] > _FLATNESS * singular[..., 0])
        return matrix, shift, determined
