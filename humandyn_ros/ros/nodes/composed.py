"""Several nodes in one process: less memory on a small machine, at the price of shared time.

`composed_node source_node dynamics_node --ros-args ...`; the first node named decides: when it
ends, all end.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence

from humandyn_ros.errors import ConfigError, HumandynError
from humandyn_ros.ros.handle import NodeHandle
from humandyn_ros.ros.nodes.main import DONE, UNUSABLE, Node
from humandyn_ros.ros.open import open_handle

CLASSES = {
    'action_node': ('humandyn_ros.ros.nodes.action_node', 'ActionNode'),
    'dynamics_node': ('humandyn_ros.ros.nodes.dynamics_node', 'DynamicsNode'),
    'narration_node': ('humandyn_ros.ros.nodes.narration_node', 'NarrationNode'),
    'source_node': ('humandyn_ros.ros.nodes.source_node', 'SourceNode'),
}
"""Node names to module and class."""

_PATIENCE_S = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named nodes until told to stop; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index('--ros-args') if '--ros-args' in given else len(given)
    try:
        run(given[:end], given[end:])
    except HumandynError as error:
        print(f'composed_node: error: {error}', file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        pass
    return DONE


def run(names: Sequence[str], ros_args: Sequence[str]) -> None:
    """Run nodes together, the first one in the calling thread.

    Raises:
        HumandynError: A node is unknown, or a setting of one cannot be used.
    """
    unknown = [name for name in names if name not in CLASSES]
    if unknown or not names:
        raise ConfigError(
            f'nodes to compose: {", ".join(names) or "none"}; name some of {", ".join(CLASSES)}'
        )
    handles: list[NodeHandle] = []
    threads: list[threading.Thread] = []
    try:
        nodes = [_made(name, ros_args, handles) for name in names]
        threads += [threading.Thread(target=node.run, daemon=True) for node in nodes[1:]]
        for thread in threads:
            thread.start()
        nodes[0].run()
    finally:
        for handle in handles:
            handle.shutdown()
        for thread in threads:
            thread.join(_PATIENCE_S)


def _made(name: str, ros_args: Sequence[str], handles: list[NodeHandle]) -> Node:
    module, kind = CLASSES[name]
    handle = open_handle(name, args=list(ros_args))
    handles.append(handle)
    node: Node = getattr(importlib.import_module(module), kind)(handle)
    return node


if __name__ == '__main__':
    sys.exit(main())
