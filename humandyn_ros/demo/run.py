"""`humandyn demo`: play, watch, judge, report."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich.console import Console

from humandyn_ros.comparison import FEET, Comparison
from humandyn_ros.config import PersonConfig
from humandyn_ros.demo.listener import Listener
from humandyn_ros.demo.stage import NAMESPACE, Stage, own_wire
from humandyn_ros.demo.table import Display, Moment
from humandyn_ros.errors import ConfigError, MissingDependencyError, RecordingError, WireError
from humandyn_ros.motion import Motion, load_motion
from humandyn_ros.recordings.feet import FootReference
from humandyn_ros.reference import ReplayOptions, load_reference
from humandyn_ros.report import write_report
from humandyn_ros.resources import resource
from humandyn_ros.ros.handle import NodeHandle
from humandyn_ros.ros.open import open_handle
from humandyn_ros.ros.signals import as_ctrl_c, check_interrupt

FASTEST_HZ = 250.0  # that a recording is played at; of faster ones, every other frame or so
LONGEST_S = 40.0  # of a recording that is shown unless more is asked for
SYNTHETIC_NOISE_MM = 10.0
_STORED = PersonConfig(mass_kg=72.0, height_m=1.75)  # of the stored take
_PATIENCE_S = 30.0  # for the nodes to find each other
_QUIET_S = 1.0  # after the last frame until the last estimate must have come
_LOOK_S = 0.08  # between two looks at the display
_NOWHERE = np.full(3, np.nan)


def run_demo(arguments: argparse.Namespace) -> int:
    """Run the demonstration; returns the exit status.

    Raises:
        HumandynError: The recording cannot be used, matplotlib is absent, a node or the wire
            fails, or the report cannot be written.
    """
    if find_spec('matplotlib') is None:
        raise MissingDependencyError('matplotlib', 'report', 'the report of the demonstration')
    options = _options(arguments)
    motion = _first(load_motion(options), arguments.seconds or LONGEST_S)
    noise_mm = SYNTHETIC_NOISE_MM if arguments.recording is None else 0.0
    title = _title(options, noise_mm)
    console = Console()
    with own_wire(), as_ctrl_c(signal.SIGTERM, signal.SIGHUP):
        listener = watch(options, motion, noise_mm, title, console)
    comparison = compare(listener, options, motion, title)
    for line in _summary(comparison, len(listener.frames)):
        console.print(line, soft_wrap=not console.is_terminal, highlight=False)
    write_report(comparison, arguments.report, _lead(listener, noise_mm))
    console.print(f'report     {arguments.report}', soft_wrap=True, highlight=False)
    return 0


def _options(arguments: argparse.Namespace) -> ReplayOptions:
    """The stored take with its truth, or the user's recording with what is known about it."""
    if arguments.recording is None:
        return ReplayOptions(
            source=resource('config', 'demo', 'motion.trc.gz'),
            person=_STORED,
            format='smpl_24',
            reference=resource('config', 'demo', 'forces.mot.gz'),
            moments=resource('config', 'demo', 'moments.sto.gz'),
        )
    if arguments.mass is None:
        raise ConfigError('a recording needs --mass KG: all forces and torques grow with it')
    return ReplayOptions(
        source=Path(arguments.recording),
        person=PersonConfig(arguments.mass, arguments.height, arguments.sex),
        format=arguments.format,
        up=arguments.up,
        plates=arguments.plates,
        static=_path(arguments.static),
        model=_path(arguments.model),
        reference=_path(arguments.reference),
        moments=_path(arguments.moments),
    )


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _title(options: ReplayOptions, noise_mm: float) -> str:
    if noise_mm:
        return f'A synthetic person walks, squats and jumps; {noise_mm:.0f} mm of noise'
    return options.source.name


def _lead(listener: Listener, noise_mm: float) -> str:
    noise = f', with {noise_mm:.0f} mm of noise on every axis of every joint centre' * bool(
        noise_mm
    )
    return (
        f'One process published {len(listener.frames)} skeletons{noise}; the dynamics node '
        'answered from another; everything below was received on its topics by a third.'
    )


def _first(motion: Motion, seconds: float) -> Motion:
    """The first seconds of a motion, at a rate that a camera could have.

    Raises:
        RecordingError: It has no two frames.
    """
    stamps = motion.stamps_ns
    if len(stamps) < 2:
        raise RecordingError(
            f'{len(stamps)} frame is too few for a demonstration: give a recording of some seconds'
        )
    interval_s = float(np.median(np.diff(stamps))) * 1e-9
    step = max(1, round(1 / (FASTEST_HZ * interval_s) + 0.49))
    kept = slice(0, int(np.searchsorted(stamps, stamps[0] + seconds * 1e9)), step)
    notes = (f'every {step}th frame is played',) if step > 1 else ()
    return dataclasses.replace(
        motion,
        stamps_ns=stamps[kept],
        points=motion.points[kept],
        confidence=motion.confidence[kept],
        notes=(*motion.notes, *notes),
    )


def watch(
    options: ReplayOptions, motion: Motion, noise_mm: float, title: str, console: Console
) -> Listener:
    """Run the nodes from the first frame to the last estimate and show what arrives.

    Raises:
        WireError: The wire cannot be opened, a node failed, or no estimate came.
        RecordingError: The reference cannot be used.
    """
    mass_kg = options.person.mass_kg or 0.0
    truth = load_reference(options, motion, motion.stamps_ns, mass_kg).feet
    with Stage(motion, options.person, noise_mm, options.seed) as stage:
        # After the nodes were started: a process with the wire's threads should not fork.
        handle = open_handle('terminal', args=[], namespace=NAMESPACE)
        try:
            listener = Listener(handle)
            with Display(f'{title} · {mass_kg:g} kg', mass_kg, console) as display:
                begun_s = time.monotonic()
                for now_s in _looks(handle, stage):
                    if listener.frames:
                        display.show(_moment(listener, motion, truth))
                    elif now_s - begun_s < _PATIENCE_S:
                        display.wait('waiting for the nodes to find each other ...')
                    else:
                        break
        finally:
            handle.shutdown()
        if not any(answer.valid for answer in listener.answers.values()):
            raise WireError(
                f'{len(listener.frames)} of {len(motion.stamps_ns)} skeletons arrived here, '
                'but no valid estimate; '
                f'the source node said: {stage.last_words("source_node")}; '
                f'the dynamics node said: {stage.last_words("dynamics_node")}'
            )
    return listener


def _looks(handle: NodeHandle, stage: Stage) -> Iterator[float]:
    """Serve the handle; yield the time, s, until the source has played all and a bit more."""
    ended_s: float | None = None
    while ended_s is None or time.monotonic() - ended_s < _QUIET_S:
        until = time.monotonic() + _LOOK_S
        while time.monotonic() < until:
            handle.spin_once(0.02)
        check_interrupt()
        stage.check()
        if stage.ended and ended_s is None:
            ended_s = time.monotonic()
        yield time.monotonic()


def _moment(listener: Listener, motion: Motion, truth: FootReference | None) -> Moment:
    start = listener.frames[0]
    latest = listener.latest
    stamps = motion.stamps_ns - motion.stamps_ns[0]
    answer, force = None, None
    if latest is not None:
        stamp, answer = latest
        if truth is not None:
            index = min(int(np.searchsorted(stamps, stamp - start)), len(stamps) - 1)
            force = truth.force[index] if truth.measured[index] else None
    seconds, whole = (listener.frames[-1] - start) * 1e-9, float(stamps[-1]) * 1e-9
    return Moment(seconds, whole, listener.rate_hz, answer, listener.joint_names, force)


def compare(listener: Listener, options: ReplayOptions, motion: Motion, title: str) -> Comparison:
    """Put what was received beside the reference, matched by stamp."""
    stamps = np.array(sorted(listener.answers), np.int64)
    answers = [listener.answers[int(stamp)] for stamp in stamps]
    taken = stamps - _start_ns(listener, motion) + motion.stamps_ns[0]
    mass_kg = options.person.mass_kg or 0.0
    reference = load_reference(options, motion, taken, mass_kg)
    feet = reference.feet
    nearest = np.searchsorted(motion.stamps_ns, taken).clip(0, len(motion.stamps_ns) - 1)
    return Comparison(
        title=title,
        seconds=(taken - motion.stamps_ns[0]) * 1e-9,
        mass_kg=mass_kg,
        points=motion.points[nearest],
        force=np.array([[a.feet.get(side, _NOWHERE) for side in FEET] for a in answers]),
        centre_of_pressure=np.array(
            [[a.pressures.get(side, _NOWHERE) for side in FEET] for a in answers]
        ),
        joint_names=listener.joint_names,
        torque=np.array([a.torque for a in answers]),
        age_ms=np.array([a.age_ms for a in answers]),
        valid=np.array([a.valid for a in answers]),
        reference_force=None if feet is None else feet.force,
        reference_torque=reference.torques(listener.joint_names, taken),
        judged=np.ones(len(stamps), bool) if feet is None else feet.measured,
        notes=tuple(dict.fromkeys((*motion.notes, *reference.notes))),
    )


def _start_ns(listener: Listener, motion: Motion) -> int:
    """Stamp of the first frame, even if that one was lost on its way."""
    span = int(motion.stamps_ns[-1] - motion.stamps_ns[0])
    # The source leaves only after its last frame was delivered; the first may come too early.
    return listener.frames[-1] - span


def _summary(comparison: Comparison, frames: int) -> list[str]:
    """The result as a few lines of text."""
    median, late = np.percentile(comparison.age_ms[comparison.valid], [50, 99])
    lines = [
        f'received   {len(comparison.seconds)} estimates for {frames} skeletons, '
        f'{100 * comparison.valid.mean():.1f} % valid',
        f'age        {median:.0f} ms, 99 % below {late:.0f} ms',
    ]
    errors, guesses = comparison.errors(), comparison.guesses()
    if 'force' in errors:
        lines += [
            f'forces     {errors.pop("force"):.2f} N/kg mean error under each foot',
            f'           guessing: {guesses["zero"]:.2f} no force, {guesses["half"]:.2f} half the '
            f'weight each, {guesses["split"]:.2f} weight split by true contact',
        ]
    if errors:
        named = ', '.join(f'{name} {value:.2f}' for name, value in errors.items())
        lines.append(f'torques    {named} N·m/kg RMS error')
    return lines
