"""A recording's points in the order of a skeleton format."""

from __future__ import annotations

import dataclasses

import numpy as np

from humandyn_ros.recordings.recording import Recording
from humandyn_ros.skeleton import SkeletonFormat


def in_order(recording: Recording, form: SkeletonFormat) -> Recording:
    """Return the recording with the points of a bound format, in its order; absent ones NaN."""
    frames = len(recording.stamps_ns)
    points = np.full((frames, len(form.columns), 3), np.nan)
    confidence = np.zeros((frames, len(form.columns)))
    for place, column in enumerate(form.columns):
        if column >= 0:
            points[:, place] = recording.points[:, column]
            confidence[:, place] = recording.confidence[:, column]
    return dataclasses.replace(
        recording,
        points=points,
        confidence=confidence,
        names=form.skeleton.joints,
        parents=form.skeleton.parents,
        format=form.name,
    )
