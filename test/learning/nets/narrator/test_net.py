"""The narrator's network: its parts agree with each other."""

import pytest
import torch

from humandyn_ros.engines.narrator.language import FACTS, FEATURES
from humandyn_ros.engines.narrator.pictures import FRAMES
from humandyn_ros.learning.nets.narrator import LENGTH, Narrator, NarratorNet
from humandyn_ros.learning.nets.narrator.exporting import MemoryModule, WordModule
from humandyn_ros.learning.nets.narrator.net import PATCHES

NET = NarratorNet(width=16, heads=2, layers=1, words=2, size=16)
WORDS = 30


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(3)
    return Narrator(NET, WORDS, 5).eval()


def seen(batch=2):
    random = torch.Generator().manual_seed(1)
    pictures = torch.rand(batch, FRAMES, 16, 16, 3, generator=random)
    facts = torch.randn(batch, len(FACTS), FEATURES, generator=random)
    there = (torch.rand(batch, len(FACTS), generator=random) < 0.5).float()
    return pictures, facts, there


def test_pictures_become_patches_that_see_every_frame(model):
    pictures = seen()[0]
    with torch.no_grad():
        tokens = model.pictures(pictures)
        assert tokens.shape == (2, PATCHES, NET.width)
        for frame in range(FRAMES):
            other = pictures.clone()
            other[:, frame] = 0.0
            assert not torch.allclose(model.pictures(other), tokens)


def test_word_by_word_scores_what_the_whole_text_scores(model):
    pictures, facts, there = seen()
    tokens = torch.randint(1, WORDS, (2, 7), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        memory, all_there = model.memory(model.pictures(pictures), facts, there)
        whole = model.decoder(tokens, memory, all_there)
        kept, _ = MemoryModule(model)(pictures, facts, there)
        past, step = torch.zeros(2, 2 * NET.words, LENGTH, NET.width), WordModule(model)
        for place in range(7):
            at = torch.full((2, 1), place)
            scores, past = step(tokens[:, place : place + 1], at, kept, all_there, past)
            torch.testing.assert_close(scores, whole[:, place], atol=1e-4, rtol=1e-4)


def test_a_fact_that_is_not_there_says_nothing(model):
    pictures, facts, there = seen()
    other = torch.where(there[..., None] > 0, facts, facts + 5.0)
    tokens = torch.full((2, 4), 7)
    with torch.no_grad():
        found = [
            model.decoder(tokens, *model.memory(model.pictures(pictures), given, there))
            for given in (facts, other)
        ]
    torch.testing.assert_close(found[0], found[1])


def test_a_text_is_the_same_however_long_the_row_is(model):
    short, long = torch.tensor([[5, 6, 7]]), torch.tensor([[5, 6, 7, 0, 0, 0]])
    with torch.no_grad():
        one, other = model.text(short), model.text(long)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert float(one.norm()) == pytest.approx(1.0, abs=1e-5)


def test_later_words_do_not_change_what_is_scored_before(model):
    pictures, facts, there = seen()
    with torch.no_grad():
        memory = model.memory(model.pictures(pictures), facts, there)
        one = model.decoder(torch.tensor([[1, 2, 3, 4]] * 2), *memory)
        other = model.decoder(torch.tensor([[1, 2, 9, 9]] * 2), *memory)
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(one[:, 2], other[:, 2])
