"""A seat that nobody sees: who sits low, behind the feet and at rest is carried by one."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.quantities import GRAVITY, Array

_LOW = 0.78  # pelvis above the floor in leg lengths: sitting about .5, standing above 1
_LOW_WIDTH = 0.04
_BEHIND, _BEHIND_WIDTH = 0.05, 0.02  # of the needed centre of pressure, leg lengths
_STILL, _STILL_WIDTH = 0.25, 0.05  # of the pelvis, √(g·leg)
_BELOW = 0.1  # seat under the hip centres, leg lengths


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, x))))


def seat_probability(
    wrench: Array, soles: Array, pelvis: Array, speed: float, leg: float
) -> float:
    """How likely a seat carries part of the weight.

    The feet alone can only give a wrench whose centre of pressure lies between them. Where the
    motion needs one outside, and the pelvis is low and slow, something else carries.

    Args:
        wrench: Force and moment about the origin that must act (6,) N/kg, N·m/kg.
        soles: Contact points of both soles (2, 6, 3) m about the origin, on the floor.
        pelvis: Pelvis (3,) m about the origin.
        speed: Of the pelvis, m/s.
        leg: Leg length, m.
    """
    floor = soles[:, :, 2].mean()
    low = _sigmoid((_LOW - (pelvis[2] - floor) / leg) / _LOW_WIDTH)
    if low < 1e-3 or wrench[2] < 1.0:
        return 0.0
    # Where the wrench meets the floor, against the soles, in the direction of the pelvis.
    needed = np.array(
        [
            (-wrench[4] + floor * wrench[0]) / wrench[2],
            (wrench[3] + floor * wrench[1]) / wrench[2],
        ]
    )
    points = soles.reshape(-1, 3)[:, :2]
    away = pelvis[:2] - points.mean(0)
    away = away / max(math.sqrt(float(away @ away)), 1e-3)
    outside = float(away @ needed - (points @ away).max()) / leg
    behind = _sigmoid((outside - _BEHIND) / _BEHIND_WIDTH)
    still = _sigmoid((_STILL - speed / math.sqrt(GRAVITY * leg)) / _STILL_WIDTH)
    return low * behind * still


def seat_point(pelvis: Array, leg: float) -> Array:
    """Where a seat touches (3,) m: below the hip centres."""
    result: Array = pelvis - np.array([0.0, 0.0, _BELOW * leg])
    return result
