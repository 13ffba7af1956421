"""The markers of one set by their anatomical names, and the joint centres found so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from humandyn_ros.markers.sizes import PHANTOM_STATURE, SHANK_SHARE, Sizes
from humandyn_ros.markers.vectors import length, middle, rightward, unit
from humandyn_ros.quantities import Array

LANDMARKS = {
    'asis': 2, 'psis': 2, 'sacrum': 1,
    'thigh_wand': 2, 'knee_lateral': 2, 'knee_medial': 2,
    'shank_wand': 2, 'ankle_lateral': 2, 'ankle_medial': 2,
    'heel': 2, 'toe': 2, 'mt1': 2, 'mt5': 2,
    'c7': 1, 'jugular': 1, 'clavicle': 2, 'acromion': 2,
    'elbow_lateral': 2, 'elbow_medial': 2, 'wrist_radial': 2, 'wrist_ulnar': 2, 'hand': 2,
    'head': 0,
}  # fmt: skip
"""Landmarks a format may name, with how many markers: left and right, one, or any (0)."""

PLACES = {
    'hip': slice(1, 3), 'knee': slice(4, 6), 'ankle': slice(7, 9), 'foot': slice(10, 12),
    'level_foot': slice(10, 12), 'neck': slice(12, 13), 'head': slice(15, 16),
    'shoulder': slice(16, 18), 'elbow': slice(18, 20), 'wrist': slice(20, 22),
    'hand': slice(22, 24),
}  # fmt: skip
"""Where the joints lie in the canonical skeleton: left then right, or the one."""


class Places:
    """Where the markers of each landmark are, in frames gathered in landmark order.

    Args:
        columns: Landmark name to the columns of its markers in the frame.

    Attributes:
        gather: Columns of the frame to take, all landmarks one after another.
    """

    def __init__(self, columns: Mapping[str, Sequence[int]]) -> None:
        self.gather = np.array([c for cols in columns.values() for c in cols], dtype=np.intp)
        self._slices: dict[str, slice] = {}
        start = 0
        for name, cols in columns.items():
            self._slices[name] = slice(start, start + len(cols))
            start += len(cols)

    def has(self, *names: str) -> bool:
        """Whether all these landmarks are there."""
        return all(name in self._slices for name in names)

    def __getitem__(self, landmark: str) -> slice:
        """Where the landmark's markers are in gathered frames."""
        return self._slices[landmark]


class Body:
    """Landmarks and joint centres of one stretch of frames, world z up, metres.

    Args:
        points: All points (T, J, 3) m.
        places: Where the landmarks are.
        sizes: What is known of the person.
        joints: Canonical joint centres (T, 24, 3), filled as they are found.

    Attributes:
        has: Whether landmarks are there.
    """

    def __init__(self, points: Array, places: Places, sizes: Sizes, joints: Array) -> None:
        self._markers = points[:, places.gather]
        self._places, self._sizes, self._joints = places, sizes, joints
        self.has = places.has
        self.marker_radius, self.asis_distance = sizes.marker_radius, sizes.asis_distance

    def __getitem__(self, landmark: str) -> Array:
        """Markers of a landmark (T, 2, 3) left first, (T, 1, 3) or (T, N, 3)."""
        found: Array = self._markers[:, self._places[landmark]]
        return found

    def joint(self, name: str) -> Array:
        """Joint centres found so far (T, 2, 3) or (T, 1, 3)."""
        found: Array = self._joints[:, PLACES[name]]
        return found

    def half_width(self, joint: str) -> Array:
        """Half a joint's width plus the marker's radius m, to multiply (T, 2, 3) with."""
        return self._sizes.half_width(joint, self.height)

    @cached_property
    def height(self) -> Array:
        """Standing height m (T, 1, 1): given, else from the shanks, else of the phantom."""
        if self._sizes.height is not None:
            return np.full((1, 1, 1), self._sizes.height)
        if not self.has('knee_lateral', 'ankle_lateral'):
            return np.full((1, 1, 1), PHANTOM_STATURE)
        shanks = length(self['knee_lateral'] - self['ankle_lateral'])
        other = np.where(np.isnan(shanks), shanks[:, ::-1], shanks)  # one may be hidden
        return middle(other) / SHANK_SHARE

    @cached_property
    def rightward(self) -> Array:
        """Vector from the left to the right hip (T, 1, 3)."""
        return rightward(self.joint('hip'))

    @cached_property
    def upward(self) -> Array:
        """Direction from the middle of the hips to that of the shoulders' tops (T, 1, 3)."""
        return unit(middle(self['acromion']) - middle(self.joint('hip')))
