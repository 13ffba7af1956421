"""Which muscles of the legs make the joint torques: static optimisation, fast enough to run live.

angles, rates -> lengths, moment arms (polynomials) -> torque at full activation
torque -> the activations whose squares sum to least

Lengths of muscles and their derivatives, the moment arms, are polynomials of the joint angles
(van den Bogert et al. 2013), fitted once to the paths of a musculoskeletal model of 40 muscles a
leg (Rajagopal et al. 2016, IEEE Trans. Biomed. Eng. 63(10)); force follows from length and speed
of the fibres with a rigid tendon and no passive force (Millard et al. 2013), as in OpenSim's
static optimisation (Delp et al. 2007). What muscles cannot make, reserves make (Hicks et al.
2015).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ResourceError
from humandyn_ros.quantities import Array
from humandyn_ros.resources import resource

LEG = ('hip_flexion', 'hip_adduction', 'hip_rotation', 'knee_angle', 'ankle_angle')
"""Coordinates of one leg that muscles act about."""
LEGS = ('r', 'l')
LEAST, MOST = 0.01, 1.0
"""Bounds of activations, those of OpenSim's muscles."""
RESERVE_NM = (1.0, 1.0, 10.0, 1.0, 1.0)
"""Torque of each reserve that costs as much as a full activation; rotation is not seen live."""
_MODEL_KG, _MODEL_M = 75.337, 1.70  # of the model whose forces the file holds
_ROUNDS, _HALVINGS = 40, 30
_EXACT_NM = 1e-6
_SHORTEST = 0.05  # of optimal fibre length


def muscle_volume(mass_kg: float, height_m: float) -> float:
    """Volume (cm³) of the muscles of one leg (Handsfield et al. 2014, J. Biomech. 47(3))."""
    return 47.05 * mass_kg * height_m + 1289.6


def strength(mass_kg: float, height_m: float) -> float:
    """Torque of full activation relative to the model's: force times lever goes with volume."""
    return muscle_volume(mass_kg, height_m) / muscle_volume(_MODEL_KG, _MODEL_M)


@dataclass(frozen=True, eq=False)
class MuscleSet:
    """Muscles of one leg; K muscles, M monomials of the angles of LEG."""

    names: tuple[str, ...]  # (K) without side
    force: Array  # (K,) N, greatest isometric force
    fibre_m: Array  # (K,) optimal fibre length
    tendon_m: Array  # (K,) slack length
    pennation: Array  # (K,) rad at optimal fibre length
    speed: Array  # (K,) greatest shortening speed, optimal fibre lengths per second
    low: Array  # (5,) rad, least angle that polynomials were fitted to
    high: Array  # (5,) rad
    powers: Array  # (M, 5) exponents of the angles, each brought to -1..1
    length: Array  # (K, M) m, coefficients of muscle-tendon length
    force_length: tuple[Array, Array]  # normalised fibre length, active force
    force_velocity: tuple[Array, Array]  # normalised lengthening speed, factor

    @cached_property
    def both(self) -> tuple[str, ...]:
        """Names of the muscles of both legs (2K): right, then left."""
        return tuple(f'{name}_{side}' for side in LEGS for name in self.names)

    def geometry(self, angle: Array) -> tuple[Array, Array]:
        """Muscle-tendon lengths (..., K) m and moment arms (..., K, 5) m.

        Args:
            angle: (..., 5) rad, order LEG; beyond the model's range its limits hold.
        """
        half = 0.5 * (self.high - self.low)
        at = (np.clip(angle, self.low, self.high) - self.low) / half - 1.0
        top = int(self.powers.max())
        ladder = np.ones((*at.shape, top + 2))  # (..., 5, power + 1): 0, 1, x, x², ...
        ladder[..., 0] = 0.0
        for k in range(2, top + 2):
            ladder[..., k] = ladder[..., k - 1] * at
        power = self.powers.astype(int)
        columns = np.arange(len(LEG))
        factor = ladder[..., columns, power + 1]  # (..., M, 5)
        length = factor.prod(-1) @ self.length.T
        arms = np.empty((*length.shape, len(LEG)))
        for j in columns:
            slope = factor.copy()
            slope[..., j] = power[:, j] * ladder[..., j, :][..., power[:, j]]
            arms[..., j] = -(slope.prod(-1) @ self.length.T) / half[j]
        return length, arms

    def capacity(self, angle: Array, rate: Array) -> Array:
        """Torque (..., K, 5) N·m of each muscle at full activation, in the model's size.

        Args:
            angle: (..., 5) rad.
            rate: (..., 5) rad/s.
        """
        length, arms = self.geometry(angle)
        lengthening = -(arms * rate[..., None, :]).sum(-1)
        along = np.maximum(length - self.tendon_m, _SHORTEST * self.fibre_m)
        fibre = np.hypot(along, self.fibre_m * np.sin(self.pennation))
        cosine = along / fibre
        velocity = lengthening * cosine / (self.speed * self.fibre_m)
        force = self.force * cosine * np.interp(fibre / self.fibre_m, *self.force_length)
        force *= np.interp(velocity, *self.force_velocity)
        return arms * force[..., None]

    def activation(
        self,
        angle: Array,
        rate: Array,
        torque: Array,
        scale: float = 1.0,
        near: Array | None = None,
    ) -> tuple[Array, Array]:
        """Activations (..., K) and what reserves had to make (..., 5) N·m.

        Args:
            angle: (..., 5) rad, order LEG, of either leg: signs are the same on both.
            rate: (..., 5) rad/s.
            torque: (..., 5) N·m, internal, positive raises the angle.
            scale: Strength of the person relative to the model.
            near: What reserves made a moment ago (..., 5) N·m: found sooner from there.
        """
        strengths = scale * self.capacity(angle, rate)
        shape = strengths.shape
        reserve = scale * np.array(RESERVE_NM)
        found, left = least_squares_activation(
            strengths.reshape(-1, *shape[-2:]),
            torque.reshape(-1, len(LEG)),
            reserve,
            None if near is None else near.reshape(-1, len(LEG)),
        )
        return found.reshape(shape[:-1]), left.reshape(torque.shape)


def least_squares_activation(
    capacity: Array, torque: Array, reserve: Array, near: Array | None = None
) -> tuple[Array, Array]:
    """Find a, r that minimise Σ a² + Σ (r / reserve)² with Σ a · capacity + r = torque.

    Solved exactly by Newton's method on the dual, a smooth function of as many numbers λ as there
    are torques: at its minimum a is capacity · λ brought into its bounds, and r is λ · reserve².

    Args:
        capacity: (T, K, N) N·m at full activation.
        torque: (T, N) N·m.
        reserve: (N,) N·m, all positive.
        near: r of a similar problem (T, N) N·m, where one is known.

    Returns:
        Activations (T, K), LEAST to MOST, and torques of the reserves r (T, N) N·m.
    """
    soft, turned = reserve**2, capacity.swapaxes(1, 2)
    price = _solve(turned @ capacity + np.diag(soft), torque) if near is None else near / soft
    cost, active, slope = _dual(capacity, torque, soft, price)
    for _ in range(_ROUNDS):
        if np.abs(slope).max() < _EXACT_NM:
            break
        free = ((active > LEAST) & (active < MOST))[..., None]
        step = _solve(turned @ (capacity * free) + np.diag(soft), -slope)
        wanted = 1e-4 * (slope * step).sum(1)
        size = np.ones(len(price))
        for _ in range(_HALVINGS):
            there = price + size[:, None] * step
            after, active, slope = _dual(capacity, torque, soft, there)
            missed = after > cost + size * wanted + 1e-12 * np.abs(cost)
            if not missed.any():
                break
            size[missed] *= 0.5
        price, cost = there, after
    return active, soft * price


def _solve(matrix: Array, right: Array) -> Array:
    return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0], np.float64)


def _dual(capacity: Array, torque: Array, soft: Array, price: Array) -> tuple[Array, Array, Array]:
    """Value (T,) of the dual, activations (T, K) and slope (T, N) at λ."""
    drive = (capacity @ price[..., None])[..., 0]
    active = np.minimum(np.maximum(drive, LEAST), MOST)
    cost = (active * (drive - 0.5 * active)).sum(1)
    cost += (price * (0.5 * soft * price - torque)).sum(1)
    slope = (active[:, None] @ capacity)[:, 0] + soft * price - torque
    return cost, active, slope


_ROWS = np.array(
    [
        [COORDINATES.index(f'{name}_{side}') if f'{name}_{side}' in COORDINATES else -1
         for name in LEG]
        for side in LEGS
    ]
)  # fmt: skip


def of_legs(values: Array) -> Array:
    """Coordinates (..., 17) as those of the legs (..., 2, 5); zero where joints do not show it."""
    found: Array = np.where(_ROWS >= 0, values[..., _ROWS], 0.0)
    return found


@lru_cache(maxsize=4)
def load_muscles(path: Path | None = None) -> MuscleSet:
    """Read a set of muscles; without a path the one that is shipped.

    Raises:
        ResourceError: It is absent or damaged.
    """
    path = path or resource('config', 'muscles', 'rajagopal.json')
    try:
        return parse(json.loads(path.read_text(encoding='utf-8')))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResourceError(
            f'{path}: no set of muscles ({error}); reinstall the package'
        ) from error


def parse(content: dict[str, Any]) -> MuscleSet:
    """Make the set from the content of its file, as learning/synthesis/muscles.py writes it."""
    muscles = content['muscles']
    terms = sorted({tuple(term) for m in muscles.values() for term in m['powers']})
    column = {term: i for i, term in enumerate(terms)}
    length = np.zeros((len(muscles), len(terms)))
    for row, muscle in zip(length, muscles.values(), strict=True):
        for term, value in zip(muscle['powers'], muscle['length_m'], strict=True):
            row[column[tuple(term)]] = value
    plain = ('force_n', 'fibre_m', 'tendon_m', 'pennation_rad', 'speed_per_s')
    force, fibre, tendon, pennation, speed = np.array(
        [[muscle[name] for name in plain] for muscle in muscles.values()]
    ).T
    low, high = np.array([content['range_rad'][name] for name in LEG]).T
    curves = [
        (np.array(content[name]['at']), np.array(content[name]['factor']))
        for name in ('force_length', 'force_velocity')
    ]
    return MuscleSet(
        tuple(muscles), force, fibre, tendon, pennation, speed, low, high,
        np.array(terms, np.float64), length, curves[0], curves[1],
    )  # fmt: skip
