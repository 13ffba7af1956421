"""LaDy at run time: coordinates, features, memory and decoding in NumPy."""

from humandyn_ros.engines.lady.coordinates import Tree, generalized_coordinates
from humandyn_ros.engines.lady.engine import LadyEngine
from humandyn_ros.engines.lady.features import Layout

__all__ = ['LadyEngine', 'Layout', 'Tree', 'generalized_coordinates']
