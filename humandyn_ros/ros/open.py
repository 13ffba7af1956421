"""Choose the implementation of the node handle: genuine rclpy, or the embedded wire."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Literal

from humandyn_ros.errors import ConfigError, WireError
from humandyn_ros.ros.handle import NodeHandle

Implementation = Literal['auto', 'rclpy', 'dds']
_LIBRARIES = {'rclpy': 'rclpy', 'dds': 'cyclonedds'}


def open_handle(
    name: str,
    *,
    args: Sequence[str] | None = None,
    implementation: Implementation = 'auto',
    namespace: str = '',
) -> NodeHandle:
    """Open a ROS 2 node.

    Args:
        name: Node name; `__node:=` in `args` overrides it.
        args: Command line with `--ros-args`; None: the process's own.
        implementation: 'rclpy', 'dds', or 'auto': rclpy where it can be imported. The
            environment variable HUMANDYN_HANDLE replaces 'auto'.
        namespace: Node namespace; `__ns:=` overrides it.

    Raises:
        ConfigError: An argument, parameter file, name or implementation is invalid.
        WireError: The library is missing, or the wire cannot be opened.
    """
    chosen = _choice(implementation)
    if chosen == 'rclpy':
        from humandyn_ros.ros.rclpy_handle import RclpyHandle  # noqa: PLC0415

        return RclpyHandle(name, args=args, namespace=namespace)
    from humandyn_ros.ros.dds_handle import DdsHandle  # noqa: PLC0415

    return DdsHandle(name, args=args, namespace=namespace)


def _choice(asked: str) -> str:
    if asked == 'auto':
        asked = os.environ.get('HUMANDYN_HANDLE', '') or 'auto'
    if asked == 'auto':
        asked = 'rclpy' if _present('rclpy') else 'dds'
    if asked not in _LIBRARIES:
        raise ConfigError(f'node handle {asked!r}: choose auto, rclpy or dds')
    if not _present(_LIBRARIES[asked]):
        raise WireError(
            f'node handle {asked}: {_LIBRARIES[asked]} cannot be imported; source a ROS 2 '
            "installation, or run pip install 'cyclonedds>=11,<12'"
        )
    # Both bring a Cyclone DDS library of their own, and the symbols of one shadow the other's.
    other = _LIBRARIES['rclpy' if asked == 'dds' else 'dds']
    if other in sys.modules:
        raise WireError(f'node handle {asked}: this process has loaded {other} already')
    return asked


def _present(module: str) -> bool:
    return module in sys.modules or importlib.util.find_spec(module) is not None
