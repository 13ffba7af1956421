"""Files into motion, forces and reference moments: one reader per kind of file.

Readers are imported when a file of their kind is opened, so that a node that reads none pays
nothing.
"""

from __future__ import annotations

from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.order import in_order
from humandyn_ros.recordings.read import read_forces, read_moments, read_motion
from humandyn_ros.recordings.recording import Forces, Moments, Plate, Recording

__all__ = [
    'Forces',
    'Moments',
    'Plate',
    'Recording',
    'in_order',
    'read_forces',
    'read_moments',
    'read_motion',
    'to_z_up',
]
