"""The ROS 2 command line and parameter files: `--ros-args -p a:=1 -r from:=to --params-file F`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.dds.names import Remap

_SWITCHES = re.compile(r'--(?:en|dis)able-(?:rosout-logs|stdout-logs|external-lib-logs)')
_VALUED = {
    '-p': '--param',
    '-r': '--remap',
    '-e': '--enclave',
    '--param': '--param',
    '--remap': '--remap',
    '--params-file': '--params-file',
    '--log-level': '--log-level',
    '--enclave': '--enclave',
    '--log-config-file': '--log-config-file',
    '--log-file-name': '--log-file-name',
}
LEVELS = {'debug': 10, 'info': 20, 'warn': 30, 'error': 40, 'fatal': 50}
"""Names of the log levels and their numbers in rcl_interfaces/msg/Log."""


class _Loader(yaml.SafeLoader):
    """YAML as ROS 2 reads it: 1e-3 is a number, although YAML 1.1 wants 1.0e-3."""


_Loader.add_implicit_resolver(
    'tag:yaml.org,2002:float',
    re.compile(
        r'^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$'
        r'|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$'
    ),
    list('-+0123456789.'),
)


@dataclass(frozen=True)
class Override:
    """One parameter value given from outside, for the nodes that match a pattern."""

    node: str  # '/**', '/ns/node', 'node' ('' and '/**' match every node)
    name: str
    value: Any

    def matches(self, full_name: str) -> bool:
        """Tell whether it is meant for the node of this fully qualified name."""
        if self.node in ('', '/**'):
            return True
        if '/' not in self.node.lstrip('/') and '*' not in self.node:
            return self.node.lstrip('/') == full_name.rsplit('/', 1)[1] and (
                not self.node.startswith('/') or self.node == full_name
            )
        pattern = re.escape('/' + self.node.strip('/'))
        pattern = pattern.replace(r'/\*\*', r'(?:/\w+)*').replace(r'\*', r'\w+')
        return re.fullmatch(pattern, full_name) is not None


@dataclass
class Arguments:
    """What `--ros-args` asked for; `rest` is every argument that is not ROS's."""

    remaps: tuple[Remap, ...] = ()
    overrides: tuple[Override, ...] = ()
    level: str = 'info'
    rosout: bool = True
    console: bool = True
    enclave: str = '/'
    rest: list[str] = field(default_factory=list)

    def node_name(self, default: str) -> str:
        """Return the node name after `__node:=` rules."""
        return self._special(('__node', '__name'), default, default)

    def namespace(self, default: str, node: str) -> str:
        """Return the namespace after `__ns:=` rules."""
        return self._special(('__ns',), default, node)

    def topic_rules(self) -> tuple[Remap, ...]:
        """Return the rules that rename topics and services."""
        return tuple(rule for rule in self.remaps if not rule.source.startswith('__'))

    def values_for(self, full_name: str) -> dict[str, Any]:
        """Return parameter values meant for a node; later ones win."""
        return {item.name: item.value for item in self.overrides if item.matches(full_name)}

    def _special(self, sources: tuple[str, ...], default: str, node: str) -> str:
        for rule in self.remaps:
            if rule.source in sources and rule.node in ('', node):
                return rule.target
        return default


def parse(arguments: Sequence[str]) -> Arguments:
    """Read a command line; ROS arguments stand between `--ros-args` and `--` or the end.

    Raises:
        ConfigError: A ROS argument is unknown or malformed, or a parameter file cannot be read.
    """
    result = Arguments()
    flags: list[tuple[str, str]] = []
    words = iter(arguments)
    for word in words:
        if word == '--ros-args':
            flags += _section(words)
        else:
            result.rest.append(word)
    for flag, value in flags:
        _apply(result, flag, value)
    return result


def _section(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        if word == '--':
            return
        if word == '--ros-args':
            continue
        if _SWITCHES.fullmatch(word):
            yield word, ''
            continue
        if word not in _VALUED:
            raise ConfigError(f'unknown ROS argument {word!r}; end ROS arguments with --')
        value = next(words, None)
        if value is None:
            raise ConfigError(f'ROS argument {word} needs a value')
        yield _VALUED[word], value


def _apply(result: Arguments, flag: str, value: str) -> None:
    if flag == '--param':
        result.overrides += (_parameter(value),)
    elif flag == '--remap':
        result.remaps += (_remap(value),)
    elif flag == '--params-file':
        result.overrides += tuple(read_parameter_file(Path(value)))
    elif flag == '--enclave':
        result.enclave = value
    elif flag == '--log-level':
        result.level = _level(value)
    elif flag.endswith('rosout-logs'):
        result.rosout = flag.startswith('--enable')
    elif flag.endswith('stdout-logs'):
        result.console = flag.startswith('--enable')


def _level(text: str) -> str:
    level = text.rsplit(':=', 1)[-1].lower()
    if level not in LEVELS:
        raise ConfigError(f'--log-level {text}: choose one of {", ".join(LEVELS)}')
    return level


def _split(text: str, flag: str) -> tuple[str, str, str]:
    left, separator, right = text.partition(':=')
    if not separator or not left:
        raise ConfigError(f'{flag} {text}: write name:=value')
    node, colon, name = left.rpartition(':')
    return (node, name, right) if colon else ('', left, right)


def _remap(text: str) -> Remap:
    node, source, target = _split(text, '--remap')
    if not target:
        raise ConfigError(f'--remap {text}: write from:=to')
    return Remap(source, target, node)


def _parameter(text: str) -> Override:
    node, name, value = _split(text, '--param')
    try:
        return Override(node, name, _value(name, yaml.load(value, _Loader)))
    except yaml.YAMLError as error:
        raise ConfigError(f'--param {text}: {value!r} is not YAML: {error}') from error


def read_parameter_file(path: Path) -> Iterator[Override]:
    """Yield the values of a ROS 2 parameter file, in file order.

    Raises:
        ConfigError: The file cannot be read or is not of the form `node: ros__parameters: ...`.
    """
    try:
        content = yaml.load(path.read_text(), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'parameter file {path}: {error}') from error
    if not isinstance(content, Mapping):
        raise ConfigError(f'parameter file {path}: expected `node_name: ros__parameters: ...`')
    yield from _nodes(path, '', content)


def _nodes(path: Path, prefix: str, tree: Mapping[Any, Any]) -> Iterator[Override]:
    for key, value in tree.items():
        name = f'{prefix}/{str(key).strip("/")}' if prefix or '/' in str(key) else str(key)
        if not isinstance(value, Mapping):
            raise ConfigError(
                f'parameter file {path}: {name} must hold ros__parameters or nodes, got {value!r}'
            )
        for inner, leaf in value.items():
            if inner != 'ros__parameters':
                yield from _nodes(path, f'/{name.strip("/")}', {inner: leaf})
            elif isinstance(leaf, Mapping):
                yield from (Override(name, *item) for item in _leaves('', leaf))
            elif leaf is not None:
                raise ConfigError(f'parameter file {path}: {name}/ros__parameters is no mapping')


def _leaves(prefix: str, tree: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        name = f'{prefix}.{key}' if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(name, value)
        else:
            yield name, _value(name, value)


def _value(name: str, value: Any) -> Any:
    """Check that ROS 2 has a parameter type for a value; mixed numbers become floats."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        kinds = {type(item) for item in value}
        if kinds == {int, float}:
            return [float(item) for item in value]
        if len(kinds) <= 1 and kinds <= {bool, int, float, str}:
            return value
    raise ConfigError(
        f'parameter {name} = {value!r}: must be a bool, number, text or a list of one of them'
    )
