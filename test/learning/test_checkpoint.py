import random

import numpy as np
import pytest
import torch
from line_task import LineNet

from humandyn_ros.errors import ModelError
from humandyn_ros.learning.checkpoint import (
    Checkpoint,
    load_checkpoint,
    random_tensors,
    restore_random,
    save_checkpoint,
)


@pytest.fixture
def path(tmp_path):
    model = {f'model.{k}': v for k, v in LineNet(4).state_dict().items()}
    save_checkpoint(tmp_path / 'c.safetensors', Checkpoint(model, {'task': 'line'}))
    return tmp_path / 'c.safetensors'


def test_what_is_written_is_read(path):
    found = load_checkpoint(path)
    assert found.facts == {'schema': 1, 'task': 'line'}
    found.load_model(LineNet(4))
    assert not list(path.parent.glob('*.partial'))


@pytest.mark.parametrize('keep', [0, 4, 100, -1])
def test_a_truncated_checkpoint_is_named(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match='is damaged'):
        load_checkpoint(path)


def test_an_altered_checkpoint_is_named(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match='altered'):
        load_checkpoint(path)


def test_a_foreign_file_is_named(path):
    from safetensors.torch import save_file

    save_file({'x': torch.zeros(2)}, path)
    with pytest.raises(ModelError, match='no checkpoint of schema'):
        load_checkpoint(path)


def test_weights_of_another_network_are_refused(path):
    with pytest.raises(ModelError, match='does not fit'):
        load_checkpoint(path).load_model(LineNet(5))


def test_every_generator_goes_on_where_it_was():
    random.gauss(0, 1)  # leaves a spare number behind
    np.random.standard_normal()
    state = random_tensors()
    drawn = [(random.gauss(0, 1), np.random.standard_normal(), torch.randn(1).item())]
    restore_random(state)
    drawn.append((random.gauss(0, 1), np.random.standard_normal(), torch.randn(1).item()))
    assert drawn[0] == drawn[1]
