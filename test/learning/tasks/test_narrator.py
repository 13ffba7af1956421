"""The narrator as a task: what it is fed, that it learns, what is exported, what it then says."""

import dataclasses
from itertools import islice

import numpy as np
import pytest
import torch

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.narrator import NarratorNet
from humandyn_ros.learning.tasks import Progress, narrator, task_class
from humandyn_ros.learning.tasks.narrator import NarratorTask, NarratorTaskConfig
from humandyn_ros.learning.tasks.narrator_formats import FORMATS, shown, skeleton_of
from humandyn_ros.learning.tasks.narrator_segments import facts_of, segment
from humandyn_ros.learning.tasks.narrator_takes import Take
from humandyn_ros.learning.tasks.narrator_texts import everything, read_actions, told
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.skeleton import Adapter, load_format
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import faults

CONFIG = NarratorTaskConfig(
    takes=1,
    variants=2,
    batch=4,
    steps=2,
    net=NarratorNet(width=16, heads=2, layers=1, words=1, size=16),
)
RATE_HZ = 30.0
HEIGHTS = {
    'foot': 0.03, 'ankle': 0.1, 'knee': 0.5, 'hip': 0.95, 'pelvis': 1.0, 'spine1': 1.1,
    'spine2': 1.2, 'spine3': 1.3, 'collar': 1.45, 'neck': 1.5, 'shoulder': 1.45, 'elbow': 1.15,
    'wrist': 0.9, 'hand': 0.8, 'head': 1.65,
}  # fmt: skip


def takes_of(split, data, each):
    """One squat and one wave, without the mannequin, which takes its time."""
    standing = np.array([[0.0, 0.0, 0.0]] * 24)
    for name, joint in CANONICAL.index.items():
        side = 0.15 if name.startswith('left') else -0.15 if name.startswith('right') else 0.0
        part = name.rsplit('_', maxsplit=1)[-1]
        standing[joint] = 0.12 * (part == 'foot'), side, HEIGHTS[part]
    time = np.arange(60) / RATE_HZ
    down = 0.35 * np.sin(np.pi * time / 2.0) ** 2
    squat = np.tile(standing, (60, 1, 1))
    high = standing[:, 2] > 0.6
    squat[:, high, 2] -= down[:, None]
    squat[:, [CANONICAL.index['left_knee'], CANONICAL.index['right_knee']], 0] += down[:, None]
    wave = np.tile(standing, (60, 1, 1))
    shoulder, angle = standing[CANONICAL.index['right_shoulder']], 1.5 * np.sin(np.pi * time / 2.0)
    for length, name in ((0.3, 'elbow'), (0.55, 'wrist'), (0.65, 'hand')):
        arm = np.stack([0.0 * time, -np.sin(angle), -np.cos(angle)], axis=1)
        wave[:, CANONICAL.index[f'right_{name}']] = shoulder + length * arm
    return tuple(
        Take(label, f'{split}-{k}', 'procedural', 'own', points)
        for k, (label, points) in enumerate((('squat', squat), ('wave', wave)))
    )


@pytest.fixture(scope='module')
def task():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(narrator, 'takes', takes_of)
        made = NarratorTask(CONFIG)
        made.material('train')
        yield made


def squat():
    return takes_of('train', None, 1)[0].points


def test_it_is_found_by_name():
    assert task_class('narrator') is NarratorTask


def test_canonical_joints_survive_being_shown_in_any_format():
    points = squat()[::20]
    for name in FORMATS:
        found, _ = Adapter(load_format(name), up='Z').convert(
            shown(points, name), np.ones((len(points), len(skeleton_of(name).joints)))
        )
        apart = np.linalg.norm(found - points, axis=-1)
        assert np.median(apart) < 0.03, name
        assert apart.max() < 0.2, name


def test_an_unknown_format_is_refused():
    with pytest.raises(ConfigError, match='formats'):
        NarratorTask(dataclasses.replace(CONFIG, formats=('octopus_8',)))


def test_every_text_is_made_of_known_words_and_holds():
    actions = read_actions()
    vocabulary = narrator.Vocabulary.of(everything(actions))
    for take in takes_of('test', None, 1):
        found = segment(take, actions, np.random.default_rng(0), vary=False)
        text = told(actions[found.action], found.facts.notable)
        assert vocabulary.number('<unknown>') not in vocabulary.encode(text)
        label, *sentences = text.split(' <next> ')
        assert label == take.label
        assert sum(len(narrator_phrase(sentence).slots()) for sentence in sentences) >= 2
        for sentence in sentences:
            phrase = narrator_phrase(sentence)
            assert phrase.slots()
            spoken = phrase.text(found.facts.numbers, found.facts.words)
            assert not faults(spoken, found.facts), spoken


def narrator_phrase(sentence):
    from humandyn_ros.engines.narrator.language import Phrase, words_of

    return Phrase(words_of(sentence))


def test_without_facts_no_number_is_told():
    action = next(action for action in read_actions() if action.name == 'squat')
    assert told(action, Facts({})) == 'squat <next> the person squats'


def test_a_squat_is_measured_as_one():
    facts = facts_of(squat())
    assert facts.numbers['sink'] == pytest.approx(35.0, abs=1.0)
    assert facts.change('right_knee') > 40.0
    assert facts.numbers['flight'] == 0.0


def test_the_same_seed_gives_the_same_batches(task):
    one, other = (list(task.batches('train', 5)) for _ in range(2))
    for left, right in zip(one, other, strict=True):
        for name, found in left.items():
            torch.testing.assert_close(found, right[name], rtol=0, atol=0, equal_nan=True)
    assert len(one) == CONFIG.steps


def test_every_stage_learns_and_only_what_it_should(task):
    torch.manual_seed(0)
    model = task.model().train()
    stages = {stage.name: stage for stage in task.stages()}
    assert list(stages) == ['warm_up', 'discriminate', 'reason', 'refine']
    batch = next(islice(task.batches('train', 1), 1))
    moved = {}
    for name, stage in stages.items():
        for parameter, value in model.named_parameters():
            value.requires_grad_(stage.trains(parameter))
            value.grad = None
        losses = task.losses(model, batch, Progress(name, 0, 1, 0))
        sum(losses.values()).backward()
        named = model.named_parameters()
        moved[name] = {n.split('.')[0] for n, p in named if p.grad is not None and p.grad.any()}
        assert ('words' in losses) == (name in ('reason', 'refine'))
        assert ('negatives' in losses) == (name == 'discriminate')
    assert 'renderer' in moved['warm_up']
    assert 'facts' not in moved['warm_up']
    assert {'renderer', 'pictures', 'facts', 'decoder', 'text'} <= moved['reason']
    assert 'renderer' not in moved['refine']


def test_two_actions_are_told_apart_after_some_steps(task):
    torch.manual_seed(0)
    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    first = last = 0.0
    for step in range(12):
        batch = next(iter(task.batches('train', step)))
        loss = sum(task.losses(model, batch, Progress('refine', 0, 1, step)).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (float(loss.detach()) if step == 0 else first), float(loss.detach())
    assert last < 0.8 * first


def test_the_score_tells_labels_and_words(task):
    torch.manual_seed(0)
    with torch.no_grad():
        scores = task.score(task.model().eval(), 'validation')
    assert next(iter(scores)) == 'labels_percent'
    assert 0.0 <= scores['coco_17_flat_percent'] <= 100.0
    assert scores['words_nats'] > 1.0


def test_a_fixed_renderer_never_learns():
    fixed = NarratorTask(dataclasses.replace(CONFIG, renderer='fixed'))
    assert not any(stage.trains('renderer.mix') for stage in fixed.stages())


def test_what_is_exported_fits_together(task):
    torch.manual_seed(0)
    main = task.exportable(task.model().eval())
    assert set(main.parts) == {'word', 'text'}
    with torch.no_grad():
        memory, embedding = main.module(*main.inputs)
        word, text = main.parts['word'], main.parts['text']
        scores, past = word.module(*word.inputs)
        likened = text.module(*text.inputs)
    assert memory.shape == word.inputs[2].shape
    assert past.shape == word.inputs[4].shape
    assert scores.shape == (2, len(task.vocabulary))
    assert embedding.shape == likened.shape
    assert main.manifest['vocabulary'] == list(task.vocabulary.tokens)


def test_kept_pictures_are_those_that_were_drawn(task):
    torch.manual_seed(0)
    model = task.model().eval()
    for parameter in model.renderer.parameters():
        parameter.requires_grad_(False)
    batch = next(iter(task.batches(narrator.ALBUM, 1)))
    drawn = task.pictures(model, batch, learn=False)
    for _ in range(2):
        kept = task._seen(model, batch)
        assert float((kept - drawn).abs().max()) <= 0.51 / 255.0
    with torch.no_grad():
        model.renderer.mix += 2.0
    assert not torch.allclose(task._seen(model, batch), kept)
