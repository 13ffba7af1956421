"""XTypes descriptions of ROS 2 messages, which Cyclone DDS 11 wants for every topic.

Only the description is used: the bytes come from and go to message_types.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cyclonedds.idl import IdlStruct, make_idl_struct, types
from rosbags.interfaces import Nodetype

from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.dds.names import dds_type

_BASE: dict[str, Any] = {
    'bool': bool,
    'byte': types.byte,
    'char': types.uint8,
    'octet': types.byte,
    'float32': types.float32,
    'float64': types.float64,
    'string': str,
    **{
        f'{sign}int{bits}': getattr(types, f'{sign}int{bits}')
        for sign in ('', 'u')
        for bits in (8, 16, 32, 64)
    },
}


@cache
def description(type_name: str) -> type[IdlStruct]:
    """Return the description of a message type; member names end in _, as rosidl's do."""
    fields = {f'{name}_': _member(kind) for name, kind in message_type(type_name).fields}
    return _struct(type_name, fields)


@cache
def service_description(type_name: str) -> type[IdlStruct]:
    """Return the description of a request or response: its header (client, number) first."""
    header = {'client_': types.uint64, 'sequence_': types.int64}
    fields = {f'{name}_': _member(kind) for name, kind in message_type(type_name).fields}
    return _struct(type_name, header | fields)


def _struct(type_name: str, fields: dict[str, Any]) -> type[IdlStruct]:
    made: type[IdlStruct] = make_idl_struct(
        type_name.replace('/', '_'), dds_type(type_name).replace('::', '.'), fields
    )
    return made


def _member(kind: Any) -> Any:
    if kind[0] == Nodetype.BASE:
        name, limit = kind[1]
        return types.bounded_str[limit] if name == 'string' and limit else _BASE[name]
    if kind[0] == Nodetype.NAME:
        return description(kind[1])
    inner, length = _member(kind[1][0]), kind[1][1]
    if kind[0] == Nodetype.ARRAY:
        return types.array[inner, length]
    return types.sequence[inner, length] if length else types.sequence[inner]
