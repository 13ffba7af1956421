"""Shapes of marker clusters: from distances to places, and places laid on markers."""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import Array


def lengths(vectors: Array) -> Array:
    """Lengths (...) of vectors (..., 3)."""
    result: Array = np.sqrt((vectors * vectors).sum(axis=-1))
    return result


def distances(points: Array) -> Array:
    """Distances (..., M, M) between points (..., M, 3)."""
    return lengths(points[..., :, None, :] - points[..., None, :, :])


def from_distances(squares: Array, like: Array) -> Array:
    """Places with these squared distances, laid on others of nearly the same shape.

    Classical scaling (Torgerson 1952); whether the places or their mirror image are meant shows
    in the others.

    Args:
        squares: Squared distances (M, M) m².
        like: Points (M, 3) m.
    """
    count = len(squares)
    centring = np.eye(count) - 1.0 / count
    values, vectors = np.linalg.eigh(-0.5 * centring @ squares @ centring)
    places = vectors[:, -3:] * np.sqrt(np.maximum(values[-3:], 0.0))
    centre = like.mean(axis=0)
    u, _, vt = np.linalg.svd((like - centre).T @ places)
    result: Array = places @ (u @ vt).T + centre
    return result


def laid(shape: Array, points: Array, weight: Array, unturned: float) -> Array:
    """A shape (M, 3) laid on the points (M, 3) that have a weight (M,).

    Weighted form of Söderkvist & Wedin 1993, equations 6-9.

    Args:
        shape: The shape as it lay before.
        points: Where its points are now; NaN only where the weight is zero.
        weight: Weights of the points.
        unturned: Weight of 'it has not turned', against the spread of the points: it decides
            where two points, or a line of them, leave a turn open.
    """
    by = weight > 0.0
    share = (weight[by] / weight[by].sum())[:, None]
    origin, centre = (share * shape[by]).sum(axis=0), (share * points[by]).sum(axis=0)
    own = shape[by] - origin
    dispersion = (share * (points[by] - centre)).T @ own
    spread = float((share * own * own).sum())
    u, _, vt = np.linalg.svd(dispersion + unturned * spread * np.eye(3))
    u[:, 2] *= np.linalg.det(u @ vt)
    result: Array = (shape - origin) @ (u @ vt).T + centre
    return result
