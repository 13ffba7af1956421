"""ROS 2 names and their DDS form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.dds import names
from humandyn_ros.ros.dds.names import Remap

TOKEN = st.from_regex(r'\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z')


@pytest.mark.parametrize(
    ('name', 'full'),
    [
        ('/a/b', '/a/b'),
        ('a', '/ns/a'),
        ('a/b', '/ns/a/b'),
        ('~/a', '/ns/node/a'),
        ('~', '/ns/node'),
    ],
)
def test_names_resolve_as_the_design_article_says(name, full):
    assert names.resolve(name, '/ns', 'node') == full


def test_the_root_namespace_adds_nothing():
    assert names.resolve('a', '/', 'node') == '/a'
    assert names.resolve('~/a', '/', 'node') == '/node/a'


@pytest.mark.parametrize('name', ['', '/', 'a//b', '/a/', '1a', '/a/2b', 'a b', 'a-b', '~a', 'ä'])
def test_bad_names_are_refused(name):
    with pytest.raises(ConfigError, match='not a ROS 2 name'):
        names.resolve(name, '/', 'node')


@settings(deadline=None)
@given(st.lists(TOKEN, min_size=1, max_size=4))
def test_resolving_twice_changes_nothing(tokens):
    full = names.resolve('/'.join(tokens), '/ns', 'node')
    assert names.resolve(full, '/other', 'else') == full


def test_the_first_rule_that_matches_wins():
    rules = (Remap('a', '/x'), Remap('/ns/a', '/y'), Remap('b', 'c'), Remap('~/d', 'e'))
    assert names.remap('a', rules, '/ns', 'node') == '/x'
    assert names.remap('/ns/b', rules, '/ns', 'node') == '/ns/c'
    assert names.remap('~/d', rules, '/ns', 'node') == '/ns/e'
    assert names.remap('/b', rules, '/ns', 'node') == '/b'


def test_a_rule_may_be_for_one_node_only():
    rules = (Remap('a', '/x', node='other'),)
    assert names.remap('a', rules, '/', 'node') == '/a'
    assert names.remap('a', rules, '/', 'other') == '/x'


def test_type_names_go_to_dds_and_back():
    assert names.dds_type('sensor_msgs/msg/JointState') == 'sensor_msgs::msg::dds_::JointState_'
    assert names.ros_type('sensor_msgs::msg::dds_::JointState_') == 'sensor_msgs/msg/JointState'
    assert names.ros_type('Square') is None


def test_topics_and_services_get_their_prefixes():
    assert names.dds_topic('/a/b') == 'rt/a/b'
    assert names.ros_topic('rt/a/b') == '/a/b'
    assert names.ros_topic('ros_discovery_info') is None
    assert names.request_topic('/n/arm') == 'rq/n/armRequest'
    assert names.reply_topic('/n/arm') == 'rr/n/armReply'


@pytest.mark.parametrize('name', ['', 'a/b', '1a', 'a b'])
def test_bad_node_names_are_refused(name):
    with pytest.raises(ConfigError, match='not a node name'):
        names.checked_node_name(name)


def test_namespaces_become_absolute():
    assert names.checked_namespace('') == '/'
    assert names.checked_namespace('a/b/') == '/a/b'
    with pytest.raises(ConfigError):
        names.checked_namespace('/a b')
