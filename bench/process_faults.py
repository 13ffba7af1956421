"""Faults of processes, over the real wire: killed, restarted, other QoS, many people.

`python -m bench.process_faults` adds them to bench/results/faults.json and the README's table;
`python -m bench.faults` runs these too. A walk is sent at 50 Hz to a dynamics node in a process
of its own, without ROS 2. Times are of the wall, and so depend on the machine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench import faults
from bench.interop import environment, node
from humandyn_ros.limits import Limits
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Message, Publisher, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.safety import SafetyConfig
from humandyn_ros.synthetic import person

RATE_HZ = 50.0
PATIENCE_S = 60.0
SETTLED_S = 1.0  # of valid answers before and after a fault
TORQUES = '/humans/wearer/joint_torques'
PEOPLE, APART_M = 50, 1.5
QOS = {
    'reliable': Qos(depth=50),
    'best effort': Qos(reliable=False, depth=50),
    'transient local': Qos(latched=True, depth=50),
}
MOTION = list(person('walk', rate_hz=RATE_HZ, duration_s=60.0).frames())


class Bench:
    """Sends skeletons in step with the wall clock, and hears the wearer's torques."""

    def __init__(self) -> None:
        self.handle = open_handle('bench', args=[], implementation='dds')
        self.heard: list[tuple[float, Message]] = []  # (when, torques)
        self.people = 1
        self._skeletons: Publisher | None = None
        self._step, self._due = 0, time.monotonic()
        self.handle.subscription(messages.JOINT_STATE, TORQUES, self._hear, Qos(depth=500))

    def advertise(self, qos: Qos) -> None:
        """Begin to publish; what was published before under other QoS ends."""
        self.fall_silent()
        self._skeletons = self.handle.publisher(messages.POINT_CLOUD, '/skeletons', qos)

    def fall_silent(self) -> None:
        """End the publisher, as a source that stops does."""
        if self._skeletons is not None:
            self._skeletons.close()
            self._skeletons = None

    def stream(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Send at 50 Hz for a while, or until something holds."""
        end = time.monotonic() + seconds
        self._due = time.monotonic()
        while (now := time.monotonic()) < end and not until():
            if now >= self._due and self._skeletons is not None:
                self._send(self._skeletons)
                self._due = max(self._due + 1.0 / RATE_HZ, now - 0.1)
            self.handle.spin_once(0.002)

    def valid_again(self, since_s: float) -> float:
        """Stream until torques of a body that answers now are heard; returns the ms it took."""
        known = len(self.heard)
        self.stream(PATIENCE_S, lambda: len(self.heard) > known)
        if len(self.heard) == known:
            raise SystemExit(f'no torques within {PATIENCE_S:.0f} s')
        took_ms = (self.heard[known][0] - since_s) * 1e3
        self.stream(SETTLED_S)
        return took_ms

    def _send(self, skeletons: Publisher) -> None:
        stamp, frame = self.handle.now_ns(), MOTION[self._step % len(MOTION)]
        self._step += 1
        crowd = [_beside(frame, k, stamp) for k in range(self.people)]
        skeletons.publish(messages.skeletons(self.handle, crowd, stamp, 'world'))

    def _hear(self, message: Message) -> None:
        self.heard.append((time.monotonic(), message))

    def judged(self, expected: str, back_ms: float | None, since_s: float) -> dict[str, Any]:
        """What came of a fault, as the table wants it."""
        watched = faults.Watched(back_ms=back_ms)
        heard = [message for when, message in self.heard if when >= since_s]
        torque = [np.asarray(message.effort) for message in heard]
        stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in heard]
        watched.finite = all(np.isfinite(values).all() for values in torque)
        most = Limits.load().slew_nm_per_kg_s * faults.MASS_KG
        for i in range(1, len(heard)):
            if stamps[i] > stamps[i - 1]:
                step = np.abs(torque[i] - torque[i - 1]).max() / (stamps[i] - stamps[i - 1])
                watched.slews = max(watched.slews, float(step) / most)
        return {'expected': expected, 'passed': watched.passed} | dataclasses.asdict(watched)


def _beside(frame: SkeletonFrame, number: int, stamp_ns: int) -> SkeletonFrame:
    away = np.array([0.0, APART_M * number, 0.0])
    points = frame.points + away
    return dataclasses.replace(frame, stamp_ns=stamp_ns, body_id=number + 1, points=points)


@contextlib.contextmanager
def _domain() -> Iterator[int]:
    """A DDS domain of our own, this host only."""
    number = 100 + os.getpid() % 100
    os.environ |= {k: v for k, v in environment(number).items() if k.startswith('ROS_')}
    yield number


def results() -> dict[str, dict[str, Any]]:
    """Every fault and what came of it."""
    found: dict[str, dict[str, Any]] = {}
    with _domain() as domain:
        bench = Bench()
        bench.advertise(QOS['reliable'])
        with node('dynamics_node', 'dds', domain, 'mass:=75.0') as process:
            bench.valid_again(time.monotonic())
            process.kill()
            process.wait()
        since = time.monotonic()
        with node('dynamics_node', 'dds', domain, 'mass:=75.0'):
            took = bench.valid_again(since)
            found['node killed and started again'] = bench.judged('starts afresh', took, since)
            found |= _of_sources(bench)
        bench.handle.shutdown()
    return found


def _of_sources(bench: Bench) -> dict[str, dict[str, Any]]:
    """What a living node makes of other sources."""
    found = {}
    for name, qos in QOS.items():
        bench.fall_silent()
        bench.stream(1.0)
        since = time.monotonic()
        bench.advertise(qos)
        told = 'source started again' if name == 'reliable' else f'source that is {name}'
        took = bench.valid_again(since)
        found[told] = bench.judged('heard; starts afresh', took, since)
    since = time.monotonic()
    bench.people = PEOPLE
    bench.stream(4.0)
    silent = max(np.diff([when for when, _ in bench.heard if when >= since]), default=np.inf)
    lost = None if silent < SafetyConfig().stale_s else float(silent * 1e3)
    expected = '20 followed, wearer kept'
    found[f'{PEOPLE} people, over the wire'] = bench.judged(expected, lost, since)
    return found


def main() -> None:
    """Inject these faults alone; add them to JSON and README."""
    from bench.readme import write_section

    found = json.loads(faults.RESULTS.read_text()) | results()
    faults.RESULTS.write_text(json.dumps(found, indent=1) + '\n')
    text = faults.fault_table(found)
    print(text)
    write_section('faults', text)


if __name__ == '__main__':
    main()
