"""Skeletons: format files, recognition by names, and the way to the canonical skeleton."""

from humandyn_ros.skeleton.adapter import Adapter, Static
from humandyn_ros.skeleton.axes import UPWARD, to_z_up
from humandyn_ros.skeleton.format import SkeletonFormat
from humandyn_ros.skeleton.load import available_formats, load_format, recognise
from humandyn_ros.skeleton.memory import MarkerMemory
from humandyn_ros.skeleton.plausibility import Findings, UnitWatch, check_units

__all__ = [
    'UPWARD',
    'Adapter',
    'Findings',
    'MarkerMemory',
    'SkeletonFormat',
    'Static',
    'UnitWatch',
    'available_formats',
    'check_units',
    'load_format',
    'recognise',
    'to_z_up',
]
