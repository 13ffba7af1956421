"""Prompts: templates of a file, checked."""

import pytest
import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.words.prompts import LONGEST_QUESTION, read_prompts
from humandyn_ros.resources import resource


def written(path, **changes):
    found = yaml.safe_load(resource('config', 'prompts', 'skeletonllm.yaml').read_text())
    file = path / 'prompts.yaml'
    file.write_text(yaml.safe_dump({k: v for k, v in (found | changes).items() if v is not None}))
    return file


def test_labels_and_candidates_are_spoken():
    prompts = read_prompts()
    assert 'side step, walk' in prompts.choosing(('side_step', 'walk'))
    assert 'side step' in prompts.judging('side_step')
    assert 'Label: side step' in prompts.teaching('side_step', '')


def test_a_question_is_short_on_one_line_and_no_template():
    asked = read_prompts().asking('what is\n{labels} ' + 'x' * 1000)
    assert 'what is {labels} xxx' in asked
    assert len(asked) < len(read_prompts().question) + LONGEST_QUESTION


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'choose': None}, 'needs exactly the keys'),
        ({'more': 'x'}, 'needs exactly the keys'),
        ({'choose': '  '}, 'choose = .*write the words'),
        ({'choose': 'which one?'}, r'choose has the placeholders \[\]; needed: \{labels\}'),
        ({'name': 'is it {label}?'}, r'name has the placeholders .*needed: none'),
        ({'name': 'is it {?'}, 'double braces'),
    ],
)
def test_a_template_that_cannot_serve_is_named(tmp_path, changes, told):
    with pytest.raises(ConfigError, match=told):
        read_prompts(written(tmp_path, **changes))


def test_an_unreadable_file_and_empty_questions_are_named(tmp_path):
    with pytest.raises(ConfigError, match='cannot be read'):
        read_prompts(tmp_path / 'nothing.yaml')
    with pytest.raises(ConfigError, match='a question needs words'):
        read_prompts().asking(' \n ')
    with pytest.raises(ConfigError, match='name the actions'):
        read_prompts().choosing(())
