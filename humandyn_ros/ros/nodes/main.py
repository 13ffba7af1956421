"""The life of a node's process: open the handle, build the node, spin, leave cleanly."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from humandyn_ros.errors import HumandynError
from humandyn_ros.ros.handle import NodeHandle
from humandyn_ros.ros.open import open_handle


class Node(Protocol):
    """What runs in a process of its own."""

    def run(self) -> None:
        """Serve until told to stop, or until the work is done."""


DONE, UNUSABLE = 0, 2
"""Exit statuses: ended as told; a parameter, file or the wire cannot be used."""


def run_node(
    name: str, build: Callable[[NodeHandle], Node], arguments: Sequence[str] | None = None
) -> int:
    """Run one node until a signal or until it shuts itself down; returns the exit status.

    Args:
        name: Node name, unless remapped on the command line.
        build: Makes the node; it may raise HumandynError.
        arguments: Command line, `--ros-args` and all; default: the process's.
    """
    try:
        handle = open_handle(name, args=list(sys.argv[1:] if arguments is None else arguments))
    except HumandynError as error:
        print(f'{name}: error: {error}', file=sys.stderr)
        return UNUSABLE
    try:
        node = build(handle)
        # What exists now lives as long as the process: looking for garbage in it costs
        # milliseconds every time.
        gc.collect()
        gc.freeze()
        node.run()
    except HumandynError as error:
        handle.log('error', str(error))
        return UNUSABLE
    except KeyboardInterrupt:
        pass
    finally:
        handle.shutdown()
    return DONE
