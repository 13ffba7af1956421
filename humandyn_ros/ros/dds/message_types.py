"""Message types: definitions, plain Python classes, CDR and type hashes, without ROS 2.

The common packages come from rosbags' Jazzy type store. Others are read from `definitions/`,
one text file per package in the `.msg` and `.srv` language:

    MSG: vision_msgs/msg/VisionClass
    uint16 class_id
    string class_name
    SRV: std_srvs/srv/SetBool
    bool data
    ---
    bool success
    string message
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.base import normalize_fieldname
from rosbags.typesys.store import Typestore

from humandyn_ros.errors import WireError

DISTRIBUTION = Stores.ROS2_JAZZY
"""Whose message definitions we speak. Humble differs in the graph's Gid: 24 bytes, ours 16."""

_LONGEST_SEQUENCE = 2**26  # elements; no message of ours comes near, hostile lengths do
_SECTION = re.compile(r'^(MSG|SRV): *(\S+)[ \t]*\n(.*?)(?=^(?:MSG|SRV): |\Z)', re.M | re.S)
_DEFAULTS: dict[tuple[str, str], Any] = {('geometry_msgs/msg/Quaternion', 'w'): 1.0}


@cache
def store() -> Typestore:
    """Return the type store, shared by the wire and bags; `load` adds packages to it."""
    common = get_typestore(DISTRIBUTION)
    common.max_sequence_length = _LONGEST_SEQUENCE
    return common


def packages() -> tuple[str, ...]:
    """Return the packages whose definitions are shipped beside rosbags' own."""
    folder = resources.files(__package__) / 'definitions'
    return tuple(sorted(file.name[:-4] for file in folder.iterdir() if file.name.endswith('.txt')))


@cache
def load(package: str) -> None:
    """Register a package's shipped definitions in the store, and those it builds on.

    Raises:
        WireError: No definitions of that package are known.
    """
    file = resources.files(__package__) / 'definitions' / f'{package}.txt'
    if file.is_file():
        _register(file.read_text(encoding='utf-8'))
    elif not any(name.startswith(f'{package}/') for name in store().fielddefs):
        raise WireError(
            f'no message definitions for package {package}; known beside the common ones: '
            f'{", ".join(packages())}'
        )


def _register(text: str) -> None:
    found: dict[str, Any] = {}
    for kind, name, body in _SECTION.findall(text):
        if kind == 'MSG':
            found |= get_types_from_msg(body, name)
            continue
        request, _, response = body.partition('---\n')
        found[f'{name}_Request'] = _fields(request, name)
        found[f'{name}_Response'] = _fields(response, name)
    for package in {inner.split('/')[0] for inner in _references(found)} - {
        name.split('/')[0] for name in found
    }:
        load(package)
    store().register(found)


def _fields(text: str, service: str) -> Any:
    # rosbags' parser knows messages only: read the half of a service as one, keep its fields.
    (parsed,) = get_types_from_msg(text, f'{service.split("/", maxsplit=1)[0]}/msg/Half').values()
    return parsed


def _references(definitions: Mapping[str, Any]) -> Iterator[str]:
    for _, fields in definitions.values():
        for _, description in fields:
            inner = description if description[0] <= Nodetype.NAME else description[1][0]
            if inner[0] == Nodetype.NAME:
                yield inner[1]


class MessageType:
    """One message type: builds, encodes and decodes its messages.

    Args:
        name: Full name such as 'sensor_msgs/msg/JointState'.

    Raises:
        WireError: The type is unknown.
    """

    def __init__(self, name: str) -> None:
        if name not in store().fielddefs:
            if name.count('/') != 2:
                raise WireError(f'{name!r} is not a message type; write package/msg/Type')
            try:
                load(name.split('/', maxsplit=1)[0])
            except WireError as error:
                raise WireError(f'message type {name}: {error}') from error
        if name not in store().fielddefs:
            raise WireError(f'message type {name} is unknown, although its package is known')
        self.name = name
        self.fields: list[tuple[str, Any]] = [
            (normalize_fieldname(field), description)
            for field, description in store().fielddefs[name][1]
        ]
        self._definition = store().get_msgdef(name)  # compiles the serialisers now, not later
        self._names = frozenset(field for field, _ in self.fields)
        self._blank = {
            field: _DEFAULTS.get((name, field), _blank(kind[1][0]))
            for field, kind in self.fields
            if kind[0] == Nodetype.BASE
        }
        self._makers = [
            (field, _maker(field, kind)) for field, kind in self.fields if field not in self._blank
        ]

    def new(self, fields: Mapping[str, Any]) -> Any:
        """Build a message: nested messages as mappings or objects, lists as arrays.

        Raises:
            WireError: A field does not exist or its value does not fit.
        """
        if not fields.keys() <= self._names:
            unknown = ', '.join(sorted(fields.keys() - self._names))
            known = ', '.join(name for name, _ in self.fields)
            raise WireError(f'{self.name} has no field {unknown}; it has {known}')
        # Not through __init__: a marker has forty nested messages, most of them defaults.
        message = object.__new__(self._definition.cls)
        message.__dict__.update(self._blank)
        message.__dict__.update(fields)
        try:
            for name, make in self._makers:
                message.__dict__[name] = make(fields.get(name))
        except (TypeError, ValueError) as error:
            raise WireError(f'{self.name}: {error}') from error
        return message

    def encode(self, message: Any, prefix: bytes = b'') -> bytearray:
        """Return the message as CDR, encapsulated and padded to four bytes.

        Args:
            message: Object with the type's fields.
            prefix: Bytes before the first field; a multiple of eight, to keep the alignment.

        Raises:
            WireError: A field holds what its type cannot carry.
        """
        start = 4 + len(prefix)
        try:
            size = start + self._definition.getsize_cdr(0, message, store())
            padding = -size % 4
            raw = bytearray(size + padding)
            raw[1], raw[3] = 1, padding  # little endian; trailing padding, as XTypes 1.3 7.6.3.1.2
            raw[4:start] = prefix
            self._definition.serialize_cdr_le(memoryview(raw)[start:], 0, message, store())
        except Exception as error:  # the generated code raises whatever a wrong value provokes
            raise WireError(f'{self.name} cannot be encoded: {error}') from error
        return raw

    def decode(self, raw: bytes, skip: int = 0) -> Any:
        """Return the message in CDR bytes that came from anywhere.

        Args:
            raw: Encapsulated CDR.
            skip: Bytes between encapsulation and first field; a multiple of eight.

        Raises:
            WireError: The bytes are not such a message.
        """
        try:
            if raw[0] != 0 or raw[1] > 1:
                raise ValueError(f'unknown encapsulation {raw[:2].hex()}')
            definition = self._definition
            read = definition.deserialize_cdr_le if raw[1] else definition.deserialize_cdr_be
            body = memoryview(raw)[4 + skip :]
            message, end = read(body, 0, definition.cls, store())
            if not 0 <= len(body) - end <= 3:
                raise ValueError(f'{len(body)} bytes where the fields take {end}')
        except Exception as error:  # foreign bytes: whatever the generated code trips over
            raise WireError(f'{len(raw)} bytes are no {self.name}: {error}') from error
        return message

    @cached_property
    def hash(self) -> str:
        """ROS 2 type hash (REP-2011), 'RIHS01_' and 64 hexadecimal digits."""
        described = Typestore()
        described.fielddefs = _Described()
        return described.hash_rihs01(self.name)


@cache
def message_type(name: str) -> MessageType:
    """Return the one MessageType of a name.

    Raises:
        WireError: The type is unknown.
    """
    return MessageType(name)


class _Described(dict[str, Any]):
    """Definitions as rosidl describes them: `char` is an alias of uint8 since Iron."""

    def __missing__(self, name: str) -> Any:
        constants, fields = store().fielddefs[name]
        return constants, [(field, _without_char(kind)) for field, kind in fields]


def _without_char(kind: Any) -> Any:
    if kind[0] == Nodetype.BASE:
        return (kind[0], ('uint8', 0)) if kind[1][0] == 'char' else kind
    if kind[0] == Nodetype.NAME:
        return kind
    return (kind[0], (_without_char(kind[1][0]), kind[1][1]))


Maker = Callable[[Any], Any]


def _maker(field: str, kind: Any) -> Maker:
    """Return what turns a given value (None: nothing given) into the field's value."""
    if kind[0] == Nodetype.BASE:
        blank = _blank(kind[1][0])
        return lambda given: blank if given is None else given
    if kind[0] == Nodetype.NAME:
        return _message_maker(kind[1])
    (inner, length) = kind[1]
    fixed = length if kind[0] == Nodetype.ARRAY else 0
    if inner[0] == Nodetype.NAME or inner[1][0] == 'string':
        return _list_maker(field, _maker(field, inner), fixed)
    return _array_maker(field, _dtype(inner[1][0]), fixed)


def _message_maker(type_name: str) -> Maker:
    kind = message_type(type_name)

    def make(given: Any) -> Any:
        if given is None or isinstance(given, Mapping):
            return kind.new(given or {})
        return given

    return make


def _list_maker(field: str, make_item: Maker, length: int) -> Maker:
    def make(given: Any) -> list[Any]:
        items = [None] * length if given is None else given
        if length and len(items) != length:
            raise ValueError(f'{field} holds {len(items)} items where {length} are fixed')
        return [make_item(item) for item in items]

    return make


def _array_maker(field: str, dtype: np.dtype[Any], length: int) -> Maker:
    def make(given: Any) -> np.ndarray[Any, Any]:
        if given is None:
            return np.zeros(length, dtype)
        if isinstance(given, bytes | bytearray | memoryview):
            given = np.frombuffer(given, np.uint8)
        array = np.ascontiguousarray(given, dtype).reshape(-1)
        if length and array.size != length:
            raise ValueError(f'{field} holds {array.size} numbers where {length} are fixed')
        return array

    return make


def _blank(base: str) -> Any:
    if base == 'string':
        return ''
    if base == 'bool':
        return False
    return 0.0 if base.startswith('float') else 0


def _dtype(base: str) -> np.dtype[Any]:
    return np.dtype({'byte': 'uint8', 'char': 'uint8', 'octet': 'uint8'}.get(base, base))


def service_types(name: str) -> tuple[MessageType, MessageType]:
    """Return the request and response types of a service such as 'std_srvs/srv/SetBool'.

    Raises:
        WireError: The service is unknown.
    """
    return message_type(f'{name}_Request'), message_type(f'{name}_Response')


__all__ = [
    'DISTRIBUTION',
    'MessageType',
    'load',
    'message_type',
    'packages',
    'service_types',
    'store',
]
