"""The joint tree of an OpenSim model: joint centres and markers from coordinates.

Conventions: Seth et al. 2010, "Minimal formulation of joint motion for biomechanisms"
(spatial transform: three rotations about axes fixed in the body, in order, then a translation
in the parent's axes); angles of offset frames are body-fixed x-y-z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.osim.functions import Function
from humandyn_ros.quantities import Array

Transform = tuple[Array, Array]
"""Rotation (..., 3, 3) and origin (..., 3) m of a frame, in another."""

Axis = tuple[Array, tuple[str, ...], Function]
"""Direction (3,), the coordinate it depends on (one or none) and the function of it."""

TORSO_STATIONS: dict[str, tuple[float, float, float]] = {
    'neck': (-0.010, 0.410, 0.0),
    'head': (0.015, 0.540, 0.0),
    'acromial_l': (0.003155, 0.3715, -0.17),
    'acromial_r': (0.003155, 0.3715, 0.17),
}
"""Neck (C7/T1 joint), head centre and shoulder joints in the unscaled torso of Rajagopal, m.

Neck: Reed et al. 1999 (55 % of the way from C7 to the jugular notch, 8° up) applied to the
model's C7 and clavicle markers; head: half way from C7 to the vertex (de Leva 1996, table 4);
shoulders: the joints of Rajagopal et al. 2016, for models of theirs without arms.
"""


@dataclass(frozen=True, eq=False)
class Joint:
    """One joint: where it sits on both bodies and how its coordinates move it."""

    name: str
    parent: str
    child: str
    in_parent: Transform
    in_child: Transform
    rotation: tuple[Axis, ...]
    translation: tuple[Axis, ...]

    def motion(self, values: Mapping[str, Array]) -> Transform:
        """Frame on the child in the frame on the parent, for coordinate values (T,)."""
        count = len(next(iter(values.values())))
        matrix = np.broadcast_to(np.eye(3), (count, 3, 3))
        for axis, names, function in self.rotation:
            angle = function(values[names[0]] if names else np.zeros(count))
            matrix = matrix @ rotations.exp(angle[:, None] * axis)
        origin = np.zeros((count, 3))
        for axis, names, function in self.translation:
            shift = function(values[names[0]] if names else np.zeros(count))
            origin = origin + shift[:, None] * axis
        return matrix, origin


@dataclass(frozen=True, eq=False)
class Coupler:
    """A coordinate that follows another, such as the patella's."""

    dependent: str
    independent: str
    function: Function


@dataclass(frozen=True, eq=False)
class Model:
    """The joint tree of one OpenSim model (world y up, metres)."""

    name: str
    joints: tuple[Joint, ...]  # parents before children
    defaults: Mapping[str, float]  # coordinate name to its default, rad or m
    rotational: frozenset[str]  # coordinates that turn something
    couplers: tuple[Coupler, ...]
    markers: Mapping[str, tuple[str, Array]]  # marker name to body and location (3,) m
    scales: Mapping[str, Array]  # body name to the scale factors of its geometry (3,)

    def values(self, columns: Mapping[str, Array], *, degrees: bool) -> dict[str, Array]:
        """Turn the columns of a .mot or .sto into a value for every coordinate (T,), rad or m.

        Columns may be called 'knee_angle_r' or '/jointset/walker_knee_r/knee_angle_r/value';
        others are ignored. Coordinates without a column follow their coupler or keep their
        default.

        Raises:
            RecordingError: No column names a coordinate of this model.
        """
        given = {
            name: np.asarray(column, dtype=float)
            for label, column in columns.items()
            if (name := coordinate_name(label)) in self.defaults
        }
        if not given:
            raise RecordingError(
                f'no column names a coordinate of model {self.name}; the model has '
                f'{", ".join(self.defaults)}; give the model this file was computed with'
            )
        if degrees:
            given = {k: np.deg2rad(v) if k in self.rotational else v for k, v in given.items()}
        count = len(next(iter(given.values())))
        for coupler in self.couplers:
            if coupler.dependent not in given and coupler.independent in given:
                given[coupler.dependent] = coupler.function(given[coupler.independent])
        return {
            name: given.get(name, np.full(count, value)) for name, value in self.defaults.items()
        }

    def bodies(self, values: Mapping[str, Array]) -> dict[str, Transform]:
        """Place every body in the world, for `values` of all coordinates (T,)."""
        count = len(next(iter(values.values())))
        ground = (np.broadcast_to(np.eye(3), (count, 3, 3)), np.zeros((count, 3)))
        placed: dict[str, Transform] = {'ground': ground}
        for joint in self.joints:
            at = compose(compose(placed[joint.parent], joint.in_parent), joint.motion(values))
            placed[joint.child] = compose(at, _inverse(joint.in_child))
        return placed

    def joint_centres(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Joint name to the origin of the joint's frame on the child, in the world (T, 3) m."""
        placed = self.bodies(values)
        return {j.name: transform(placed[j.child], j.in_child[1]) for j in self.joints}

    def marker_positions(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Marker name to its place in the world (T, 3) m."""
        placed = self.bodies(values)
        return {name: transform(placed[b], spot) for name, (b, spot) in self.markers.items()}

    def skeleton_points(self, values: Mapping[str, Array]) -> tuple[tuple[str, ...], Array]:
        """Names and points (T, J, 3) m for the format `opensim`: joint centres, neck, head, heels.

        What inverse kinematics could not see is NaN: a torso without markers of its own or on
        the arms keeps its default angles, whatever the person did.
        """
        placed = self.bodies(values)
        points = {j.name: transform(placed[j.child], j.in_child[1]) for j in self.joints}
        for side in ('l', 'r'):
            if f'calcn_{side}' in placed:
                points[f'heel_{side}'] = placed[f'calcn_{side}'][1]
        if 'torso' in placed:
            for name, spot in TORSO_STATIONS.items():
                scaled = np.array(spot) * self.scales.get('torso', np.ones(3))
                points.setdefault(name, transform(placed['torso'], scaled))
        for name in self._unseen(points):
            points[name] = np.full_like(points[name], np.nan)
        return tuple(points), np.stack(list(points.values()), axis=1)

    def _unseen(self, points: Mapping[str, Array]) -> set[str]:
        trunk = {'torso'}
        for joint in self.joints:
            if joint.parent in trunk:
                trunk.add(joint.child)
        marked = {body for body, _ in self.markers.values()}
        if not marked or marked & trunk:
            return set()
        names = {j.name for j in self.joints if j.parent in trunk} | set(TORSO_STATIONS)
        return names & set(points)


def coordinate_name(label: str) -> str:
    """Return the coordinate a column is about, '' for speeds and other states."""
    parts = label.strip().strip('/').split('/')
    if len(parts) == 1 or parts[-1] not in ('value', 'speed', 'activation', 'fiber_length'):
        return parts[-1]
    return parts[-2] if parts[-1] == 'value' else ''


def transform(frame: Transform, point: Array) -> Array:
    """Take a point fixed in a frame (3,) to where the frame is, (T, 3)."""
    return frame[0] @ point + frame[1]


def compose(outer: Transform, inner: Transform) -> Transform:
    """Express `inner`, given in `outer`, where `outer` is given."""
    return outer[0] @ inner[0], (outer[0] @ inner[1][..., None])[..., 0] + outer[1]


def _inverse(frame: Transform) -> Transform:
    turned = np.swapaxes(frame[0], -1, -2)
    return turned, -(turned @ frame[1][..., None])[..., 0]
