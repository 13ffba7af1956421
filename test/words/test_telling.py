import dataclasses

import numpy as np
import pytest
from measured_words import FACTS, FALSE, TRUE

from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.resources import resource
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import checks, faults
from humandyn_ros.words.slots import fill
from humandyn_ros.words.telling import Stretch, Telling
from humandyn_ros.words.templates import Templates

TEMPLATES = Templates()
STRETCH = Stretch(1, 5, 30.0, np.zeros((30, 24, 3)), FACTS)


@dataclasses.dataclass
class Phrase:
    words: str

    def text(self, numbers, words=None):
        return fill(self.words, numbers, words)


@dataclasses.dataclass
class Model:
    sentence: str = 'The person squats, the pelvis sinks by {sink} cm'
    reasons: tuple = ('the right knee bends to {right_knee_to} degrees',)
    raises: Exception | None = None

    def narrate(self, *stretch):
        if self.raises:
            raise self.raises
        said = dataclasses.make_dataclass('Said', ['label', 'confidence', 'sentence', 'reasons'])
        return said('squat', 0.8, Phrase(self.sentence), [Phrase(r) for r in self.reasons])


def told(**changes):
    return Telling(TEMPLATES, Model(**changes)).caption(STRETCH)


def test_a_sentence_that_holds_is_said_as_the_model_says_it():
    caption = told()
    assert caption.text == 'The person squats, the pelvis sinks by 31 cm.'
    assert caption.reasons == ('The right knee bends to 95 degrees.',)
    assert (caption.label, caption.score, caption.source) == ('squat', 0.8, 'model')
    assert caption.replaced == ()


@pytest.mark.parametrize('sentence', FALSE)
def test_a_sentence_that_does_not_hold_is_replaced_and_marked(sentence):
    caption = told(sentence=sentence, reasons=(sentence,))
    assert caption.replaced
    for text in (caption.text, *caption.reasons):
        assert faults(text, FACTS) == ()
        assert text != sentence


def test_a_slot_that_was_not_measured_is_replaced_and_marked():
    caption = told(sentence='the torque at the left hip reaches {left_hip_torque} N·m')
    assert caption.text.startswith('The person squats') and caption.replaced


@pytest.mark.parametrize(
    'error', [ModelError('no'), MemoryError('2 GB'), RuntimeError('\x1b[2Jx' * 1000), KeyError(1)]
)
def test_a_model_that_fails_is_replaced_by_templates(error):
    telling = Telling(TEMPLATES, Model(raises=error))
    caption = telling.caption(STRETCH)
    assert caption.source == 'templates' and faults(caption.text, FACTS) == ()
    assert type(error).__name__ in telling.failure and telling.failure.isprintable()
    telling.teller.raises = None
    assert telling.caption(STRETCH).source == 'model' and telling.failure == ''


def test_where_the_model_says_nothing_true_the_published_label_is_told():
    stretch = dataclasses.replace(STRETCH, label='lunge')
    assert Telling(TEMPLATES).caption(stretch).text.startswith('The person lunges')
    wrong = Telling(TEMPLATES, Model('the person sinks by 99 cm')).caption(stretch)
    assert wrong.label == 'lunge' and wrong.text.startswith('The person lunges')


def test_the_label_is_that_of_what_is_said():
    stretch = dataclasses.replace(STRETCH, label='lunge')
    assert Telling(TEMPLATES, Model()).caption(stretch).label == 'squat'


@pytest.mark.parametrize('numbers', [{'duration': 2.0}, {'duration': 2.0, 'speed': 1.2}])
@pytest.mark.parametrize('label', ACTIONS)
def test_a_label_that_says_what_did_not_happen_is_not_told(label, numbers):
    facts = Facts(numbers)
    caption = Telling(TEMPLATES).caption(dataclasses.replace(STRETCH, facts=facts, label=label))
    assert faults(caption.text, facts) == ()
    assert caption.label == label or faults(f'the person {TEMPLATES.doing(label)}', facts)


@pytest.mark.parametrize('label', [*ACTIONS, 'deep_squat', 'never heard of', ''])
def test_templates_hold_for_every_label_with_two_numbers_and_reasons(label):
    caption = Telling(TEMPLATES).caption(dataclasses.replace(STRETCH, label=label))
    assert sum(check.holds for check in checks(caption.text, FACTS)) >= 2
    assert len(caption.reasons) == 3
    for text in (caption.text, *caption.reasons):
        assert faults(text, FACTS) == ()


def test_with_nothing_measured_only_the_action_is_told():
    nothing = dataclasses.replace(STRETCH, facts=Facts({'duration': 2.0}), label='wave')
    caption = Telling(TEMPLATES).caption(nothing)
    assert caption.text == 'The person waves for 2.0 s.' and caption.reasons == ()


def test_labels_are_guessed_from_what_is_notable():
    assert TEMPLATES.label_of(Facts({'duration': 2.0})) == 'stand'
    assert TEMPLATES.label_of(Facts({'speed': 1.2})) == 'walk'
    assert TEMPLATES.label_of(Facts({'speed': 3.0, 'flight': 0.1})) == 'run'
    assert TEMPLATES.label_of(Facts({'speed': 0.1, 'flight': 0.3})) == 'jump'
    assert {*ACTIONS} <= {*TEMPLATES.labels}


@pytest.mark.parametrize(('text', 'wrong'), {
    '[': 'sentences', '{}': 'missing', 'doing: {}': 'missing',
}.items())  # fmt: skip
def test_a_file_of_sentences_that_cannot_be_used_is_named(tmp_path, text, wrong):
    path = tmp_path / 'words.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=wrong):
        Templates(path)


def test_a_sentence_with_an_unknown_slot_is_refused(tmp_path):
    path = tmp_path / 'words.yaml'
    with pytest.raises(ConfigError, match=r'words\.yaml'):
        Templates(path)
    text = resource('config', 'prompts', 'narration.yaml').read_text()
    path.write_text(text.replace('{cadence} steps per minute for', '{mood} steps for'))
    with pytest.raises(ConfigError, match='no slot mood'):
        Templates(path)


def test_true_sentences_stay_as_they_are():
    for sentence in TRUE:
        assert told(sentence=sentence).replaced == ()
