"""What faults do: every one is put into a walk, and what comes out is watched.

`python -m bench.faults` writes bench/results/faults.json and the README's table. Torque steps are
those of the command to an exoskeleton, which holds its last value for ever, and of valid
estimates against the slew limit. Times are of the stream.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros.command import Command
from humandyn_ros.config import PersonConfig
from humandyn_ros.exoskeleton import load_exoskeleton
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.limits import Limits
from humandyn_ros.people import People
from humandyn_ros.quantities import Estimate, SkeletonFrame
from humandyn_ros.synthetic import person

RESULTS = Path(__file__).parent / 'results' / 'faults.json'
RATE_HZ = 100.0
STEP_NS = 10_000_000
AT_S, SECONDS = 2.5, 6.5
MASS_KG = 75.0
MS = 1_000_000

Frames = list[SkeletonFrame]
Fault = Callable[[int, Frames], Iterable[Frames]]
"""(frame number, who is seen then) to the messages that arrive in that step."""


@dataclass
class Watched:
    """What came out of one run."""

    finite: bool = True
    steps: float = 0.0  # largest command step over what the device's slew limit allows
    slews: float = 0.0  # largest rate of valid torques over the slew limit
    lost_ms: float | None = None  # from the fault to the first step without a valid estimate
    back_ms: float | None = None  # from the fault's end to valid estimates again
    zero_ms: float | None = None  # from the fault to a command of zero; None where none was due
    largest_bodies: int = 0

    @property
    def passed(self) -> bool:
        """Whether the rules hold that hold for every fault."""
        return self.finite and self.steps <= 1.0 + 1e-6 and self.slews <= 1.0 + 1e-6


class Rig:
    """People and a command on a steady clock of 100 Hz."""

    def __init__(self) -> None:
        self.people = People(person=PersonConfig(MASS_KG, 1.75))
        self.device = load_exoskeleton('corc_x2')
        self.command = Command(self.device)
        self.watched = Watched()
        self._slew = Limits.load().slew_nm_per_kg_s
        self._last: Estimate | None = None
        self._given = np.zeros(len(self.device.motors))
        self.valid: list[bool] = []
        self.zero: list[bool] = []

    def step(self, now_ns: int, arriving: Iterable[Frames]) -> None:
        """One hundredth of a second: messages, the watchdog, the command."""
        estimates: list[Estimate] = []
        for frames in arriving:
            estimates += self.people.push(frames)
        estimates += self.people.tick(now_ns)
        mine = [e for e in estimates if e.body_id == self.people.wearer]
        for estimate in estimates:
            self._check(estimate)
        for estimate in mine:
            self.command.see(estimate, estimate.age_ms, now_ns)
        self.valid.append(any(estimate.valid for estimate in mine))
        self._command(now_ns)
        bodies = len(self.people.bodies)
        self.watched.largest_bodies = max(self.watched.largest_bodies, bodies)

    def _command(self, now_ns: int) -> None:
        given = self.command.step(now_ns)
        if given is None:
            self.zero.append(True)
            return
        self.watched.finite &= bool(np.isfinite(given).all())
        # Falling to zero may be as fast as the ramp on loss.
        rate = max(self.device.slew_nm_per_s, self._top() / self.command.config.ramp_s)
        step = float(np.abs(given - self._given).max()) / (rate * STEP_NS * 1e-9)
        self.watched.steps = max(self.watched.steps, step)
        self._given = given
        self.zero.append(not given.any())

    def _top(self) -> float:
        return max(motor.limit_nm for motor in self.device.motors)

    def _check(self, estimate: Estimate) -> None:
        numbers = (estimate.dynamics.torque, estimate.dynamics.stddev, estimate.residual)
        feet = (estimate.ground.left.force, estimate.ground.right.force)
        self.watched.finite &= all(np.isfinite(value).all() for value in (*numbers, *feet))
        if estimate.body_id != self.people.wearer or not estimate.valid:
            return
        last, self._last = self._last, estimate
        if last is None or estimate.stamp_ns <= last.stamp_ns:
            return  # fading, or a clock that was set back: another motion
        seconds = (estimate.stamp_ns - last.stamp_ns) * 1e-9
        change = np.abs(estimate.dynamics.torque - last.dynamics.torque).max()
        rate = float(change) / (self._slew * MASS_KG * seconds)
        self.watched.slews = max(self.watched.slews, rate)


def inject(
    fault: Fault, *, lasts_s: float, change: Callable[[Rig], None] | None = None
) -> Watched:
    """Run one fault into a walk; returns what came out.

    Args:
        fault: Turns what is seen into what arrives, from the fault's beginning on.
        lasts_s: How long it lasts.
        change: Done to the rig as the fault begins.
    """
    rig = Rig()
    motion = list(person('walk', rate_hz=RATE_HZ, duration_s=SECONDS, seed=0).frames())
    first, last = round(AT_S * RATE_HZ), round((AT_S + lasts_s) * RATE_HZ)
    for k, frame in enumerate(motion):
        seen = [dataclasses.replace(frame, stamp_ns=10**13 + k * STEP_NS, body_id=1)]
        if k == first // 2:
            rig.command.arm(k * STEP_NS)
        if k == first and change is not None:
            change(rig)
        arriving: Iterable[Frames] = fault(k, seen) if k >= first else [seen]
        rig.step(k * STEP_NS, arriving)
    return _judged(rig, first, last)


def _judged(rig: Rig, first: int, last: int) -> Watched:
    watched = rig.watched
    invalid = [k for k in range(first, len(rig.valid)) if not rig.valid[k]]
    if invalid:
        watched.lost_ms = (invalid[0] - first) * STEP_NS / MS
        watched.back_ms = max(0.0, (invalid[-1] + 1 - last) * STEP_NS / MS)
    zero = [k for k in range(first, len(rig.zero)) if rig.zero[k]]
    watched.zero_ms = (zero[0] - first) * STEP_NS / MS if zero else None
    return watched


def shifted(frames: Frames, ns: int) -> Frames:
    """The same frames stamped later."""
    return [dataclasses.replace(frame, stamp_ns=frame.stamp_ns + ns) for frame in frames]


def _while(lasts_s: float, fault: Fault) -> Fault:
    """The fault while it lasts, the plain frames after it."""
    last = round((AT_S + lasts_s) * RATE_HZ)

    def mixed(k: int, frames: Frames) -> Iterable[Frames]:
        return fault(k, frames) if k < last else [frames]

    return mixed


def _nan(k: int, frames: Frames) -> Iterator[Frames]:
    yield [dataclasses.replace(f, points=np.full((24, 3), np.nan)) for f in frames]


class _Freeze:
    """The same points again and again, with stamps that go on."""

    def __init__(self) -> None:
        self._held: np.ndarray[Any, np.dtype[np.float64]] | None = None

    def __call__(self, k: int, frames: Frames) -> Iterator[Frames]:
        if self._held is None:
            self._held = frames[0].points
        yield [dataclasses.replace(f, points=self._held) for f in frames]


def _other(frame: SkeletonFrame, number: int, away_m: float) -> SkeletonFrame:
    return dataclasses.replace(
        frame, body_id=number, points=frame.points + np.array([0.0, away_m, 0.0])
    )


def _crowd(k: int, frames: Frames) -> Iterator[Frames]:
    yield [*frames, *(_other(frames[0], n, 1.5 * (n - 1)) for n in range(2, 51))]


def _swap(k: int, frames: Frames) -> Iterator[Frames]:
    (frame,) = frames
    yield [dataclasses.replace(frame, body_id=2), _other(frame, 1, 1.5)]


class _Reordered:
    """Pairs of frames arrive in the wrong order, 10 ms late."""

    def __init__(self) -> None:
        self._held: Frames | None = None

    def __call__(self, k: int, frames: Frames) -> Iterator[Frames]:
        if self._held is None:
            self._held = frames
            return
        yield frames
        yield self._held
        self._held = None


def _exchange(k: int, frames: Frames) -> Iterator[Frames]:
    yield [dataclasses.replace(f, points=f.points[SWAPPED]) for f in frames]


def _burst(k: int, frames: Frames) -> Iterator[Frames]:
    rng = np.random.default_rng(k)
    for i in range(10):
        noise = rng.normal(0.0, 0.002, (24, 3))
        moved = [dataclasses.replace(f, points=f.points + noise) for f in frames]
        yield shifted(moved, i * MS)


def _heavier(rig: Rig) -> None:
    rig.people.set_person(PersonConfig(120.0, 1.75))


FAULTS: dict[str, tuple[str, float, Callable[[], Fault], Callable[[Rig], None] | None]] = {
    'NaN for 50 ms': ('bridged', 0.05, lambda: _nan, None),
    'NaN for 1 s': ('invalid, fades, returns', 1.0, lambda: _nan, None),
    'points freeze for 1 s': ('invalid, fades, returns', 1.0, _Freeze, None),
    'left and right exchanged for 0.1 s': ('put right', 0.1, lambda: _exchange, None),
    'occlusion of 2 s': ('fades, returns', 2.0, lambda: lambda k, f: (), None),
    'numbers of two people swapped': ('nothing: places count', 2.0, lambda: _swap, None),
    'clock jumps 1 h ahead': (
        'starts afresh', 0.01, lambda: lambda k, f: [shifted(f, 3600 * 10**9)], None,
    ),
    'clock jumps 1 h back': (
        'starts afresh', 0.01, lambda: lambda k, f: [shifted(f, -3600 * 10**9)], None,
    ),
    'ten times the rate for 1 s': ('averaged down', 1.0, lambda: _burst, None),
    'frames late and reordered for 1 s': ('put in order', 1.0, _Reordered, None),
    '49 more people for 1 s': ('20 followed, wearer kept', 1.0, lambda: _crowd, None),
    'body mass changed in flight': (
        'torques move along the slew limit', 0.01, lambda: lambda k, f: [f], _heavier,
    ),
}  # fmt: skip
"""Fault: (what should happen, how long it lasts in s, the fault, what is done to the rig)."""

FOR_EVER = ('clock jumps 1 h ahead', 'clock jumps 1 h back')


def run(name: str) -> Watched:
    """Inject one of FAULTS."""
    _, lasts_s, make, change = FAULTS[name]
    fault = make()
    return inject(
        fault if name in FOR_EVER else _while(lasts_s, fault), lasts_s=lasts_s, change=change
    )


def results() -> dict[str, dict[str, Any]]:
    """Every fault and what came of it."""
    found = {}
    for name, (expected, *_) in FAULTS.items():
        watched = run(name)
        found[name] = {'expected': expected, 'passed': watched.passed} | dataclasses.asdict(
            watched
        )
    return found


def fault_table(found: dict[str, dict[str, Any]]) -> str:
    """The README's table."""
    from bench.readme import table

    rows = [
        (
            name,
            f['expected'],
            '-' if f['zero_ms'] is None else f'{f["zero_ms"]:.0f}',
            'never lost' if f['back_ms'] is None else f'{f["back_ms"]:.0f}',
            f'{100 * f["slews"]:.0f} %',
        )
        for name, f in found.items()
    ]
    head = ('fault', 'what happens', 'command zero after, ms', 'valid again after, ms', 'of slew')
    return table(head, rows)


def main() -> None:
    """Inject everything; write JSON and README."""
    from bench import process_faults
    from bench.readme import write_section

    found = results() | process_faults.results()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + '\n')
    text = fault_table(found)
    print(text)
    failed = [name for name, f in found.items() if not f['passed']]
    if failed:
        raise SystemExit(f'these faults break a rule: {", ".join(failed)}')
    write_section('faults', text)


if __name__ == '__main__':
    main()
