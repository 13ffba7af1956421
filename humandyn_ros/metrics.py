"""How far estimates are from references; every function says its unit.

Arrays are time first; a mask selects the frames that are judged.
"""

from __future__ import annotations

import numpy as np

from humandyn_ros.quantities import GRAVITY, Array, Mask
from humandyn_ros.recordings.loads import UNLOADED_N


def grf_mpje_n_per_kg(
    estimate: Array, reference: Array, mass_kg: float, judged: Mask
) -> tuple[float, float]:
    """Mean per-foot vector error of the ground reaction, N/kg, left and right.

    The metric λ of ImDyS (Liu et al. 2025), per foot and divided by body mass.

    Args:
        estimate: Forces (T, 2, 3) N, left then right.
        reference: Forces (T, 2, 3) N.
        mass_kg: Body mass.
        judged: Frames and feet that count (T, 2).
    """
    error = np.linalg.norm(estimate - reference, axis=-1) / mass_kg
    return _mean(error[:, 0], judged[:, 0]), _mean(error[:, 1], judged[:, 1])


def vertical_rmse_bw(
    estimate: Array, reference: Array, mass_kg: float, judged: Mask
) -> tuple[float, float]:
    """Root mean square error of the vertical force in body weights, left and right."""
    square = ((estimate - reference)[..., 2] / (mass_kg * GRAVITY)) ** 2
    return _mean(square[:, 0], judged[:, 0]) ** 0.5, _mean(square[:, 1], judged[:, 1]) ** 0.5


def centre_of_pressure_error_m(estimate: Array, reference: Array, judged: Mask) -> float:
    """Mean horizontal distance of the centres of pressure (T, 2, 3) m over judged (T, 2)."""
    distance = np.linalg.norm((estimate - reference)[..., :2], axis=-1)
    return _mean(distance, judged & np.isfinite(distance))


def rmse(estimate: Array, reference: Array, judged: Mask) -> float:
    """Root mean square difference of two series (T,), in their unit."""
    difference = estimate - reference
    return float(_mean(difference**2, judged & np.isfinite(difference)) ** 0.5)


def baselines(reference: Array, mass_kg: float) -> dict[str, Array]:
    """Forces (T, 2, 3) N that three predictors without any dynamics would give.

    zero: no force; half: half the body weight under each foot, always; split: the body weight
    shared equally by the feet that touch the ground in the reference.
    """
    weight = np.array([0.0, 0.0, mass_kg * GRAVITY])
    touching = reference[..., 2] >= UNLOADED_N
    share = touching / np.maximum(touching.sum(axis=1, keepdims=True), 1)
    return {
        'zero': np.zeros_like(reference),
        'half': np.broadcast_to(weight / 2, reference.shape).copy(),
        'split': share[..., None] * weight,
    }


def _mean(values: Array, mask: Mask) -> float:
    return float(values[mask].mean()) if mask.any() else float('nan')
