"""HDyS: one latent space for heterogeneous human dynamics (Liu et al., CVPR 2025)."""

from humandyn_ros.learning.nets.hdys.config import DYNAMICS, KINEMATICS, HdysConfig
from humandyn_ros.learning.nets.hdys.encoders import Mlp, PointEncoder, Standard
from humandyn_ros.learning.nets.hdys.forward import ForwardAutoEncoder
from humandyn_ros.learning.nets.hdys.live import LiveStep
from humandyn_ros.learning.nets.hdys.net import Hdys, InverseAutoEncoder

__all__ = [
    'DYNAMICS',
    'KINEMATICS',
    'ForwardAutoEncoder',
    'Hdys',
    'HdysConfig',
    'InverseAutoEncoder',
    'LiveStep',
    'Mlp',
    'PointEncoder',
    'Standard',
]
