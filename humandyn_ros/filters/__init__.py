"""Causal fixed-lag estimators of position, velocity and acceleration, and an offline smoother."""

from __future__ import annotations

from humandyn_ros.filters.butterworth import Butterworth
from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.filters.filter import Filter
from humandyn_ros.filters.kalman import FixedLagKalman
from humandyn_ros.filters.noise import NoiseLevel
from humandyn_ros.filters.offline import Smoothed, smooth
from humandyn_ros.filters.savitzky_golay import SavitzkyGolay

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

_KINDS: dict[str, type[Filter]] = {
    'kalman': FixedLagKalman,
    'savitzky_golay': SavitzkyGolay,
    'butterworth': Butterworth,
}


def make_filter(config: FilterConfig | None = None, joints: int = 24) -> Filter:
    """Make the estimator that `config.kind` names, for J = `joints` points."""
    config = config or FilterConfig()
    return _KINDS[config.kind](config, joints)
