import pytest
from line_task import LineConfig

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.settings import read_settings, split_settings


def file(tmp_path, text):
    path = tmp_path / 'settings.yaml'
    path.write_text(text)
    return path


def test_values_are_read_overridden_and_typed(tmp_path):
    path = file(tmp_path, 'width: 4\nscales: [1, 2e-1]\ntraining: {seed: 1, clip_norm: 1e-1}')
    found = read_settings('x', path, ['width=5', 'training.seed=7', 'noise=null'])
    training, own = split_settings(found, LineConfig)
    assert own == LineConfig(width=5, scales=(1.0, 0.2), noise=None)
    assert (training.seed, training.clip_norm) == (7, 0.1)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('widht: 4', 'unknown setting widht: choose from'),
        ('training: {sed: 4}', r'unknown setting training\.sed'),
        ('width: many', 'width = .many. must be of type int'),
        ('width: true', 'must be of type int'),
        ('scales: 3', 'must be a list'),
        ('scales: [a]', r'scales\[0\] = .a. must be a number'),
        ('width: 99', r'must lie in \[1, 64\]'),
        ('training: {precision: int8}', 'choose one of auto'),
        ('training: 3', 'must be a group'),
        ('- 1', 'must hold keys and values'),
        ('a: [', 'cannot be read'),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        split_settings(read_settings('x', file(tmp_path, text)), LineConfig)


@pytest.mark.parametrize('override', ['width', '=3', 'width.x=3'])
def test_an_override_that_is_none_is_named(tmp_path, override):
    with pytest.raises(ConfigError, match=r'width|='):
        read_settings('x', file(tmp_path, 'width: 3'), [override])
