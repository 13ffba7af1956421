"""LaDy in the training loop's terms: batches, losses, score, and the exported files."""

import dataclasses

import numpy as np
import pytest
import torch

from humandyn_ros.engines.lady import LadyEngine
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.export import write_model
from humandyn_ros.learning.nets.lady import LadyConfig
from humandyn_ros.learning.readers.lady_features import ActionSequence, load_preset
from humandyn_ros.learning.tasks.lady import LadyTask, earlier
from humandyn_ros.learning.tasks.lady_sequences import (
    LadyTaskConfig,
    augmented,
    stacked,
    thinned,
)
from humandyn_ros.learning.tasks.task import Progress
from humandyn_ros.segmentation import IGNORE, boundary_targets

torch.set_num_threads(1)
NET = LadyConfig(
    features=16, heads=2, layers=2, refine_layers=1, boundary_stages=2, hidden=16, causal=True,
    start='rest', lookahead=2,
)  # fmt: skip
CONFIG = LadyTaskConfig(
    source=f'{__name__}:swaying', net=NET, batch=2, epochs=2, sequences=5, crop_frames=60,
    energy_weight=0.1, energy_after=1, lagrange_weight=0.1,
)  # fmt: skip


def swaying(_, config):
    """People that sway with the speed of their class; the split decides who they are."""
    joints = len(load_preset(config.preset).parents)

    def source(split, seed):
        for number in range(100):
            rng = np.random.default_rng([seed, number, len(split)])
            labels = np.repeat(rng.permutation(3), 30)
            angle = np.cumsum(np.array([0.0, 0.2, 0.6])[labels])[:, None, None, None]
            rest = np.random.default_rng(0).normal(size=(1, joints, 3))
            values = rest * rng.uniform(0.9, 1.1) + 0.3 * np.sin(angle + rest)
            yield ActionSequence(str(number), values, labels, boundary_targets(labels))

    return source


@pytest.fixture(autouse=True)
def found_by_name(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, CONFIG.source.split(':', maxsplit=1)[0],
                        sys.modules[__name__] if __name__ in sys.modules else _here())  # fmt: skip


def _here():
    import types

    module = types.ModuleType(__name__)
    module.swaying = swaying
    return module


def at(epoch: int, step: int = 0) -> Progress:
    return Progress('all', epoch, 2, step)


def test_an_epoch_is_the_same_for_the_same_seed():
    task = LadyTask(CONFIG)
    first, again, other = (list(task.batches('train', seed)) for seed in (1, 1, 2))
    assert len(first) == 2 == task.material.steps
    for a, b in zip(first, again, strict=True):
        assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(first[0]['x'], other[0]['x'])
    assert first[0]['x'].shape == (2, 60, 24, 6) and first[0]['q'].shape == (2, 60, 1, 63)


def test_losses_are_named_and_energy_terms_come_later():
    task = LadyTask(CONFIG)
    torch.manual_seed(0)
    model = task.model()
    batch = next(task.batches('train', 0))
    early = task.losses(model, batch, at(0))
    late = task.losses(model, batch, at(1, step=400))
    assert set(early) == {'segmentation', 'boundary'}
    assert set(late) == set(early) | {'energy', 'lagrange'}
    sum(late.values()).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_energy_terms_warm_up_from_where_they_begin():
    task = LadyTask(CONFIG)
    model = task.model().eval()
    batch = next(task.batches('train', 0))
    steps = task.material.steps
    first = task.losses(model, batch, at(1, step=steps))['energy']
    third = task.losses(model, batch, at(1, step=steps + 2))['energy']
    torch.testing.assert_close(3.0 * first, third)


def test_whole_sequences_are_scored_with_boundaries_moved_to_their_frames():
    task = LadyTask(CONFIG)
    model = task.model().eval()
    scores = task.score(model, 'validation')
    assert set(scores) == {
        'accuracy_percent',
        'edit_percent',
        'f1_at_10_percent',
        'f1_at_25_percent',
        'f1_at_50_percent',
    }
    item = next(iter(task.material.prepared('validation', 0, learn=False)))
    classes, boundary = task.answer(model, item)
    raw = model(*(torch.tensor(v[None]).float() for v in (item.x, item.q)))
    assert classes.shape == (90, 25)
    late = torch.sigmoid(raw.boundaries[-1][0]).detach().numpy()
    np.testing.assert_allclose(boundary[:-2], late[2:], atol=1e-6)
    assert not boundary[-2:].any()


def test_text_features_add_the_contrast(tmp_path):
    np.save(tmp_path / 'text.npy', np.random.default_rng(0).normal(size=(25, 12)))
    np.save(tmp_path / 'joints.npy', np.random.default_rng(1).normal(size=(24, 12)))
    task = LadyTask(dataclasses.replace(CONFIG, text_table=str(tmp_path / 'text.npy'),
                                        joint_table=str(tmp_path / 'joints.npy')))  # fmt: skip
    model = task.model()
    assert model.texts[0].out_features == 12
    assert not torch.equal(
        model.spatial.adaptive.base, LadyTask(CONFIG).model().spatial.adaptive.base
    )
    terms = task.losses(model, next(task.batches('train', 0)), at(0))
    assert set(terms) == {'segmentation', 'boundary', 'text'}


@pytest.mark.parametrize('causal', [True, False])
def test_the_exported_model_runs_live(tmp_path, causal):
    net = dataclasses.replace(NET, causal=causal)
    config = dataclasses.replace(CONFIG, net=net, window_frames=40, delay_frames=5, hop_frames=5)
    torch.manual_seed(0)
    task = LadyTask(config)
    exported = write_model('lady', task.exportable(task.model().eval()), tmp_path / 'lady')
    assert max(exported.differences.values()) < 1e-4

    from humandyn_ros.engines.backends.config import BackendConfig
    from humandyn_ros.engines.backends.ort import OrtSession
    from humandyn_ros.engines.manifest import read_manifest

    manifest = read_manifest(tmp_path / 'lady')
    with OrtSession('ort-cpu', manifest, BackendConfig()) as session:
        engine = LadyEngine(manifest.fields, session)
        sequence = next(iter(swaying(None, config)('test', 0)))
        actions = []
        for i, points in enumerate(sequence.values):
            actions += engine.push(round(i * 1e9 / 30), points)
    assert len(actions) == (90 if causal else 85)
    assert all(np.isfinite(a.scores).all() and a.label in task.labels for a in actions)


def test_no_boundary_is_lost_when_frames_are_left_out():
    labels = np.repeat([0, 1, 2], 13)
    layout = load_preset('smpl_24').layout()
    values = np.random.default_rng(0).normal(size=(39, 1, 24, 3))
    item = thinned(ActionSequence('a', values, labels, boundary_targets(labels)), layout, 4)
    assert len(item) == 10
    assert np.flatnonzero(item.boundary).tolist() == [0, 3, 6]
    step = values[5, 0] - values[4, 0]
    np.testing.assert_allclose(item.x[1, :, :3], step)  # displacements of the file's rate


def test_augmentation_hides_joints_or_turns_about_the_vertical():
    preset = load_preset('lara')
    layout = preset.layout()
    x = np.random.default_rng(0).normal(size=(5, 19, 12))
    rng = np.random.default_rng(1)
    kinds = {'hidden': 0, 'turned': 0, 'same': 0}
    for _ in range(300):
        y = augmented(x, layout, preset, rng)
        gone = ~y.any(axis=(0, 2))
        if gone.any():
            kinds['hidden'] += 1
            assert 1 <= gone.sum() <= 9
        elif np.array_equal(x, y):
            kinds['same'] += 1
        else:
            kinds['turned'] += 1
            np.testing.assert_allclose(y[..., 2::3], x[..., 2::3])
            size = [np.linalg.norm(z.reshape(5, 19, 4, 3), axis=-1) for z in (x, y)]
            np.testing.assert_allclose(*size)
    assert abs(kinds['hidden'] - 105) < 30 and abs(kinds['turned'] - 105) < 30


def test_padding_and_late_boundaries():
    layout = load_preset('smpl_24').layout()
    items = []
    for frames in (6, 4):
        labels = np.repeat([0, 1], frames // 2)
        values = np.random.default_rng(0).normal(size=(frames, 1, 24, 3))
        item = thinned(ActionSequence('a', values, labels, boundary_targets(labels)), layout, 1)
        items.append(dataclasses.replace(item, q=layout.coordinates(item.x)))
    batch = stacked(items, lookahead=1)
    assert batch['labels'][1].tolist() == [0, 0, 1, 1, IGNORE, IGNORE]
    assert batch['mask'][1].tolist() == [True] * 4 + [False] * 2
    assert batch['boundary'][0].tolist() == [0, 1, 0, 0, 1, 1]
    late = stacked(items, lookahead=2, delay=2)
    assert late['labels'][0].tolist() == [IGNORE, IGNORE, 0, 0, 0, 1]
    assert late['boundary'][0].tolist() == [0, 0, 1, 0, 0, 1]
    assert earlier(late['labels'][0].numpy(), 2).tolist() == [0, 0, 0, 1, 0, 0]


def test_sources_that_do_not_exist_are_named():
    with pytest.raises(ConfigError, match='name the folder'):
        next(LadyTask(dataclasses.replace(CONFIG, source='published')).batches('train', 0))
    with pytest.raises(ConfigError, match='nowhere'):
        next(LadyTask(dataclasses.replace(CONFIG, source='nowhere')).batches('train', 0))
