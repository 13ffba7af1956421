"""What physics says live of synthesised clips, with a sensor's noise: the hybrid is told the same.

A network that learns beside labels trusts physics too much, since labels come from physics that
sees the whole clip without noise. Here `engines.late.Late` goes through every clip as it would
live; FOLDER/said/CLIP holds its answers, and `hybrid_material` reads them.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.canonical import canonical_frame
from humandyn_ros.engines.late import LOWER, Late
from humandyn_ros.engines.past import JOINTS
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.synthesis.store import load
from humandyn_ros.quantities import GRAVITY, Array

Floats = NDArray[np.float32]
SAID = 'said'
"""Folder of the answers, within that of the clips."""
_CLEAN, _LOWER_ONLY, _SLOW = 0.2, 0.25, 0.6  # shares of clips
_SLOW_HZ = 30.0
_WORST_M, _WORST_SHIFT_M = 0.02, 0.025  # white noise, and of joint centres for good
_UPPER = [k for k in range(24) if k not in {JOINTS[row] for row in LOWER}]


def write_said(clips: Path) -> int:
    """Let physics go through every clip of a folder for which it has not yet; return how many."""
    (clips / SAID).mkdir(exist_ok=True)
    paths = [path for part in ('train*', 'validation*') for path in clips.glob(f'{part}/*.npz')]
    fresh = [path for path in paths if not said_path(path).exists()]
    for path in fresh:
        force, torque = listen(load(path), np.random.default_rng(zlib.crc32(path.name.encode())))
        partial = said_path(path).with_suffix('.partial')
        with partial.open('wb') as file:
            np.savez_compressed(file, said_force=force, said_torque=torque)
        partial.rename(said_path(path))
    return len(fresh)


def said_path(clip: Path) -> Path:
    """Where the answers for a clip lie."""
    return clip.parent.parent / SAID / f'{clip.parent.name}-{clip.name}'


def listen(motion: LabelledMotion, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Forces of the feet (T, 2, 3) N and joint torques (T, 17) N·m as physics says them live.

    Args:
        motion: A clip.
        random: Draws the sensor.

    Returns:
        Both as 32-bit numbers, NaN where physics says nothing.
    """
    person = PersonConfig(mass_kg=motion.mass_kg, height_m=motion.height_m)
    late, points = Late(person), _sensed(motion.points, random)
    every = max(round(motion.rate_hz / _SLOW_HZ), 1) if random.random() < _SLOW else 1
    force = np.full((len(points), 2, 3), np.nan, np.float32)
    torque = np.full((len(points), len(COORDINATES)), np.nan, np.float32)
    stamps = np.round(1e9 * np.arange(len(points)) / motion.rate_hz).astype(np.int64)
    for stamp, frame in zip(stamps[::every], points[::every], strict=True):
        seen = np.isfinite(frame).all(axis=1).astype(np.float64)
        if (answer := late.see(int(stamp), frame, seen)) is None:
            continue
        row = round(1e-9 * answer.stamp_ns * motion.rate_hz)
        weight = GRAVITY * late.physics.mass_kg
        force[row : row + every] = weight * answer.feet
        torque[row : row + every] = weight * late.physics.leg_m * answer.torque
    return force, torque


def _sensed(points: Array, random: np.random.Generator) -> Array:
    """Points (T, 24, 3) m as one sensor reports them."""
    shift = random.uniform(0.0, _WORST_SHIFT_M) * random.standard_normal((1, 24, 3))
    frame = canonical_frame(points)
    noisy: Array = points + frame.to_world(np.broadcast_to(shift, points.shape))
    if random.random() > _CLEAN:
        noisy = noisy + random.uniform(0.0, _WORST_M) * random.standard_normal(points.shape)
    if random.random() < _LOWER_ONLY:
        noisy[:, _UPPER] = np.nan
    return noisy
