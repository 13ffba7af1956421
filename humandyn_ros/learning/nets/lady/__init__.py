"""LaDy, the Lagrangian-dynamics-informed action segmentation network, whole-sequence and live."""

from humandyn_ros.learning.nets.lady.config import LadyConfig, Shape
from humandyn_ros.learning.nets.lady.memory import State
from humandyn_ros.learning.nets.lady.net import Answer, LaDy
from humandyn_ros.learning.nets.lady.streaming import StreamingLaDy

__all__ = ['Answer', 'LaDy', 'LadyConfig', 'Shape', 'State', 'StreamingLaDy']
