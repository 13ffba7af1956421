"""ImDyS: inverse dynamics from imitated observations (Liu et al., ICLR 2025)."""

from humandyn_ros.learning.nets.imdys.config import ImdysConfig
from humandyn_ros.learning.nets.imdys.forward import ForwardDynamics
from humandyn_ros.learning.nets.imdys.net import Imdys, ImdysAnswer, InverseDynamicsNet
from humandyn_ros.learning.nets.imdys.plausibility import Discriminator, implausible

__all__ = [
    'Discriminator',
    'ForwardDynamics',
    'Imdys',
    'ImdysAnswer',
    'ImdysConfig',
    'InverseDynamicsNet',
    'implausible',
]
