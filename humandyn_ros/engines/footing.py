"""Feet over the last second: how high above where they touch down, how they slip on the ground.

Sources place ankles and balls of the foot up to 4 cm apart, so a height says little; the height
above the lowest level that the same point had lately says whether it touches. The same holds for
speed: on a treadmill a foot that stands moves.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.interpolate import BSpline

from humandyn_ros.quantities import Array, Mask

_STEPS = 60  # of the last second
_SHOWN = (0, 2, 4, 6, 8, 12)  # steps ago that a network is shown
_LOWEST = 0.15  # share of the time that a point is taken to be down
_NEAR = 0.03  # legs: who is less above the lowest level may be standing
_SLIP = 0.4  # legs per second: who is faster than that is not
_ROUNDS = 3
POINTS = 4
"""Ankles and balls of the left, then the right foot."""
FEATURES = len(_SHOWN) * 3 * POINTS + POINTS + 2


@cache
def _bases(knots: bytes, degree: int) -> tuple[Array, Array]:
    """Rows (T, K) that give positions and velocities of the last second, latest first."""
    at = -np.linspace(0.0, 1.0, _STEPS + 1)
    spline = BSpline(np.frombuffer(knots), np.eye(len(knots) // 8 - degree - 1), degree)
    return spline(at), spline.derivative()(at)


def footing(feet: Array, known_s: Array, rotation: Array, knots: Array, degree: int) -> Array:
    """What a network is shown of the feet of some people (B, FEATURES).

    Heights and slips at some instants, the level of each point above the lowest, and the velocity
    of the ground; in legs and seconds of an adult.

    Args:
        feet: Coefficients (B, K, 4, 3) in legs.
        known_s: How much of the past is known (B,).
        rotation: Columns are forward, left and up (B, 3, 3).
        knots: Of the spline.
        degree: Of the spline.
    """
    positions, velocities = (
        np.tensordot(rows.astype(feet.dtype), feet, axes=(1, 1)).swapaxes(0, 1)
        for rows in _bases(knots.tobytes(), degree)
    )
    known = np.linspace(0.0, 1.0, _STEPS + 1) <= known_s[:, None] + 1e-6
    level = _levels(positions[..., 2], known)
    height = positions[..., 2] - level[:, None]
    ground = _ground(velocities[..., :2], height, known)
    slip = ((velocities[..., :2] - ground[:, None, None]) @ rotation[:, None, :2, :1])[..., 0]
    drift = velocities[..., :2].mean(axis=(1, 2))
    shown = list(_SHOWN)
    now = [x[:, shown].reshape(len(feet), -1) for x in (height, velocities[..., 2], slip)]
    turned = ((ground - drift)[:, None] @ rotation[:, :2, :2])[:, 0]
    return np.concatenate([*now, level - level.min(axis=1, keepdims=True), turned], axis=1)


def _levels(heights: Array, known: Mask) -> Array:
    """Mean height (B, 4) of each point while it is lowest."""
    ordered = np.sort(np.where(known[..., None], heights, np.inf), axis=1)
    count = np.maximum(np.rint(_LOWEST * known.sum(axis=1)), 1.0).astype(int)
    lowest = np.arange(heights.shape[1]) < count[:, None]
    taken = np.where(lowest[..., None], ordered, 0.0)
    return np.asarray(taken.sum(axis=1) / count[:, None])


def _ground(velocities: Array, height: Array, known: Mask) -> Array:
    """Velocity of the ground (B, 2): that of the points which are low, as most of them agree."""
    weight = np.exp(-np.maximum(height, 0.0) / _NEAR) * known[..., None]
    found = np.zeros((len(velocities), 2))
    near = weight
    for _ in range(_ROUNDS):
        found = (near[..., None] * velocities).sum(axis=(1, 2)) / near.sum(axis=(1, 2))[:, None]
        apart = np.square(velocities - found[:, None, None]).sum(axis=-1)
        near = weight / (1.0 + apart / _SLIP**2)
    return found
