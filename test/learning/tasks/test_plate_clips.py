"""Clips with measured forces: at a network's rate, dealt out beside the synthesised ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.learning.synthesis import NoiseConfig, Recipe, stream
from humandyn_ros.learning.synthesis.store import save
from humandyn_ros.learning.tasks.kept_clips import kept
from humandyn_ros.learning.tasks.plate_clips import leg_length, plate_clips


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """One synthesised clip, and its motion as if measured on plates, without an upper body."""
    recipe = Recipe(seconds=3.0, kinds=('walk',), correct=False, noise=NoiseConfig(kind='clean'))
    motion = next(stream(0, 'train', recipe))
    root = tmp_path_factory.mktemp('clips')
    for name in ('train1', 'plates'):
        (root / name).mkdir()
    save(motion, root / 'train1' / 'clip.npz')
    points = motion.points.copy()
    points[:, 12:] = np.nan
    force = motion.ground_force.copy()
    force[5] = np.nan
    np.savez(
        root / 'plates' / 'train-somebody.npz',
        about=json.dumps({'rate_hz': motion.rate_hz, 'mass_kg': motion.mass_kg}),
        points=points,
        ground_force=force,
        keep=np.ones(len(points), bool),
    )
    return root


def test_a_clip_is_at_the_rate_that_is_asked_for(folder):
    (clip,) = plate_clips(folder, 'train', 25.0)
    (as_it_was,) = plate_clips(folder, 'train', 60.0)
    assert len(clip) / 25.0 == pytest.approx(len(as_it_was) / 60.0, abs=0.05)
    assert np.isnan(clip.joints[:, 12:]).all() and np.isfinite(clip.joints[:, :12]).all()
    assert leg_length(clip.joints) == pytest.approx(0.85, abs=0.15)


def test_frames_without_a_measured_force_are_not_trusted(folder):
    (clip,) = plate_clips(folder, 'train', 60.0)
    assert not clip.keep[5] and clip.keep.sum() == len(clip) - 1
    assert np.isfinite(clip.feet).all()


def test_they_come_several_times_an_epoch_each_time_seen_anew(folder):
    clips = [clip for clip in kept(folder, 30.0)('train', 0) if clip.name == 'measured']
    assert len(clips) > 1
    assert not np.array_equal(clips[0].joints[:, 0], clips[1].joints[:, 0])
    assert all(np.nanmin(clip.joints[..., 2]) < 0.15 for clip in clips)


def test_nobody_else_is_judged_on_them(folder):
    assert plate_clips(folder, 'validation', 30.0) == ()
