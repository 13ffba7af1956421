"""Losses of the narrator against what they should be."""

import math

import pytest
import torch
from torch.nn import functional

from humandyn_ros.learning.losses.narrator import (
    anchor_loss,
    caption_loss,
    hard_negative_loss,
    label_loss,
    word_loss,
)

SCALE = torch.tensor(10.0)


def unit(*rows):
    return functional.normalize(torch.tensor(rows), dim=-1)


def test_the_right_label_costs_less_than_a_wrong_one():
    texts = unit([1.0, 0.0], [0.0, 1.0])
    seen = unit([1.0, 0.1])
    right, wrong = (label_loss(seen, texts, torch.tensor([k]), SCALE) for k in (0, 1))
    assert right < wrong


def test_only_the_hardest_negatives_compete():
    texts = unit([1.0, 0.0], [0.9, 0.4], [0.0, 1.0], [-1.0, 0.0])
    seen, label = unit([1.0, 0.0]), torch.tensor([0])
    expected = math.log(1.0 + math.exp(10.0 * float(texts[1, 0]) - 10.0))
    assert float(hard_negative_loss(seen, texts, label, SCALE, hardest=1)) == pytest.approx(
        expected, rel=1e-5
    )


def test_captions_of_the_same_action_are_not_wrong():
    seen = unit([1.0, 0.0], [1.0, 0.0])
    assert float(caption_loss(seen, seen, torch.tensor([4, 4]), SCALE)) == pytest.approx(0.0)
    assert float(caption_loss(seen, seen, torch.tensor([4, 5]), SCALE)) == pytest.approx(
        math.log(2.0)
    )


def test_words_after_the_end_are_not_counted():
    tokens = torch.tensor([[1, 2, 3, 0, 0]])
    scores = torch.zeros(1, 5, 4)
    scores[0, 0, 2] = scores[0, 1, 3] = 50.0
    assert float(word_loss(scores, tokens)) == pytest.approx(0.0, abs=1e-6)
    scores[0, 3, 1] = 50.0
    assert float(word_loss(scores, tokens)) == pytest.approx(0.0, abs=1e-6)


def test_pictures_and_texts_meet_at_the_anchors():
    anchors = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    texts, labels = unit([1.0, 0.0], [0.0, 1.0]), torch.tensor([0, 1])
    met = anchor_loss(texts, texts, labels, anchors, SCALE)
    apart = anchor_loss(texts, texts.flip(0), labels, anchors, SCALE)
    assert met < apart
