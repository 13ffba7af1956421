"""A node's parameters: declaration, typing, change callbacks, and their wire form.

Types are fixed by the declaration, as in ROS 2; an integer given for a floating-point parameter
from a file or command line is taken as one, since YAML writes 70.0 as 70.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.handle import ParameterValue

BOOL, INTEGER, DOUBLE, STRING = 1, 2, 3, 4
BOOL_ARRAY, INTEGER_ARRAY, DOUBLE_ARRAY, STRING_ARRAY = 6, 7, 8, 9
"""Numbers of rcl_interfaces/msg/ParameterType (5, byte arrays, is not offered)."""

_SCALARS: dict[type, int] = {bool: BOOL, int: INTEGER, float: DOUBLE, str: STRING}
_NAMES = {
    BOOL: 'bool',
    INTEGER: 'integer',
    DOUBLE: 'double',
    STRING: 'string',
    BOOL_ARRAY: 'bool_array',
    INTEGER_ARRAY: 'integer_array',
    DOUBLE_ARRAY: 'double_array',
    STRING_ARRAY: 'string_array',
}
_FIELDS = {kind: f'{name}_value' for kind, name in _NAMES.items()}

Change = Callable[[Mapping[str, ParameterValue]], str]


@dataclass
class Parameter:
    """One declared parameter."""

    name: str
    kind: int
    value: ParameterValue
    description: str = ''
    read_only: bool = False


def kind_of(value: Any) -> int:
    """Return the ParameterType number of a value; an empty list counts as texts.

    Raises:
        ConfigError: ROS 2 has no parameter type for it.
    """
    if isinstance(value, list):
        kinds = {kind_of(item) for item in value} or {STRING}
        if len(kinds) == 1 and max(kinds) <= STRING:
            return kinds.pop() + BOOL_ARRAY - BOOL
    elif type(value) in _SCALARS:
        return _SCALARS[type(value)]
    raise ConfigError(f'{value!r} is no parameter value: bool, number, text or a list of one kind')


class Parameters:
    """The parameters of one node.

    Args:
        overrides: Values from files and the command line.
        announce: Told of every parameter that is new (True) or changed (False).
    """

    def __init__(
        self, overrides: Mapping[str, Any], announce: Callable[[Parameter, bool], None]
    ) -> None:
        self._overrides = dict(overrides)
        self._declared: dict[str, Parameter] = {}
        self._asked: list[Change] = []
        self._announce = announce

    def declare(
        self, name: str, default: ParameterValue, description: str = '', *, read_only: bool = False
    ) -> ParameterValue:
        """Declare and return the value: the override if there is one, else the default.

        Raises:
            ConfigError: It is declared already, or the override has another type.
        """
        if name in self._declared:
            raise ConfigError(f'parameter {name} is declared already')
        kind = kind_of(default)
        value = self._overrides.get(name, default)
        fitted = _fitted(value, kind)
        if fitted is None:
            raise ConfigError(
                f'parameter {name} = {value!r}: must be of type {_NAMES[kind]}, like {default!r}'
            )
        parameter = Parameter(name, kind, fitted, description, read_only)
        self._declared[name] = parameter
        self._announce(parameter, True)
        return fitted

    def get(self, name: str) -> ParameterValue:
        """Return the value of a declared parameter.

        Raises:
            ConfigError: It is not declared.
        """
        if name not in self._declared:
            raise ConfigError(f'parameter {name} is not declared')
        return self._declared[name].value

    def find(self, name: str) -> Parameter | None:
        """Return a declared parameter, or None."""
        return self._declared.get(name)

    def names(self) -> list[str]:
        """Return the names of all declared parameters, sorted."""
        return sorted(self._declared)

    def ask(self, callback: Change) -> None:
        """Ask this callback before every change; it returns '' or the reason to refuse."""
        self._asked.append(callback)

    def set(self, values: Mapping[str, Any]) -> str:
        """Change several parameters together; return '' or why none of them changed."""
        for name, value in values.items():
            reason = self._unfit(name, value)
            if reason:
                return reason
        for callback in self._asked:
            try:
                reason = callback(values)
            except ConfigError as error:
                reason = str(error)
            if reason:
                return reason
        for name, value in values.items():
            self._declared[name].value = value
            self._announce(self._declared[name], False)
        return ''

    def _unfit(self, name: str, value: Any) -> str:
        parameter = self._declared.get(name)
        if parameter is None:
            return f'parameter {name} is not declared'
        if parameter.read_only:
            return f'parameter {name} is read-only'
        kind = 0 if value is None else kind_of(value)
        if kind != parameter.kind and not (value == [] and parameter.kind >= BOOL_ARRAY):
            return (
                f'parameter {name} is of type {_NAMES[parameter.kind]}, '
                f'not {_NAMES.get(kind, "unset")}'
            )
        return ''


def _fitted(value: Any, kind: int) -> ParameterValue | None:
    """Return the value as that kind, None if it is not one."""
    given = kind_of(value)
    if value == [] and kind >= BOOL_ARRAY:
        return []
    if given == INTEGER and kind == DOUBLE:
        return float(value)
    if given == INTEGER_ARRAY and kind == DOUBLE_ARRAY:
        return [float(item) for item in value]
    fitted: ParameterValue | None = value if given == kind else None
    return fitted


def to_wire(parameter: Parameter) -> dict[str, Any]:
    """Return the fields of a rcl_interfaces/msg/ParameterValue."""
    return {'type': parameter.kind, _FIELDS[parameter.kind]: parameter.value}


def from_wire(message: Any) -> ParameterValue | None:
    """Return the value in a rcl_interfaces/msg/ParameterValue, None where unset."""
    field = _FIELDS.get(message.type)
    if field is None:
        return None
    value = getattr(message, field)
    if message.type >= BOOL_ARRAY:
        value = list(value) if message.type == STRING_ARRAY else value.tolist()
    found: ParameterValue = value
    return found
