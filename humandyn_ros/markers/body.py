"""The markers of one set by their anatomical names, and the joint centres found so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from humandyn_ros.markers.sizes import SHANK_SHARE, Sizes
from humandyn_ros.markers.vectors import length
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


@dataclass(frozen=True, eq=False)
class Places:
    """Landmark name to the columns of its markers; only landmarks that are wholly there."""

    columns: Mapping[str, Sequence[int]]

    def has(self, *names: str) -> bool:
        """Whether all these landmarks are there."""
        return all(name in self.columns for name in names)


class Body:
    """Landmarks and joint centres of one stretch of frames, world z up, metres.

    Attributes:
        joints: Canonical joint centres (T, 24, 3), NaN until found.
        has: Whether landmarks are there.
        sizes: What is known of the person.
    """

    def __init__(self, points: Array, places: Places, sizes: Sizes, joints: Array) -> None:
        self._points, self._places = points, places
        self.has, self.sizes, self.joints = places.has, sizes, joints

    def __getitem__(self, landmark: str) -> Array:
        """Markers of a landmark (T, 2, 3) left first, (T, 1, 3) or (T, N, 3)."""
        found: Array = self._points[:, self._places.columns[landmark]]
        return found

    def joint(self, name: str) -> Array:
        """Joint centres found so far (T, 2, 3) or (T, 1, 3)."""
        found: Array = self.joints[:, PLACES[name]]
        return found

    def half_width(self, joint: str) -> Array:
        """Half a joint's width plus the marker's radius m, to multiply (T, 2, 3) with."""
        return self.sizes.half_width(joint, self.height())

    def height(self) -> Array:
        """Standing height m (T, 1, 1): given, else from the shanks, else of the phantom."""
        if self.sizes.height is not None:
            return np.full((1, 1, 1), self.sizes.height)
        if not self.has('knee_lateral', 'ankle_lateral'):
            return np.full((1, 1, 1), 1.7018)
        shank = length(self['knee_lateral'] - self['ankle_lateral'])
        return np.asarray(shank.mean(axis=1, keepdims=True) / SHANK_SHARE, dtype=np.float64)

    def rightward(self) -> Array:
        """Direction of the pelvis from left to right (T, 1, 3), from the hips, not unit."""
        hips = self.joint('hip')
        return hips[:, 1:] - hips[:, :1]

    def upward(self) -> Array:
        """Vector from the middle of the hips to that of the shoulders' tops (T, 1, 3)."""
        top, low = self['acromion'], self.joint('hip')
        result: Array = top.mean(axis=1, keepdims=True) - low.mean(axis=1, keepdims=True)
        return result
