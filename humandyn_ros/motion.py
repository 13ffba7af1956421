"""A source of any kind as canonical joint centres: what `replay` and the demonstration run on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.quantities import CANONICAL, Array, SkeletonFrame
from humandyn_ros.recordings import Recording, read_motion
from humandyn_ros.recordings.axes import checked_up
from humandyn_ros.skeleton import Adapter, MarkerMemory, check_units, recognise


@dataclass(frozen=True)
class MotionOptions:
    """Where motion comes from and what it means; the fields are options of the commands."""

    source: Path
    person: PersonConfig = field(default_factory=PersonConfig)
    topic: str | None = None
    input_type: str | None = None
    format: str | None = None
    up: str | None = None
    static: Path | None = None
    model: Path | None = None
    rate_hz: float | None = None
    noise_mm: float = 0.0
    seed: int = 0
    body: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.noise_mm <= 1000.0:
            raise ConfigError(f'noise_mm = {self.noise_mm}: must lie in [0, 1000]')
        if self.rate_hz is not None and not 1.0 <= self.rate_hz <= 1000.0:
            raise ConfigError(f'rate_hz = {self.rate_hz}: must lie in [1, 1000]')
        if self.seed < 0:
            raise ConfigError(f'seed = {self.seed}: must not be negative')


@dataclass(frozen=True, eq=False)
class Motion:
    """Canonical joint centres of one body, world z up."""

    stamps_ns: NDArray[np.int64]  # (T,)
    points: Array  # (T, 24, 3) m; NaN = not seen
    confidence: Array  # (T, 24)
    kind: str  # 'markers', 'joints' or 'ik'
    body_id: int
    notes: tuple[str, ...]
    frame_id: str = 'world'  # that the source's points are in,
    up: str = 'Z'  # and its upward axis

    def recording(self) -> Recording:
        """The joint centres as a recording of their own, in the canonical format."""
        seconds = (self.stamps_ns[-1] - self.stamps_ns[0]) * 1e-9
        return Recording(
            name='joint centres',
            stamps_ns=self.stamps_ns,
            points=self.points,
            confidence=self.confidence,
            names=CANONICAL.joints,
            rate_hz=(len(self.stamps_ns) - 1) / seconds if seconds > 0 else 1.0,
            up='Z',
            format=CANONICAL.name,
            kind='joints',
            parents=CANONICAL.parents,
            body_id=self.body_id,
            notes=self.notes,
        )

    def frames(self) -> Iterator[SkeletonFrame]:
        """Yield the frames in time order."""
        for stamp, points, confidence in zip(
            self.stamps_ns.tolist(), self.points, self.confidence, strict=True
        ):
            yield SkeletonFrame(stamp, 'world', self.body_id, CANONICAL, points, confidence)


def load_motion(options: MotionOptions) -> Motion:
    """Read the source, rebuild hidden markers, convert to joint centres, thin, add noise.

    Noise is Gaussian, `noise_mm` per axis, added to the joint centres after the conversion.

    Raises:
        RecordingError: The source cannot be used.
        SkeletonError: Its points fit no format.
    """
    found = recordings_of(options)
    if len(found) > 1:
        bodies = ', '.join(str(r.body_id) for r in found)
        raise RecordingError(f'{options.source} holds bodies {bodies}: name one (--body)')
    return motion_of(found[0], options)


def motion_of(recording: Recording, options: MotionOptions) -> Motion:
    """Turn one body's points into joint centres; see `load_motion`.

    Raises:
        SkeletonError: Its points fit no format.
    """
    adapter = adapter_for(recording, options)
    memory = MarkerMemory(adapter.form)
    whole = memory.complete_all(recording.stamps_ns, recording.points, recording.confidence)
    points, confidence = adapter.convert(*whole)
    some = recording.points[:: max(1, len(recording.points) // 20)]
    keep = _thinned(recording.stamps_ns, options.rate_hz)
    points = points[keep]
    noise = np.random.default_rng(options.seed).normal(size=points.shape)
    return Motion(
        recording.stamps_ns[keep],
        points + options.noise_mm * 1e-3 * noise,
        confidence[keep],
        recording.kind,
        recording.body_id,
        (*recording.notes, *adapter.notes, *memory.notes, *check_units(some, adapter).messages),
        recording.frame_id,
        recording.up,
    )


def adapter_for(recording: Recording, options: MotionOptions) -> Adapter:
    """The conversion of a recording's points, calibrated from the static trial if one is given."""
    form = recognise(recording.names, options.format or recording.format)
    form = form.seen(recording.points)
    static = None
    if options.static is not None:
        static = read_motion(options.static, format=options.format, up=options.up)
    return Adapter(
        form,
        up=recording.up,
        person=options.person,
        static=static,
        parameters=recording.parameters,
    )


def recordings_of(options: MotionOptions) -> list[Recording]:
    """Read the body that the options name, or everybody in the source.

    Raises:
        RecordingError: The source cannot be used, or there is no such body.
    """
    found = read_source(
        options.source,
        topic=options.topic,
        input_type=options.input_type,
        format=options.format,
        up=options.up,
        model=options.model,
    )
    chosen = [one for one in found if options.body in (None, one.body_id)]
    if not chosen:
        bodies = ', '.join(str(one.body_id) for one in found)
        raise RecordingError(f'{options.source} holds no body {options.body}, only {bodies}')
    return chosen


def is_bag(source: Path) -> bool:
    """Whether a source is a rosbag2 recording: a folder, or a .mcap or .db3 file."""
    return source.is_dir() or source.suffix in ('.mcap', '.db3')


def read_source(
    source: Path,
    *,
    topic: str | None = None,
    input_type: str | None = None,
    format: str | None = None,
    up: str | None = None,
    model: str | Path | None = None,
) -> list[Recording]:
    """Read a motion file, or every body of a bag (a folder, or a .mcap or .db3 file).

    Args:
        source: File or folder.
        topic: Skeleton topic of a bag; without it the only one.
        input_type: Message type of that topic, or name or path of a field map.
        format: Skeleton format, where the source cannot say.
        up: Upward axis; without it the source's own.
        model: OpenSim model that an inverse kinematics file belongs to.

    Raises:
        RecordingError: It cannot be read.
    """
    if not is_bag(source):
        return [read_motion(source, format=format, up=up, model=model)]
    from humandyn_ros.bags import read_skeletons  # noqa: PLC0415 - no distribution ships rosbags

    bodies = read_skeletons(source, topic, format, input_type)
    return [dataclasses.replace(body, up=checked_up(up)) for body in bodies] if up else bodies


def _thinned(stamps_ns: NDArray[np.int64], rate_hz: float | None) -> NDArray[np.intp]:
    """Indices of the frames nearest to a uniform rate; all of them without one."""
    if rate_hz is None or len(stamps_ns) < 2:
        return np.arange(len(stamps_ns))
    wanted = np.arange(stamps_ns[0], stamps_ns[-1] + 1, 1e9 / rate_hz)
    after = np.searchsorted(stamps_ns, wanted).clip(1, len(stamps_ns) - 1)
    nearer = wanted - stamps_ns[after - 1] < stamps_ns[after] - wanted
    return np.unique(after - nearer)
