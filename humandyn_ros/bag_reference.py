"""What a bag holds besides skeletons that estimates can be judged against.

A force plate is a topic of geometry_msgs/WrenchStamped: force and torque about the origin of the
frame that its header names, which lies on the plate's surface; tf in the bag says where that is.
Load on the plate and reaction of the ground are told apart by the sign: nobody is pulled down.
Joint torques are the efforts of a sensor_msgs/JointState whose names are coordinates. Topics below
/humans/ are our own estimates, and count only where they are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.bags import read_messages, topics
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.loads import plate_from_surface
from humandyn_ros.recordings.recording import Forces, Moments, Plate
from humandyn_ros.rotations import quat_xyzw_to_matrix

WRENCH = 'geometry_msgs/msg/WrenchStamped'
JOINTS = 'sensor_msgs/msg/JointState'
TRANSFORMS = 'tf2_msgs/msg/TFMessage'
_OURS = '/humans/'
_DEPTH = 64  # links of a chain; a longer one goes round in a circle

Stamps = NDArray[np.int64]


def plate_topics(path: Path) -> tuple[str, ...]:
    """Return the topics of a bag that may be force plates.

    Raises:
        RecordingError: The bag cannot be read.
    """
    return tuple(name for name in _of_type(path, WRENCH) if not name.startswith(_OURS))


def read_bag_forces(
    path: Path, wanted: Sequence[str] = (), *, frame_id: str = '', up: str = 'Z'
) -> Forces:
    """Read force plates in the frame of the skeletons, turned z up.

    Args:
        path: Folder of the bag, or its .mcap or .db3 file.
        wanted: Topics of the plates; none: all that may be.
        frame_id: Frame that the skeletons are in.
        up: Its upward axis.

    Raises:
        RecordingError: The bag cannot be read or holds no such topic, or too few messages.
    """
    names = _named(path, wanted, WRENCH) if wanted else plate_topics(path)
    if not names:
        raise RecordingError(f'{path}: no force plates: no topic of {WRENCH}')
    tree, raw = _Tree(), {name: _Raw([], [], []) for name in names}
    for message in read_messages(path, [*names, *_of_type(path, TRANSFORMS)]):
        if message.type_name == TRANSFORMS:
            tree.add(message.content)
        else:
            raw[message.topic].add(message.content, message.recorded_ns)
    ordered = {name: one.ordered(path, name) for name, one in raw.items()}
    stamps = _common(path, ordered)
    plates, told = zip(
        *(_plate(name, one, stamps, tree, (frame_id, up)) for name, one in ordered.items()),
        strict=True,
    )
    return Forces(stamps, plates, '; '.join(told), 1e9 / float(np.median(np.diff(stamps))))


def read_bag_moments(path: Path, topic: str | None = None) -> Moments:
    """Read joint torques, N·m.

    Args:
        path: Folder of the bag, or its .mcap or .db3 file.
        topic: Topic; none: the only one whose efforts are of known coordinates.

    Raises:
        RecordingError: The bag cannot be read or holds no torques, or several topics do.
    """
    chosen = _named(path, [topic], JOINTS)[0] if topic else _torque_topic(path)
    found: dict[int, dict[str, float]] = {}
    for message in read_messages(path, [chosen]):
        state = message.content
        if len(state.effort) == len(state.name) and len(state.name):
            efforts = zip(map(str, state.name), map(float, state.effort), strict=True)
            found.setdefault(_stamp(state.header, message.recorded_ns), dict(efforts))
    if not found:
        raise RecordingError(f'{path}: {chosen} has no efforts')
    stamps = sorted(found)
    names = tuple(found[stamps[0]])
    values = [[found[stamp].get(name, np.nan) for name in names] for stamp in stamps]
    return Moments(np.array(stamps), names, np.array(values), (f'moments: {chosen}',))


def _torque_topic(path: Path) -> str:
    names = [name for name in _of_type(path, JOINTS) if not name.startswith(_OURS)]
    fit = []
    for name in names:
        first = next(iter(read_messages(path, [name])), None)
        joints = [] if first is None or not len(first.content.effort) else first.content.name
        if set(joints) & set(COORDINATES):
            fit.append(name)
    if len(fit) == 1:
        return fit[0]
    told = f'{", ".join(fit)} all hold torques' if fit else f'no torques in {names or "any topic"}'
    raise RecordingError(f'{path}: {told}: name the topic (--moments-topic)')


def _of_type(path: Path, kind: str) -> list[str]:
    return sorted(name for name, found in topics(path).items() if found == kind)


def _named(path: Path, wanted: Sequence[str], kind: str) -> tuple[str, ...]:
    """Topics as they are spelt in the bag; names of plates are kept in small letters."""
    spelt = {name.lower(): name for name in _of_type(path, kind)}
    missing = [name for name in wanted if name.lower() not in spelt]
    if missing:
        there = ', '.join(spelt.values()) or 'none'
        raise RecordingError(
            f'{path}: no topic {", ".join(missing)} of {kind}; there are: {there}'
        )
    return tuple(spelt[name.lower()] for name in wanted)


def _stamp(header: Any, recorded_ns: int) -> int:
    return int(header.stamp.sec) * 10**9 + int(header.stamp.nanosec) or recorded_ns


class _Raw(NamedTuple):
    """Messages of one plate."""

    stamps: list[int]
    loads: list[tuple[float, ...]]
    frames: list[str]

    def add(self, message: Any, recorded_ns: int) -> None:
        force, torque = message.wrench.force, message.wrench.torque
        self.stamps.append(_stamp(message.header, recorded_ns))
        self.loads.append((force.x, force.y, force.z, torque.x, torque.y, torque.z))
        self.frames.append(str(message.header.frame_id).lstrip('/'))

    def ordered(self, path: Path, name: str) -> _Loads:
        stamps, first = np.unique(np.array(self.stamps, np.int64), return_index=True)
        if len(stamps) < 2:
            raise RecordingError(f'{path}: {name} has {len(stamps)} messages: too few for a plate')
        loads = np.nan_to_num(np.array(self.loads)[first], posinf=0.0, neginf=0.0)
        return _Loads(stamps, loads, self.frames[0])


class _Loads(NamedTuple):
    stamps: Stamps  # (T,)
    values: Array  # (T, 6) force N, torque N·m
    frame: str


def _common(path: Path, ordered: Mapping[str, _Loads]) -> Stamps:
    """The stamps of the fastest plate while all of them are recorded."""
    start = max(int(one.stamps[0]) for one in ordered.values())
    end = min(int(one.stamps[-1]) for one in ordered.values())
    most = max(ordered.values(), key=lambda one: len(one.stamps)).stamps
    kept = most[(most >= start) & (most <= end)]
    if len(kept) < 2:
        raise RecordingError(f'{path}: {", ".join(ordered)} share no time')
    return kept


def _plate(
    name: str, loads: _Loads, stamps: Stamps, tree: _Tree, skeletons: tuple[str, str]
) -> tuple[Plate, str]:
    target, up = skeletons[0].lstrip('/'), skeletons[1]
    placed = tree.place(loads.frame or target, target, loads.stamps)
    told = ''
    force, torque = loads.values[:, :3], loads.values[:, 3:]
    if placed is None:
        origin = np.full((len(loads.stamps), 3), np.nan)
        told = f', its place is unknown: no tf from {loads.frame!r} to {target!r}'
    else:
        rotation, origin = placed
        force, torque, origin = (
            to_z_up(vectors, up)
            for vectors in (_turned(rotation, force), _turned(rotation, torque), origin)
        )
    sign = -1.0 if force[:, 2].sum() < 0 else 1.0
    columns = np.concatenate([sign * force, sign * torque, origin], axis=1)
    at, known = ((s - loads.stamps[0]) * 1e-9 for s in (stamps, loads.stamps))
    common = np.stack([np.interp(at, known, column) for column in columns.T], axis=1)
    plate = plate_from_surface(name, common[:, :3], common[:, 3:6], common[:, 6:])
    reading_of = 'reaction' if sign > 0 else 'action, turned round'
    return plate, f'{name}: {reading_of}{told}'


def _turned(rotation: Array, vectors: Array) -> Array:
    return np.asarray((rotation @ vectors[:, :, None])[:, :, 0])


class _Tree:
    """tf as it was recorded: where every frame was in its parent, and when."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._places: dict[str, dict[int, tuple[float, ...]]] = {}

    def add(self, message: Any) -> None:
        for one in message.transforms:
            child, turn = str(one.child_frame_id).lstrip('/'), one.transform.rotation
            move = one.transform.translation
            place = (turn.x, turn.y, turn.z, turn.w, move.x, move.y, move.z)
            if np.isfinite(place).all() and any(place[:4]):
                self._parents[child] = str(one.header.frame_id).lstrip('/')
                self._places.setdefault(child, {})[_stamp(one.header, 0)] = place

    def place(self, frame: str, target: str, stamps: Stamps) -> tuple[Array, Array] | None:
        """Rotation (T, 3, 3) and origin (T, 3) of a frame in another; None where unconnected."""
        there = self._chain(target)
        meeting = next((name for name in self._chain(frame) if name in there), None)
        if meeting is None:
            return None
        turn, move = self._up(frame, meeting, stamps)
        back, base = self._up(target, meeting, stamps)
        inverse = np.swapaxes(back, 1, 2)
        return inverse @ turn, _turned(inverse, move - base)

    def _chain(self, frame: str) -> list[str]:
        chain = [frame]
        while chain[-1] in self._parents and len(chain) < _DEPTH:
            chain.append(self._parents[chain[-1]])
        return chain

    def _up(self, frame: str, to: str, stamps: Stamps) -> tuple[Array, Array]:
        turn = np.broadcast_to(np.eye(3), (len(stamps), 3, 3))
        move = np.zeros((len(stamps), 3))
        while frame != to:
            rotation, place = self._link(frame, stamps)
            turn, move = rotation @ turn, _turned(rotation, move) + place
            frame = self._parents[frame]
        return turn, move

    def _link(self, frame: str, stamps: Stamps) -> tuple[Array, Array]:
        """The newest place of a frame at each stamp; the first one before there is any."""
        known = sorted(self._places[frame].items())
        times = np.array([stamp for stamp, _ in known])
        newest = np.maximum(np.searchsorted(times, stamps, side='right') - 1, 0)
        places = np.array([place for _, place in known])[newest]
        return quat_xyzw_to_matrix(places[:, :4]), places[:, 4:]
