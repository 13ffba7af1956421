"""What LaDy sees: displacements and root-relative positions per joint, and the coordinates q.

Layout after the released code (`libs/dataset.py` of LaDy): channels of one person are
[displacement, position relative to the root], people one after the other; image points have no
displacement. A joint that was not seen is zero in every channel, as in the occlusion augmentation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humandyn_ros.engines.lady.coordinates import Tree, generalized_coordinates, heading
from humandyn_ros.errors import SkeletonError, StreamError
from humandyn_ros.quantities import Array, Mask

FORWARD, BACKWARD = 'forward', 'backward'


@dataclass(frozen=True)
class Layout:
    """How joint centres become the inputs of one network.

    Attributes:
        tree: Kinematic tree of one person.
        root: Joint that positions are relative to.
        persons: Number of people side by side; absent ones are zero.
        values: Numbers per joint in a recording: 2 (image), 3 (position), or 6 where three other
            numbers come before the position (LARa).
        displacement: 'forward' x(t+1)-x(t) as published, 'backward' x(t)-x(t-1) for a stream.
        heading_free: Inputs and coordinates in axes that turn with the person.
    """

    tree: Tree
    root: int = 0
    persons: int = 1
    values: int = 3
    displacement: str = FORWARD
    heading_free: bool = False

    def __post_init__(self) -> None:
        if self.values not in ((2,) if self.tree.dims == 2 else (3, 6)):
            raise SkeletonError(f'{self.values} numbers per joint in {self.tree.dims} dimensions')
        if self.displacement not in (FORWARD, BACKWARD):
            raise SkeletonError(f'displacement {self.displacement!r}: forward or backward')
        if not 0 <= self.root < len(self.tree.parents) or self.persons < 1:
            raise SkeletonError(f'root {self.root}, {self.persons} people: no such layout')

    @property
    def joints(self) -> int:
        """Number of joints V."""
        return len(self.tree.parents)

    @property
    def person_channels(self) -> int:
        """Channels per joint and person."""
        return self.values if self.tree.dims == 2 else 2 * self.values

    @property
    def channels(self) -> int:
        """Channels per joint C."""
        return self.persons * self.person_channels

    def inputs(self, values: Array) -> Array:
        """Channels (T, V, C) of values (T, P, V, values), NaN or zero where not seen.

        Raises:
            StreamError: Another shape.
        """
        values = np.asarray(values, float)
        if values.ndim != 4 or values.shape[1:] != (self.persons, self.joints, self.values):
            raise StreamError(
                f'motion {values.shape}: wanted (T, {self.persons}, {self.joints}, {self.values})'
            )
        seen: Mask = np.asarray(np.isfinite(values).all(axis=-1, keepdims=True))
        values = np.where(seen, values, 0.0)
        there: Mask = np.asarray((values != 0.0).any(axis=(2, 3), keepdims=True))
        known = seen & there & seen[:, :, self.root, None]
        position = np.where(known, values - values[:, :, self.root, None], 0.0)
        if self.tree.dims == 2:
            return self._stacked(position)
        step = np.zeros_like(values)
        both = known[1:] & known[:-1]
        into = slice(None, -1) if self.displacement == FORWARD else slice(1, None)
        step[into] = np.where(both, values[1:] - values[:-1], 0.0)
        channels = np.concatenate([step, position], axis=-1)
        return self._stacked(self._from_heading(channels) if self.heading_free else channels)

    def _from_heading(self, channels: Array) -> Array:
        """Channels (T, P, V, 2·values) in axes of each frame's heading."""
        turn = heading(channels[..., -3:], self.tree)[..., None, :, :]
        vectors = channels.reshape(*channels.shape[:-1], -1, 3)
        result: Array = (vectors @ turn).reshape(channels.shape)
        return result

    def _stacked(self, channels: Array) -> Array:
        t, _, joints, _ = channels.shape
        return np.ascontiguousarray(np.moveaxis(channels, 1, 2)).reshape(t, joints, -1)

    def coordinates(self, inputs: Array) -> Array:
        """Coordinates q (T, P, D) rad of inputs (T, V, C)."""
        t, joints, _ = inputs.shape
        people = inputs.reshape(t, joints, self.persons, self.person_channels)
        positions = np.moveaxis(people[..., -self.tree.dims :], 2, 1)
        return generalized_coordinates(positions, self.tree, heading_free=self.heading_free)
