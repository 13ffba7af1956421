"""Rajagopal coordinates of many instants at once: `coordinates.coordinates`, vectorised.

A test keeps the two alike.
"""

from __future__ import annotations

import itertools

import numpy as np

from humandyn_ros.coordinates import FOOT_SLOPE_RAD
from humandyn_ros.quantities import CANONICAL, Array

_STEP_S = 1e-6  # of the difference that turns angles into rates
_KNEE, _ELBOW = -0.35, 0.35  # weight of the parent's axis while the hinge is straight
_TALOCRURAL = (-0.105, -0.174, 0.979)  # in the right shank, Rajagopal et al. 2016
_Frame = tuple[Array, Array, Array]
_Part = list[tuple[Array, Array]]  # angles (T,) and axes (T, 3)


def many_coordinates(points: Array, velocities: Array) -> tuple[Array, Array, Array]:
    """Angles (T, 17) rad, rates (T, 17) rad/s and axes (T, 17, 3) of all coordinates.

    Args:
        points: Canonical joint centres (T, 24, 3) m.
        velocities: Theirs (T, 24, 3) m/s.
    """
    now, later = _all(points), _all(points + _STEP_S * velocities)
    angle = np.stack([a for a, _ in now], axis=1)
    change = np.stack([a for a, _ in later], axis=1) - angle
    change -= 2 * np.pi * np.rint(change / (2 * np.pi))
    return angle, change / _STEP_S, np.stack([axis for _, axis in now], axis=1)


def _all(points: Array) -> _Part:
    def bar(start: str, end: str) -> Array:
        return unit(points[:, CANONICAL.index[end]] - points[:, CANONICAL.index[start]])

    def limb(side: str, *joints: str) -> list[Array]:
        names = [f'{side}_{joint}' for joint in joints]
        return [bar(a, b) for a, b in itertools.pairwise(names)]

    pelvis = trunk_frame(bar('pelvis', 'spine1'), bar('left_hip', 'right_hip'))
    torso = trunk_frame(bar('spine1', 'neck'), bar('left_shoulder', 'right_shoulder'))
    legs = [limb(side, 'hip', 'knee', 'ankle', 'foot') for side in ('right', 'left')]
    arms = [limb(side, 'shoulder', 'elbow', 'wrist') for side in ('right', 'left')]
    return [
        *_leg(pelvis, legs[0], 1.0),
        *_leg(pelvis, legs[1], -1.0),
        *_lumbar(pelvis, torso),
        *_arm(torso, arms[0], 1.0),
        *_arm(torso, arms[1], -1.0),
    ]


def unit(vector: Array) -> Array:
    """Vectors (..., 3) of length one."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    result: Array = vector / np.maximum(length, 1e-9)
    return result


def trunk_frame(spine: Array, across: Array) -> _Frame:
    """Axes x forwards, y up, z right (each (T, 3)) of a part of the trunk."""
    forward = unit(np.cross(spine, across))
    return forward, np.cross(across, forward), across


def _leg(pelvis: _Frame, bars: list[Array], side: float) -> _Part:
    thigh, shank, foot = bars
    flexion, adduction, lean = _ball(pelvis, thigh, side)
    return [flexion, adduction, _hinge(thigh, shank, lean, _KNEE), _ankle(shank, foot, side)]


def _arm(torso: _Frame, bars: list[Array], side: float) -> _Part:
    flexion, adduction, lean = _ball(torso, bars[0], side)
    return [flexion, adduction, _hinge(bars[0], bars[1], lean, _ELBOW)]


def _ball(
    parent: _Frame, limb: Array, side: float
) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
    x, y, z = (_dot(axis, limb) for axis in parent)
    flat = np.hypot(x, y)
    along = flat < 1e-6  # a limb along z adducts about the parent's x
    y, flat = np.where(along, -1e-6, y), np.where(along, 1e-6, flat)
    scale = side / flat
    adducts = (scale * x)[:, None] * parent[1] - (scale * y)[:, None] * parent[0]
    lean = parent[2] - z[:, None] * limb
    return (np.arctan2(x, -y), parent[2]), (np.arctan2(-side * z, flat), adducts), lean


def _hinge(limb: Array, child: Array, lean: Array, straight: float) -> tuple[Array, Array]:
    normal = np.cross(limb, child)
    axis = unit(normal + straight * lean)
    return np.arctan2(_dot(normal, axis), _dot(limb, child)), axis


def _ankle(shank: Array, foot: Array, side: float) -> tuple[Array, Array]:
    normal = np.cross(shank, foot)
    length = np.linalg.norm(normal, axis=1)
    angle = np.arctan2(length, _dot(shank, foot)) - (np.pi / 2 - FOOT_SLOPE_RAD)
    z = normal / np.maximum(length, 1e-9)[:, None]
    forward, up, right = _TALOCRURAL
    return angle, side * (forward * np.cross(z, shank) - up * shank) + right * z


def _lumbar(pelvis: _Frame, torso: _Frame) -> _Part:
    forward, up, right = torso
    turn, ahead = -_dot(pelvis[2], forward), _dot(pelvis[2], right)
    return [
        (np.arctan2(-_dot(pelvis[0], up), _dot(pelvis[1], up)), pelvis[2]),
        (
            np.arctan2(_dot(pelvis[2], up), np.hypot(turn, ahead)),
            unit(np.cross(up, pelvis[2])),
        ),
        (np.arctan2(turn, ahead), up),
    ]


def _dot(a: Array, b: Array) -> Array:
    result: Array = np.einsum('ti,ti->t', a, b)
    return result
