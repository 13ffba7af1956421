"""Knee, ankle and elbow centres from markers on their sides."""

from __future__ import annotations

import numpy as np

from humandyn_ros.markers.vectors import across, cross, length, unit
from humandyn_ros.quantities import Array


def chord(proximal: Array, wand: Array, marker: Array, half_width: Array) -> Array:
    """Joint centre by the chord method (..., 3) m.

    The centre lies in the plane of the proximal centre, the wand and the joint's marker, half
    a width from that marker, and sees a right angle between the two (Davis et al. 1991; the
    Plug-in Gait model's knee and ankle).

    Args:
        proximal: Centre of the joint above (..., 3) m.
        wand: Marker on the segment above the joint, off the line to the joint (..., 3) m.
        marker: Marker on the outer side of the joint (..., 3) m.
        half_width: Half the joint's width plus the marker's radius m.
    """
    line = proximal - marker
    distance = length(line)
    along = line / distance
    # The wand is on the outer side too, so the centre is on the other side of the line.
    inward = -across(wand - proximal, along)
    sine = half_width / distance
    return marker + half_width * (sine * along + np.sqrt(1 - sine**2) * inward)


def beside(marker: Array, along: Array, inward: Array, half_width: Array) -> Array:
    """Joint centre half a width inward of a marker, perpendicular to the segment (..., 3) m.

    Args:
        marker: Marker on the outer side of the joint (..., 3) m.
        along: Any vector along the segment (..., 3).
        inward: Rough direction from the marker into the joint (..., 3).
        half_width: Half the joint's width plus the marker's radius m.
    """
    return marker + half_width * across(inward, unit(along))


def foot_medial(heel: Array, toe: Array, shank: Array) -> Array:
    """Medial direction of both legs from the feet (T, 2, 3), left then right.

    Perpendicular to the shank and to the foot's midline, turned 6° inward because the ankle's
    axis makes 84° with that midline (Isman & Inman 1969).

    Args:
        heel: Heel markers (T, 2, 3) m.
        toe: Toe markers (T, 2, 3) m.
        shank: Vectors from ankle to knee (T, 2, 3).
    """
    up = unit(shank)
    forward = across(toe - heel, up)
    medial = cross(forward, up) * _TO_MEDIAL
    angle = np.deg2rad(6.0)
    result: Array = np.cos(angle) * medial + np.sin(angle) * forward
    return result


_TO_MEDIAL = np.array([[1.0], [-1.0]])  # forward x up points right: inward for the left leg
