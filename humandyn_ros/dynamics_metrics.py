"""How far torques, forces and activations of networks are from references.

mPJE: Liu et al. 2025 (ImDyS), equation 6; RMSE and PCC: Liu et al. 2025 (HDyS), equations 4 and 5.
Values per kilogram of body mass give errors per kilogram.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from humandyn_ros.quantities import CANONICAL, Array

_FEET = tuple(
    [CANONICAL.index[f'{side}_ankle'], CANONICAL.index[f'{side}_foot']]
    for side in ('left', 'right')
)


def mpje(estimate: Array, reference: Array) -> float:
    """Mean length of the error of every joint's vector (..., J, 3), in their unit."""
    return float(np.linalg.norm(estimate - reference, axis=-1).mean())


def foot_mpje(estimate: Array, reference: Array) -> tuple[float, float]:
    """Mean length of the error of each foot's force, left and right.

    Args:
        estimate: Forces on all 24 bodies (..., 24, 3); a foot is the sum of its ankle and foot.
        reference: The same.
    """
    error = estimate - reference
    left, right = (
        float(np.linalg.norm(error[..., rows, :].sum(axis=-2), axis=-1).mean()) for rows in _FEET
    )
    return left, right


def vector_rmse(estimate: Array, reference: Array) -> float:
    """Mean over frames of the root mean square error over channels (T, K).

    The paper prints the plain length of the error; its figures (0.06 for 402 activations between
    0 and 1) can only be divided by the root of the number of channels.
    """
    return float(np.sqrt(((estimate - reference) ** 2).mean(axis=-1)).mean())


def pcc(estimate: Array, reference: Array) -> float:
    """Pearson's correlation over time (T, K), mean over channels that move; NaN if none does."""
    a, b = estimate - estimate.mean(axis=0), reference - reference.mean(axis=0)
    spread = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    moving = spread > 1e-12
    if not moving.any():
        return float('nan')
    return float(((a * b).sum(axis=0)[moving] / spread[moving]).mean())


def average_and_best(
    estimates: Mapping[str, Array], reference: Array
) -> tuple[Array, str, dict[str, float]]:
    """HDyS's two readings of predictions from several representations.

    Args:
        estimates: Prediction (..., K) from each representation.
        reference: Truth (..., K).

    Returns:
        The mean of the predictions ('avg'); the representation with the least mean error
        ('best'); the mean absolute error of each.
    """
    errors = {name: float(np.abs(value - reference).mean()) for name, value in estimates.items()}
    average: Array = np.mean(list(estimates.values()), axis=0)
    return average, min(errors, key=lambda name: errors[name]), errors
