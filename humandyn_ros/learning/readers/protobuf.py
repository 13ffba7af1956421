"""The wire format of protocol buffers, just enough to read numbers and text.

https://protobuf.dev/programming-guides/encoding: a message is a row of (key, value), the key
being field number · 8 + wire type.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Message = dict[int, list[int | bytes]]
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def parse(content: bytes | memoryview) -> Message:
    """Split a message into field number -> values in order (numbers, or raw bytes).

    Raises:
        ValueError: It is cut off or malformed.
    """
    view, at, found = memoryview(content), 0, Message()
    while at < len(view):
        key, at = _varint(view, at)
        kind = key & 7
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(view, at)
        else:
            if kind == _BYTES:
                size, at = _varint(view, at)
            elif kind in {_EIGHT, _FOUR}:
                size = 8 if kind == _EIGHT else 4
            else:
                raise ValueError(f'wire type {kind} in a protocol buffer: damaged')
            if size > len(view) - at:
                raise ValueError('a protocol buffer ends inside a field: truncated')
            value, at = bytes(view[at : at + size]), at + size
        found.setdefault(key >> 3, []).append(value)
    return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise ValueError('a protocol buffer ends inside a number: truncated')
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError('a number of more than 64 bits in a protocol buffer: damaged')


def integer(message: Message, field: int) -> int:
    """Last value of an integer field, 0 where absent (int32: two's complement of 64 bits)."""
    value = message.get(field, [0])[-1]
    if not isinstance(value, int):
        raise ValueError(f'field {field} of a protocol buffer is no integer')
    return value - (1 << 64) if value >= 1 << 63 else value


def integers(message: Message, field: int) -> list[int]:
    """A repeated integer, packed or not."""
    found: list[int] = []
    for value in message.get(field, []):
        if isinstance(value, int):
            found.append(value)
            continue
        view, at = memoryview(value), 0
        while at < len(view):
            number, at = _varint(view, at)
            found.append(number)
    return found


def doubles(message: Message, field: int) -> NDArray[np.float64]:
    """A repeated (packed or not) or single double."""
    content = b''.join(v for v in message.get(field, []) if isinstance(v, bytes))
    if len(content) % 8:
        raise ValueError(f'field {field} of a protocol buffer holds no doubles')
    numbers: NDArray[np.float64] = np.frombuffer(content, '<f8').astype(np.float64)
    return numbers


def texts(message: Message, field: int) -> tuple[str, ...]:
    """A repeated string."""
    values = (v for v in message.get(field, []) if isinstance(v, bytes))
    return tuple(v.decode('utf-8', errors='replace') for v in values)


def messages(message: Message, field: int) -> list[Message]:
    """A repeated message."""
    return [parse(v) for v in message.get(field, []) if isinstance(v, bytes)]
