"""What a replay is judged against: forces of each foot and joint moments, at its stamps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.motion import Motion, MotionOptions, is_bag
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.recordings import read_forces, read_moments
from humandyn_ros.recordings.feet import FootReference, assign_feet, parse_plates
from humandyn_ros.recordings.recording import Forces, Moments

_ANKLES = [CANONICAL.index['left_ankle'], CANONICAL.index['right_ankle']]
_TOES = [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]


@dataclass(frozen=True)
class ReplayOptions(MotionOptions):
    """What to replay, against what, and how; the fields are the options of `humandyn replay`."""

    engine: str = 'physics'
    network: Path | None = None  # folder of the model that the engine runs; None = the shipped
    lag_ms: float | None = None
    offline: bool = False
    reference: Path | None = None
    plates: str | None = None
    moments: Path | None = None
    moments_topic: str | None = None
    shift_ms: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not abs(self.shift_ms) <= 3.6e6:
            raise ConfigError(f'shift_ms = {self.shift_ms}: must lie within an hour, 3.6e6')
        if self.network and self.engine == 'physics':
            raise ConfigError(f'network = {self.network}: physics runs none, name an engine too')


@dataclass(frozen=True, eq=False)
class Reference:
    """Forces and moments measured elsewhere; None where there are none."""

    feet: FootReference | None
    moments: Moments | None
    notes: tuple[str, ...]

    def moment(self, name: str, stamps_ns: NDArray[np.int64]) -> Array | None:
        """One reference moment at the stamps (T,) N·m, NaN outside the file; None if absent."""
        if self.moments is None or name not in self.moments.names:
            return None
        values = self.moments.values[:, self.moments.names.index(name)]
        seconds = self.moments.stamps_ns * 1e-9
        at = np.interp(stamps_ns * 1e-9, seconds, values, left=np.nan, right=np.nan)
        return np.asarray(at, np.float64)

    def torques(self, names: tuple[str, ...], stamps_ns: NDArray[np.int64]) -> Array | None:
        """Reference moments of the coordinates (T, N) N·m, NaN where absent; None without any."""
        found = [self.moment(name, stamps_ns) for name in names]
        if all(moment is None for moment in found):
            return None
        absent = np.full(len(stamps_ns), np.nan)
        return np.stack([absent if m is None else m for m in found], axis=1)


def load_reference(
    options: ReplayOptions, motion: Motion, stamps_ns: NDArray[np.int64], mass_kg: float
) -> Reference:
    """Read the references and bring the forces to the stamps of the estimates.

    A .c3d source is its own reference where it holds force plates and none is named; a bag where
    topics of plates are named, or of torques.

    Raises:
        RecordingError: A reference file cannot be used.
    """
    shift_ns = round(options.shift_ms * 1e6)
    notes: list[str] = []
    feet = None
    path = options.reference or _own_plates(options)
    if path is not None:
        forces = _forces(path, options, motion)
        notes.append(f'forces: {forces.recognised}')
        _meet(path, forces.stamps_ns, stamps_ns + shift_ns)
        ankles, toes = (_at(motion, joints, stamps_ns) for joints in (_ANKLES, _TOES))
        plates = parse_plates(options.plates) if options.plates else None
        feet = assign_feet(
            forces, stamps_ns + shift_ns, ankles, toes, mass_kg=mass_kg, plates=plates
        )
        notes += feet.notes
    elif is_bag(options.source):
        notes += _unused(options.source)
    moments = None
    if options.moments is not None or options.moments_topic is not None:
        moments = _moments(options, mass_kg)
        notes += moments.notes
        _meet(options.moments or options.source, moments.stamps_ns, stamps_ns)
    return Reference(feet, moments, tuple(notes))


def _forces(path: Path, options: ReplayOptions, motion: Motion) -> Forces:
    if not is_bag(path):
        return read_forces(path, up=None if options.reference else options.up)
    from humandyn_ros.bag_reference import read_bag_forces  # noqa: PLC0415 - needs rosbags

    named = parse_plates(options.plates) if options.plates else {}
    wanted = [name for name in named if name.startswith('/')]
    if set(named.values()) == {'off'}:  # all but these
        wanted = []
    return read_bag_forces(path, wanted, frame_id=motion.frame_id, up=motion.up)


def _moments(options: ReplayOptions, mass_kg: float) -> Moments:
    path = options.moments or options.source
    if not is_bag(path):
        return read_moments(path, mass_kg=mass_kg)
    from humandyn_ros.bag_reference import read_bag_moments  # noqa: PLC0415 - needs rosbags

    return read_bag_moments(path, options.moments_topic)


def _unused(source: Path) -> list[str]:
    from humandyn_ros.bag_reference import plate_topics  # noqa: PLC0415 - needs rosbags

    found = plate_topics(source)
    told = f'not judged against {", ".join(found)}: give --reference {source.name}, or --plates'
    return [told] if found else []


def _meet(path: Path, theirs: NDArray[np.int64], ours: NDArray[np.int64]) -> None:
    if theirs[0] <= ours[-1] and ours[0] <= theirs[-1]:
        return
    spans = [f'{t[0] * 1e-9:.2f} to {t[-1] * 1e-9:.2f} s' for t in (theirs, ours)]
    raise RecordingError(
        f'{path} goes from {spans[0]}, the motion from {spans[1]}: they share no instant; '
        'give the file of the same trial, with the same clock'
    )


def _own_plates(options: ReplayOptions) -> Path | None:
    """The source where it holds plates: a .c3d, or a bag of which topics are named."""
    source = options.source
    if is_bag(source):
        return source if options.plates else None
    if not source.name.removesuffix('.gz').endswith('.c3d'):
        return None
    from humandyn_ros.recordings.c3d import has_plates  # noqa: PLC0415

    return source if has_plates(source) else None


def _at(motion: Motion, joints: list[int], stamps_ns: NDArray[np.int64]) -> Array:
    """Joint centres (T, n, 3) of the motion at the stamps."""
    points = motion.points[:, joints].reshape(len(motion.stamps_ns), -1)
    start = motion.stamps_ns[0]
    at, seconds = (stamps_ns - start) * 1e-9, (motion.stamps_ns - start) * 1e-9
    columns = [np.interp(at, seconds, column) for column in points.T]
    return np.stack(columns, axis=1).reshape(len(stamps_ns), len(joints), 3)
