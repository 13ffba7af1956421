"""Settings as ROS parameters: a frozen dataclass is declared field by field and read back.

Nested settings become dotted names (`filter.lag_s`). A field that may be absent (None) is a number
whose absence is NaN, `.nan` in YAML, or an empty text.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.handle import NodeHandle, ParameterValue

T = TypeVar('T')


@dataclass(frozen=True)
class ParameterField:
    """One parameter: where it sits in the dataclass, and what it holds."""

    name: str
    path: tuple[str, ...]
    kind: type
    optional: bool
    metadata: Mapping[str, Any]

    def to_ros(self, value: Any) -> ParameterValue:
        """The field's value as a parameter; absence becomes NaN or an empty text."""
        if value is None:
            return math.nan if self.kind is float else ''
        if isinstance(value, tuple):
            return list(value)
        return self.kind(value)  # type: ignore[no-any-return]

    def from_ros(self, value: Any) -> Any:
        """The field's value; raises ConfigError where the type does not fit."""
        if self.optional and (value == '' or (isinstance(value, float) and math.isnan(value))):
            return None
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if self.kind is tuple and isinstance(value, list | tuple):
            return tuple(value)
        if type(value) is not self.kind:
            raise ConfigError(f'parameter {self.name} = {value!r}: expected {self.kind.__name__}')
        return value

    @property
    def description(self) -> str:
        """One sentence: what it is, unit, range or choices."""
        rule = self.metadata
        if not rule:
            return ''
        text = str(rule['description'])
        if rule['unit']:
            text += f' [{rule["unit"]}]'
        choices = [choice for choice in rule['choices'] if choice]
        if choices:
            text += f'; one of {", ".join(choices)}'
        if rule['low'] > -math.inf or rule['high'] < math.inf:
            text += f'; from {_short(rule["low"])} to {_short(rule["high"])}'
        return text + ('; absent: nan' if self.optional and self.kind is float else '')


def _fields(
    settings: type, names: Mapping[str, str], prefix: str, path: tuple[str, ...] = ()
) -> Iterator[ParameterField]:
    hints = typing.get_type_hints(settings)
    for item in dataclasses.fields(settings):
        kind, optional = _unwrapped(hints[item.name])
        name = prefix + names.get(item.name, item.name)
        here = (*path, item.name)
        if dataclasses.is_dataclass(kind):
            yield from _fields(kind, names, f'{name}.', here)
        else:
            yield ParameterField(name, here, kind, optional, item.metadata)


def _unwrapped(hint: Any) -> tuple[type, bool]:
    """The plain type of a hint, and whether it may be None: `float | None` -> (float, True)."""
    if isinstance(hint, types.UnionType):
        plain = [part for part in typing.get_args(hint) if part is not type(None)]
        return _unwrapped(plain[0])[0], True
    return typing.get_origin(hint) or hint, False


@dataclass(frozen=True)
class Group(Generic[T]):
    """Settings that a node keeps as parameters, and how these are named.

    Attributes:
        default: Settings where neither file nor command line says otherwise.
        prefix: Put before every name, e.g. 'markers.'.
        names: Field names to parameter names where they differ.
        live: Whether they may change while the node runs.
    """

    default: T
    prefix: str = ''
    names: Mapping[str, str] = field(default_factory=dict)
    live: bool = False

    def fields(self) -> Iterator[ParameterField]:
        """Yield every parameter."""
        return _fields(type(self.default), self.names, self.prefix)

    def default_of(self, item: ParameterField) -> ParameterValue:
        """Default value of one of the parameters."""
        value: Any = self.default
        for part in item.path:
            value = getattr(value, part)
        return item.to_ros(value)


class Settings(Generic[T]):
    """One group, declared: `value` is the dataclass that the parameters amount to.

    Args:
        handle: Node that declares them.
        group: What is declared.

    Raises:
        ConfigError: An override is out of range or of the wrong type.
    """

    def __init__(self, handle: NodeHandle, group: Group[T]) -> None:
        self._fields = {item.name: item for item in group.fields()}
        overrides = {
            item.name: handle.declare_parameter(
                item.name, group.default_of(item), item.description, read_only=not group.live
            )
            for item in self._fields.values()
        }
        self.value: T = self._with(group.default, overrides)

    def changed(self, changes: Mapping[str, ParameterValue]) -> T:
        """Return the settings with some parameters changed; names of others are ignored.

        Raises:
            ConfigError: A value is out of range or of the wrong type.
        """
        mine = {name: value for name, value in changes.items() if name in self._fields}
        return self._with(self.value, mine)

    def _with(self, settings: T, values: Mapping[str, ParameterValue]) -> T:
        tree: dict[str, Any] = {}
        for name, value in values.items():
            item = self._fields[name]
            branch = tree
            for part in item.path[:-1]:
                branch = branch.setdefault(part, {})
            branch[item.path[-1]] = item.from_ros(value)
        try:
            changed: T = _replaced(settings, tree)
        except ConfigError as error:
            raise ConfigError(self._renamed(str(error), values)) from error
        return changed

    def _renamed(self, text: str, values: Mapping[str, ParameterValue]) -> str:
        """The message, with the parameter's name where it begins with `Settings.field`."""
        where, space, rest = text.partition(' ')
        owner, dot, given = where.partition('.')
        for name in values:
            if dot and owner.isidentifier() and self._fields[name].path[-1] == given:
                return f'parameter {name}{space}{rest}'
        return text


def on_change(handle: NodeHandle, groups: list[Settings[Any]], apply: Callable[[], None]) -> None:
    """Check every parameter change against its settings; apply it, or refuse with the reason.

    Args:
        handle: Node whose parameters change.
        groups: Settings whose `value` follows the parameters.
        apply: Called after a change was taken over.
    """

    def ask(changes: Mapping[str, ParameterValue]) -> str:
        try:
            changed = [group.changed(changes) for group in groups]
        except ConfigError as error:
            return str(error)
        for group, value in zip(groups, changed, strict=True):
            group.value = value
        apply()
        return ''

    handle.on_parameter_change(ask)


def _short(number: float) -> str:
    return str(int(number)) if number == round(number) and abs(number) < 1e15 else f'{number:g}'


def _replaced(settings: Any, tree: Mapping[str, Any]) -> Any:
    nested = {
        name: _replaced(getattr(settings, name), value) if isinstance(value, dict) else value
        for name, value in tree.items()
    }
    return dataclasses.replace(settings, **nested)
