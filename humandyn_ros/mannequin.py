"""A jointed mannequin: coordinates of the Rajagopal model to joint centres, and feet to legs.

Rigid parts: pelvis, torso with head, thighs, shanks, feet, upper arms, forearms with hands. Axes
of each part at rest: x forwards, y left, z up. Lengths as fractions of standing height: Drillis
and Contini 1966 (in Winter 2009, figure 4.1); the trunk's inner points follow the proportions of
the SMPL template (Loper et al. 2015).

Coordinates, their order, axes and signs are those of Rajagopal et al. 2016 (hip, lumbar and
shoulder: flexion, then adduction, then rotation), with plain hinges at knee, ankle and subtalar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from humandyn_ros.anthropometry import (
    ANKLE_HEIGHT_PER_HEIGHT,
    FOREARM_PER_HEIGHT,
    SHANK_PER_HEIGHT,
    THIGH_PER_HEIGHT,
)
from humandyn_ros.quantities import CANONICAL, Array

THIGH, SHANK = THIGH_PER_HEIGHT, SHANK_PER_HEIGHT  # of standing height, as all that follow
UPPER_ARM, FOREARM, HAND = 0.172, FOREARM_PER_HEIGHT, 0.05
ANKLE_HEIGHT, BALL_HEIGHT = ANKLE_HEIGHT_PER_HEIGHT, 0.012
HEEL, BALL = -0.025, 0.075  # ahead of the ankle
HALF_PELVIS = 0.0486  # hip joint centre from the midline, as in Rajagopal's model
LUMBAR = 0.09  # lumbar joint above the hips, likewise: level of the navel

Axis = tuple[float, float, float]
RIGHT: Axis = (0.0, -1.0, 0.0)
LEFT: Axis = (0.0, 1.0, 0.0)
FORWARDS: Axis = (1.0, 0.0, 0.0)
BACKWARDS: Axis = (-1.0, 0.0, 0.0)
UP: Axis = (0.0, 0.0, 1.0)
DOWN: Axis = (0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Part:
    """One rigid part of the mannequin.

    Attributes:
        name: Such as 'thigh_r'.
        parent: The part it hangs on; '' for the pelvis.
        origin: Its joint in the parent's axes, of standing height.
        hinges: Coordinate name and axis in the part's own axes at rest, first turned first.
        points: Canonical joints that move with it, in its axes, of standing height.
    """

    name: str
    parent: str
    origin: tuple[float, float, float]
    hinges: tuple[tuple[str, Axis], ...]
    points: Mapping[str, tuple[float, float, float]]


_JOINT = (0.0, 0.0, 0.0)  # a point at the joint that its part hangs on


def _side(letter: str) -> tuple[str, float, Axis, Axis]:
    """The right ('r') or left ('l') side: name, sign along y, axes of adduction and of turning.

    About these axes both sides have the same signs: adduction, inward rotation positive.
    """
    if letter == 'r':
        return 'right', -1.0, FORWARDS, UP
    return 'left', 1.0, BACKWARDS, DOWN


def _leg(letter: str) -> tuple[Part, ...]:
    side, y, inwards, turning = _side(letter)
    thigh, shank, foot = (f'{part}_{letter}' for part in ('thigh', 'shank', 'foot'))
    hip = (
        (f'hip_flexion_{letter}', RIGHT),
        (f'hip_adduction_{letter}', inwards),
        (f'hip_rotation_{letter}', turning),
    )
    ankle = ((f'ankle_angle_{letter}', RIGHT), (f'subtalar_angle_{letter}', inwards))
    ball = (BALL, 0.0, BALL_HEIGHT - ANKLE_HEIGHT)
    return (
        Part(thigh, 'pelvis', (0.0, y * HALF_PELVIS, 0.0), hip, {f'{side}_hip': _JOINT}),
        Part(
            shank,
            thigh,
            (0.0, 0.0, -THIGH),
            ((f'knee_angle_{letter}', LEFT),),
            {f'{side}_knee': _JOINT},
        ),
        Part(
            foot,
            shank,
            (0.0, 0.0, -SHANK),
            ankle,
            {f'{side}_ankle': _JOINT, f'{side}_foot': ball},
        ),
    )


def _arm(letter: str) -> tuple[Part, ...]:
    side, y, inwards, turning = _side(letter)
    upper_arm, forearm = f'upper_arm_{letter}', f'forearm_{letter}'
    shoulder = (
        (f'arm_flex_{letter}', RIGHT),
        (f'arm_add_{letter}', inwards),
        (f'arm_rot_{letter}', turning),
    )
    return (
        Part(upper_arm, 'torso', (0.0, y * 0.104, 0.198), shoulder, {f'{side}_shoulder': _JOINT}),
        Part(
            forearm,
            upper_arm,
            (0.0, 0.0, -UPPER_ARM),
            ((f'elbow_flex_{letter}', RIGHT),),
            {
                f'{side}_elbow': _JOINT,
                f'{side}_wrist': (0.0, 0.0, -FOREARM),
                f'{side}_hand': (0.0, 0.0, -FOREARM - HAND),
            },
        ),
    )


PARTS: tuple[Part, ...] = (
    Part(
        'pelvis',
        '',
        (0.0, 0.0, 0.0),
        (('pelvis_rotation', UP), ('pelvis_tilt', RIGHT), ('pelvis_list', FORWARDS)),
        {'pelvis': (0.0, 0.0, 0.0), 'spine1': (0.0, 0.0, LUMBAR)},
    ),
    Part(
        'torso',
        'pelvis',
        (0.0, 0.0, LUMBAR),
        (('lumbar_extension', RIGHT), ('lumbar_bending', FORWARDS), ('lumbar_rotation', UP)),
        {
            'spine2': (0.0, 0.0, 0.05),
            'spine3': (0.0, 0.0, 0.082),
            'neck': (0.0, 0.0, 0.21),
            'head': (0.005, 0.0, 0.275),
            'left_collar': (0.0, 0.045, 0.18),
            'right_collar': (0.0, -0.045, 0.18),
        },
    ),
    *_leg('r'),
    *_arm('r'),
    *_leg('l'),
    *_arm('l'),
)
"""Parents before children."""

_LIMB_SHARES = {
    'thigh': (0.1447, (0.0, 0.0, -0.385 * THIGH)),
    'shank': (0.0457, (0.0, 0.0, -0.44 * SHANK)),
    'foot': (0.0133, (0.031, 0.0, -0.0115)),
    'upper_arm': (0.0263, (0.0, 0.0, -0.099)),
    'forearm': (0.0209, (0.0, 0.0, -0.1)),
}
SHARES: Mapping[str, tuple[float, tuple[float, float, float]]] = {
    'pelvis': (0.1182, (0.0, 0.0, 0.042)),
    'torso': (0.38, (0.001, 0.0, 0.158)),
    **{f'{name}_{s}': share for s in 'rl' for name, share in _LIMB_SHARES.items()},
}
"""Share of body mass and centre of mass (part's axes, of height): de Leva 1996, mean of sexes."""

COORDINATES: tuple[str, ...] = (
    'pelvis_tx',
    'pelvis_ty',
    'pelvis_tz',
    *(name for part in PARTS for name, _ in part.hinges),
)
"""Names of the coordinates in order: metres, z up, for the first three; radians after."""

INDEX = {name: i for i, name in enumerate(COORDINATES)}


def turn(axis: Axis, angle: Array) -> Array:
    """Rotation matrices (..., 3, 3) about one of the six axes of this module."""
    which = int(np.argmax(np.abs(axis)))
    c, s = np.cos(angle), np.sin(angle) * axis[which]
    matrix = np.zeros((*np.shape(angle), 3, 3))
    j, k = (which + 1) % 3, (which + 2) % 3
    matrix[..., which, which] = 1.0
    matrix[..., j, j] = matrix[..., k, k] = c
    matrix[..., j, k], matrix[..., k, j] = -s, s
    return matrix


def place(coordinates: Array, height_m: float) -> dict[str, tuple[Array, Array]]:
    """Place every part: its joint (T, 3) m and its axes as matrices (T, 3, 3), in the world.

    Args:
        coordinates: Values (T, N) in the order of COORDINATES.
        height_m: Standing height.
    """
    placed: dict[str, tuple[Array, Array]] = {}
    ground = (coordinates[:, :3], np.broadcast_to(np.eye(3), (len(coordinates), 3, 3)))
    for part in PARTS:
        origin, axes = placed.get(part.parent, ground)
        origin = origin + axes @ (height_m * np.array(part.origin))
        for name, axis in part.hinges:
            axes = axes @ turn(axis, coordinates[:, INDEX[name]])
        placed[part.name] = (origin, axes)
    return placed


def joint_centres(coordinates: Array, height_m: float) -> Array:
    """Return the 24 canonical joint centres (T, 24, 3) m, z up, of coordinates (T, N)."""
    centres = np.empty((len(coordinates), len(CANONICAL.joints), 3))
    for part, (origin, axes) in zip(PARTS, place(coordinates, height_m).values(), strict=True):
        for name, offset in part.points.items():
            centres[:, CANONICAL.index[name]] = origin + axes @ (height_m * np.array(offset))
    return centres


def standing(height_m: float) -> Array:
    """Return the 24 canonical joint centres (24, 3) m of a person who stands straight at z = 0."""
    centres: Array = joint_centres(np.zeros((1, len(COORDINATES))), height_m)[0]
    centres[:, 2] -= centres[:, 2].min()
    return centres


def reach_ankle(
    coordinates: Array, letter: str, ankle: Array, foot_axes: Array, height_m: float
) -> None:
    """Set one leg's six coordinates so that its foot lies where it should, in closed form.

    The three hip hinges meet in a point, and so do ankle and subtalar hinge, so the knee follows
    from the distance of the two points (Pieper 1968). An ankle out of reach is approached with
    the leg straight.

    Args:
        coordinates: Values (T, N), pelvis already set; the leg's columns are overwritten.
        letter: 'r' or 'l'.
        ankle: Ankle centre (T, 3) m.
        foot_axes: Axes of the foot as matrices (T, 3, 3).
        height_m: Standing height.
    """
    y, inwards = (-1.0, 1.0) if letter == 'r' else (1.0, -1.0)
    yaw, tilt, roll = (coordinates[:, i] for i in range(3, 6))
    pelvis = turn(UP, yaw) @ turn(RIGHT, tilt) @ turn(FORWARDS, roll)
    hip = coordinates[:, :3] + pelvis @ (height_m * np.array([0.0, y * HALF_PELVIS, 0.0]))
    to_hip = np.einsum('tji,tj->ti', foot_axes, hip - ankle)  # in the foot's axes
    thigh, shank = THIGH * height_m, SHANK * height_m
    distance = np.linalg.norm(to_hip, axis=1)
    cosine = (distance**2 - thigh**2 - shank**2) / (2 * thigh * shank)
    knee = np.arccos(np.clip(cosine, -1.0, 1.0))
    subtalar = np.arctan2(to_hip[:, 1], to_hip[:, 2])  # about x
    leaning = np.arctan2(to_hip[:, 0], np.hypot(to_hip[:, 1], to_hip[:, 2]))
    bent = np.arctan2(thigh * np.sin(knee), shank + thigh * np.cos(knee))
    ankle_angle = leaning + bent  # the knee is ahead of the line from ankle to hip
    shank_axes = foot_axes @ turn(FORWARDS, -subtalar) @ turn(LEFT, ankle_angle)
    thigh_axes = shank_axes @ turn(LEFT, -knee)
    flexion, adduction, rotation = _hip_angles(np.swapaxes(pelvis, 1, 2) @ thigh_axes)
    values = {
        'hip_flexion': flexion,
        'hip_adduction': inwards * adduction,
        'hip_rotation': inwards * rotation,
        'knee_angle': knee,
        'ankle_angle': ankle_angle,
        'subtalar_angle': inwards * subtalar,
    }
    for name, value in values.items():
        coordinates[:, INDEX[f'{name}_{letter}']] = value


def _hip_angles(matrix: Array) -> tuple[Array, Array, Array]:
    """Angles of turns about right, then forwards, then up, from matrices (T, 3, 3)."""
    flexion = np.arctan2(-matrix[:, 0, 2], matrix[:, 2, 2])
    adduction = np.arcsin(np.clip(-matrix[:, 1, 2], -1.0, 1.0))
    rotation = np.arctan2(matrix[:, 1, 0], matrix[:, 1, 1])
    return flexion, adduction, rotation


def centre_of_mass(coordinates: Array, height_m: float) -> Array:
    """Return the body's centre of mass (T, 3) m by the shares of SHARES."""
    placed = place(coordinates, height_m)
    result = np.zeros((len(coordinates), 3))
    for name, (share, offset) in SHARES.items():
        origin, axes = placed[name]
        result += share * (origin + axes @ (height_m * np.array(offset)))
    return result
