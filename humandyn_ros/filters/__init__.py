"""Causal fixed-lag estimators of position, velocity and acceleration."""

from humandyn_ros.filters.config import FilterConfig
from humandyn_ros.filters.filter import Filter
from humandyn_ros.filters.kalman import FixedLagKalman
from humandyn_ros.filters.noise import NoiseLevel

__all__ = ['Filter', 'FilterConfig', 'FixedLagKalman', 'NoiseLevel', 'make_filter']


def make_filter(config: FilterConfig | None = None, joints: int = 24) -> Filter:
    """Make the estimator that `config.kind` names, for J = `joints` points."""
    config = config or FilterConfig()
    kinds = {'kalman': FixedLagKalman}
    return kinds[config.kind](config, joints)
