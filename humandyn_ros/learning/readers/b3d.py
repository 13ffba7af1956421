"""AddBiomechanics files (.b3d; Werling et al. 2023, 2024): motion, forces, inverse dynamics.

Layout after `SubjectOnDisk.proto` of nimblephysics: eight bytes of header length, the header, then
every frame of every trial: one sensor message, and one message per processing pass, all of fixed
size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.readers import protobuf
from humandyn_ros.learning.readers.protobuf import Message
from humandyn_ros.quantities import Array, Mask
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.files import read_bytes, reading

PASSES = ('kinematics', 'dynamics', 'low-pass', 'acceleration-minimising')


@dataclass(frozen=True, eq=False)
class B3dTrial:
    """One trial; vectors and points world z up, generalized coordinates as the model has them.

    Traps taken away: the world is y up (turned here); a marker not seen is NaN
    or at the very origin (NaN here); forces may be
    missing without being zero (`forces_measured`); the quantities of the *last* processing pass
    are the finished ones (a first, kinematic pass holds no torques). Left: root translation and
    rotation in `angles` are the model's own, y up; the first six torques are residuals.

    Attributes:
        name: Of the trial.
        rate_hz: Frames per second.
        passes: Which processing passes there are, in order.
        markers: (T, M, 3) m, NaN = not seen.
        angles: (T, D) rad and m.
        velocities: (T, D) rad/s and m/s.
        accelerations: (T, D) rad/s² and m/s².
        torques: (T, D) N·m (and N at the root).
        joint_centres: (T, J, 3) m.
        centre_of_mass: (T, 3) m.
        forces: Of the ground on each contact body (T, N, 3) N.
        centres_of_pressure: (T, N, 3) m.
        contact_torques: (T, N, 3) N·m, as the file has them.
        forces_measured: Whether all contact forces are known at a frame (T).
    """

    name: str
    rate_hz: float
    passes: tuple[str, ...]
    markers: Array
    angles: Array
    velocities: Array
    accelerations: Array
    torques: Array
    joint_centres: Array
    centre_of_mass: Array
    forces: Array
    centres_of_pressure: Array
    contact_torques: Array
    forces_measured: Mask


@dataclass(frozen=True, eq=False)
class B3dSubject:
    """One person; frames are read per trial, with `trial`."""

    path: Path
    mass_kg: float
    height_m: float
    sex: str
    age_years: int
    dofs: int
    marker_names: tuple[str, ...]
    contact_bodies: tuple[str, ...]
    trial_names: tuple[str, ...]
    content: bytes
    header: Message

    def trial(self, index: int) -> B3dTrial:
        """Read one trial.

        Raises:
            RecordingError: No such trial, or its frames are cut off or damaged.
        """
        if not 0 <= index < len(self.trial_names):
            raise RecordingError(f'{self.path}: trial {index} of {len(self.trial_names)}')
        with reading(self.path, '.b3d'):
            return _trial(self, index)


def read_b3d(path: Path) -> B3dSubject:
    """Read the header of a .b3d file.

    Raises:
        RecordingError: Not such a file, truncated or damaged.
    """
    content = read_bytes(path)
    with reading(path, '.b3d'):
        size = struct.unpack_from('<q', content)[0]
        if not 0 < size <= len(content) - 8:
            raise RecordingError(f'{path}: a header of {size} bytes in {len(content)}: truncated')
        header = protobuf.parse(memoryview(content)[8 : 8 + size])
        mass = protobuf.doubles(header, 15)
        height = protobuf.doubles(header, 14)
        if not len(mass) or not protobuf.integer(header, 1):
            raise RecordingError(f'{path}: no mass or no coordinates in the header')
        return B3dSubject(
            path=path,
            mass_kg=float(mass[-1]),
            height_m=float(height[-1]) if len(height) else float('nan'),
            sex=''.join(protobuf.texts(header, 13)[-1:]),
            age_years=protobuf.integer(header, 16),
            dofs=protobuf.integer(header, 1),
            marker_names=protobuf.texts(header, 17),
            contact_bodies=protobuf.texts(header, 6),
            trial_names=tuple(
                ''.join(protobuf.texts(item, 1)[-1:]) for item in protobuf.messages(header, 9)
            ),
            content=content,
            header=header,
        )


def _trial(subject: B3dSubject, index: int) -> B3dTrial:
    trials = protobuf.messages(subject.header, 9)
    sensor_size = protobuf.integer(subject.header, 3)
    pass_size = protobuf.integer(subject.header, 4)
    sizes = [sensor_size + len(t.get(5, [])) * pass_size for t in trials]
    lengths = [protobuf.integer(t, 3) for t in trials]
    start = 8 + struct.unpack_from('<q', subject.content)[0]
    start += sum(n * size for n, size in zip(lengths[:index], sizes[:index], strict=True))
    frames, size = lengths[index], sizes[index]
    if min(sensor_size, pass_size, frames) <= 0 or start + frames * size > len(subject.content):
        raise RecordingError(f'{subject.path}: frames of trial {index} are cut off: truncated')
    view = memoryview(subject.content)
    sensors, last = [], []
    for t in range(frames):
        at = start + t * size
        sensors.append(protobuf.parse(view[at : at + sensor_size]))
        last.append(protobuf.parse(view[at + size - pass_size : at + size]))
    return _assembled(subject, trials[index], sensors, last)


def _assembled(
    subject: B3dSubject, trial: Message, sensors: list[Message], last: list[Message]
) -> B3dTrial:
    steps = protobuf.doubles(trial, 4)
    if not len(steps) or not 1e-5 < steps[-1] < 1:
        raise RecordingError(f'{subject.path}: a time step of {steps} s is absurd')
    reasons = protobuf.integers(trial, 2)
    kinds = [protobuf.integer(item, 1) for item in protobuf.messages(trial, 5)]

    def table(items: list[Message], field: int, width: int) -> Array:
        rows = np.full((len(items), width), np.nan)
        for row, item in zip(rows, items, strict=True):
            values = protobuf.doubles(item, field)
            row[: len(values)] = values
        return rows

    def vectors(items: list[Message], field: int, count: int) -> Array:
        return to_z_up(table(items, field, 3 * count).reshape(len(items), count, 3), 'Y')

    dofs, feet = subject.dofs, len(subject.contact_bodies)
    joints = max((len(protobuf.doubles(item, 16)) // 3 for item in last), default=0)
    markers = vectors(sensors, 2, len(subject.marker_names))
    return B3dTrial(
        name=''.join(protobuf.texts(trial, 1)[-1:]),
        rate_hz=1 / float(steps[-1]),
        passes=tuple(PASSES[k] if k < len(PASSES) else f'kind {k}' for k in kinds),
        markers=np.where((markers == 0).all(-1, keepdims=True), np.nan, markers),
        angles=table(last, 1, dofs),
        velocities=table(last, 2, dofs),
        accelerations=table(last, 3, dofs),
        torques=table(last, 4, dofs),
        joint_centres=vectors(last, 16, joints),
        centre_of_mass=vectors(last, 9, 1)[:, 0],
        forces=vectors(last, 8, feet),
        centres_of_pressure=vectors(last, 6, feet),
        contact_torques=vectors(last, 7, feet),
        forces_measured=np.array([*reasons, *[0] * len(last)][: len(last)]) == 0,
    )
