"""`humandyn run`: start the nodes of a ROS parameter file, each in a process of its own.

Every node name in the file that is one of NODES is started, in the namespace it stands in. A node
that crashes is started again, later each time; a node that ended by itself is done; a node whose
settings cannot be used ends the whole run, and so does the end of what a source node plays.
Ctrl-C and SIGTERM stop all.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.resources import resource
from humandyn_ros.ros.nodes.main import DONE, UNUSABLE
from humandyn_ros.ros.signals import as_ctrl_c, check_interrupt

NODES = {
    'action_node': 'humandyn_ros.ros.nodes.action_node',
    'dynamics_node': 'humandyn_ros.ros.nodes.dynamics_node',
    'narration_node': 'humandyn_ros.ros.nodes.narration_node',
    'source_node': 'humandyn_ros.ros.nodes.source_node',
}
"""Node names to the modules that are run."""

CRASHED = 1
"""Exit status when a node crashed once too often."""

_DECLARED = dict(NODES)  # where the parameters stand, whatever is run
_RESTARTS = 5
_FORGIVEN_S = 60.0  # a node that ran this long starts with a clean record
_PATIENCE_S = 3.0  # from one stop signal to the next, stronger one
_LOOK_S = 0.05


@dataclass(frozen=True)
class NodeEntry:
    """One node of the parameter file."""

    name: str
    namespace: str  # '/' for none

    def command(self, config: Path, ros_args: Sequence[str]) -> list[str]:
        """The command line that runs it; later `ros_args` override the file."""
        remaps = ['-r', f'__ns:={self.namespace}'] if self.namespace != '/' else []
        return [
            sys.executable, '-m', NODES[self.name],
            '--ros-args', '--params-file', str(config), *remaps, *ros_args,
        ]  # fmt: skip


def nodes_of(config: Path) -> list[NodeEntry]:
    """List the known nodes of a ROS parameter file.

    Raises:
        ConfigError: The file cannot be read, is no parameter file, or names no known node.
    """
    try:
        content = yaml.safe_load(config.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'parameter file {config}: {error}') from error
    if not isinstance(content, dict):
        raise ConfigError(f'parameter file {config} must map node names to ros__parameters')
    found = list(_full_names(content))
    entries = [
        NodeEntry(name, namespace or '/')
        for namespace, _, name in (full.rpartition('/') for full in found)
        if name in NODES
    ]
    _refuse_unknown(config, content)
    if not entries:
        raise ConfigError(
            f'parameter file {config} names no node that can be run; '
            f'it names {", ".join(found) or "none"}, known are {", ".join(NODES)}'
        )
    return entries


def _refuse_unknown(config: Path, content: dict[str, Any]) -> None:
    """ROS 2 passes over parameters that no node declares: a mistyped one would do nothing."""
    for name, given in _parameters(content):
        if name not in NODES:
            continue
        known = {'use_sim_time'} | known_parameters(name)
        unknown = sorted(
            key for key in given if key not in known and not key.startswith('qos_overrides.')
        )
        if unknown:
            near = difflib.get_close_matches(unknown[0], known, 1)
            hint = f'; did you mean {near[0]}?' if near else ''
            raise ConfigError(
                f'parameter file {config}: {name} has no parameter {", ".join(unknown)}{hint}'
            )


def known_parameters(node: str) -> set[str]:
    """Names of the parameters that a node declares."""
    module = importlib.import_module(_DECLARED[node])
    return {item.name for group in module.GROUPS for item in group.fields()}


def _parameters(content: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for key, value in content.items():
        if isinstance(value, dict):
            if isinstance(value.get('ros__parameters'), dict):
                yield str(key).strip('/').rpartition('/')[2], list(_flat(value['ros__parameters']))
            yield from _parameters({k: v for k, v in value.items() if k != 'ros__parameters'})


def _flat(tree: dict[str, Any], prefix: str = '') -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}'


def _full_names(content: dict[str, Any], prefix: str = '') -> Iterator[str]:
    for key, value in content.items():
        name = f'{prefix}/{str(key).strip("/")}'
        if not isinstance(value, dict):
            continue
        if 'ros__parameters' in value:
            yield name
        yield from _full_names({k: v for k, v in value.items() if k != 'ros__parameters'}, name)


class _Child:
    """One node's process, and how often it had to be started."""

    def __init__(self, entry: NodeEntry, command: list[str]) -> None:
        self.entry = entry
        self._command = command
        self._restarts = 0
        self._start_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches the node from us alone, and in order.
        self.process = subprocess.Popen(self._command, start_new_session=True)
        self._started = time.monotonic()

    def look(self) -> int | None:
        """Restart if it is time; return the exit status once it has ended for good."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                self.start()
            return None
        status = self.process.poll()
        if status in (None, DONE, UNUSABLE):
            return status
        self._restarts = 1 if now - self._started > _FORGIVEN_S else self._restarts + 1
        if self._restarts > _RESTARTS:
            _say(f'{self.entry.name} ended with status {status} {self._restarts} times: giving up')
            return CRASHED
        wait_s = 0.5 * 2.0 ** (self._restarts - 1)
        _say(f'{self.entry.name} ended with status {status}: starting it again in {wait_s:g} s')
        self.process, self._start_at = None, now + wait_s
        return None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(number)


def run_nodes(config: str | None = None, ros_args: Sequence[str] = ()) -> int:
    """Run the nodes of a parameter file until all have ended or a signal stops them.

    Args:
        config: ROS parameter file; None: config/pipeline.yaml of the package.
        ros_args: What follows `--ros-args`, passed on to every node.

    Returns:
        0 when all ended as told, 1 when a node crashed too often, 2 when a node's settings
        cannot be used.

    Raises:
        ConfigError: The file names no node that can be run.
    """
    path = Path(config) if config else resource('config', 'pipeline.yaml')
    entries = nodes_of(path)
    with as_ctrl_c(signal.SIGTERM):
        children: list[_Child] = []
        try:
            children += [_Child(entry, entry.command(path, ros_args)) for entry in entries]
            return _watch(children)
        except KeyboardInterrupt:
            return DONE
        finally:
            _stop(children)


def _watch(children: list[_Child]) -> int:
    # Where a source node plays something, the end of that is the end of the run.
    awaited = [child for child in children if child.entry.name == 'source_node'] or children
    ended: set[int] = set()
    while not all(id(child) in ended for child in awaited):
        for child in children:
            status = None if id(child) in ended else child.look()
            if status in (CRASHED, UNUSABLE):
                return status
            if status is not None:
                ended.add(id(child))
        check_interrupt()
        time.sleep(_LOOK_S)
    return DONE


def _stop(children: list[_Child]) -> None:
    """Ask, then tell, then kill."""
    with contextlib.suppress(KeyboardInterrupt):
        for number in (signal.SIGINT, signal.SIGTERM):
            for child in children:
                child.send(number)
            until = time.monotonic() + _PATIENCE_S
            while any(child.alive for child in children) and time.monotonic() < until:
                time.sleep(_LOOK_S)
    for child in children:
        child.kill()


def _say(text: str) -> None:
    print(f'humandyn run: {text}', file=sys.stderr, flush=True)
