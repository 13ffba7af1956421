"""Segments as a pose estimator shows them: in one format, from one side, spoiled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import Checked, setting
from humandyn_ros.drawing import Layout
from humandyn_ros.engines.narrator.language import Ids
from humandyn_ros.engines.narrator.pictures import (
    AZIMUTH_DEG,
    ELEVATION_DEG,
    FRAMES,
    INSTANTS,
    drawn,
    optical,
)
from humandyn_ros.learning.tasks.narrator_formats import shown
from humandyn_ros.learning.tasks.narrator_segments import Material
from humandyn_ros.quantities import Array

_SPREAD_DEG = 12.0  # of the camera before a person in space
_FLAT_ELEVATION_DEG = (-5.0, 25.0)
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spoiling(Checked):
    """How bad a sensor is; every number is the worst case, drawn anew for each segment."""

    white_m: float = setting(0.012, 'm', 'noise of every frame', low=0.0, high=0.5)
    bias_m: float = setting(0.025, 'm', 'error of a joint that stays', low=0.0, high=0.5)
    missing: float = setting(0.25, '', 'share of joints that are never seen', low=0.0, high=0.9)
    often: float = setting(0.3, '', 'share of segments that lack joints', low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Shown:
    """A batch in optical axes: points and velocities (B, FRAMES, J, 3), confidence."""

    points: Floats
    velocities: Floats
    confidence: Floats


def shown_batch(
    found: Material,
    rows: Ids,
    view: tuple[str, Layout, bool],
    random: np.random.Generator,
    spoiling: Spoiling,
) -> Shown:
    """Show some segments.

    Args:
        found: Where they are.
        rows: Which.
        view: Format, its layout, and whether depth is lost.
        random: Where chance comes from.
        spoiling: How bad the sensor is.
    """
    name, layout, flat = view
    batch = len(rows)
    points = _spoiled(shown(found.points[rows].astype(float), name), random, spoiling)
    if flat:
        azimuth = random.uniform(-180.0, 180.0, batch)
        elevation = random.uniform(*_FLAT_ELEVATION_DEG, batch)
    else:
        azimuth = AZIMUTH_DEG + random.uniform(-_SPREAD_DEG, _SPREAD_DEG, batch)
        elevation = ELEVATION_DEG + random.uniform(-_SPREAD_DEG, _SPREAD_DEG, batch)
    turned = optical(points, layout.sides, 'Z', azimuth, elevation)
    if flat:
        turned[..., 2] = 0.0 * turned[..., 2]
    offset = random.integers(INSTANTS // FRAMES, size=(batch, FRAMES))
    places, velocities = drawn(turned, found.seconds[rows], offset)
    seen = np.asarray(np.isfinite(places).all(axis=-1), np.float32)
    return Shown(places.astype(np.float32), velocities.astype(np.float32), seen)


def _spoiled(points: Array, random: np.random.Generator, spoiling: Spoiling) -> Array:
    batch, _, joints, _ = points.shape
    worst: Array = np.asarray(random.uniform(size=(batch, 1, 1, 1)))
    bias = spoiling.bias_m * random.standard_normal((batch, 1, joints, 3))
    white = spoiling.white_m * random.standard_normal(points.shape)
    points = points + worst * (bias + white)
    lacking = np.asarray(random.uniform(size=batch) < spoiling.often)
    share: Array = np.asarray(spoiling.missing * random.uniform(size=batch) * lacking)
    gone = np.asarray(random.uniform(size=(batch, joints)) < share[:, None])
    result: Array = np.where(gone[:, None, :, None], np.nan, points)
    return result
