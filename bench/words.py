"""Words: how soon a caption comes, what it costs the torques, and what the check finds.

`python -m bench.words` writes bench/results/words.json and the tables of the README. A person
moves at 100 Hz; dynamics node and narration node run in processes of their own, without ROS 2, and
this process publishes skeletons and ends of actions and hears torques and captions. Runs with and
without the narration node take turns. Then true sentences about people that nothing was trained on
are corrupted on purpose.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.corrupted import corrupted_sentences
from bench.readme import table, write_section
from bench.wire import Node
from humandyn_ros.resources import share_directory
from humandyn_ros.ros import learned_messages, messages, words_messages
from humandyn_ros.ros.handle import RELIABLE, Message, Qos
from humandyn_ros.ros.open import open_handle
from humandyn_ros.synthetic import person

RESULTS = Path(__file__).parent / 'results' / 'words.json'
RATE_HZ, WARM_UP_S, EVERY_S, LAG_S = 100.0, 4.0, 3.0, 0.1
ASKED_MS, ASKED_MB = 300.0, 400.0
BODY = '/humans/bodies/b1'
COMMON = ('input_type:=sensor_msgs/msg/PointCloud2', 'mass:=75.0', 'height:=1.75')


@contextlib.contextmanager
def started(module: str, *settings: str) -> Iterator[Node]:
    """A node of ours on the embedded wire, ended afterwards."""
    command = [sys.executable, '-m', f'humandyn_ros.ros.nodes.{module}', '--ros-args']
    command += [part for setting in (*COMMON, *settings) for part in ('-p', setting)]
    process = subprocess.Popen(command)
    try:
        yield Node(process, time.monotonic())
    finally:
        process.terminate()
        process.wait(10)


class Scene:
    """A person who moves and whose actions end, and all that is told about them."""

    def __init__(self) -> None:
        self.handle = open_handle('bench', args=[], implementation='dds')
        self.sent: dict[int, int] = {}  # stamp to when it was sent
        self.ended: dict[int, int] = {}
        self.torques: dict[int, int] = {}  # stamp to when it was heard
        self.captions: list[tuple[int, int, Message]] = []
        self._skeletons = self.handle.publisher(
            messages.POINT_CLOUD, 'skeletons', Qos(reliable=True, depth=10)
        )
        self._boundaries = self.handle.publisher(
            learned_messages.HEADER, f'{BODY}/action_boundary', RELIABLE
        )
        torques = '/humans/wearer/joint_torques'
        self.handle.subscription(messages.JOINT_STATE, torques, self._torque, RELIABLE)

    def listen(self) -> None:
        """Hear captions."""
        topic, kind = 'caption_stamped', words_messages.TOPICS['caption_stamped']
        self.handle.subscription(kind, f'/humans/wearer/{topic}', self._caption, RELIABLE)

    def play(self, seconds: float, readers: int) -> None:
        """Move, once there are as many readers, for some seconds."""
        while self._skeletons.subscribers < readers:
            self.handle.spin_once(0.01)
        frames = list(person('demo', rate_hz=RATE_HZ, duration_s=seconds, seed=0).frames())
        start_ns, start = self.handle.now_ns(), time.monotonic_ns()
        ends = WARM_UP_S
        for k, frame in enumerate(frames):
            due = start + round(k * 1e9 / RATE_HZ)
            while (left := due - time.monotonic_ns()) > 0:
                self.handle.spin_once(left * 1e-9)
            stamp = start_ns + round(k * 1e9 / RATE_HZ)
            body = [dataclasses.replace(frame, stamp_ns=stamp, body_id=1)]
            message = messages.skeletons(self.handle, body, stamp, 'world')
            self.sent[stamp] = time.monotonic_ns()
            self._skeletons.publish(message)
            if k / RATE_HZ > ends and self._boundaries.subscribers:
                self._end_action(stamp - round(2 * LAG_S * 1e9))
                ends += EVERY_S
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            self.handle.spin_once(0.05)

    def _end_action(self, stamp: int) -> None:
        self.ended[stamp] = time.monotonic_ns()
        self._boundaries.publish(messages.header(self.handle, stamp, 'world'))

    def _torque(self, message: Message) -> None:
        self.torques.setdefault(_stamp(message), time.monotonic_ns())

    def _caption(self, message: Message) -> None:
        self.captions.append((_stamp(message), time.monotonic_ns(), message))

    def torque_ms(self) -> list[float]:
        """From the frame that made a torque ready to that torque, ms, once warm."""
        stamps = np.array(sorted(self.sent))
        warm = stamps[0] + WARM_UP_S * 1e9
        found = []
        for stamp, heard in self.torques.items():
            newest = int(stamps[np.abs(stamps - (stamp + LAG_S * 1e9)).argmin()])
            if newest >= warm:
                found.append((heard - self.sent[newest]) * 1e-6)
        return found

    def caption_ms(self) -> list[float]:
        """From sending the end of an action to the caption about it, ms."""
        return [(at - self.ended[s]) * 1e-6 for s, at, _ in self.captions if s in self.ended]


def _stamp(message: Message) -> int:
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def run(seconds: float, settings: tuple[str, ...] | None) -> dict[str, Any]:
    """One run; `settings` of the narration node, None without it."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(started('dynamics_node'))
        scene, words = Scene(), None
        if settings is not None:
            words = stack.enter_context(started('narration_node', *settings))
            scene.listen()
        scene.play(WARM_UP_S + seconds, 1 if words is None else 2)
        found: dict[str, Any] = {'torque_ms': scene.torque_ms()}
        if words is not None:
            statuses = [message.status[0] for _, _, message in scene.captions]
            values = [{pair.key: pair.value for pair in status.values} for status in statuses]
            found |= {
                'caption_ms': scene.caption_ms(),
                'boundaries': len(scene.ended),
                'resident_mb': words.resident_mb(),
                'cpu_s': words.cpu_s(),
                'sources': sorted({value['source'] for value in values}),
                'captions': [status.message for status in statuses],
            }
        scene.handle.shutdown()
    return found


def measured(seconds: float, turns: int, model: str) -> dict[str, Any]:
    """Runs with and without narration, taking turns."""
    os.environ |= {'ROS_DOMAIN_ID': '88', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    folder = model or str(share_directory() / 'models' / 'narrator')
    present = (Path(folder) / 'manifest.json').exists()
    settings = (f'model:={folder}',) if present else ('engine:=templates',)
    runs = []
    for _ in range(turns):
        runs += [run(seconds, None), run(seconds, (*settings, 'period_s:=1.0'))]
    alone = [ms for found in runs[::2] for ms in found['torque_ms']]
    beside = [ms for found in runs[1::2] for ms in found['torque_ms']]
    captions = [ms for found in runs[1::2] for ms in found['caption_ms']]
    return {
        'torque_ms_alone': _percentiles(alone),
        'torque_ms_beside': _percentiles(beside),
        'torque_ms_p50_by_run': [float(np.median(found['torque_ms'])) for found in runs],
        'torque_ms_p99_by_run': [float(np.percentile(f['torque_ms'], 99)) for f in runs],
        'caption_ms': _percentiles(captions),
        'captions_at_boundaries': len(captions),
        'boundaries': sum(found['boundaries'] for found in runs[1::2]),
        'resident_mb': max(found['resident_mb'] for found in runs[1::2]),
        'share_of_core': max(f['cpu_s'] for f in runs[1::2]) / (WARM_UP_S + seconds),
        'sources': sorted({source for found in runs[1::2] for source in found['sources']}),
        'examples': runs[-1]['captions'][-3:],
    }


def _percentiles(samples: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(samples, [50, 99]) if samples else (np.nan, np.nan)
    return {'p50': float(p50), 'p99': float(p99), 'most': max(samples, default=np.nan)}


def live_table(found: dict[str, Any]) -> str:
    """What is told, and what it costs."""

    def times(name: str) -> str:
        return f'{found[name]["p50"]:.1f} / {found[name]["p99"]:.1f}'

    told = ' and '.join(found['sources']) or 'nothing'
    rows = [
        (f'caption after the end of an action is told ({told}), ms', times('caption_ms'),
         f'{ASKED_MS:.0f}'),
        ('ends of actions with a caption',
         f'{found["captions_at_boundaries"]} of {found["boundaries"]}', 'all'),
        ('resident memory of the narration node, MB', f'{found["resident_mb"]:.0f}',
         f'{ASKED_MB:.0f}'),
        ('torques after the skeleton, without narration, ms', times('torque_ms_alone'), ''),
        ('torques after the skeleton, with narration, ms', times('torque_ms_beside'), 'the same'),
    ]  # fmt: skip
    return table(('one person at 100 Hz, p50 / p99', 'measured', 'asked'), rows)


def check_table(found: dict[str, Any]) -> str:
    """What the check finds."""
    rows = [
        (kind, counts['sentences'], f'{100 * counts["found"] / counts["sentences"]:.1f} %')
        for kind, counts in found.items()
        if counts['sentences']
    ]
    return table(('sentences', 'number', 'refused'), rows)


def main() -> None:
    """Measure; write JSON and README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=20.0, help='of every run')
    parser.add_argument('--turns', type=int, default=3, help='runs with, and without, narration')
    parser.add_argument('--clips', type=int, default=68, help='whose sentences are corrupted')
    parser.add_argument('--model', default='', help='folder of the narrator; default: shipped')
    parser.add_argument('--only', choices=('live', 'check'), help='one of the two tables')
    given = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if given.only != 'live':
        found['check'] = corrupted_sentences(given.clips)
        _write('grounding', check_table(found['check']), found)
    if given.only != 'check':
        found['live'] = measured(given.seconds, given.turns, given.model)
        _write('words', live_table(found['live']), found)


def _write(section: str, text: str, found: dict[str, Any]) -> None:
    print(text)
    RESULTS.write_text(json.dumps(found, indent=1) + '\n')
    write_section(section, text)


if __name__ == '__main__':
    main()
