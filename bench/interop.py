"""One bag through both implementations of the node: the same numbers for the same stamps.

`HUMANDYN_ROS2=/opt/ros/jazzy/setup.bash python -m bench.interop` runs the dynamics node under
genuine rclpy and on the embedded wire at once, on one domain and under two namespaces, hears one
source play one bag, and compares what both publish, stamp by stamp. Reliable topics; the person
walks with noise on the points. Writes bench/results/interop.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table, write_section
from humandyn_ros.bags import write_skeletons
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Message, NodeHandle, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / 'results' / 'interop.json'
SIDES = {'genuine': 'rclpy', 'embedded': 'dds'}
WEARER = 'humans/wearer'
TOPICS = {
    f'{WEARER}/joint_torques': messages.JOINT_STATE,
    f'{WEARER}/joint_estimates': messages.DYNAMIC_JOINT_STATE,
    f'{WEARER}/ground_reaction/left': messages.WRENCH_STAMPED,
    f'{WEARER}/ground_reaction/right': messages.WRENCH_STAMPED,
}
# Ages are of the moment of publication; power is torque times velocity, which are compared.
LEFT_OUT = ('age_ms', 'power')
# The watchdog follows the wall clock: on a busy machine one of the two may be held up and fade.
PATIENT = ('safety.stale_s:=5.0', 'left_s:=3600.0')
LIMIT = 1e-9
SECONDS, RATE_HZ = 10.0, 50.0
PATIENCE_S = 40.0
SPEED = 0.3  # a busy machine must not lose messages: outputs keep the newest only

Published = dict[int, np.ndarray[Any, np.dtype[np.float64]]]
"""Stamp, ns, to every number of the message."""


def ros2_setup() -> str:
    """Return the setup script of a genuine ROS 2; '' where there is none."""
    named = os.environ.get('HUMANDYN_ROS2', '')
    found = sorted(Path('/opt/ros').glob('*/setup.bash'))
    return named or (str(found[-1]) if found else '')


def environment(domain: int) -> dict[str, str]:
    """Return the environment of a node: a domain of its own, this host only."""
    foreign = ('ROS_', 'RMW_', 'AMENT_', 'CYCLONEDDS', 'PYTHON', 'LD_LIBRARY', 'HUMANDYN_HANDLE')
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        'PYTHONPATH': str(ROOT),
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp',
        'HUMANDYN_KERNELS': 'numpy',  # compiled ones differ by 1e-11 of a number
    }


@contextlib.contextmanager
def node(
    module: str, implementation: str, domain: int, *parameters: str, namespace: str = '/'
) -> Iterator[subprocess.Popen[bytes]]:
    """A node of ours in a process of its own, on either implementation."""
    words = ['-m', f'humandyn_ros.ros.nodes.{module}', '--ros-args', '-r', f'__ns:={namespace}']
    words += ['-r', 'skeletons:=/skeletons']
    words += [part for parameter in parameters for part in ('-p', parameter)]
    command = [sys.executable, *words]
    if implementation == 'rclpy':
        setup = f'. {shlex.quote(ros2_setup())} && export PYTHONPATH="{ROOT}:$PYTHONPATH"'
        command = ['bash', '-c', f'{setup} && exec python3 {shlex.join(words)}']
    process = subprocess.Popen(command, env=environment(domain))
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def numbers(message: Message) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return every number of a message that is about the motion."""
    if hasattr(message, 'effort'):
        parts = [message.position, message.velocity, message.effort]
    elif hasattr(message, 'interface_values'):
        parts = [
            [v for n, v in zip(i.interface_names, i.values, strict=True) if n not in LEFT_OUT]
            for i in message.interface_values
        ]
    else:
        wrench = message.wrench
        parts = [[getattr(v, a) for a in 'xyz'] for v in (wrench.force, wrench.torque)]
    return np.concatenate([np.asarray(part, dtype=float) for part in parts])


def _listen(handle: NodeHandle, side: str) -> dict[str, Published]:
    heard: dict[str, Published] = {}
    for topic, kind in TOPICS.items():
        mine = heard[topic] = {}

        def keep(message: Message, mine: Published = mine) -> None:
            stamp = message.header.stamp
            # The first of a stamp: fading comes after it, in the wall's time.
            mine.setdefault(stamp.sec * 10**9 + stamp.nanosec, numbers(message))

        handle.subscription(kind, f'/{side}/{topic}', keep, Qos(depth=1000))
    return heard


def played(folder: Path, domain: int) -> dict[str, dict[str, Published]]:
    """Play one bag to both; returns what each published, by side and topic."""
    motion = person('walk', rate_hz=RATE_HZ, duration_s=SECONDS, noise_m=0.005, seed=3)
    write_skeletons(folder / 'walk', [motion])
    os.environ |= {name: text for name, text in environment(domain).items() if 'ROS_' in name}
    handle = open_handle('listener', args=[], implementation='dds')
    heard = {side: _listen(handle, side) for side in SIDES}
    with contextlib.ExitStack() as stack:
        for side, implementation in SIDES.items():
            stack.enter_context(
                node(
                    'dynamics_node', implementation, domain, 'mass:=75.0', 'use_sim_time:=true',
                    'reliable:=true', *PATIENT,
                    namespace=f'/{side}',
                )
            )  # fmt: skip
        source = stack.enter_context(
            node(
                'source_node', 'dds', domain, f'source:={folder / "walk"}', 'publish_clock:=true',
                'wait_for_subscribers:=2', f'speed:={SPEED}',
            )
        )  # fmt: skip
        end = time.monotonic() + SECONDS / SPEED + PATIENCE_S
        while source.poll() is None and time.monotonic() < end:
            handle.spin_once(0.1)
    handle.shutdown()
    return heard


def compared(heard: dict[str, dict[str, Published]]) -> dict[str, dict[str, float]]:
    """Return per topic how many stamps each published, both did, and the largest difference."""
    found = {}
    for topic in TOPICS:
        genuine, embedded = (heard[side][topic] for side in SIDES)
        both = sorted(set(genuine) & set(embedded))
        apart = [float(np.abs(genuine[stamp] - embedded[stamp]).max()) for stamp in both]
        found[topic] = {
            'stamps_genuine': len(genuine),
            'stamps_embedded': len(embedded),
            'stamps_both': len(both),
            'largest_number': max((float(np.abs(genuine[s]).max()) for s in both), default=0.0),
            'largest_difference': max(apart, default=float('nan')),
        }
    return found


def told(found: dict[str, dict[str, float]]) -> str:
    """Return the README's table."""
    rows = [
        (
            f'`{topic}`',
            f'{f["stamps_genuine"]:.0f}',
            f'{f["stamps_embedded"]:.0f}',
            f'{f["stamps_both"]:.0f}',
            f'{f["largest_number"]:.0f}',
            f'{f["largest_difference"]:.0e}',
        )
        for topic, f in found.items()
    ]
    head = ('topic', 'stamps, rclpy', 'embedded', 'both', 'largest number', 'largest difference')
    return table(head, rows)


def main() -> None:
    """Play, compare, write."""
    if not ros2_setup():
        raise SystemExit('no ROS 2 installation: set HUMANDYN_ROS2 to its setup script')
    with tempfile.TemporaryDirectory() as folder:
        found = compared(played(Path(folder), 100 + os.getpid() % 100))
    print(json.dumps(found, indent=1))
    RESULTS.write_text(json.dumps(found, indent=1) + '\n')
    if not all(entry['largest_difference'] <= LIMIT for entry in found.values()):
        raise SystemExit(f'the two differ by more than {LIMIT:g}, or nothing was published')
    write_section('interop', told(found))


if __name__ == '__main__':
    main()
