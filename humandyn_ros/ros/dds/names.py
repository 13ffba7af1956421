"""ROS 2 names: resolving, remapping, and their form on the DDS wire.

Rules of the ROS 2 design articles "Topic and Service name mapping to DDS" and "Static remapping".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from humandyn_ros.errors import ConfigError

_TOKEN = r'[A-Za-z_][A-Za-z0-9_]*'
_RELATIVE = re.compile(rf'^(?:~(?:/|$))?(?:{_TOKEN}(?:/{_TOKEN})*)?$')
_ABSOLUTE = re.compile(rf'^(?:/{_TOKEN})+$')
_DDS_TYPE = re.compile(r'^(\w+)::(msg|srv|action)::dds_::(\w+)_$')


@dataclass(frozen=True)
class Remap:
    """One rule `[node:]source:=target`, as given on the command line."""

    source: str
    target: str
    node: str = ''  # applies to this node only; '' applies to all


def resolve(name: str, namespace: str, node: str) -> str:
    """Return the absolute form of a topic or service name, before remapping.

    Args:
        name: Absolute ('/a'), relative ('a') or private ('~/a') name.
        namespace: Absolute namespace of the node, '/' for none.
        node: Node name.

    Raises:
        ConfigError: The name breaks the ROS 2 naming rules.
    """
    if not name or not (_ABSOLUTE.match(name) or _RELATIVE.match(name)):
        raise ConfigError(
            f'{name!r} is not a ROS 2 name: use letters, digits and _, separated by /, '
            'no token starting with a digit'
        )
    if name.startswith('/'):
        return name
    prefix = '' if namespace == '/' else namespace
    if name.startswith('~'):
        return f'{prefix}/{node}{name[1:]}'
    return f'{prefix}/{name}'


def remap(name: str, rules: tuple[Remap, ...], namespace: str, node: str) -> str:
    """Return the absolute name after resolving and applying the first rule that matches it."""
    full = resolve(name, namespace, node)
    for rule in rules:
        if rule.node in ('', node) and resolve(rule.source, namespace, node) == full:
            return resolve(rule.target, namespace, node)
    return full


def checked_namespace(namespace: str) -> str:
    """Return an absolute namespace ('/' for none).

    Raises:
        ConfigError: It breaks the ROS 2 naming rules.
    """
    if namespace in ('', '/'):
        return '/'
    return resolve('/' + namespace.strip('/'), '/', '')


def checked_node_name(name: str) -> str:
    """Return the node name unchanged.

    Raises:
        ConfigError: It is not a single token.
    """
    if not re.fullmatch(_TOKEN, name):
        raise ConfigError(
            f'{name!r} is not a node name: use letters, digits and _, no leading digit'
        )
    return name


def dds_type(type_name: str) -> str:
    """Return the DDS form of 'pkg/msg/Type': 'pkg::msg::dds_::Type_'."""
    package, kind, name = type_name.split('/')
    return f'{package}::{kind}::dds_::{name}_'


def ros_type(dds_name: str) -> str | None:
    """Return the ROS form of a DDS type name, None for a type that is not ROS's."""
    match = _DDS_TYPE.match(dds_name)
    return '/'.join(match.groups()) if match else None


def dds_topic(name: str) -> str:
    """Return the DDS topic of an absolute ROS topic."""
    return f'rt{name}'


def ros_topic(dds_name: str) -> str | None:
    """Return the ROS topic of a DDS topic, None for a topic that is not a ROS topic."""
    return dds_name[2:] if dds_name.startswith('rt/') else None


def request_topic(service: str) -> str:
    """Return the DDS topic of a service's requests."""
    return f'rq{service}Request'


def reply_topic(service: str) -> str:
    """Return the DDS topic of a service's replies."""
    return f'rr{service}Reply'
