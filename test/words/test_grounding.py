import numpy as np
import pytest
from measured_words import FACTS, FALSE, TRUE

from humandyn_ros.words.facts import Facts
from humandyn_ros.words.grounding import faults, share


@pytest.mark.parametrize('sentence', TRUE)
def test_a_sentence_that_was_measured_has_no_faults(sentence):
    assert faults(sentence, FACTS) == ()


@pytest.mark.parametrize(('sentence', 'fault'), FALSE.items())
def test_what_was_not_measured_is_named(sentence, fault):
    assert any(fault in found for found in faults(sentence, FACTS))


def test_the_share_of_claims_that_hold_counts_each_claim():
    assert share('The person walks forwards at 1.2 m/s for 9.0 s.', FACTS) == (2, 3)
    assert share('The person dances.', FACTS) == (0, 0)


def test_nothing_measured_grounds_no_number():
    nothing = Facts({})
    assert all(faults(sentence, nothing) for sentence in TRUE if sentence != 'The person squats.')


def test_more_digits_than_were_measured_must_be_right_too():
    assert faults('The right knee bends to 94.7 degrees', FACTS) == ()
    assert faults('The right knee bends to 94.9 degrees', FACTS)


def test_any_text_at_all_can_be_held_against_the_facts():
    words = ' '.join((*TRUE, *FALSE)).split() + ['-', '%', '1e9', '..', '\n', 'ß', '9' * 300]
    random = np.random.default_rng(0)
    for _ in range(300):
        text = ' '.join(random.choice(words, int(random.integers(1, 40))))
        right, claims = share(text, FACTS)
        assert 0 <= right <= claims
        assert (right == claims) == (faults(text, FACTS) == ())
