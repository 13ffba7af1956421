"""Physical limits, and what keeps estimates within them: clamps and a slew limiter."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np
import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import (
    GRAVITY,
    Array,
    ContactForce,
    GroundReaction,
    InverseDynamics,
)
from humandyn_ros.resources import resource


@dataclass(frozen=True)
class Limits:
    """Physical limits, per kilogram of body mass; sources stand in config/limits.yaml."""

    torque_nm_per_kg: dict[str, float] = field(default_factory=dict)
    slew_nm_per_kg_s: float = 120.0
    vertical_force_bw: float = 8.0
    acceleration_m_s2: float = 400.0

    @classmethod
    def load(cls) -> Limits:
        """Read config/limits.yaml.

        Raises:
            ConfigError: A limit is missing or not a positive number.
        """
        path = resource('config', 'limits.yaml')
        values = yaml.safe_load(path.read_text())
        numbers = (
            'torque_slew_nm_per_kg_s',
            'vertical_force_limit_bw',
            'acceleration_limit_m_s2',
        )
        torque = {
            str(k): _positive(path, k, v) for k, v in values['torque_limit_nm_per_kg'].items()
        }
        return cls(torque, *(_positive(path, key, values.get(key)) for key in numbers))

    def torque_bounds(self, joint_names: tuple[str, ...], mass_kg: float) -> Array:
        """Largest torque magnitude per coordinate (N,), N·m; both sides share one limit."""
        base = [name.removesuffix('_r').removesuffix('_l') for name in joint_names]
        unknown = sorted(set(base) - set(self.torque_nm_per_kg))
        if unknown:
            raise ConfigError(f'config/limits.yaml has no torque limit for {", ".join(unknown)}')
        return mass_kg * np.array([self.torque_nm_per_kg[name] for name in base])


def _positive(path: object, key: object, value: object) -> float:
    if not isinstance(value, int | float) or not value > 0:
        raise ConfigError(f'{path}: {key} = {value!r} must be a positive number')
    return float(value)


class SlewLimiter:
    """Bounds the change of torques between published estimates."""

    def __init__(self) -> None:
        self._last: Array | None = None
        self._stamp_ns = 0

    def step(self, stamp_ns: int, torque: Array, rate: float) -> Array:
        """Return the torque (N,) N·m nearest to the wanted one that `rate`, N·m/s, allows."""
        if self._last is not None and self._last.shape == torque.shape:
            bound = rate * max(stamp_ns - self._stamp_ns, 0) * 1e-9
            change = np.minimum(np.maximum(torque - self._last, -bound), bound)
            torque = self._last + change
        self._last, self._stamp_ns = torque, stamp_ns
        return torque

    def start_from_zero(self, stamp_ns: int, size: int) -> None:
        """Next torques rise from zero at the slew limit."""
        self._last, self._stamp_ns = np.zeros(size), stamp_ns


def clamp_torques(torque: Array, bounds: Array) -> Array:
    """Clip torques (N,) N·m to ±bounds (N,) N·m."""
    return np.minimum(np.maximum(torque, -bounds), bounds)


def clamp_ground(ground: GroundReaction, mass_kg: float, limit_bw: float) -> GroundReaction:
    """Keep every vertical force within [0, limit] body weights, scaling the whole vector."""
    top = limit_bw * mass_kg * GRAVITY
    return GroundReaction(
        _clamp_contact(ground.left, top),
        _clamp_contact(ground.right, top),
        tuple(_clamp_contact(other, top) for other in ground.others),
    )


def _clamp_contact(contact: ContactForce, top: float) -> ContactForce:
    vertical = contact.force[2]
    if 0.0 <= vertical <= top:
        return contact
    scale = top / vertical if vertical > top else 0.0
    return dataclasses.replace(contact, force=contact.force * scale, moment=contact.moment * scale)


def all_finite(dynamics: InverseDynamics, ground: GroundReaction, residual: Array) -> bool:
    """Whether every published number is finite (a centre of pressure without force may be NaN)."""
    # A sum is finite only if every number is.
    joints = dynamics.torque, dynamics.position, dynamics.velocity, dynamics.stddev, residual
    vectors = [v for c in (ground.left, ground.right, *ground.others) for v in (c.force, c.moment)]
    if math.isfinite(sum(sum(numbers.tolist()) for numbers in (*joints, *vectors))):
        return True
    return bool(np.isfinite(np.concatenate([*joints, *vectors])).all())  # it may have overflowed
