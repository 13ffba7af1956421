"""One standard deviation of every torque: noise of the points, doubt about contact, assumptions.

The model is deliberately coarse: four independent sources, added in squares. Their constants make
three quarters of the errors against OpenSim's inverse dynamics in walking smaller than it says.
"""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.contact import GroundForces
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.kernels import kernel
from humandyn_ros.quantities import GRAVITY, Array

# Per kind of joint: share of body mass times lever over leg length that noise of accelerations
# acts through; lever over leg length of the force between the feet whose split is in doubt; and
# what soft tissue, joint centres and segment masses leave, N·m/kg.
_KINDS = {
    'hip': (0.10, 0.10, 0.12),
    'knee': (0.05, 0.06, 0.12),
    'ankle': (0.02, 0.05, 0.08),
    'lumbar': (0.12, 0.0, 0.10),
    'arm': (0.01, 0.0, 0.02),
    'elbow': (0.004, 0.0, 0.01),
}
_LEVERS, _SPLIT, _FLOOR = np.array(
    [_KINDS[name.split('_')[0]] for name in COORDINATES]
).T  # (17,) each
_ON_LEG = np.array([name.split('_')[0] in ('hip', 'knee', 'ankle') for name in COORDINATES], float)
# The variance per squared body mass is (a·lever + b·leg)² + (c·split)² + (floor + d·leg)²: a
# fixed matrix times the products of the four numbers that change.
SQUARES = np.column_stack(
    [
        _LEVERS**2,  # a²
        2 * _LEVERS * _ON_LEG,  # a b
        _ON_LEG**2,  # b², and d²
        _SPLIT**2,  # c²
        2 * _FLOOR * _ON_LEG,  # d
        _FLOOR**2,  # 1
    ]
)
MODEL = 0.08  # of the torque itself: masses and lengths of the segments
_ASSUMED = {'feet': 0.25, 'leg': 0.6, 'trunk': 0.15, 'arms': 0.05, 'hip': 0.3}  # N·m/kg


def torque_stddev(
    torque: Array,
    noise: tuple[float, float],
    ground: GroundForces,
    missing: tuple[str, ...],
    size: tuple[float, float],
) -> Array:
    """Standard deviation of every torque (17,) N·m.

    Args:
        torque: (17,) N·m.
        noise: Standard deviation of the filtered joint centres, m, and cut-off of the filter,
            Hz, for what noise becomes in accelerations.
        ground: Forces and contact probabilities of this instant.
        missing: Parts of the body that were not seen.
        size: Body mass, kg, and leg length, m.
    """
    (noise_m, cutoff_hz), (mass_kg, leg_m) = noise, size
    load = sum(ground.force[:, 2].tolist())
    left, right = ground.contact.tolist()
    likeliest = max(left, right)
    share = min(left, right) / max(likeliest, 1e-6)
    doubt = likeliest * (1.0 - likeliest)
    a = leg_m * noise_m * (2 * math.pi * cutoff_hz) ** 2
    b = load * noise_m
    c = leg_m * max(load, 0.2 * GRAVITY) * (0.5 * share + 2.0 * doubt)
    d = sum(_ASSUMED.get(part, 0.1) for part in missing)
    return spread(torque, (a * a, a * b, b * b + d * d, c * c, d, 1.0), mass_kg)


@kernel
def spread(torque: Array, products: tuple[float, ...], mass_kg: float) -> Array:
    """Add the sources in squares: standard deviations (17,) N·m, from what SQUARES multiplies."""
    square = SQUARES @ np.array(products)
    own = MODEL * torque
    result: Array = np.sqrt(mass_kg * mass_kg * square + own * own)
    return result
