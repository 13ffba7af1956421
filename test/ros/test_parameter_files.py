import pytest
import yaml

from bench.parameter_files import files
from humandyn_ros.ros.nodes.dynamics_node import GROUPS, DynamicsNode
from humandyn_ros.ros.run import nodes_of


@pytest.mark.parametrize('path', files(), ids=lambda path: path.name)
def test_the_file_says_what_the_code_says(path):
    assert path.read_text() == files()[path], 'run python -m bench.parameter_files'


@pytest.mark.parametrize('path', files(), ids=lambda path: path.name)
def test_the_file_starts_nodes(path):
    assert nodes_of(path)


def flat(tree, prefix=''):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value


def test_the_pipeline_file_changes_nothing_that_the_node_would_do_without_it(fake):
    path = next(path for path in files() if path.name == 'pipeline.yaml')
    content = yaml.safe_load(path.read_text())['dynamics_node']['ros__parameters']
    given, bare = fake(overrides=dict(flat(content))), fake()
    DynamicsNode(given)
    DynamicsNode(bare)
    assert given.values.keys() == bare.values.keys() == dict(flat(content)).keys()
    assert str(given.values) == str(bare.values)  # as text, because nan is not nan


@pytest.mark.parametrize('group', GROUPS, ids=lambda group: type(group.default).__name__)
def test_every_parameter_is_explained(group):
    for item in group.fields():
        assert len(item.description) > 8, item.name
