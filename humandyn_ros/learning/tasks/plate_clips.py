"""Clips of people on force plates (`bench.plates`): motion and the measured force of each foot."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from humandyn_ros.learning.tasks.clips import Clip
from humandyn_ros.quantities import CANONICAL, Array, Mask

PLATES = 'plates'
"""Folder of these clips, within that of all clips."""
LEG_OF_HEIGHT = 0.491
"""Hip to ankle (Drillis and Contini 1966)."""
_I = CANONICAL.index
_LEGS = [[_I[f'{s}_{j}'] for j in ('hip', 'knee', 'ankle')] for s in ('left', 'right')]


@lru_cache(maxsize=4)
def plate_clips(folder: Path, split: str, rate_hz: float) -> tuple[Clip, ...]:
    """Every clip of a split at a network's rate; joints that are never seen are NaN.

    Args:
        folder: Of all clips.
        split: 'train', 'validation' or 'test'.
        rate_hz: Rate of the frames.
    """
    return tuple(_read(path, rate_hz) for path in sorted((folder / PLATES).glob(f'{split}-*.npz')))


def leg_length(points: Array) -> float:
    """Length of the legs (m) from canonical joint centres (T, 24, 3)."""
    bars = np.diff(points[:, _LEGS], axis=2)
    return float(np.nanmean(np.linalg.norm(bars, axis=-1).sum(axis=-1)))


def _read(path: Path, rate_hz: float) -> Clip:
    with np.load(path) as file:
        about = json.loads(str(file['about']))
        points = file['points'].astype(np.float64)
        force = file['ground_force'].astype(np.float64)
        keep: Mask = file['keep'] & np.isfinite(force).all(axis=(1, 2))
    given = np.arange(len(points)) / about['rate_hz']
    at = np.arange(0.0, given[-1], 1.0 / rate_hz)
    nearest = np.round(at * about['rate_hz']).astype(int)
    return Clip(
        'measured',
        rate_hz,
        about['mass_kg'],
        joints=_resampled(points, given, at),
        feet=np.nan_to_num(force)[nearest],
        keep=keep[nearest],
    )


def _resampled(points: Array, given: Array, at: Array) -> NDArray[np.float64]:
    """Points at other instants; NaN where the joint is unseen throughout."""
    found = np.full((len(at), *points.shape[1:]), np.nan)
    seen = np.isfinite(points).all(axis=(0, 2))
    found[:, seen] = CubicSpline(given, points[:, seen])(at)
    return found
