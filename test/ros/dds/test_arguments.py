"""The ROS 2 command line and parameter files."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.dds import arguments
from humandyn_ros.ros.dds.arguments import Override
from humandyn_ros.ros.dds.names import Remap

NODE = '/ns/body'


def test_ros_arguments_are_told_apart_from_the_others():
    found = arguments.parse(
        ['run', '--ros-args', '-p', 'a:=1', '--', '--fast', '--ros-args', '-r', 'x:=y']
    )
    assert found.rest == ['run', '--fast']
    assert found.values_for(NODE) == {'a': 1}
    assert found.topic_rules() == (Remap('x', 'y'),)


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('1', 1),
        ('1.0', 1.0),
        ('1e-3', 1e-3),
        ('-2E5', -2e5),
        ('.5', 0.5),
        ('true', True),
        ('off', False),
        ('abc', 'abc'),
        ('"1"', '1'),
        ('[1, 2.5]', [1.0, 2.5]),
        ('[a, b]', ['a', 'b']),
        ('[]', []),
        ('.inf', math.inf),
    ],
)
def test_values_are_read_as_ros_reads_yaml(text, value):
    found = arguments.parse(['--ros-args', '-p', f'a:={text}']).values_for(NODE)['a']
    assert found == value
    assert type(found) is type(value)


def test_node_name_namespace_and_rules_for_one_node():
    found = arguments.parse(
        ['--ros-args', '-r', '__node:=hip', '-r', '__ns:=/leg', '-r', 'hip:a:=/b']
    )
    assert found.node_name('body') == 'hip'
    assert found.namespace('', 'hip') == '/leg'
    assert found.topic_rules() == (Remap('a', '/b', 'hip'),)


def test_parameters_for_one_node_reach_only_that_node():
    found = arguments.parse(['--ros-args', '-p', 'other:a:=1', '-p', 'body:b:=2'])
    assert found.values_for(NODE) == {'b': 2}


def test_logging_options():
    found = arguments.parse(
        ['--ros-args', '--log-level', 'body:=debug', '--disable-rosout-logs', '--enclave', '/e']
    )
    assert (found.level, found.rosout, found.console, found.enclave) == (
        'debug',
        False,
        True,
        '/e',
    )


@pytest.mark.parametrize(
    'words',
    [
        ['--no-such'],
        ['-p'],
        ['-p', 'a=1'],
        ['-p', 'a:={b: 1}'],
        ['-p', 'a:=[1, x]'],
        ['-p', 'a:=[1'],
        ['-p', 'a:=null'],
        ['-r', 'a'],
        ['-r', 'a:='],
        ['--log-level', 'loud'],
        ['--params-file', '/no/such/file.yaml'],
    ],
)
def test_malformed_arguments_are_errors(words):
    with pytest.raises(ConfigError):
        arguments.parse(['--ros-args', *words])


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_command_line_is_read_or_refused(words):
    with contextlib.suppress(ConfigError):
        arguments.parse(['--ros-args', *words])


def read(tmp_path, text):
    path = tmp_path / 'params.yaml'
    path.write_text(text)
    return arguments.parse(['--ros-args', '--params-file', str(path)])


def test_a_file_gives_values_by_node_and_the_last_one_wins(tmp_path):
    found = read(
        tmp_path,
        """
/**: {ros__parameters: {a: 1, b: 1, c: 1}}
body: {ros__parameters: {b: 2, deep: {er: {still: x}}}}
/ns/body: {ros__parameters: {c: 3}}
/ns: {body: {ros__parameters: {d: 4}}, head: {ros__parameters: {d: 5}}}
/other/body: {ros__parameters: {a: 9}}
""",
    )
    assert found.values_for(NODE) == {'a': 1, 'b': 2, 'c': 3, 'd': 4, 'deep.er.still': 'x'}


@pytest.mark.parametrize(
    ('pattern', 'full', 'matches'),
    [
        ('/**', '/a/b/c', True),
        ('body', '/a/body', True),
        ('/body', '/a/body', False),
        ('/body', '/body', True),
        ('/*/body', '/a/body', True),
        ('/*/body', '/a/b/body', False),
        ('/**/body', '/a/b/body', True),
        ('/**/body', '/body', True),
        ('/a/**', '/a/b/c', True),
        ('/a/*', '/b/c', False),
        ('bod', '/body', False),
    ],
)
def test_wildcards_match_as_in_ros(pattern, full, matches):
    assert Override(pattern, 'a', 1).matches(full) is matches


@pytest.mark.parametrize(
    'text',
    [
        '[1, 2]',
        'body: 3',
        'body: {ros__parameters: 3}',
        'body: {a: 1}',
        'body: {ros__parameters: {a: [1, [2]]}}',
        'body: {ros__parameters: {a: 2026-01-01}}',
        '{',
        '\x00',
    ],
)
def test_a_file_of_another_form_is_an_error_that_names_it(tmp_path, text):
    with pytest.raises(ConfigError, match=r'params\.yaml|parameter a'):
        read(tmp_path, text)


def test_an_empty_parameter_section_gives_nothing(tmp_path):
    assert read(tmp_path, 'body: {ros__parameters: }').values_for(NODE) == {}
