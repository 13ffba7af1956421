"""Joint centres to coordinates of the mannequin, in closed form: what simulation starts from."""

from __future__ import annotations

import numpy as np

from humandyn_ros.anthropometry import ANKLE_HEIGHT_PER_HEIGHT
from humandyn_ros.learning.synthesis.angles import unit
from humandyn_ros.learning.synthesis.markers import segment_frames
from humandyn_ros.learning.synthesis.touch import BALL_HEIGHT_PER_HEIGHT
from humandyn_ros.mannequin import (
    BALL,
    BALL_HEIGHT,
    COORDINATES,
    HALF_PELVIS,
    INDEX,
    LEFT,
    SHANK,
    THIGH,
    turn,
)
from humandyn_ros.quantities import CANONICAL, Array


def fitted(points: Array, height_m: float, lift_m: float) -> Array:
    """Coordinates (T, N) of a mannequin of this height that moves like the joint centres.

    Pelvis, trunk, arms keep their directions; the feet keep their places, and the legs reach.

    Args:
        points: (T, 24, 3) m, the balls of standing feet at their height above z = 0.
        height_m: Standing height, in keeping with the legs.
        lift_m: How much higher the ankle is than the ball when the sole is flat.
    """
    # The mannequin carries the balls of its feet lower: so goes the whole body.
    points = points - [0.0, 0.0, (BALL_HEIGHT_PER_HEIGHT - BALL_HEIGHT) * height_m]
    q = np.zeros((len(points), len(COORDINATES)))
    frames = segment_frames(points)
    pelvis, torso = (_mannequin_axes(frames[name]) for name in ('pelvis', 'torso'))
    q[:, :3] = points[:, 0]
    yaw, tilt, roll = _angles(pelvis)
    q[:, 3:6] = np.stack([np.unwrap(yaw), tilt, roll], 1)
    relative = np.swapaxes(pelvis, 1, 2) @ torso
    # Extension about right, bending about forwards, rotation about up.
    q[:, INDEX['lumbar_extension']] = np.arctan2(-relative[:, 0, 2], relative[:, 2, 2])
    q[:, INDEX['lumbar_bending']] = np.arcsin(np.clip(-relative[:, 1, 2], -1, 1))
    q[:, INDEX['lumbar_rotation']] = np.arctan2(relative[:, 1, 0], relative[:, 1, 1])
    for letter, side in (('r', 'right'), ('l', 'left')):
        _arm(q, points, torso, letter, side)
        ankle, axes = _foot(points, side, height_m, lift_m)
        _leg(q, points, (pelvis, axes), ankle, (letter, side, height_m))
    return q


def _mannequin_axes(frame: Array) -> Array:
    """Columns forwards, up, right to forwards, left, up."""
    return np.stack([frame[..., 0], -frame[..., 2], frame[..., 1]], 2)


def _angles(axes: Array) -> tuple[Array, Array, Array]:
    """Turns about up, then right, then forwards, of axes (T, 3, 3)."""
    tilt = np.arcsin(np.clip(axes[:, 2, 0], -1, 1))
    return (
        np.arctan2(axes[:, 1, 0], axes[:, 0, 0]),
        tilt,
        np.arctan2(axes[:, 2, 1], axes[:, 2, 2]),
    )


def _arm(q: Array, points: Array, torso: Array, letter: str, side: str) -> None:
    """Shoulder flexion and adduction, then rotation so that the elbow bends, then its flexion."""
    inwards = 1.0 if letter == 'r' else -1.0

    def at(joint: str) -> Array:
        found: Array = points[:, CANONICAL.index[f'{side}_{joint}']]
        return found

    upper = _in(torso, unit(at('elbow') - at('shoulder')))
    fore = _in(torso, unit(at('wrist') - at('elbow')))
    flexion = np.unwrap(np.arctan2(upper[:, 0], -upper[:, 2]))
    adduction = np.arcsin(np.clip(inwards * upper[:, 1], -1, 1))
    c, s = np.cos(flexion), np.sin(flexion)
    # Into axes turned by flexion about right and adduction about forwards.
    x = c * fore[:, 0] + s * fore[:, 2]
    z = -s * fore[:, 0] + c * fore[:, 2]
    ca, sa = np.cos(adduction), np.sin(inwards * adduction)
    y, z = ca * fore[:, 1] + sa * z, -sa * fore[:, 1] + ca * z
    bend = np.arccos(np.clip(-z, -1, 1))
    sure = np.clip((np.sin(bend) - 0.1) / 0.2, 0, 1)
    q[:, INDEX[f'arm_flex_{letter}']] = flexion
    q[:, INDEX[f'arm_add_{letter}']] = adduction
    turned = np.unwrap(np.arctan2(y, x))
    q[:, INDEX[f'arm_rot_{letter}']] = inwards * sure * turned
    q[:, INDEX[f'elbow_flex_{letter}']] = bend


def _leg(
    q: Array,
    points: Array,
    axes: tuple[Array, Array],
    ankle: Array,
    which: tuple[str, str, float],
) -> None:
    """Six coordinates of a leg: ankle and foot where they are, the knee bent towards its own."""
    (pelvis, foot), (letter, side, height) = axes, which
    inwards = 1.0 if letter == 'r' else -1.0
    hip = q[:, :3] + pelvis @ (height * np.array([0.0, -inwards * HALF_PELVIS, 0.0]))
    thigh_m, shank_m = THIGH * height, SHANK * height
    away = ankle - hip
    length = np.minimum(np.linalg.norm(away, axis=1), 0.9995 * (thigh_m + shank_m))
    along = unit(away)
    knee = points[:, CANONICAL.index[f'{side}_knee']] - hip + 0.02 * pelvis[..., 0]
    ahead = unit(knee - (knee * along).sum(1, keepdims=True) * along)
    cosine = (thigh_m**2 + length**2 - shank_m**2) / (2 * thigh_m * length)
    lean = np.arccos(np.clip(cosine, -1, 1))[:, None]
    up = -(np.cos(lean) * along + np.sin(lean) * ahead)
    left = unit(np.cross(-along, ahead))
    thigh = np.stack([np.cross(left, up), left, up], 2)
    bend = (length**2 - thigh_m**2 - shank_m**2) / (2 * thigh_m * shank_m)
    bend = np.arccos(np.clip(bend, -1, 1))
    hips = np.swapaxes(pelvis, 1, 2) @ thigh
    sole = np.swapaxes(thigh @ turn(LEFT, bend), 1, 2) @ foot
    values = {
        'hip_flexion': np.arctan2(-hips[:, 0, 2], hips[:, 2, 2]),
        'hip_adduction': inwards * np.arcsin(np.clip(-hips[:, 1, 2], -1, 1)),
        'hip_rotation': inwards * np.arctan2(hips[:, 1, 0], hips[:, 1, 1]),
        'knee_angle': bend,
        'ankle_angle': np.arctan2(sole[:, 2, 0], sole[:, 0, 0]),
        'subtalar_angle': inwards * np.arctan2(-sole[:, 1, 2], sole[:, 1, 1]),
    }
    for name, value in values.items():
        q[:, INDEX[f'{name}_{letter}']] = np.unwrap(value)


def _in(axes: Array, vector: Array) -> Array:
    result: Array = np.einsum('tji,tj->ti', axes, vector)
    return result


def _foot(points: Array, side: str, height_m: float, lift_m: float) -> tuple[Array, Array]:
    """Ankle (T, 3) m and axes of the sole (T, 3, 3), standing soles flat on the ground."""
    ankle = points[:, CANONICAL.index[f'{side}_ankle']]
    arm = points[:, CANONICAL.index[f'{side}_foot']] - ankle
    level = np.maximum(np.linalg.norm(arm[:, :2], axis=1), 1e-6)
    length = float(np.median(np.linalg.norm(arm, axis=1)))
    flat = np.arcsin(min(lift_m / max(length, 1e-6), 0.9))
    pitch = np.arctan2(arm[:, 2], level) + flat
    heading = arm[:, :2] / level[:, None]
    c, s, zero = np.cos(pitch), np.sin(pitch), np.zeros(len(arm))
    (x, y) = heading.T
    axes = np.stack(
        [
            np.stack([c * x, c * y, s], 1),
            np.stack([-y, x, zero], 1),
            np.stack([-s * x, -s * y, c], 1),
        ],
        2,
    )
    ball = height_m * np.array([BALL, 0.0, BALL_HEIGHT - ANKLE_HEIGHT_PER_HEIGHT])
    wanted = points[:, CANONICAL.index[f'{side}_foot']]
    return wanted - axes @ ball, axes
