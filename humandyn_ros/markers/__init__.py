"""Markers on the skin to joint centres, by published methods, each cited where it is used."""

from collections.abc import Callable

from humandyn_ros.markers import legs, trunk
from humandyn_ros.markers.body import LANDMARKS, PLACES, Body, Places
from humandyn_ros.markers.calibration import Calibration, Cluster, make_cluster
from humandyn_ros.markers.sizes import Sizes, read_sizes
from humandyn_ros.quantities import Array

METHODS: dict[str, Callable[[Body], Array]] = {**legs.METHODS, **trunk.METHODS}
"""Methods by name, in the order they build on each other; each fills its `PLACES`."""

NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {**legs.NEEDS, **trunk.NEEDS}
"""Method name to the sets of landmarks it can work with; one of them must be there."""

__all__ = [
    'LANDMARKS',
    'METHODS',
    'NEEDS',
    'PLACES',
    'Body',
    'Calibration',
    'Cluster',
    'Places',
    'Sizes',
    'make_cluster',
    'read_sizes',
]
