"""A small exact world for trying the dynamics networks: smooth motion of 24 point masses.

The mannequin swings through sums of sines; every joint carries the share of body mass that the
segment model gives it, the lower feet carry the weight, and the torque of every joint is Newton's
law summed over what lies beyond it. Muscles and EMG are fixed mixtures of the torques. It is
nobody's gait; but kinematics and dynamics belong together exactly, and a clip costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros import mannequin
from humandyn_ros.body import BodyModel
from humandyn_ros.coordinates import coordinates
from humandyn_ros.engines.canonical import canonical_frame
from humandyn_ros.engines.network import TORQUE_ROWS
from humandyn_ros.learning.tasks.clips import Clip, Source
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

FINE = 4  # steps per frame at which motion is differentiated
MARKERS = 32
MUSCLES = 402
EMG = 8
_FRAMES = 40
_FEET = [CANONICAL.index[name] for name in
         ('left_ankle', 'right_ankle', 'left_foot', 'right_foot')]  # fmt: skip
_SPLITS = ('train', 'validation', 'test')
_EVERY_JOINT = 0.004  # least share of mass at a joint

# Centre and range of every coordinate, rad; others 0 and 0.25.
_RANGES = {
    'pelvis_tx': (0.0, 0.3), 'pelvis_ty': (0.0, 0.3), 'pelvis_tz': (0.95, 0.06),
    'pelvis_rotation': (0.0, 0.8),
    'hip_flexion': (0.3, 0.5), 'knee_angle': (0.7, 0.5), 'ankle_angle': (0.1, 0.3),
    'arm_flex': (0.3, 0.7), 'arm_add': (-0.4, 0.4), 'elbow_flex': (0.8, 0.6),
}  # fmt: skip


def _subtrees() -> Array:
    """1 where joint d lies beyond joint j, or is it (24, 24)."""
    beyond = np.eye(len(CANONICAL.joints))
    for joint in range(len(CANONICAL.joints) - 1, 0, -1):
        beyond[CANONICAL.parents[joint]] += beyond[joint]
    return beyond


_BEYOND = _subtrees()


def _masses() -> Array:
    share: Array = np.maximum(BodyModel().centre_weights, _EVERY_JOINT)
    share /= share.sum()
    return share


_SHARE = _masses()


def point_masses(data: Path | None, rate_hz: float) -> Source:
    """Endless clips; recordings are not needed."""
    del data

    def source(split: str, seed: int) -> Iterator[Clip]:
        first = seed if split == 'train' else 0
        for number in range(1_000_000):
            yield clip(rate_hz, [first, _SPLITS.index(split), number])

    return source


def clip(rate_hz: float, seed: list[int], frames: int = _FRAMES) -> Clip:
    """One clip with everything known about it.

    Args:
        rate_hz: Rate of the frames.
        seed: Makes this very clip again.
        frames: Length T.
    """
    rng = np.random.default_rng(seed)
    mass, height = rng.uniform(50, 90), rng.uniform(1.5, 1.9)
    points, accelerations = _motion(rng, rate_hz * FINE, (frames + 1) * FINE, height)
    force = mass * (_SHARE[:, None] * (accelerations + [0.0, 0.0, GRAVITY]))
    contact = _contacts(points, force.sum(axis=1))
    torque = _torques(points, force - contact)
    now = slice(0, frames * FINE, FINE)
    joints = points[now]
    at = [coordinates(p, np.zeros_like(p)) for p in joints]
    axes = np.stack([a.axes for a in at])
    projected = (axes * torque[now][:, TORQUE_ROWS]).sum(axis=-1)
    drive = projected / mass
    feet = contact[now][:, _FEET].reshape(frames, 2, 2, 3).sum(axis=1)
    return Clip(
        'point_masses',
        rate_hz,
        mass,
        joints=joints,
        markers=_markers(joints),
        angles=np.stack([a.angle for a in at]),
        torque=projected,
        torque_smpl=torque[: frames * FINE].reshape(frames, FINE, -1, 3).mean(axis=1),
        contact_force=contact[now],
        feet=feet,
        muscles=1.0 - np.exp(-np.maximum(drive @ _mixture(MUSCLES), 0.0)),
        emg=100.0 * np.maximum(drive @ _mixture(EMG), 0.0),
    )


def _motion(
    rng: np.random.Generator, rate_hz: float, steps: int, height_m: float
) -> tuple[Array, Array]:
    """Joint centres (steps, 24, 3) m and their accelerations, m/s²."""
    time = np.arange(-2, steps + 2) / rate_hz
    values = np.empty((len(time), len(mannequin.COORDINATES)))
    for column, name in enumerate(mannequin.COORDINATES):
        centre, reach = _RANGES.get(name.removesuffix('_r').removesuffix('_l'), (0.0, 0.25))
        waves = rng.normal(size=3) / np.array([1.0, 2.0, 3.0])
        phase, rate = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.3, 1.6, 3)
        values[:, column] = centre + 0.6 * reach * (
            np.sin(2 * np.pi * rate * time[:, None] + phase) @ waves
        )
    points = mannequin.joint_centres(values, height_m)
    second = (points[2:] - 2 * points[1:-1] + points[:-2]) * rate_hz**2
    return points[2:-2], second[1:-1]


def _contacts(points: Array, total: Array) -> Array:
    """Force on every joint (steps, 24, 3) N: the whole force, shared by the lower feet."""
    heights = points[:, _FEET, 2]
    share = np.exp(-(heights - heights.min(axis=1, keepdims=True)) / 0.05)
    share /= share.sum(axis=1, keepdims=True)
    contact = np.zeros_like(points)
    contact[:, _FEET] = share[..., None] * total[:, None]
    return contact


def _torques(points: Array, needed: Array) -> Array:
    """Torque of every joint on what lies beyond it (steps, 24, 3) N·m, root 0."""
    moment = np.cross(points, needed)
    about_origin = np.einsum('jd,tdc->tjc', _BEYOND, moment)
    force = np.einsum('jd,tdc->tjc', _BEYOND, needed)
    torque: Array = about_origin - np.cross(points, force)
    torque[:, 0] = 0.0
    return torque


def _markers(joints: Array) -> Array:
    """Points on the surface (T, 32, 3) m: along the segments, set off in the person's axes."""
    rng = np.random.default_rng(7)
    ends = rng.integers(1, len(CANONICAL.joints), MARKERS)
    starts = np.array(CANONICAL.parents)[ends]
    along = rng.uniform(0, 1, MARKERS)[:, None]
    offsets = rng.normal(size=(MARKERS, 3))
    offsets *= 0.06 / np.linalg.norm(offsets, axis=1, keepdims=True)
    frame = canonical_frame(joints)
    inner = joints[:, starts] + along * (joints[:, ends] - joints[:, starts])
    return inner + frame.to_world(np.broadcast_to(offsets, inner.shape))


def _mixture(outputs: int) -> NDArray[np.float64]:
    """Fixed mixture of the 17 torques (17, outputs), most entries 0."""
    rng = np.random.default_rng(outputs)
    mixture: NDArray[np.float64] = rng.normal(size=(17, outputs)) * (
        rng.random((17, outputs)) < 0.25
    )
    return mixture
