"""Plain values into the messages of a ROS 2 installation.

rclpy wants its own array types, exact scalar types, and message objects where the node handle
takes mappings, numbers and NumPy arrays.
"""

from __future__ import annotations

import array
import operator
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from rosidl_runtime_py.utilities import get_message

from humandyn_ros.errors import WireError


@cache
def message_class(type_name: str) -> Any:
    """Return the class of a message type such as 'sensor_msgs/msg/JointState'.

    Raises:
        WireError: This installation does not have it.
    """
    try:
        return get_message(type_name)
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
        raise WireError(
            f'message type {type_name} is unknown to this ROS 2 installation: {error}; '
            f'install ros-$ROS_DISTRO-{type_name.split("/", maxsplit=1)[0].replace("_", "-")}'
        ) from error


def fill(message: Any, fields: Mapping[str, Any]) -> Any:
    """Set a message's fields from plain values.

    Raises:
        WireError: A field does not exist or its value does not fit.
    """
    kinds = message.get_fields_and_field_types()
    for name, value in fields.items():
        if name not in kinds:
            raise WireError(
                f'{type(message).__name__} has no field {name}; it has {", ".join(kinds)}'
            )
        try:
            setattr(message, name, _converted(getattr(message, name), value, kinds[name]))
        except (AssertionError, TypeError, ValueError) as error:
            raise WireError(f'{type(message).__name__}.{name} = {value!r}: {error}') from error
    return message


def _converted(now: Any, value: Any, kind: str) -> Any:
    """Return a value as the type that rclpy wants in place of the present one.

    rclpy itself does not check unless asked, and its C code aborts on a wrong type.
    """
    if isinstance(value, Mapping):
        return fill(now, value)
    if isinstance(now, array.array):
        raw = value if isinstance(value, bytes) else np.ascontiguousarray(value, now.typecode)
        return array.array(now.typecode, bytes(raw))
    if isinstance(now, np.ndarray):
        return np.asarray(value, now.dtype).reshape(now.shape)
    if isinstance(now, list):
        element = _blank(kind.removeprefix('sequence<').removesuffix('>').split('[', 1)[0])
        return [_converted(element(), item, '') for item in value]
    if isinstance(now, bytes) and not isinstance(value, bytes):
        return bytes([value])
    return _scalar(now, value)


def _scalar(now: Any, value: Any) -> Any:
    if isinstance(now, bool):
        return bool(value)
    if isinstance(now, int):
        return operator.index(value)
    if isinstance(now, float):
        return float(value)
    if not isinstance(value, type(now)):
        raise TypeError(f'expected {type(now).__name__}, got {type(value).__name__}')
    return value


def _blank(element: str) -> Any:
    """Return what makes an empty element of a list: 'pkg/Type', 'string', 'string<9>', 'bool'."""
    element = element.split(',', maxsplit=1)[0]  # bounded: 'pkg/Type, 5'
    if '/' in element:
        package, name = element.rsplit('/', 1)
        return message_class(f'{package.split("/")[0]}/msg/{name}')
    return bool if element == 'boolean' else str
