"""The processes of a demonstration: a source node and a dynamics node, on a wire of their own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import WireError
from humandyn_ros.motion import Motion
from humandyn_ros.quantities import CANONICAL

_PATIENCE_S = 3.0  # from one stop signal to the next, stronger one
_DOMAINS = range(60, 100)  # of which one is taken, so that two demonstrations rarely meet
NAMESPACE = 'humandyn_demo'
"""Keeps the topics of a demonstration apart from a real pipeline in the same domain."""
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)  # loaded here: little may be done between fork and exec


@contextlib.contextmanager
def own_wire() -> Iterator[None]:
    """Choose a ROS domain and stay on this host while inside, unless the user chose already."""
    chosen = {
        'ROS_DOMAIN_ID': str(_DOMAINS[os.getpid() % len(_DOMAINS)]),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    if os.environ.get('ROS_DISTRO') == 'humble':  # which does not know the range yet
        chosen['ROS_LOCALHOST_ONLY'] = '1'
    added = {name: value for name, value in chosen.items() if not os.environ.get(name)}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


class Stage:
    """Starts the nodes and, whatever happens, ends them.

    Args:
        motion: What the source node publishes.
        person: What the dynamics node is told about the person.
        noise_mm: Noise the source node adds, standard deviation per axis.
        seed: Of the noise.
    """

    def __init__(self, motion: Motion, person: PersonConfig, noise_mm: float, seed: int) -> None:
        self._motion, self._person = motion, person
        self._noise_mm, self._seed = noise_mm, seed
        self._folder = tempfile.TemporaryDirectory(prefix='humandyn-demo-')
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Stage:
        try:
            take = Path(self._folder.name, 'take.trc')
            write_trc(take, self._motion)
            person = {'mass': self._person.mass_kg, 'height': self._person.height_m}
            told = {name: float(value) for name, value in person.items() if value is not None}
            self._start(
                'dynamics_node', {**told, 'sex': self._person.sex, 'format': CANONICAL.name}
            )
            self._start(
                'source_node',
                {
                    'source': str(take),
                    'format': CANONICAL.name,
                    'up': 'Z',
                    'noise_mm': float(self._noise_mm),
                    'seed': self._seed,
                    'wait_for_subscribers': 2,  # the dynamics node, and whoever watches
                },
            )
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the nodes: ask, tell, kill."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            left = [node for node in self._nodes.values() if node.poll() is None]
            for node in left:
                node.send_signal(number)
            until = time.monotonic() + _PATIENCE_S
            while any(node.poll() is None for node in left) and time.monotonic() < until:
                time.sleep(0.02)
        self._folder.cleanup()

    def _start(self, name: str, parameters: dict[str, str | float | int]) -> None:
        settings = [
            word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')
        ]
        module, space = f'humandyn_ros.ros.nodes.{name}', f'__ns:=/{NAMESPACE}'
        command = [sys.executable, '-m', module, '--ros-args', '-r', space, *settings]
        with self._log(name).open('wb') as log:
            # A session of its own: Ctrl-C reaches the node from us alone.
            self._nodes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == 'linux' else None,  # noqa: PLW1509
            )

    def _log(self, name: str) -> Path:
        return Path(self._folder.name, f'{name}.log')

    @property
    def ended(self) -> bool:
        """Whether the source node has played everything and left."""
        return self._nodes['source_node'].poll() is not None

    def check(self) -> None:
        """Look after the nodes.

        Raises:
            WireError: A node ended that should not have; its last words are in the message.
        """
        for name, node in self._nodes.items():
            status = node.poll()
            if status is None or (name == 'source_node' and status == 0):
                continue
            raise WireError(f'the {name} ended with status {status}: {self.last_words(name)}')

    def last_words(self, name: str) -> str:
        """Return the end of what a node has printed."""
        lines = self._log(name).read_text(errors='replace').strip().splitlines()
        return ' / '.join(lines[-3:]) or 'it printed nothing'


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however that happens."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def write_trc(path: Path, motion: Motion) -> None:
    """Write joint centres as .trc, z up, in metres; joints that were not seen are 'nan'."""
    frames, names = len(motion.stamps_ns), CANONICAL.joints
    seconds = (motion.stamps_ns - motion.stamps_ns[0]) * 1e-9
    rate = 1 / float(np.median(np.diff(seconds))) if frames > 1 else 100.0
    keys = ('DataRate', 'CameraRate', 'NumFrames', 'NumMarkers', 'Units', 'OrigDataRate')
    head = [
        'PathFileType\t4\t(X/Y/Z)\ttake.trc',
        '\t'.join([*keys, 'OrigDataStartFrame', 'OrigNumFrames']),
        f'{rate:.6f}\t{rate:.6f}\t{frames}\t{len(names)}\tm\t{rate:.6f}\t1\t{frames}',
        '\t'.join(['Frame#', 'Time', *(cell for name in names for cell in (name, '', ''))]),
        '',
    ]
    table = motion.points.reshape(frames, -1)
    rows = (
        '\t'.join([str(k), f'{at:.9f}', *(f'{x:.7f}' for x in row)])
        for k, (at, row) in enumerate(zip(seconds, table, strict=True), 1)
    )
    path.write_text('\n'.join([*head, *rows, '']))
