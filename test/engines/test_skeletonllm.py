"""SkeletonLLM at run time, in the place of the narrator."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('transformers', reason='the extra words is not installed')
pytest.importorskip('peft', reason='the extra words is not installed')

sys.path.insert(0, str(Path(__file__).parents[1] / 'learning'))

import tiny_vlm  # noqa: E402
import worded_clips  # noqa: E402

from humandyn_ros.engines.skeletonllm import open_skeletonllm  # noqa: E402
from humandyn_ros.errors import ConfigError, ModelError, StreamError  # noqa: E402
from humandyn_ros.learning.checkpoint import Checkpoint, save_checkpoint  # noqa: E402
from humandyn_ros.learning.nets.skeletonllm import SkeletonLLM, SkeletonLLMConfig  # noqa: E402
from humandyn_ros.learning.nets.skeletonllm.speaker import usual_labels  # noqa: E402
from humandyn_ros.quantities import CANONICAL  # noqa: E402
from humandyn_ros.words.facts import measure  # noqa: E402
from humandyn_ros.words.telling import Stretch, Telling  # noqa: E402
from humandyn_ros.words.templates import Templates  # noqa: E402

WAVE = worded_clips.clip('wave')
POINTS = WAVE.points[:, 0]
FACTS = measure(WAVE.measured)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    torch.set_num_threads(1)
    return tiny_vlm.llava(tmp_path_factory.mktemp('llava'))


def checkpoint(folder, path, **facts):
    torch.manual_seed(0)
    net = SkeletonLLM(SkeletonLLMConfig(model=str(folder), frames=2, lora_rank=4), (3, 5))
    settings = {
        'labels': list(worded_clips.LABELS), 'answer_tokens': 6, 'reason_tokens': 8,
        'net': {'model': str(folder), 'frames': 2, 'lora_rank': 4},
    }  # fmt: skip
    tensors = {f'model.{name}': value for name, value in net.state_dict().items()}
    save_checkpoint(
        path, Checkpoint(tensors, {'task': 'skeletonllm', 'settings': settings} | facts)
    )
    return path


@pytest.fixture(scope='module')
def teller(folder, tmp_path_factory):
    path = checkpoint(folder, tmp_path_factory.mktemp('trained') / 'best.safetensors')
    return open_skeletonllm(str(path))


def script(monkeypatch, teller, **said):
    """Let its network answer by what is in the prompt."""

    def answer(prompts, pictures, tokens):
        return [next(text for start, text in said.items() if start in p) for p in prompts]

    monkeypatch.setattr(teller._speaker.net, 'answer', answer)


def test_a_trained_checkpoint_and_a_model_as_it_comes_tell_something(folder, tmp_path):
    checkpoint(folder, tmp_path / 'best.safetensors')
    for path, labels in ((tmp_path, worded_clips.LABELS), (folder, usual_labels())):
        teller = open_skeletonllm(str(path))
        assert teller.labels == labels
        told = teller.narrate(POINTS, None, CANONICAL, 30.0, FACTS)
        assert told.label in (*teller.labels, 'unknown')
        assert 0.0 <= told.confidence <= 1.0
        assert isinstance(told.sentence.text(FACTS.numbers, FACTS.words), str)
        assert teller.describe()['weights'] == str(folder)
    teller.close()
    with pytest.raises(ModelError, match='is closed'):
        teller.narrate(POINTS, None, CANONICAL, 30.0, FACTS)


def test_what_it_says_is_held_against_what_was_measured(teller, monkeypatch):
    numbers = FACTS.numbers
    script(
        monkeypatch,
        teller,
        Choose='Wave!',
        step=f'The person waves for {numbers["duration"]:.1f} s.\n'
        f'- the right elbow bends from {numbers["right_elbow_from"]:.0f} to '
        f'{numbers["right_elbow_to"]:.0f} degrees\n- the left knee bends by 77 degrees\n'
        'Label: wave',
    )
    stretch = Stretch(0, 1, 30.0, POINTS, FACTS)
    caption = Telling(Templates(), teller).caption(stretch)
    assert caption.label == 'wave'
    assert caption.text == 'The person waves for 0.8 s.'
    assert any('right elbow bends' in reason for reason in caption.reasons)
    assert not any('77' in text for text in (caption.text, *caption.reasons))


def test_an_answer_that_is_no_label_is_unknown(teller, monkeypatch):
    script(monkeypatch, teller, Choose='perhaps wave', step='nothing', Describe='somebody')
    told = teller.narrate(POINTS, None, CANONICAL, 30.0, FACTS)
    assert (told.label, told.confidence) == ('unknown', 0.0)
    assert told.sentence.words == 'nothing'


def test_a_question_is_asked_in_its_prompt(teller, monkeypatch):
    asked = []
    monkeypatch.setattr(
        teller._speaker.net, 'answer', lambda prompts, *_: asked.extend(prompts) or ['It\nwaves.']
    )
    assert teller.answer(POINTS, None, CANONICAL, 30.0, 'what does\nit do?') == 'It waves.'
    assert asked[0].endswith('instruction: what does it do?')
    with pytest.raises(ConfigError, match='a question needs words'):
        teller.answer(POINTS, None, CANONICAL, 30.0, '\n')


def test_nobody_to_tell_about_is_refused(teller):
    for points in (POINTS[:1], np.full_like(POINTS, np.nan)):
        with pytest.raises(StreamError, match='nothing can be told'):
            teller.narrate(points, None, CANONICAL, 30.0, FACTS)


def test_what_cannot_be_opened_is_named(folder, tmp_path):
    with pytest.raises(ConfigError, match="model = ''"):
        open_skeletonllm(' ')
    with pytest.raises(ModelError, match='no model at'):
        open_skeletonllm(str(tmp_path / 'nothing'))
    other = checkpoint(folder, tmp_path / 'other.safetensors', task='lady')
    with pytest.raises(ModelError, match='checkpoint of lady'):
        open_skeletonllm(str(other))
    (tmp_path / 'broken.safetensors').write_bytes(other.read_bytes()[:1000])
    with pytest.raises(ModelError, match='damaged'):
        open_skeletonllm(str(tmp_path / 'broken.safetensors'))
