"""The narrator's tokens, phrases and facts."""

import numpy as np
import pytest

from humandyn_ros.engines.narrator.language import (
    FACTS,
    SPECIAL,
    Phrase,
    Vocabulary,
    features,
    words_of,
)
from humandyn_ros.errors import ModelError
from humandyn_ros.words.facts import Facts

TEXT = 'the right knee bends from <right_knee_from> to <right_knee_to> degrees, at <speed> m/s'
FACTS_OF = Facts(
    {'right_knee_from': 5.2, 'right_knee_to': 91.0, 'speed': 1.26, 'duration': 2.0},
    {'travel_way': 'forwards'},
)


def test_a_text_comes_back_from_its_tokens():
    vocabulary = Vocabulary.of([TEXT])
    numbers = vocabulary.encode(TEXT)
    phrase = Phrase(tuple(vocabulary.tokens[k] for k in numbers))
    assert phrase.text(FACTS_OF.numbers) == (
        'the right knee bends from 5 to 91 degrees, at 1.3 m/s'
    )
    assert phrase.slots() == ('right_knee_from', 'right_knee_to', 'speed')


def test_digits_are_no_tokens():
    assert words_of('bends 90 degrees') == ('bends', 'degrees')


def test_what_was_not_measured_cannot_be_said():
    vocabulary = Vocabulary.of([f'{TEXT} <sink> <travel_way> <turn_way>'])
    allowed = dict(zip(vocabulary.tokens, vocabulary.allowed(FACTS_OF), strict=True))
    assert allowed['<speed>']
    assert allowed['<travel_way>']
    assert allowed['knee']
    assert allowed['<end>']
    assert not allowed['<sink>']
    assert not allowed['<turn_way>']
    assert not allowed['<pad>']
    with pytest.raises(ModelError, match='sink was not measured'):
        Phrase(('<sink>',)).text(FACTS_OF.numbers)


def test_unknown_words_have_a_token_of_their_own():
    vocabulary = Vocabulary.of([TEXT])
    assert vocabulary.encode('juggles') == [SPECIAL.index('<unknown>')]
    assert vocabulary.sheet(['the knee'], 4).tolist()[0][2:] == [0, 0]


def test_a_vocabulary_of_another_kind_is_refused():
    with pytest.raises(ModelError, match='vocabulary'):
        Vocabulary(('the', 'knee'))


def test_facts_become_numbers_where_they_were_measured():
    values, there = features(FACTS_OF)
    told = {name for name, known in zip(FACTS, there, strict=True) if known}
    assert told == {'right_knee', 'speed', 'duration'}
    row = FACTS.index('right_knee')
    np.testing.assert_allclose(values[row, :2], [91.0 / 90.0, (91.0 - 5.2) / 90.0], rtol=1e-6)
    assert values[FACTS.index('speed'), 2] == 1.0  # forwards
    assert not values[there == 0].any()
