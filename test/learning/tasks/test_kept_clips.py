"""Clips that were kept: disturbed anew for training, as they are for validation."""

from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.synthesis import NoiseConfig, Recipe, stream
from humandyn_ros.learning.synthesis.store import save
from humandyn_ros.learning.tasks.kept_clips import kept, motions, on_belt, worn


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    recipe = Recipe(seconds=3.0, kinds=('walk',), correct=False, noise=NoiseConfig(kind='clean'))
    clips = stream(0, 'train', recipe)
    root = tmp_path_factory.mktemp('clips')
    for split in ('train1', 'train2', 'validation'):
        (root / split).mkdir()
        save(next(clips), root / split / 'clip.npz')
    return root


def test_every_folder_of_a_split_is_read_and_training_differs_by_epoch(folder):
    source = kept(folder, 30.0)
    first, again, other = (list(source('train', seed)) for seed in (1, 1, 2))
    assert len(first) == len(motions(folder, 'train')) == 2
    np.testing.assert_array_equal(first[0].joints, again[0].joints)
    assert not np.array_equal(
        np.sort(first[0].joints[5].ravel()), np.sort(other[0].joints[5].ravel())
    )


def test_validation_is_as_it_was_kept_on_the_floor_that_is_found_live(folder):
    (clip,) = kept(folder, 30.0)('validation', 3)
    (motion,) = motions(folder, 'validation')
    kept_points = motion.points[: 2 * len(clip) : 2]
    np.testing.assert_array_equal(clip.joints[..., :2], kept_points[..., :2])
    sunk = kept_points[..., 2] - clip.joints[..., 2]
    assert np.ptp(sunk, axis=1).max() < 1e-9
    assert np.abs(sunk).max() < 0.06


def test_a_split_without_clips_is_named(folder):
    with pytest.raises(RecordingError, match='--split test'):
        list(kept(folder, 30.0)('test', 0))


def test_a_sensor_moves_joint_centres_by_millimetres(folder):
    points = motions(folder, 'validation')[0].points
    off = [worn(points, 60.0, np.random.default_rng(seed))[0] - points for seed in range(20)]
    typical = np.sqrt(np.nanmean(np.square(off)))
    assert 0.005 < typical < 0.06


def test_on_a_belt_nobody_gets_ahead_and_no_acceleration_changes(folder):
    points = motions(folder, 'train')[0].points
    moved = on_belt(points)
    assert np.abs(moved[-1, 0, :2] - moved[0, 0, :2]).max() < 1e-9
    bent = [np.diff(p, 2, axis=0) for p in (points, moved)]
    np.testing.assert_allclose(*bent, atol=1e-9)
    np.testing.assert_array_equal(points[..., 2], moved[..., 2])
