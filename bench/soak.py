"""An hour of stream at twenty times its speed: is memory flat, is everything answered?

`python -m bench.soak [--minutes 60]` writes bench/results/soak.json. People come and go, are
renumbered and hidden, so that whatever could pile up has the chance to.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.readme import table, write_section
from humandyn_ros.command import Command
from humandyn_ros.config import PersonConfig
from humandyn_ros.exoskeleton import load_exoskeleton
from humandyn_ros.people import People
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.sources.confidence import ConfidenceRebuilder
from humandyn_ros.synthetic import person

RESULTS = Path(__file__).parent / 'results' / 'soak.json'
RATE_HZ, SPEED = 30.0, 20.0
FLAT = 0.05


def resident_mb() -> float:
    """Resident memory of this process, MB (2**20 bytes)."""
    line = next(t for t in Path('/proc/self/status').read_text().splitlines() if 'VmRSS' in t)
    return int(line.split()[1]) / 1024


def soak(minutes: float, speed: float = SPEED) -> dict[str, Any]:
    """Stream two people and passers-by; returns memory at the tenths of the run.

    Args:
        minutes: Time of the stream.
        speed: Times real time at most; slower where the machine is.
    """
    walk = list(person('walk', rate_hz=RATE_HZ, duration_s=10.0, seed=0).frames())
    people = People(person=PersonConfig(75.0, 1.75))
    command = Command(load_exoskeleton('corc_x2'))
    rebuilder, rng = ConfidenceRebuilder(), np.random.default_rng(0)
    frames, start = round(minutes * 60 * RATE_HZ), time.monotonic()
    memory: list[float] = []
    answers = not_finite = 0
    for k in range(frames):
        now_ns = round(k * 1e9 / RATE_HZ)
        bodies = _bodies(walk[k % len(walk)], k, now_ns, rng)
        estimates = people.push([rebuilder.rebuild(body) for body in bodies])
        for estimate in (*estimates, *people.tick(now_ns)):
            answers += estimate.valid
            not_finite += not np.isfinite(estimate.dynamics.torque).all()
            if estimate.body_id == people.wearer:
                command.see(estimate, estimate.age_ms, now_ns)
        command.step(now_ns)
        if k * 10 // frames != (k + 1) * 10 // frames:
            gc.collect()
            memory.append(resident_mb())
        ahead = k / RATE_HZ / speed - (time.monotonic() - start)
        if ahead > 0.01:
            time.sleep(ahead)
    spent = time.monotonic() - start
    return {
        'minutes': minutes,
        'speed': minutes * 60 / spent,
        'frames': frames,
        'valid': answers,
        'not_finite': not_finite,
        'resident_mb': [round(value, 2) for value in memory],
        'growth': memory[-1] / memory[1] - 1.0,  # the first tenth warms up
    }


def _bodies(frame: SkeletonFrame, k: int, now_ns: int, rng: Any) -> list[SkeletonFrame]:
    """The wearer, renumbered every minute and hidden now and then, and passers-by."""
    second = int(k / RATE_HZ)
    moved = frame.points + rng.normal(0.0, 0.003, frame.points.shape)
    wearer = dataclasses.replace(frame, stamp_ns=now_ns, body_id=1 + second // 60, points=moved)
    bodies = [] if second % 97 < 3 else [wearer]
    if second % 20 < 8:
        away = np.array([0.0, 3.0 + (second // 20) % 5, 0.0])
        bodies.append(
            dataclasses.replace(wearer, body_id=1000 + second // 20, points=moved + away)
        )
    return bodies


def endurance() -> str:
    """Return the README's table of what soak and fuzz have found."""
    rows: list[tuple[object, ...]] = []
    if RESULTS.exists():
        f = json.loads(RESULTS.read_text())
        told = f'memory {100 * f["growth"]:+.1f} % to {f["resident_mb"][-1]:.0f} MB'
        shown = f'{f["minutes"]:.0f} min of stream, {f["speed"]:.0f} times real time'
        rows.append((shown, f'{f["frames"]} frames', told, f['not_finite']))
    fuzzed = RESULTS.with_name('fuzz.json')
    for kind, f in json.loads(fuzzed.read_text()).items() if fuzzed.exists() else ():
        told = f'{f["crashed"]} crashes; slowest {f["slowest_s"]:.2f} s'
        count = f'{f["read"]} read, {f["refused"]} refused'
        rows.append((f'damaged {kind}', count, told, f['not_finite']))
    return table(('run', 'number', 'outcome', 'numbers not finite'), rows)


def main() -> None:
    """Soak; exits with an error where memory grew or a number was not finite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=60.0)
    parser.add_argument('--speed', type=float, default=SPEED)
    arguments = parser.parse_args()
    figures = soak(arguments.minutes, arguments.speed)
    print(json.dumps(figures, indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + '\n')
    write_section('endurance', endurance())
    if figures['growth'] > FLAT or figures['not_finite']:
        raise SystemExit('memory grew by more than 5 %, or a number was not finite')


if __name__ == '__main__':
    main()
