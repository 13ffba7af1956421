"""Hard negatives: mined from what is taken for what, or read."""

import json

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.words.negatives import NONE, mined, read_negatives


def test_the_labels_that_clips_are_taken_for_come_first():
    truth = np.array([0, 0, 1, 2])
    scores = np.log(np.array([
        [0.5, 0.4, 0.09, 0.01], [0.5, 0.1, 0.35, 0.05], [0.3, 0.5, 0.1, 0.1], [0.1, 0.2, 0.1, 0.6],
    ]))  # fmt: skip
    found = mined(scores, truth, 4, top=2)
    assert found[0].tolist() == [1, 2]  # mean .25 and .22
    assert found[1].tolist()[0] == 0
    assert found[2].tolist() == [3, 1]
    assert found[3].tolist() == [2, 1]  # no clip of its own: hard for those that it is hard for


def test_no_label_is_its_own_negative_and_few_labels_leave_places_free():
    found = mined(np.zeros((3, 2)), np.array([0, 1, 1]), 2, top=3)
    assert found.tolist() == [[1, NONE, NONE], [0, NONE, NONE]]


def test_unlikely_numbers_stay_finite():
    found = mined(np.array([[-1e4, -2e4, -np.inf]]), np.array([1]), 3, top=2)
    assert found[1].tolist() == [0, 2]


def test_a_list_of_a_whole_set_is_cut_to_the_labels(tmp_path):
    file = tmp_path / 'hard.json'
    file.write_text(json.dumps({'a': ['x', 'b'], 'b': ['a', 'x', 'c'], 'c': ['b'], 'x': ['a']}))
    assert read_negatives(file, ('a', 'b', 'c'), 2).tolist() == [[1, NONE], [0, 2], [1, NONE]]


@pytest.mark.parametrize('content', ['[]', '{', '{"a": ["b"]}', '{"a": ["a"], "b": ["a"]}'])
def test_a_file_that_leaves_a_label_out_is_named(tmp_path, content):
    file = tmp_path / 'hard.json'
    file.write_text(content)
    with pytest.raises(ConfigError, match=r'negatives .*hard\.json'):
        read_negatives(file, ('a', 'b'))
