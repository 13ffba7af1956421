"""The contract of the node handle: scenarios between two processes, over the real wire.

Every scenario runs on each implementation that is available, and between the two where both are.
Peers (peer.py) run in processes of their own, on a DDS domain of their own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE_S = 20.0


def ros2_setup() -> str:
    """Return the setup script of a ROS 2 installation, '' where there is none.

    The environment variable HUMANDYN_ROS2 names it; otherwise the usual place is looked at.
    """
    named = os.environ.get('HUMANDYN_ROS2', '')
    found = sorted(Path('/opt/ros').glob('*/setup.bash'))
    return named or (str(found[-1]) if found else '')


def environment(domain: int) -> dict[str, str]:
    """Return the environment of a peer: a domain of its own, this host only."""
    foreign = ('ROS_', 'RMW_', 'AMENT_', 'CYCLONEDDS', 'PYTHON', 'LD_LIBRARY')
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        'PYTHONPATH': str(ROOT),
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp',
    }


def with_ros2(command: list[str]) -> list[str]:
    """Return a command that runs inside the ROS 2 installation."""
    setup = f'. {shlex.quote(ros2_setup())} && export PYTHONPATH="{ROOT}:$PYTHONPATH"'
    return ['bash', '-c', f'{setup} && exec {shlex.join(command)}']


def require(implementation: str) -> None:
    """Skip the test where an implementation is absent."""
    if implementation == 'dds' and not importlib.util.find_spec('cyclonedds'):
        pytest.skip('the embedded wire needs cyclonedds')
    if implementation == 'rclpy' and not ros2_setup():
        pytest.skip('no ROS 2 installation: set HUMANDYN_ROS2 to its setup script')


def free_domain() -> int:
    """Return a DDS domain whose first ports nobody here uses."""
    for offset in range(80):
        domain = 20 + (os.getpid() + 7 * offset) % 80
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', 7400 + 250 * domain + 10))  # unicast discovery, participant 0
            except OSError:
                continue
            return domain
    raise RuntimeError('no free DDS domain')


def eventually(condition: Callable[[], Any], what: str) -> Any:
    """Wait until a condition holds, and return what it returned."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f'not within {PATIENCE_S} s: {what}')


class Remote:
    """One peer process; every command of peer.Peer is a method."""

    def __init__(self, implementation: str, domain: int, *arguments: str) -> None:
        self.implementation = implementation
        script = [str(HERE / 'peer.py'), implementation, *arguments]
        command = [sys.executable, *script]
        if implementation == 'rclpy':
            command = with_ros2(['python3', *script])
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        self._process = subprocess.Popen(
            command,
            env=environment(domain),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._lines = b''

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def command(**fields: Any) -> Any:
            self.send(do=name, **fields)
            return self.answer()

        return command

    def send(self, **command: Any) -> None:
        """Send a command without waiting for its answer."""
        self._process.stdin.write(json.dumps(command).encode() + b'\n')
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Return the next answer.

        Raises:
            AssertionError: The peer reports an error, ends or says nothing.
        """
        deadline = time.monotonic() + 1.5 * PATIENCE_S
        while b'\n' not in self._lines:
            left = deadline - time.monotonic()
            if not select.select([self._process.stdout], [], [], max(0.0, left))[0]:
                raise AssertionError(f'{self.implementation} peer says nothing')
            chunk = os.read(self._process.stdout.fileno(), 65536)
            if not chunk:
                raise AssertionError(f'{self.implementation} peer ended:\n{self.errors()}')
            self._lines += chunk
        line, self._lines = self._lines.split(b'\n', 1)
        found = json.loads(line)
        if 'error' in found:
            raise AssertionError(found['error'])
        return found['ok']

    def signal(self, number: int) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_S)

    def errors(self) -> str:
        """Return what the peer printed on standard error so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors='replace')

    def end(self) -> None:
        """End the peer: ask first, insist later."""
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
        self._process.stdout.close()
        self._errors.close()


PAIRS = [('dds', 'dds'), ('rclpy', 'rclpy'), ('dds', 'rclpy'), ('rclpy', 'dds')]


@pytest.fixture(scope='session')
def domain() -> int:
    return free_domain()


@pytest.fixture(scope='module', params=PAIRS, ids='-'.join)
def pair(request: pytest.FixtureRequest, domain: int) -> Iterator[tuple[Remote, Remote]]:
    """Two peers that stay for a module; use keys and names of your own."""
    for implementation in request.param:
        require(implementation)
    arguments = [('-r', '__node:=alice'), ('-r', '__node:=bob', '-r', '__ns:=/house')]
    peers = [
        Remote(implementation, domain, '--ros-args', *more)
        for implementation, more in zip(request.param, arguments, strict=True)
    ]
    try:
        for peer in peers:
            peer.answer()
        yield peers[0], peers[1]
    finally:
        for peer in peers:
            peer.end()


@pytest.fixture(params=['dds', 'rclpy'])
def implementation(request: pytest.FixtureRequest) -> str:
    """Each implementation that is available."""
    require(request.param)
    return request.param


@pytest.fixture
def start(domain: int) -> Iterator[Callable[..., Remote]]:
    """Start a peer with ROS arguments; it ends with the test."""
    peers: list[Remote] = []

    def run(implementation: str, *arguments: str, ready: bool = True) -> Remote:
        peers.append(Remote(implementation, domain, *arguments))
        if ready:
            peers[-1].answer()
        return peers[-1]

    yield run
    for peer in peers:
        peer.end()


@pytest.fixture
def ros2(domain: int) -> Callable[..., str]:
    """Run the ros2 command line tool on the tests' domain; return what it printed."""
    require('rclpy')

    def run(*words: str) -> str:
        done = subprocess.run(
            with_ros2(['ros2', *words]),
            env=environment(domain),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    return run


@pytest.fixture(name='eventually')
def eventually_fixture() -> Callable[[Callable[[], Any], str], Any]:
    """Wait until a condition holds."""
    return eventually
