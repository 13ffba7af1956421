"""Widths and offsets of a person that markers alone do not show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from humandyn_ros.quantities import Array

PHANTOM_STATURE = 1.7018  # m; Ross & Wilson 1974, the unisex reference person
WIDTHS = {'knee': 0.0952, 'ankle': 0.0668, 'elbow': 0.0648, 'wrist': 0.0521}
"""Bone breadths at the phantom stature, m (Ross & Wilson 1974: femur, ankle, humerus, wrist)."""

SHANK_SHARE = 0.246  # knee to ankle over stature (Drillis & Contini 1966)
MARKER_RADIUS = 0.007  # m; 14 mm spheres are the commonest

_PLUG_IN_GAIT = {
    'LKneeWidth': ('knee', 0), 'RKneeWidth': ('knee', 1),
    'LAnkleWidth': ('ankle', 0), 'RAnkleWidth': ('ankle', 1),
    'LElbowWidth': ('elbow', 0), 'RElbowWidth': ('elbow', 1),
    'LWristWidth': ('wrist', 0), 'RWristWidth': ('wrist', 1),
}  # fmt: skip
_RANGES = dict.fromkeys(_PLUG_IN_GAIT, (0.02, 0.25)) | {
    'MarkerDiameter': (0.002, 0.05),
    'InterAsisDistance': (0.1, 0.45),
    'Height': (0.5, 2.5),
}  # m


@dataclass(frozen=True, eq=False)
class Sizes:
    """What is known of the person's widths; what is not follows from the height.

    Attributes:
        height: Standing height m, None: from the distance between knee and ankle markers.
        widths: Joint name ('knee', 'ankle', 'elbow', 'wrist') to left and right width (2,) m.
        asis_distance: Between the front iliac spines m, None: from the markers.
        marker_radius: m.
        notes: What was left out.
    """

    height: float | None
    widths: Mapping[str, Array]
    asis_distance: float | None = None
    marker_radius: float = MARKER_RADIUS
    notes: tuple[str, ...] = ()

    def half_width(self, joint: str, height: Array) -> Array:
        """Half the joint's width plus the marker's radius, per side, m.

        Args:
            joint: 'knee', 'ankle', 'elbow' or 'wrist'.
            height: Standing height m, (T, 1, 1) or scalar.

        Returns:
            (2, 1) where measured, else the shape of `height`.
        """
        if joint in self.widths:
            return self.widths[joint][:, None] / 2 + self.marker_radius
        result: Array = WIDTHS[joint] / PHANTOM_STATURE / 2 * height + self.marker_radius
        return result


def read_sizes(parameters: Mapping[str, float], height: float | None) -> Sizes:
    """Take sizes from the parameters Plug-in Gait writes into a .c3d (mm), whatever is there.

    Args:
        parameters: Names such as 'LKneeWidth', 'MarkerDiameter', 'InterAsisDistance', in mm.
        height: Standing height m, where the caller knows it; else 'Height' is used.

    Returns:
        The sizes; values that are no size of a person (0 where nobody filled them in) are left
        out, and its notes say so where they are not 0.
    """
    known = {n: v / 1000 for n, v in parameters.items() if n in _RANGES}
    good = {n: v for n, v in known.items() if _RANGES[n][0] <= v <= _RANGES[n][1]}
    widths: dict[str, Array] = {}
    for name, (joint, side) in _PLUG_IN_GAIT.items():
        if name in good:
            pair = widths.setdefault(joint, np.full(2, np.nan))
            pair[side] = good[name]
    for pair in widths.values():
        pair[np.isnan(pair)] = np.nanmean(pair)
    return Sizes(
        height if height is not None else good.get('Height'),
        widths,
        good.get('InterAsisDistance'),
        good.get('MarkerDiameter', 2 * MARKER_RADIUS) / 2,
        tuple(
            f'{name} = {1000 * value:g} mm is no size of a person and was left out'
            for name, value in known.items()
            if name not in good and value != 0
        ),
    )
