import json
import os
import signal

import pytest
import torch
from line_task import NAME, LineTask

from humandyn_ros.cli import main
from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.checkpoint import load_checkpoint
from humandyn_ros.learning.settings import split_settings
from humandyn_ros.learning.train import BEST, LAST, Training

torch.set_num_threads(1)

SETTINGS = {'noise': 0.1, 'training': {'seed': 3, 'save_every': 4, 'decay': 'cosine'}}


def training(out, settings=SETTINGS, task=LineTask):
    config, own = split_settings(settings, task.Config)
    return Training(NAME, task(own, None), config, settings, out, quiet=True)


def test_a_training_interrupted_anywhere_ends_like_one_that_was_not(tmp_path):
    assert training(tmp_path / 'whole').run()
    whole = load_checkpoint(tmp_path / 'whole' / LAST)
    for stop in (3, 5, 15, 18):  # within an epoch, at its end, at the end of a stage, after it
        out = tmp_path / f'stopped_{stop}'
        assert not training(out).run(stop_at_step=stop)
        torch.randn(3)  # whatever happens in between
        again = training(out)
        again.resume()
        assert again.run()
        found = load_checkpoint(out / LAST)
        assert found.facts == whole.facts
        assert found.tensors.keys() == whole.tensors.keys()
        for name, tensor in whole.tensors.items():
            assert torch.equal(tensor, found.tensors[name]), name
        best = load_checkpoint(out / BEST)
        assert best.facts == load_checkpoint(tmp_path / 'whole' / BEST).facts
        lines = (tmp_path / 'whole' / 'scores.jsonl').read_text()
        assert (out / 'scores.jsonl').read_text() == lines


def test_a_killed_training_goes_on_from_its_last_checkpoint(tmp_path):
    class Dies(LineTask):
        def losses(self, model, batch, progress):
            if progress.step == 7:
                raise OSError('the machine goes away')
            return super().losses(model, batch, progress)

    assert training(tmp_path / 'whole').run()
    with pytest.raises(OSError, match='goes away'):
        training(tmp_path / 'killed', task=Dies).run()
    again = training(tmp_path / 'killed')
    again.resume()
    assert again.place.step == 4
    assert again.run()
    whole = load_checkpoint(tmp_path / 'whole' / LAST).part('model')
    found = load_checkpoint(tmp_path / 'killed' / LAST).part('model')
    assert all(torch.equal(whole[name], found[name]) for name in whole)


def test_an_interrupt_ends_the_step_and_is_saved(tmp_path):
    class Interrupts(LineTask):
        def losses(self, model, batch, progress):
            if progress.step == 6:
                os.kill(os.getpid(), signal.SIGINT)
            return super().losses(model, batch, progress)

    handler = signal.getsignal(signal.SIGINT)
    assert not training(tmp_path, task=Interrupts).run()
    assert load_checkpoint(tmp_path / LAST).facts['place']['step'] == 7
    assert signal.getsignal(signal.SIGINT) is handler


def test_it_learns_and_keeps_the_best_of_validation(tmp_path):
    settings = {'epochs': 20, 'training': {'seed': 1}}
    training(tmp_path, settings).run()
    lines = [json.loads(line) for line in (tmp_path / 'scores.jsonl').read_text().splitlines()]
    scores = [line['scores']['rmse_validation_m'] for line in lines]
    assert scores[-1] < 0.6 * scores[0]
    assert set(lines[0]['losses']) == {'first', 'second', 'power', 'gradient_norm'}
    best = load_checkpoint(tmp_path / BEST)
    assert best.facts['validation']['rmse_validation_m'] == min(scores)
    assert not best.part('optimizer')


def test_only_the_parameters_of_a_stage_learn(tmp_path):
    first = training(tmp_path)
    first.run(stop_at_step=15)
    before = {name: value.clone() for name, value in first.model.state_dict().items()}
    second = training(tmp_path)
    second.resume()
    second.run()
    after = second.model.state_dict()
    assert torch.equal(before['encoder.weight'], after['encoder.weight'])
    assert not torch.equal(before['head.weight'], after['head.weight'])


def test_gradients_are_clipped_to_the_norm_that_is_set(tmp_path):
    class Steep(LineTask):
        def losses(self, model, batch, progress):
            return {'steep': 1e6 * super().losses(model, batch, progress)['first']}

    made = training(tmp_path, {'training': {'clip_norm': 0.5}}, Steep)
    made.run(stop_at_step=1)
    gradients = [p.grad for p in made.model.parameters() if p.grad is not None]
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    assert norm.item() == pytest.approx(0.5, rel=1e-4)


def test_mixed_precision_trains_as_well(tmp_path):
    made = training(tmp_path, {'training': {'precision': 'bfloat16', 'device': 'cpu'}})
    assert made.run()
    assert next(made.model.parameters()).dtype == torch.float32


def test_a_loss_that_is_not_finite_is_named(tmp_path):
    class Bad(LineTask):
        def losses(self, model, batch, progress):
            return {**super().losses(model, batch, progress), 'ghost': torch.tensor(torch.nan)}

    with pytest.raises(ModelError, match='ghost is not finite'):
        training(tmp_path, task=Bad).run()


def test_running_out_of_memory_is_named_with_what_helps(tmp_path):
    class Hungry(LineTask):
        def losses(self, model, batch, progress):
            if progress.step == 2:
                raise torch.OutOfMemoryError('tried to allocate 20 GiB')
            return super().losses(model, batch, progress)

    with pytest.raises(ModelError, match='step 2: out of memory on cpu: lower batch'):
        training(tmp_path / 'out', task=Hungry).run()


def test_resuming_with_other_settings_is_refused(tmp_path):
    training(tmp_path).run(stop_at_step=2)
    with pytest.raises(ConfigError, match='other settings'):
        training(tmp_path, {**SETTINGS, 'width': 9}).resume()


def test_resuming_from_nothing_is_refused(tmp_path):
    with pytest.raises(ModelError, match='no checkpoint'):
        training(tmp_path).resume()


def test_a_metric_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    with pytest.raises(ConfigError, match='rmse_validation_m'):
        training(tmp_path, {'training': {'best': 'accuracy'}}).run()


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_a_missing_gpu_is_named(tmp_path):
    with pytest.raises(ConfigError, match='no GPU'):
        training(tmp_path, {'training': {'device': 'cuda'}})


def test_the_command_trains_refuses_to_overwrite_and_resumes(tmp_path, capsys):
    config = tmp_path / 'line.yaml'
    config.write_text('epochs: 1\ntraining: {threads: 1}\n')
    command = ['train', NAME, '--config', str(config), '--out', str(tmp_path / 'o'), '--quiet']
    assert main([*command, '--set', 'width=4', '--set', 'training.seed=5']) == 0
    facts = load_checkpoint(tmp_path / 'o' / LAST).facts
    assert facts['settings'] == {'epochs': 1, 'training': {'threads': 1, 'seed': 5}, 'width': 4}
    assert main(command) == 2
    assert '--resume' in capsys.readouterr().err
    assert main([*command, '--set', 'widht=4']) == 2
    again = [*command, '--set', 'width=4', '--set', 'training.seed=5', '--resume']
    assert main(again) == 0
    assert list((tmp_path / 'o' / 'tensorboard').iterdir())


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['ladyy'], 'choose one of lady, imdys'),
        (['line_task:LineTask'], 'give a YAML file with --config'),
        (['imdys', '--config', 'none.yaml'], 'none.yaml cannot be read'),
        (['imdys', '--data', 'nowhere'], '--data nowhere is no folder'),
    ],
    ids=['name', 'own', 'config', 'data'],
)
def test_a_slip_of_the_command_line_is_named(capsys, tmp_path, words, message):
    assert main(['train', *words, '--out', str(tmp_path / 'o')]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'o').exists()


def test_a_file_is_no_folder_for_checkpoints(capsys, tmp_path):
    (tmp_path / 'file').touch()
    assert main(['train', 'imdys', '--out', str(tmp_path / 'file')]) == 2
    assert 'is a file' in capsys.readouterr().err
