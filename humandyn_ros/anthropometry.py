"""Segment masses, centres of mass and radii of gyration, and body proportions.

Source: de Leva 1996, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters",
J. Biomech. 29(9), table 4; proportions: Drillis and Contini 1966, in Winter 2009, figure 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array

SEGMENTS = (
    'pelvis', 'abdomen', 'chest', 'head', 'upper_arm', 'forearm', 'hand', 'thigh', 'shank', 'foot'
)  # fmt: skip
"""Rows of the tables; de Leva calls the first three LPT, MPT and UPT."""

# Mass (% of body), centre of mass (% of length from the proximal or upper end), radii of gyration
# about the sagittal (fore-aft), transverse (left-right) and longitudinal axes (% of length).
_MALE = (
    (11.17, 61.15, 61.5, 55.1, 58.7),
    (16.33, 45.02, 48.2, 38.3, 46.8),
    (15.96, 29.99, 71.6, 45.4, 65.9),
    (6.94, 50.02, 30.3, 31.5, 26.1),
    (2.71, 57.72, 28.5, 26.9, 15.8),
    (1.62, 45.74, 27.6, 26.5, 12.1),
    (0.61, 79.00, 62.8, 51.3, 40.1),
    (14.16, 40.95, 32.9, 32.9, 14.9),
    (4.33, 44.59, 25.5, 24.9, 10.3),
    (1.37, 44.15, 25.7, 24.5, 12.4),
)
_FEMALE = (
    (12.47, 49.20, 43.3, 40.2, 44.4),
    (14.65, 45.12, 43.3, 35.4, 41.5),
    (15.45, 20.77, 74.6, 50.2, 71.8),
    (6.68, 48.41, 27.1, 29.5, 26.1),
    (2.55, 57.54, 27.8, 26.0, 14.8),
    (1.38, 45.59, 26.1, 25.7, 9.4),
    (0.56, 74.74, 53.1, 45.4, 33.5),
    (14.78, 36.12, 36.9, 36.4, 16.2),
    (4.81, 44.16, 27.1, 26.7, 9.3),
    (1.29, 40.14, 29.9, 27.9, 13.9),
)
# Lengths of the trunk's parts, mm: suprasternale to xiphion, to navel, to mid-hip; and from
# mid-shoulder to mid-hip, between which the parts are placed.
_TRUNK_MALE = (170.7, 215.5, 145.7, 515.5)
_TRUNK_FEMALE = (142.5, 205.3, 181.5, 497.9)

# De Leva's subjects were barefoot. A shoe of 0.3 kg is this share of an adult's mass; it moves
# with the foot, where mass tells most in fore-aft acceleration.
SHOE = 0.004
# The trunk's mass lies behind the line from mid-hip to mid-shoulder, in lengths of that line:
# thorax and abdomen by 3.6 (men) or 1.6 % (women) of their own axis (Dumas, Cheze, Verriest 2007,
# J. Biomech. 40:543, table 2), which begins at the lumbar joint, centimetres behind the hips.
TRUNK_BEHIND = 0.045
THIGH_PER_HEIGHT = 0.245  # hip to knee centre
SHANK_PER_HEIGHT = 0.246  # knee to ankle centre
LEG_PER_HEIGHT = THIGH_PER_HEIGHT + SHANK_PER_HEIGHT
UPPER_ARM_PER_HEIGHT = 0.186
FOREARM_PER_HEIGHT = 0.146
FOOT_LENGTH_PER_HEIGHT = 0.152
FOOT_BREADTH_PER_HEIGHT = 0.055
ANKLE_HEIGHT_PER_HEIGHT = 0.039
SHOULDER_WIDTH_PER_HEIGHT = 0.259 * 0.8  # joint centres lie inside the acromia
TRUNK_PER_HEIGHT = 0.288  # mid-hip to mid-shoulder
HIP_WIDTH_PER_HEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """Dimensionless inertia of the ten kinds of segment, rows as in SEGMENTS.

    Attributes:
        mass: Share of body mass of one segment (10,).
        centre: Centre of mass, share of the segment's length from its proximal end (10,).
        gyration: Radii about the fore-aft, left-right and long axis, share of length (10, 3).
        trunk: Lengths of chest, abdomen, pelvis in mid-shoulder to mid-hip lengths (3,).
    """

    mass: Array
    centre: Array
    gyration: Array
    trunk: Array

    def row(self, segment: str) -> int:
        """Index of a kind of segment.

        Raises:
            ConfigError: There is no such kind.
        """
        if segment not in SEGMENTS:
            raise ConfigError(f'no segment {segment!r}: choose one of {", ".join(SEGMENTS)}')
        return SEGMENTS.index(segment)


def segment_table(sex: str) -> SegmentTable:
    """Return de Leva's table for 'female', 'male' or their mean for 'average'.

    Raises:
        ConfigError: Another word.
    """
    rows = {
        'male': np.array(_MALE),
        'female': np.array(_FEMALE),
        'average': (np.array(_MALE) + np.array(_FEMALE)) / 2,
    }
    trunk = {
        'male': np.array(_TRUNK_MALE),
        'female': np.array(_TRUNK_FEMALE),
        'average': (np.array(_TRUNK_MALE) + np.array(_TRUNK_FEMALE)) / 2,
    }
    if sex not in rows:
        raise ConfigError(f'sex = {sex!r}: choose one of {", ".join(sorted(rows))}')
    table = rows[sex] / 100
    mass = table[:, 0]
    mass[SEGMENTS.index('foot')] += SHOE
    whole = mass[:4].sum() + 2 * mass[4:].sum()
    lengths = trunk[sex]
    return SegmentTable(mass / whole, table[:, 1], table[:, 2:], lengths[:3] / lengths[3])
