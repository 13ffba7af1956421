"""Motion from any source on one time line, and when each frame of it is due."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import RecordingError
from humandyn_ros.motion import read_source
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.recordings import Recording, in_order, to_z_up
from humandyn_ros.skeleton import recognise

SYNTHETIC = 'synthetic:'

_APART_M = 1.5  # between people who are shown side by side
_SLOWEST_S, _FASTEST_S = 0.005, 0.0005  # bounds of how often a frame may become due


@dataclass(frozen=True)
class SourceConfig(Checked):
    """What the source node plays, and how."""

    source: str = setting(
        f'{SYNTHETIC}walk', '',
        'motion file, rosbag2 folder, or synthetic: stand, walk, squat, jump, demo',
    )  # fmt: skip
    format: str = setting('', '', 'skeleton format to publish; empty: as the source says')
    up: str = setting(
        '', '', 'upward axis of the file; empty: as it says or usually is',
        choices=('', 'X', 'Y', 'Z', '-X', '-Y', '-Z'),
    )  # fmt: skip
    model: str = setting('', '', 'OpenSim model that an inverse kinematics file belongs to')
    bag_topic: str = setting('', '', 'skeleton topic of a bag; empty: its only one')
    rate_hz: float = setting(
        100.0, 'Hz', 'frame rate of the synthetic person', low=0.1, high=2000.0
    )
    height: float = setting(1.75, 'm', 'height of the synthetic person', low=0.5, high=2.5)
    speed: float = setting(1.0, '', 'playback speed; 1 is real time', low=0.01, high=100.0)
    loop: bool = setting(False, '', 'start again at the end')
    loop_pause_s: float = setting(
        1.0, 's', 'silence between rounds: the person is elsewhere then', low=0.0, high=60.0
    )
    noise_mm: float = setting(
        0.0, 'mm', 'standard deviation of Gaussian noise per axis', low=0.0, high=1000.0
    )
    seed: int = setting(0, '', 'fixes the noise and the synthetic person', low=0, high=2**31 - 1)
    people: int = setting(1, '', 'how many, side by side, all moving alike', low=1, high=50)
    frame_id: str = setting('world', '', 'frame of the points, z up')
    stamps: str = setting(
        'now',
        '',
        'time of the first frame: that of this machine, or as recorded',
        choices=('now', 'recorded'),
    )
    publish_clock: bool = setting(
        False, '', 'publish /clock too, for nodes with use_sim_time at any speed'
    )
    autostart: bool = setting(
        True, '', 'configure and activate by itself; false: wait for a lifecycle manager'
    )
    wait_for_subscribers: int = setting(
        0, '', 'start when this many read the topic', low=0, high=100
    )


@dataclass(frozen=True, eq=False)
class TimeLine:
    """Frames of every body in the order of their stamps, in one format, z up."""

    name: str
    format: str
    instants: tuple[tuple[int, tuple[SkeletonFrame, ...]], ...]  # (stamp ns, frames then)

    @property
    def duration_s(self) -> float:
        """From the first to the last frame."""
        return (self.instants[-1][0] - self.instants[0][0]) * 1e-9

    @property
    def interval_ns(self) -> int:
        """The usual time between frames."""
        stamps = [stamp for stamp, _ in self.instants]
        return int(np.median(np.diff(stamps))) if len(stamps) > 1 else 10_000_000


def load_time_line(config: SourceConfig) -> TimeLine:
    """Read the configured source.

    Raises:
        RecordingError: It cannot be read.
        SkeletonError: The format is not known, or does not fit the points.
        ConfigError: The synthetic person cannot do this.
    """
    recordings = [_upright(recording, config) for recording in _recordings(config)]
    line: dict[int, list[SkeletonFrame]] = {}
    for recording in recordings:
        for frame in recording.frames():
            line.setdefault(frame.stamp_ns, []).append(frame)
    if not line:
        raise RecordingError(f'source {config.source!r} holds no frames: name another one')
    instants = tuple((stamp, tuple(frames)) for stamp, frames in sorted(line.items()))
    return TimeLine(recordings[0].name, recordings[0].skeleton.name, instants)


def _upright(recording: Recording, config: SourceConfig) -> Recording:
    """Points in the order of their format, z up."""
    form = recognise(recording.names, config.format or recording.format)
    points = to_z_up(recording.points, recording.up)
    return in_order(dataclasses.replace(recording, points=points, up='Z'), form)


def _recordings(config: SourceConfig) -> list[Recording]:
    if config.source.startswith(SYNTHETIC):
        from humandyn_ros.synthetic import person  # noqa: PLC0415 - files need no synthesis

        kind = config.source.removeprefix(SYNTHETIC)
        return [person(kind, rate_hz=config.rate_hz, seed=config.seed, height_m=config.height)]
    return read_source(
        Path(config.source),
        topic=config.bag_topic or None,
        format=config.format or None,
        up=config.up or None,
        model=config.model or None,
    )


class Playback:
    """Says which frames are due; asked on a steady clock, answers with stamps in ROS time.

    Stamps keep the motion's own spacing at any speed: slow motion must not make forces small.
    """

    def __init__(self, line: TimeLine, config: SourceConfig) -> None:
        self._line = line
        self._config = config
        self._noise = np.random.default_rng(config.seed)
        self._next = 0
        self._round_ns = 0  # motion time at which this round started
        self._steady_ns: int | None = None
        self._ros_ns = 0

    @property
    def period_s(self) -> float:
        """How often `due` wants to be asked."""
        interval_s = self._line.interval_ns * 1e-9 / self._config.speed
        # A whole number of periods per interval: evenly sampled motion is played evenly.
        return max(interval_s / math.ceil(interval_s / _SLOWEST_S), _FASTEST_S)

    @property
    def started(self) -> bool:
        """Whether the clock runs."""
        return self._steady_ns is not None

    @property
    def finished(self) -> bool:
        """Whether every frame was due."""
        return self._next >= len(self._line.instants)

    def start(self, steady_ns: int, ros_ns: int) -> None:
        """Let the first frame be due now.

        Args:
            steady_ns: Steady clock.
            ros_ns: ROS time; it becomes the first frame's stamp unless that is as recorded.
        """
        recorded = self._config.stamps == 'recorded'
        self._steady_ns = steady_ns
        self._ros_ns = self._line.instants[0][0] if recorded else ros_ns

    def due(self, steady_ns: int) -> Iterator[tuple[int, list[SkeletonFrame]]]:
        """Yield (stamp in ROS time, frames) of everything due by now, or within half a period."""
        if self._steady_ns is None:
            return
        elapsed_ns = steady_ns - self._steady_ns + self.period_s * 0.5e9
        while not self.finished:
            at_ns = self._offset_ns()
            if at_ns / self._config.speed > elapsed_ns:
                return
            frames = self._line.instants[self._next][1]
            yield self._ros_ns + at_ns, self._crowd(frames, self._ros_ns + at_ns)
            self._advance()

    def _offset_ns(self) -> int:
        instants = self._line.instants
        return self._round_ns + instants[self._next][0] - instants[0][0]

    def _advance(self) -> None:
        ended_ns = self._offset_ns()
        self._next += 1
        if self.finished and self._config.loop:
            pause_ns = int(self._config.loop_pause_s * 1e9)
            self._round_ns = ended_ns + self._line.interval_ns + pause_ns
            self._next = 0

    def _crowd(self, frames: tuple[SkeletonFrame, ...], stamp_ns: int) -> list[SkeletonFrame]:
        stddev = self._config.noise_mm * 1e-3
        return [
            dataclasses.replace(
                frame,
                stamp_ns=stamp_ns,
                body_id=frame.body_id + copy * len(frames),
                points=frame.points
                + np.array([0.0, copy * _APART_M, 0.0])
                + self._noise.normal(0.0, stddev, frame.points.shape),
            )
            for copy in range(self._config.people)
            for frame in frames
        ]
