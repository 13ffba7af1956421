"""Scores of words: exact or synonymous labels, captions."""

import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis import ACTIONS
from humandyn_ros.learning.words.scores import (
    LabelMatcher,
    caption_scores,
    label_accuracy,
    read_synonyms,
)


@pytest.mark.parametrize(
    'answer', ['walk', 'Walk.', ' "the WALK" ', 'walking', 'Walking forward!']
)
def test_a_label_or_a_synonym_counts_in_any_dress(answer):
    matcher = LabelMatcher(('walk', 'run'), {'walk': ('walking', 'walking forward')})
    assert matcher.match(answer) == 'walk'


@pytest.mark.parametrize(
    'answer', ['not walk', 'walks the dog', 'he is going to walk', 'walk or run', 'wal', '']
)
def test_a_label_within_an_answer_never_counts(answer):
    assert LabelMatcher(('walk', 'run'), {'walk': ('walking',)}).match(answer) is None


def test_underscores_are_blanks():
    assert LabelMatcher(('side_step',)).match('Side step') == 'side_step'


def test_the_synonyms_that_come_along_are_of_labels_and_clear():
    synonyms = read_synonyms()
    assert set(synonyms) <= set(ACTIONS)
    matcher = LabelMatcher(ACTIONS, synonyms)
    assert matcher.match('standing up') == 'sit_to_stand'
    assert matcher.match('standing') == 'stand'


def test_one_wording_for_two_labels_is_refused():
    with pytest.raises(ConfigError, match="'go' stands for walk and for run"):
        LabelMatcher(('walk', 'run'), {'walk': ('go',), 'run': ('go',)})


def test_accuracy_counts_right_answers_and_those_that_are_no_label():
    matcher = LabelMatcher(('walk', 'run'))
    found = label_accuracy(
        ['walk', 'run', 'maybe walk', 'run'], ['walk'] * 2 + ['run'] * 2, matcher
    )
    assert found == {'accuracy_percent': 50.0, 'no_label_percent': 25.0}


def test_captions_score_full_marks_only_where_they_are_the_references():
    pytest.importorskip('sacrebleu', reason='the extra words is not installed')
    pytest.importorskip('rouge_score', reason='the extra words is not installed')
    said = ['the person walks slowly to the left', 'somebody sits down on a chair']
    full = caption_scores(said, said)
    assert full == pytest.approx({'bleu': 100.0, 'chrf': 100.0, 'rouge_l': 100.0})
    part = caption_scores(said, [said[0], 'a dog barks'])
    assert 0 < part['bleu'] < 100
    assert 0 < part['chrf'] < 100
    assert part['rouge_l'] == pytest.approx(100 * (1 + 2 * 1 / (6 + 3)) / 2)  # only 'a' is common


def test_scores_of_nothing_and_bad_synonyms_are_refused(tmp_path):
    with pytest.raises(ConfigError, match='at least 1'):
        label_accuracy([], [], LabelMatcher(('walk',)))
    with pytest.raises(ConfigError, match='0 answers to 1'):
        caption_scores([], ['x'])
    file = tmp_path / 'synonyms.yaml'
    file.write_text('walk: walking')
    with pytest.raises(ConfigError, match='a list of words'):
        read_synonyms(file)
