"""The hybrid's network as a task: its material, its batches, and that it learns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import FEATURES, LAGS_S
from humandyn_ros.engines.late import AGO_S, LOWER
from humandyn_ros.engines.memory import TORQUE_ROWS, TORQUE_SIGNS
from humandyn_ros.engines.past import (
    COEFFICIENTS,
    JOINTS,
    NAMES,
    SPAN_S,
    coefficients,
    features,
    noise,
    pace,
)
from humandyn_ros.engines.past import FEATURES as MOTION
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.nets.hybrid import HybridConfig
from humandyn_ros.learning.synthesis import NoiseConfig, Recipe, stream
from humandyn_ros.learning.synthesis.store import load, save
from humandyn_ros.learning.tasks.hybrid import HybridTask, HybridTaskConfig
from humandyn_ros.learning.tasks.hybrid_batches import (
    ADULT,
    Sensors,
    View,
    batch,
)
from humandyn_ros.learning.tasks.hybrid_material import material
from humandyn_ros.learning.tasks.hybrid_said import listen, said_path, write_said
from humandyn_ros.learning.tasks.plate_clips import leg_length
from humandyn_ros.learning.tasks.task import Progress

CLEAN = Sensors(
    white_mm=0.0, slow_mm=0.0, slow=0.0, clean=1.0, shift_mm=0.0, stretch=0.0, lower_only=0.0,
    partial=0.0,
)  # fmt: skip


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    recipe = Recipe(seconds=3.0, kinds=('walk',), correct=False, noise=NoiseConfig(kind='clean'))
    clips = stream(0, 'train', recipe)
    root = tmp_path_factory.mktemp('clips')
    for split in ('train1', 'train2', 'validation'):
        (root / split).mkdir()
        save(next(clips), root / split / 'clip.npz')
    return root


def test_every_clip_of_a_split_is_there_without_dimension(folder):
    found = material(folder, 'train')
    assert len(np.unique(found.start)) == 2
    vertical = found.forces[found.keep][..., 2].sum(axis=1)
    assert vertical.mean() == pytest.approx(1.0, abs=0.15)
    hip, knee = (NAMES.index(f'left_{joint}') for joint in ('hip', 'knee'))
    legs = np.linalg.norm(found.points[:, hip] - found.points[:, knee], axis=-1)
    assert legs.mean() == pytest.approx(0.5, abs=0.1)  # a thigh, in legs


def test_a_split_without_clips_is_named(folder):
    with pytest.raises(RecordingError, match='--split test'):
        material(folder, 'test')


def test_a_batch_sees_what_the_live_engine_would_see(folder):
    """Features of the clip itself are among those of many clean pasts drawn from it."""
    clip = load(folder / 'validation' / 'clip.npz')
    leg = leg_length(clip.points)
    last = int(np.flatnonzero(clip.keep)[-1])
    ago = (np.arange(last, -1, -1) / clip.rate_hz) / pace(leg)
    ago, points = ago[ago <= SPAN_S], clip.points[: last + 1][ago <= SPAN_S][:, JOINTS] / leg
    found, seen = coefficients(ago, points, np.ones(points.shape[:2]))
    around = noise(ago, points, np.ones(points.shape[:2]), (found, seen))
    live, _ = features(found[None], seen[None], SPAN_S, around)
    made = batch(material(folder, 'validation'), 3000, ADULT, CLEAN, np.random.default_rng(0))
    apart = np.abs(made['features'][:, : MOTION - 1] - live[:, :-1]).max(axis=1)
    assert apart.min() < 0.05


def test_labels_are_in_the_axes_of_the_person(folder):
    made = batch(material(folder, 'train'), 400, ADULT, CLEAN, np.random.default_rng(0))
    assert made['features'].shape == (400, FEATURES)
    assert made['forces'].shape == (400, len(LAGS_S), 3, 3)
    sideways = made['forces'][..., :2, 1]
    inwards = np.stack([-sideways[..., 0], sideways[..., 1]])[:, made['contact'].min(axis=2) > 0]
    assert inwards.mean() > 0.0  # walkers push outwards: the ground pushes each foot inwards
    np.testing.assert_array_equal(made['contact'] > 0, made['forces'][:, :, :2, 2] > 0.02)


def test_noise_has_the_size_that_was_asked_for(folder):
    found = material(folder, 'train')
    view = View(100.0, SPAN_S, 0.9)
    noisy = replace(CLEAN, white_mm=20.0, clean=0.0)
    size = COEFFICIENTS * len(JOINTS) * 3
    clean, worse = (
        batch(found, 500, view, sensors, np.random.default_rng(3))['features'][:, :size]
        for sensors in (CLEAN, noisy)
    )
    assert 0.002 < np.abs(worse - clean).mean() < 0.03


def test_it_is_told_what_physics_said_lately(folder):
    made = batch(material(folder, 'train'), 400, ADULT, CLEAN, np.random.default_rng(0))
    said = made['features'][:, MOTION:]
    feet = said[:, : 6 * len(AGO_S)].reshape(-1, len(AGO_S), 2, 3)
    known = said[:, 6 * len(AGO_S) : 7 * len(AGO_S)] > 0.0
    assert 0.6 < known.mean() < 0.95
    assert not feet[~known].any()
    assert feet[known][..., 2].sum(axis=1).mean() == pytest.approx(1.0, abs=0.15)
    newest, before = feet[:, 0], made['forces'][:, 4, :2]  # 7 and 8 sixtieths of a second ago
    apart = np.abs(newest - before)[known[:, 0] & (made['weight'][:, 4] > 0)]
    assert apart.mean() < 0.08


def test_the_upper_body_is_hidden_from_some(folder):
    hidden = Sensors(lower_only=1.0, partial=0.0)
    made = batch(material(folder, 'train'), 20, ADULT, hidden, np.random.default_rng(0))
    flags = made['features'][:, COEFFICIENTS * len(JOINTS) * 3 :][:, : len(JOINTS)]
    assert (flags.sum(axis=1) == len(LOWER)).all()


def test_other_steps_need_other_horizontal_forces_and_the_same_vertical_ones(folder):
    stretched = replace(CLEAN, stretch=0.3)
    as_it_was, changed = (
        batch(material(folder, 'train'), 100, ADULT, sensors, np.random.default_rng(0))
        for sensors in (CLEAN, stretched)
    )
    before, after = (
        made['features'][:, : COEFFICIENTS * len(JOINTS) * 3].reshape(100, -1, 3)
        for made in (as_it_was, changed)
    )
    grown = (before * after).sum(axis=1) / np.square(before).sum(axis=1)
    np.testing.assert_allclose(grown[:, 2], 1.0, atol=1e-3)
    assert 0.6 < grown[:, :2].min() < 0.8 and 1.2 < grown[:, :2].max() < 1.4
    feet, other = (made['forces'][:, :, :2] for made in (as_it_was, changed))
    np.testing.assert_allclose(other, feet * grown[:, None, None], atol=0.02)
    knee = COORDINATES.index('knee_angle_r')
    np.testing.assert_allclose(
        changed['torque'][..., knee], as_it_was['torque'][..., knee] * grown[:, :1], atol=5e-3
    )


def test_physics_goes_through_kept_clips_as_it_does_live(folder, tmp_path):
    copy = tmp_path / 'train' / 'clip.npz'
    copy.parent.mkdir()
    save(load(folder / 'train1' / 'clip.npz'), copy)
    labels = material(tmp_path, 'train')
    assert not labels.live.any()
    assert (write_said(tmp_path), write_said(tmp_path)) == (1, 0)
    material.cache_clear()
    heard = material(tmp_path, 'train')
    assert heard.live.all() and said_path(copy).exists()
    both = np.isfinite(heard.said).all(axis=(1, 2)) & heard.keep
    off = np.linalg.norm(heard.said - heard.forces[:, :2], axis=-1)[both]
    assert both.sum() > 0.5 * heard.keep.sum()
    assert 0.001 < off.mean() < 0.2  # body weights: near, not the label


def test_nothing_is_heard_before_physics_says_something(folder):
    motion = load(folder / 'train1' / 'clip.npz')
    force, torque = listen(motion, np.random.default_rng(0))
    assert force.shape == (len(motion), 2, 3) and torque.shape == (len(motion), len(COORDINATES))
    late = round(0.1 * motion.rate_hz)
    assert np.isnan(force[-late + 1 :]).all()
    np.testing.assert_array_equal(np.isnan(force[:, 0, 0]), np.isnan(torque[:, 0]))


def test_a_mirror_twice_changes_no_torque():
    torque = np.arange(len(COORDINATES)) + 1.0
    twice = (torque[TORQUE_ROWS] * TORQUE_SIGNS)[TORQUE_ROWS] * TORQUE_SIGNS
    np.testing.assert_array_equal(twice, torque)
    names = [COORDINATES[row] for row in TORQUE_ROWS]
    assert names[COORDINATES.index('knee_angle_r')] == 'knee_angle_l'


def test_it_learns_and_exports(folder):
    config = HybridTaskConfig(net=HybridConfig(width=32, layers=1), batch=64, steps=20)
    task = HybridTask(config, folder)
    torch.manual_seed(0)
    model = task.model()
    before = task.score(model, 'validation')
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for epoch in range(1):
        for made in task.batches('train', epoch):
            loss = sum(task.losses(model, made, Progress('all', epoch, 2, 0)).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    after = task.score(model, 'validation')
    assert after['feet_mpje_n_per_kg'] < 0.75 * before['feet_mpje_n_per_kg']
    live = task.exportable(model)
    forces, contact, ball, torque = live.module(*live.inputs)
    assert forces.shape == (2, len(LAGS_S), 3, 3)
    for share in (contact, ball):
        assert ((share >= 0) & (share <= 1)).all()
    assert torque.shape == (2, len(LAGS_S), len(COORDINATES))


def test_the_same_seed_gives_the_same_epoch(folder):
    task = HybridTask(HybridTaskConfig(batch=8, steps=2), folder)
    first, again, other = (list(task.batches('train', seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(first[1]['features'], again[1]['features'])
    assert not torch.equal(first[1]['features'], other[1]['features'])
