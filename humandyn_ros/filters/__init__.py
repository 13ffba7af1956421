"""Causal fixed-lag estimators of position, velocity and acceleration, and an offline smoother."""

from __future__ import annotations

from humandyn_ros.filters.butterworth import Butterworth
from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.filters.filter import Filter
from humandyn_ros.filters.kalman import FixedLagKalman
from humandyn_ros.filters.noise import NoiseLevel
from humandyn_ros.filters.offline import Smoothed, smooth
from humandyn_ros.filters.savitzky_golay import SavitzkyGolay
from humandyn_ros.quantities import Array

__all__ = [
    'Butterworth',
    'Filter',
    'FilterConfig',
    'FixedLagKalman',
    'NoiseLevel',
    'SavitzkyGolay',
    'Smoothed',
    'make_filter',
    'smooth',
]


def make_filter(
    config: FilterConfig | None = None,
    joints: int = 24,
    relative_cutoff: Array | None = None,
) -> Filter:
    """Make the estimator that `config.kind` names.

    Args:
        config: Settings.
        joints: Number of points J.
        relative_cutoff: Cut-off of each joint as a multiple of `cutoff_hz` (J,). Butterworth has
            one delay, so one cut-off, for all joints: it ignores this.
    """
    config = config or FilterConfig()
    if config.kind == 'butterworth':
        return Butterworth(config, joints)
    kind = SavitzkyGolay if config.kind == 'savitzky_golay' else FixedLagKalman
    return kind(config, joints, relative_cutoff)
