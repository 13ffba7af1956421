"""The dynamics node in a process of its own: latency over the wire, memory, start, ten people.

One process publishes PointCloud2 skeletons and listens to the answers; the node answers from
another. Loopback only, on a ROS_DOMAIN_ID of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.filters import FilterConfig
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import RELIABLE, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

DOMAIN = '87'
WARM_UP_S = 2.0


@dataclasses.dataclass
class Node:
    """A running dynamics node."""

    process: subprocess.Popen[bytes]
    started: float

    def resident_mb(self) -> float:
        """Resident memory in MB (2**20 bytes)."""
        status = Path(f'/proc/{self.process.pid}/status').read_text()
        line = next(text for text in status.splitlines() if text.startswith('VmRSS'))
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@contextlib.contextmanager
def dynamics_node() -> Iterator[Node]:
    """Start a dynamics node on the embedded wire, and end it afterwards."""
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    command = [sys.executable, '-m', 'humandyn_ros.ros.nodes.dynamics_node', '--ros-args']
    settings = ['input_type:=sensor_msgs/msg/PointCloud2', 'mass:=75.0', 'height:=1.75']
    for setting in settings:
        command += ['-p', setting]
    started = time.monotonic()
    process = subprocess.Popen(command)
    try:
        yield Node(process, started)
    finally:
        process.terminate()
        process.wait(10)


def stream(rate_hz: float, people: int, seconds: float) -> dict[str, Any]:
    """Publish people at a rate and time the torques that come back.

    Returns:
        Latency percentiles from publication to reception, answers expected and received, the
        node's start time, memory and share of a core.
    """
    with dynamics_node() as node:
        handle = open_handle('bench', args=[], implementation='dds')
        received: list[tuple[int, int, int]] = []

        def listener(body: int) -> None:
            def take(message: Any) -> None:
                stamp = message.header.stamp
                ns = stamp.sec * 1_000_000_000 + stamp.nanosec
                received.append((body, ns, time.monotonic_ns()))

            topic = f'/humans/bodies/b{body}/joint_torques'
            handle.subscription(messages.JOINT_STATE, topic, take, RELIABLE)

        for body in range(1, people + 1):
            listener(body)
        cloud = handle.publisher(messages.POINT_CLOUD, 'skeletons', Qos(reliable=True, depth=10))
        while not cloud.subscribers:
            handle.spin_once(0.01)
        ready_s = time.monotonic() - node.started
        sent = _publish(handle, cloud, rate_hz, people, WARM_UP_S + seconds)
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            handle.spin_once(0.05)
        figures = {'ready_s': ready_s, 'resident_mb': node.resident_mb(), 'cpu_s': node.cpu_s()}
        handle.shutdown()
    return figures | _latency(sent, received, people, rate_hz)


def _publish(
    handle: Any, cloud: Any, rate_hz: float, people: int, seconds: float
) -> dict[int, int]:
    """Send frames on time; returns when each stamp was sent (monotonic ns)."""
    motion = person('demo', rate_hz=rate_hz, duration_s=seconds, seed=0)
    frames: list[SkeletonFrame] = list(motion.frames())
    sent: dict[int, int] = {}
    start_ns, start = handle.now_ns(), time.monotonic_ns()
    for k, frame in enumerate(frames):
        due = start + round(k * 1e9 / rate_hz)
        while (left := due - time.monotonic_ns()) > 0:
            handle.spin_once(left * 1e-9)
        stamp = start_ns + round(k * 1e9 / rate_hz)
        bodies = [
            dataclasses.replace(frame, stamp_ns=stamp, body_id=body)
            for body in range(1, people + 1)
        ]
        message = messages.skeletons(handle, bodies, stamp, 'world')
        sent[stamp] = time.monotonic_ns()
        cloud.publish(message)
    return sent


def _latency(
    sent: dict[int, int], received: list[tuple[int, int, int]], people: int, rate_hz: float
) -> dict[str, Any]:
    """Match answers to the frames that made them ready: the stamp plus the declared lag."""
    stamps = np.array(sorted(sent))
    ages = []
    lag = round(FilterConfig().lag_s * 1e9)
    warm = stamps[0] + WARM_UP_S * 1e9
    expected = int((stamps >= warm).sum()) * people
    first: dict[tuple[int, int], int] = {}
    for body, ns, at in received:
        first.setdefault((body, ns), at)  # a fading torque comes again under its old stamp
    for (_, ns), at in first.items():
        newest = int(stamps[np.abs(stamps - (ns + lag)).argmin()])
        if newest >= warm:
            ages.append((at - sent[newest]) * 1e-6)
    p50, p99 = np.percentile(ages, [50, 99]) if ages else (np.nan, np.nan)
    return {
        'rate_hz': rate_hz,
        'people': people,
        'expected': expected,
        'received': len(ages),
        'p50_ms': float(p50),
        'p99_ms': float(p99),
    }


def results() -> dict[str, Any]:
    """One person at 100 Hz, ten people at 60 Hz."""
    return {
        'one person, 100 Hz': stream(100.0, 1, 20.0),
        'ten people, 60 Hz': stream(60.0, 10, 20.0),
    }


if __name__ == '__main__':
    for name, figures in results().items():
        print(name, {k: round(v, 3) for k, v in figures.items()})
