"""A person who waves, and one beside it."""

import numpy as np
import pytest

from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings.amass import assumed_rest


def waving(frames: int = 4, people: int = 1, clips: int = 1, seed: int = 0) -> np.ndarray:
    rest = assumed_rest(1.75) @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # z up
    rng = np.random.default_rng(seed)
    points = rest + rng.normal(0, 0.03, (clips, frames, people, len(CANONICAL.joints), 3))
    points[..., [20, 22], 2] += np.linspace(0, 0.5, frames)[:, None, None]
    return points + np.arange(people)[:, None, None] * np.array([0.6, 0.5, 0.0])


@pytest.fixture
def points() -> np.ndarray:
    return waving()


@pytest.fixture
def two() -> np.ndarray:
    return waving(people=2, clips=2)
