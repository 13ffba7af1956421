"""Root correction: the small shift and turn of the whole body that forces would have made.

Where contacts leave a force u per mass unexplained, a shift d of the body with d̈ = -u explains
it; where they leave a moment n, a turn φ with I φ̈ = -n does. Both are found by one banded
least-squares solve each,

    minimise  Σ |d̈ + u|² + (2π f)⁴ |d|²

so that corrections slower than f are left alone: what stays missing for long is no mismeasured
motion but a contact nobody knows of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from humandyn_ros.learning.synthesis.labels import Kinematics, Labeller
from humandyn_ros.quantities import GRAVITY, Array, Mask

SHIFT_HZ, TURN_HZ = 0.5, 0.8
ROUNDS = 3
FORCE_LIMIT, MOMENT_LIMIT = 0.1, 0.1  # body weights; N·m/kg: the gate
FARTHEST_M = 0.06  # a point that had to be moved further is no longer what was recorded
_USABLE = 0.3, 0.8  # body weights, N·m/kg
_MOST = 3.0, 0.6  # N/kg, N·m/kg: what is missing beyond that is a contact nobody knows of


def antiderivative(wanted: NDArray[np.floating[Any]], rate_hz: float, slowest_hz: float) -> Array:
    """The d (T, K) whose second differences come nearest to `wanted` (T, K) per s²."""
    frames, square = len(wanted), rate_hz**2
    if frames < 5:
        return np.zeros_like(wanted)
    band = np.zeros((3, frames))  # upper form of DᵀD + (2πf)⁴
    band[2, :-2] += square**2
    band[2, 1:-1] += 4 * square**2
    band[2, 2:] += square**2
    band[1, 1:-1] -= 2 * square**2
    band[1, 2:] -= 2 * square**2
    band[0, 2:] += square**2
    band[2] += (2 * np.pi * slowest_hz) ** 4
    inner = wanted[1:-1] * square
    right = np.zeros_like(wanted)
    right[:-2] += inner
    right[1:-1] -= 2 * inner
    right[2:] += inner
    result: Array = solveh_banded(band, right)
    return result


def corrected(motion: Kinematics, labeller: Labeller, rounds: int = ROUNDS) -> Kinematics:
    """Shift and turn the body until contacts explain its motion.

    Args:
        motion: As it was recorded.
        labeller: The physics.
        rounds: How often.
    """
    for _ in range(rounds):
        loads, _, forces = labeller.balance(motion)
        force = _bounded(forces.unexplained[:, :3], _MOST[0])
        moment = _bounded(forces.unexplained[:, 3:], _MOST[1])
        shift = antiderivative(-force, motion.rate_hz, SHIFT_HZ)
        spin = np.linalg.solve(loads.inertia, -moment[..., None])[..., 0]
        turn = antiderivative(spin, motion.rate_hz, TURN_HZ)
        arms = motion.points - (loads.origin + loads.centre)[:, None]
        motion = _moved(motion, shift[:, None] + np.cross(turn[:, None], arms))
    return motion


def _bounded(missing: Array, most: float) -> Array:
    """Nothing where far too much is missing; between, fading."""
    size = np.linalg.norm(missing, axis=1, keepdims=True)
    result: Array = missing * np.clip(2.0 - size / most, 0.0, 1.0)
    return result


def _moved(motion: Kinematics, offset: Array) -> Kinematics:
    first = np.gradient(offset, 1 / motion.rate_hz, axis=0)
    second = np.zeros_like(offset)
    second[1:-1] = (offset[2:] - 2 * offset[1:-1] + offset[:-2]) * motion.rate_hz**2
    return replace(
        motion,
        points=motion.points + offset,
        velocities=motion.velocities + first,
        accelerations=motion.accelerations + second,
    )


def trusted(residual: Array, rate_hz: float, margin_s: float = 0.03) -> Mask:
    """Frames (T,) whose residual, and their neighbours', stays below the limits of the gate.

    Args:
        residual: (T, 6) N/kg, N·m/kg.
        rate_hz: Frame rate.
        margin_s: How near a bad neighbour may be.
    """
    force = np.linalg.norm(residual[:, :3], axis=1) / GRAVITY
    bad = (force > FORCE_LIMIT) | (np.linalg.norm(residual[:, 3:], axis=1) > MOMENT_LIMIT)
    reach = np.ones(2 * round(margin_s * rate_hz) + 1)
    near: Mask = np.convolve(bad, reach, 'same') < 0.5
    return near


def usable(residual: Array) -> Mask:
    """Frames (T,) that a network may learn from; much wider than `trusted`.

    Most heel strikes leave more unexplained than `trusted` allows; those that do not are the late
    and gentle ones, and a network that learns from them alone tells steps late.

    Args:
        residual: (T, 6) N/kg, N·m/kg.
    """
    force = np.linalg.norm(residual[:, :3], axis=1) / GRAVITY
    usable: Mask = (force < _USABLE[0]) & (np.linalg.norm(residual[:, 3:], axis=1) < _USABLE[1])
    return usable
