"""SkeletonLLM through the common training loop: four stages, mining, resuming, scores."""

import json

import numpy as np
import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('transformers', reason='the extra words is not installed')
pytest.importorskip('peft', reason='the extra words is not installed')

import tiny_vlm  # noqa: E402
import worded_clips  # noqa: E402

from humandyn_ros.cli import main  # noqa: E402
from humandyn_ros.errors import ConfigError, ModelError  # noqa: E402
from humandyn_ros.learning.checkpoint import load_checkpoint  # noqa: E402
from humandyn_ros.learning.nets.skeletonllm import SkeletonLLMConfig  # noqa: E402
from humandyn_ros.learning.settings import TrainConfig, read_settings, split_settings  # noqa: E402
from humandyn_ros.learning.tasks.skeletonllm import SkeletonLLMTask  # noqa: E402
from humandyn_ros.learning.tasks.skeletonllm_lessons import SkeletonLLMTaskConfig  # noqa: E402
from humandyn_ros.learning.tasks.task import Progress  # noqa: E402
from humandyn_ros.learning.train import Training  # noqa: E402
from humandyn_ros.learning.words.rationales import (  # noqa: E402
    Rationale,
    append_rationales,
)

LABELS = worded_clips.LABELS


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    torch.set_num_threads(1)
    return tiny_vlm.llava(tmp_path_factory.mktemp('llava'))


def settings(folder, **changes):
    net = {'frames': 2, 'lora_rank': 4, 'lora_dropout': 0.0, **changes.pop('net', {})}
    usual = {
        'source': 'worded_clips:source', 'labels': LABELS, 'clips': 3, 'mining_clips': 3,
        'score_clips': 2, 'hardest': 1, 'answer_tokens': 3, 'reason_tokens': 4,
        'learning_rate': 1e-3, 'scored': ('choose',), 'refine_epochs': 1,
    }  # fmt: skip
    net = SkeletonLLMConfig(model=str(folder), **net)
    return SkeletonLLMTaskConfig(net=net, **(usual | changes))


def parts_that_change(task, stage, net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(stage.trains(name))
    chosen = [p for n, p in net.named_parameters() if stage.trains(n)]
    optimizer = torch.optim.AdamW(chosen, lr=1e-3)
    for step, batch in enumerate(task.batches(stage.split, 1)):
        optimizer.zero_grad()
        task.losses(net, batch, Progress(stage.name, 0, 1, step))['words'].backward()
        optimizer.step()
    return {
        net.part_of(name)
        for name, value in net.state_dict().items()
        if name != 'negatives' and not torch.equal(value, before[name])
    }


def test_each_stage_teaches_its_parts_and_negatives_are_mined_between(folder):
    task = SkeletonLLMTask(settings(folder))
    torch.manual_seed(0)
    net = task.model()
    frozen = {n: p.clone() for n, p in net.named_parameters() if net.part_of(n) == 'base'}
    warm_up, discriminate, distil, refine = task.stages()
    assert parts_that_change(task, warm_up, net) == {'renderer', 'projector'}
    assert (net.negatives == -1).all()
    assert parts_that_change(task, discriminate, net) == {'renderer', 'projector'}
    mined = net.negatives[:, 0].tolist()
    assert all(other in range(3) and other != label for label, other in enumerate(mined))
    assert parts_that_change(task, distil, net) == {'renderer', 'projector', 'adapter'}
    assert parts_that_change(task, refine, net) == {'projector', 'adapter'}
    for name, parameter in net.named_parameters():
        if name in frozen:
            assert torch.equal(parameter, frozen[name])


def test_stages_can_be_left_out_and_the_renderer_fixed(folder):
    config = settings(folder, warm_up_epochs=0, distil_epochs=0, fixed_renderer=True)
    task = SkeletonLLMTask(config)
    net = task.model()
    assert [stage.name for stage in task.stages()] == ['discriminate', 'refine']
    learning = {
        net.part_of(n)
        for n, _ in net.named_parameters()
        for stage in task.stages()
        if stage.trains(n)
    }
    assert learning == {'projector', 'adapter'}


def test_a_tiny_model_learns_to_tell_two_actions_from_their_pictures(folder):
    two = ('wave', 'squat')
    task = SkeletonLLMTask(settings(folder, labels=two, net={'frames': 3, 'lora_rank': 8}))
    torch.manual_seed(0)
    net = task.model()
    clips = [worded_clips.clip(label) for label in two]
    batch = task.lessons.drawn(clips, 3, None) | net.lessons(['What?'] * 2, two)
    learning = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=5e-3)
    net.train()
    for step in range(30):
        optimizer.zero_grad()
        task.losses(net, batch, Progress('warm_up', 0, 1, step))['words'].backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
    assert task.judge.answers(net, clips, 'What?', 8) == list(two)


def test_the_command_trains_and_goes_on_to_the_same_weights(folder, tmp_path):
    file = tmp_path / 'tiny.yaml'
    file.write_text(
        f'source: worded_clips:source\nlabels: [{", ".join(LABELS)}]\nclips: 4\nbatch: 2\n'
        'mining_clips: 3\nscore_clips: 2\nhardest: 1\nanswer_tokens: 3\nreason_tokens: 4\n'
        f'refine_epochs: 1\nscored: [choose]\nnet: {{model: {folder}, frames: 2, lora_rank: 4}}\n'
        'training: {device: cpu, threads: 1, best: choose_accuracy_percent, best_is: highest}\n'
    )
    out = tmp_path / 'whole'
    assert main(['train', 'skeletonllm', '--config', str(file), '--out', str(out)]) == 0
    whole = load_checkpoint(out / 'last.safetensors')
    scores = [json.loads(line) for line in (out / 'scores.jsonl').read_text().splitlines()]
    assert [row['stage'] for row in scores] == ['warm_up', 'discriminate', 'distil', 'refine']
    found = read_settings('skeletonllm', file)
    config, own = split_settings(found, SkeletonLLMTaskConfig)
    steps = whole.facts['place']['step']
    parts = tmp_path / 'parts'
    first = Training('skeletonllm', SkeletonLLMTask(own), config, found, parts, quiet=True)
    assert not first.run(stop_at_step=4)  # within the second stage, after mining
    second = Training('skeletonllm', SkeletonLLMTask(own), config, found, parts, quiet=True)
    second.resume()
    assert second.run()
    again = load_checkpoint(parts / 'last.safetensors')
    assert again.facts['place']['step'] == steps
    for name, value in whole.part('model').items():
        assert torch.equal(value, again.part('model')[name]), name
    assert (out / 'last.safetensors').stat().st_size < 300_000  # without the model's own weights


def test_every_score_is_given_with_held_out_labels_apart(folder):
    config = settings(
        folder, held_out=('kick',), score_clips=3, scored=('choose', 'name', 'describe', 'reason')
    )
    task = SkeletonLLMTask(config)
    net = task.model()
    asked = iter(
        ['wave', 'squat', 'kick', 'waves', 'squatting', 'kicking']
        + ['The person does a wave.'] * 3
        + ['- it lasts 0.8 s\nLabel: wave', '- it lasts 9.9 s\nLabel: kick', 'Label: who knows']
    )
    net.answer = lambda prompts, pictures, tokens: [next(asked) for _ in prompts]
    order = [clip.label for clip in task.lessons.clips('validation', 0)]
    found = task.score(net, 'validation')
    right = [a == b for a, b in zip(('wave', 'squat', 'kick'), order, strict=True)]
    assert found['choose_accuracy_percent'] == pytest.approx(100 * np.mean(right))
    assert found['choose_held_out_accuracy_percent'] == 100.0 * (order[2] == 'kick')
    assert found['name_no_label_percent'] == pytest.approx(100 / 3)  # 'waves' is no synonym
    assert found['describe_bleu'] > 20
    assert found['reason_no_label_percent'] == pytest.approx(100 / 3)
    assert found['reason_claims_per_clip'] == pytest.approx(2 / 3)
    assert found['reason_faithful_percent'] == 50.0
    assert all(clip.label != 'kick' for clip in task.lessons.clips('train', 0))


def test_a_teachers_file_takes_the_place_of_the_clips_own_reasons(folder, tmp_path):
    file = tmp_path / 'reasons.jsonl'
    append_rationales(file, [Rationale('wave-0', 'wave', 'A hand greets.', ('the hand goes up',))])
    task = SkeletonLLMTask(settings(folder, rationales=str(file), batch=1))
    net = task.model()
    batches = list(task.batches('distil', 0))
    assert len(batches) == 1
    said = batches[0]['labels'][0]
    told = net.chat.read(said[said != -100][None])[0]
    assert told == '- the hand goes up\nA hand greets.\nLabel: wave'
    file.write_text('')
    task = SkeletonLLMTask(settings(folder, rationales=str(file)))
    task.model()
    with pytest.raises(ConfigError, match=r'stage of reason: no clip .* no id in'):
        next(task.batches('distil', 0))


def test_clips_of_several_skeletons_and_people_share_an_epoch(folder):
    task = SkeletonLLMTask(settings(folder))
    net = task.model()
    pair = [worded_clips.clip('wave'), worded_clips.clip('squat', people=2)]
    batch = task.lessons.drawn(pair, 2, None)
    assert batch['points'].shape == (2, 2, 2, 24, 3)
    assert torch.isnan(batch['points'][0, :, 1]).all()
    alone = task.lessons.pictures(net, task.lessons.drawn(pair[:1], 2, None))
    assert torch.allclose(task.lessons.pictures(net, batch)[:1], alone, atol=1e-6)


def test_settings_that_cannot_serve_are_named(folder):
    for changes, told in (
        ({'scored': ('sing',)}, 'scored'),
        ({'held_out': ('dance',)}, 'held_out'),
        ({'labels': (), 'source': 'worded_clips:source'}, 'labels'),
        ({'held_out': LABELS[:2]}, 'at least two'),
    ):
        with pytest.raises(ConfigError, match=told):
            SkeletonLLMTask(settings(folder, **changes))
    task = SkeletonLLMTask(settings(folder))
    with pytest.raises(ModelError, match='not exported to ONNX'):
        task.exportable(task.model())
    with pytest.raises(ConfigError, match=r"net\.model = ''"):
        config, own = split_settings(read_settings('skeletonllm', None), SkeletonLLMTaskConfig)
        assert isinstance(config, TrainConfig)
        SkeletonLLMTask(own).model()
