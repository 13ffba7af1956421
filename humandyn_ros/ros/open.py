"""Choose the implementation of the node handle: genuine rclpy, or the embedded wire."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from typing import Literal

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.handle import NodeHandle

Implementation = Literal['auto', 'rclpy', 'dds']


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
        WireError: The wire cannot be opened.
    """
    chosen = implementation
    if chosen == 'auto':
        chosen = os.environ.get('HUMANDYN_HANDLE', '') or 'auto'  # type: ignore[assignment]
    if chosen == 'auto':
        chosen = 'rclpy' if importlib.util.find_spec('rclpy') else 'dds'
    if chosen == 'rclpy':
        from humandyn_ros.ros.rclpy_handle import RclpyHandle  # noqa: PLC0415

        return RclpyHandle(name, args=args, namespace=namespace)
    if chosen == 'dds':
        from humandyn_ros.ros.dds_handle import DdsHandle  # noqa: PLC0415

        return DdsHandle(name, args=args, namespace=namespace)
    raise ConfigError(f'node handle {chosen!r}: choose auto, rclpy or dds')
