"""A clip as smooth motion on a flat floor: positions, velocities, accelerations at one rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, sosfiltfilt

from humandyn_ros.learning.synthesis.clip import Clip
from humandyn_ros.learning.synthesis.labels import Kinematics
from humandyn_ros.learning.synthesis.touch import BALL_HEIGHT_PER_HEIGHT, floor_of
from humandyn_ros.quantities import Array


def smooth_motion(clip: Clip, rate_hz: float) -> tuple[Kinematics, NDArray[np.int64]]:
    """Low-pass a clip without lag, put it on the floor and evaluate it at a rate.

    Returns:
        The motion, and the action of every frame (T,).
    """
    time = np.arange(len(clip.points)) / clip.rate_hz
    points = low_passed(clip.points, clip.rate_hz, clip.cutoff_hz)
    level, lift = floor_of(points, clip.rate_hz)
    points = points + [0.0, 0.0, BALL_HEIGHT_PER_HEIGHT * clip.height_m - level]
    spline = make_interp_spline(time, points, k=5)
    at = np.arange(int(time[-1] * rate_hz + 1e-9) + 1) / rate_hz
    seat = None if clip.seat is None else np.interp(at, time, clip.seat)
    motion = Kinematics(
        rate_hz, spline(at), spline.derivative(1)(at), spline.derivative(2)(at), lift, seat
    )
    nearest = np.minimum(np.rint(at * clip.rate_hz).astype(np.int64), len(time) - 1)
    return motion, clip.action[nearest]


def low_passed(points: Array, rate_hz: float, cutoff_hz: float | None) -> Array:
    """Second-order Butterworth forwards and backwards (T, ...); as it is without a cut-off."""
    if cutoff_hz is None or cutoff_hz >= 0.45 * rate_hz or len(points) < 20:
        return points
    once = cutoff_hz / (np.sqrt(2.0) - 1.0) ** 0.25  # so that both passes together halve there
    sections = butter(2, min(once / (rate_hz / 2), 0.98), output='sos')
    result: Array = sosfiltfilt(sections, points, axis=0)
    return result
