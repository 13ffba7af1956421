"""rosbag2 recordings in and out, without ROS 2: mcap and sqlite3.

Skeletons are written as `sources/point_cloud.py` describes them, z up, metres. The skeleton format
and its joint names go into the bag's custom data, so that a bag explains itself; skeletons of any
supported message type are read.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rosbags.interfaces import (
    Connection,
    MessageDefinitionFormat,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import get_types_from_msg

from humandyn_ros.errors import HumandynError, RecordingError
from humandyn_ros.quantities import CANONICAL, Skeleton, SkeletonFrame
from humandyn_ros.recordings import Recording, to_z_up
from humandyn_ros.ros.dds.message_types import message_type, store
from humandyn_ros.skeleton import available_formats
from humandyn_ros.sources import SOURCES, SkeletonReader, Source, source_for
from humandyn_ros.sources.point_cloud import LAYOUT, TYPE, fields_of, pack

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}

# Read by Jazzy, and by Humble too, whose parser does not know the QoS of version 9.
_BAG_VERSION: Final = 8
_TOPIC = re.compile(r'/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*', re.ASCII)
_FORMAT_KEY, _JOINTS_KEY = 'humandyn_format', 'humandyn_joints'
_NAMELESS = 'bag'  # skeletons whose points fit no format
_POSE, _FRAMES = 'geometry_msgs/msg/PoseStamped', 'tf2_msgs/msg/TFMessage'
_FOREVER = QosTime(2147483647, 4294967295)
# Reliable serves subscribers of both kinds; sensor topics themselves are best effort.
_QOS = Qos(
    QosHistory.KEEP_LAST,
    10,
    QosReliability.RELIABLE,
    QosDurability.VOLATILE,
    _FOREVER,
    _FOREVER,
    QosLiveliness.AUTOMATIC,
    _FOREVER,
    False,
)


@dataclass(frozen=True, eq=False)
class BagMessage:
    """One message of a bag."""

    topic: str
    type_name: str  # such as 'sensor_msgs/msg/JointState'
    recorded_ns: int  # when it was recorded; its header says what instant it is about
    content: Any  # the message


def topics(path: str | Path) -> dict[str, str]:
    """Return the topics of a bag and their message types.

    Raises:
        RecordingError: The bag is missing, empty, truncated or corrupt.
    """
    with _opened(Path(path)) as bag:
        return {c.topic: c.msgtype for c in bag.connections}


def read_messages(path: str | Path, wanted: Sequence[str]) -> Iterator[BagMessage]:
    """Yield the messages of some topics in recorded order.

    Args:
        path: Folder of the bag, or its .mcap or .db3 file.
        wanted: Topics.

    Raises:
        RecordingError: The bag cannot be read, a topic is not in it, or a message is damaged.
    """
    path = Path(path)
    with _opened(path) as bag:
        connections = _connections(path, bag, wanted)
        counts = dict.fromkeys(wanted, 0)
        for connection, recorded_ns, raw in bag.messages(connections=connections):
            counts[connection.topic] += 1
            content = message_type(connection.msgtype).decode(raw)
            yield BagMessage(connection.topic, connection.msgtype, recorded_ns, content)
        promised = sum(c.msgcount for c in connections)
        if sum(counts.values()) < promised:
            raise RecordingError(
                f'{path}: truncated: {promised} messages promised, {sum(counts.values())} are '
                'there; copy the bag again, or mend it with `ros2 bag reindex`'
            )


def read_skeletons(
    path: str | Path,
    topic: str | None = None,
    format: str | None = None,
    input_type: str | None = None,
) -> list[Recording]:
    """Read the skeletons of a bag, one recording per body, at the stamps of their headers.

    Args:
        path: Folder of the bag, or its .mcap or .db3 file.
        topic: Skeleton topic, or what all topics of a set lie below; without it the only one
            whose type can be a skeleton.
        format: Skeleton format; without it what the bag says, else the usual one of the type.
        input_type: Message type, or name or path of a field map; without it the topic's type.

    Raises:
        RecordingError: No such bag or topic (the topics that are there are listed), damaged
            messages, or nobody in any of them.
    """
    path = Path(path)
    there = topics(path)
    named = source_for(input_type) if input_type else None
    chosen = _skeleton_topic(path, there, topic, named)
    source = named or _source_of(there, chosen)
    reader = _reader(source, format, _custom_data(path))
    wanted = sorted(source.reads(there, chosen)) if source.type_name else [chosen]
    frames: dict[int, dict[int, SkeletonFrame]] = {}
    repeated = 0
    with _naming(path):
        for frame in _frames(path, wanted, reader):
            body = frames.setdefault(frame.body_id, {})
            repeated += frame.stamp_ns in body
            body.setdefault(frame.stamp_ns, frame)
    if not frames or reader.format is None:
        raise RecordingError(f'{path}: nobody is in any message of {chosen}')
    notes = (f'{repeated} repeated stamps left out',) if repeated else ()
    name = f'{path.name}:{chosen}'
    form = reader.format
    return [
        dataclasses.replace(
            _recording(name, body, frames[body]), up=form.up, kind=form.kind, notes=notes
        )
        for body in sorted(frames)
    ]


def _frames(path: Path, wanted: Sequence[str], reader: SkeletonReader) -> Iterator[SkeletonFrame]:
    for message in read_messages(path, wanted):
        yield from reader.read(message.content, message.topic, message.recorded_ns)
    yield from reader.rest()


def write_skeletons(
    path: str | Path,
    recordings: Sequence[Recording],
    *,
    topic: str = 'skeletons',
    storage: str = 'mcap',
    frame_id: str = 'world',
) -> None:
    """Write a bag that `ros2 bag play` plays: PointCloud2 messages, z up, one row per body.

    Written under a temporary name and renamed at the end: a failed run leaves nothing behind.

    Args:
        path: Folder to create.
        recordings: One per body, all of one skeleton.
        topic: Topic name; '/' is put before it if absent.
        storage: 'mcap' or 'sqlite3'.
        frame_id: Frame of the points in the headers.

    Raises:
        RecordingError: The folder exists or cannot be written, the skeletons differ, or the topic
            has no name that ROS allows.
    """
    path = Path(path)
    if storage not in STORAGES:
        raise RecordingError(f'storage {storage!r}: choose one of {", ".join(STORAGES)}')
    if not _TOPIC.fullmatch(topic):
        raise RecordingError(
            f'topic {topic!r} is no ROS name: use words of letters, digits and _ between slashes'
        )
    if path.exists():
        raise RecordingError(f'{path} exists already: delete it or choose another name')
    names = {recording.names for recording in recordings}
    if len(names) != 1:
        raise RecordingError(f'{path}: one bag topic holds one skeleton, not {len(names)}')
    about = {_JOINTS_KEY: ','.join(recordings[0].names)}
    if recordings[0].format:
        about[_FORMAT_KEY] = recordings[0].format
    with _whole_or_nothing(path) as partial:
        writer = Writer(partial, version=_BAG_VERSION, storage_plugin=STORAGES[storage])
        for key, value in about.items():
            writer.set_custom_data(key, value)
        with writer:
            connection = writer.add_connection(
                f'/{topic.lstrip("/")}', TYPE, typestore=store(), offered_qos_profiles=[_QOS]
            )
            for stamp_ns, raw in _encoded(recordings, frame_id):
                writer.write(connection, stamp_ns, raw)


def _encoded(recordings: Sequence[Recording], frame_id: str) -> Iterator[tuple[int, bytes]]:
    """Messages of all bodies in time order, as CDR."""
    line: dict[int, list[SkeletonFrame]] = {}
    for recording in recordings:
        upright = dataclasses.replace(recording, points=to_z_up(recording.points, recording.up))
        for frame in upright.frames():
            line.setdefault(frame.stamp_ns, []).append(frame)
    # Bags know no time before 1970; recordings that begin before zero are moved there.
    shift_ns = max(0, -min(line))
    kind = message_type(TYPE)
    fields = [
        {'name': name, 'offset': offset, 'datatype': code, 'count': 1}
        for name, offset, code in fields_of(LAYOUT)
    ]
    for stamp_ns in sorted(line):
        at_ns = stamp_ns + shift_ns
        cloud = pack(line[stamp_ns])
        message = kind.new(
            {
                'header': {
                    'stamp': {'sec': at_ns // 10**9, 'nanosec': at_ns % 10**9},
                    'frame_id': frame_id,
                },
                'height': cloud.shape[0],
                'width': cloud.shape[1],
                'fields': fields,
                'point_step': LAYOUT.itemsize,
                'row_step': LAYOUT.itemsize * cloud.shape[1],
                'data': cloud.view(np.uint8).reshape(-1),
                'is_dense': bool(all(np.isfinite(f.points).all() for f in line[stamp_ns])),
            }
        )
        yield at_ns, bytes(kind.encode(message))


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[Path]:
    """Give a path to write a bag to; renamed to `path` on success, removed on any failure."""
    workplace = path.with_name(f'{path.name}.partial')
    try:
        shutil.rmtree(workplace, ignore_errors=True)
        workplace.mkdir(parents=True)
        yield workplace / path.name
        (workplace / path.name).rename(path)
    except OSError as error:
        raise RecordingError(f'{path} cannot be written: {error.strerror or error}') from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn whatever a damaged bag provokes into an error that names the bag."""
    try:
        yield
    except RecordingError:
        raise
    except HumandynError as error:
        raise RecordingError(f'{path}: {error}') from error
    except Exception as error:  # rosbags, sqlite3 and the decoders raise whatever they trip over
        reason = str(error) or type(error).__name__
        raise RecordingError(
            f'{path}: not a readable bag ({reason}); it is truncated, corrupt or not a bag'
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[Reader]:
    with _naming(path):
        bag = Reader(path)
        bag.open()
        try:
            for connection in bag.connections:
                _register(connection)
            yield bag
        finally:
            bag.close()


def _register(connection: Connection) -> None:
    """Learn a foreign message type from the definition its bag carries."""
    definition = connection.msgdef
    if (
        connection.msgtype not in store().fielddefs
        and definition.format == MessageDefinitionFormat.MSG
    ):
        found = get_types_from_msg(definition.data, connection.msgtype)
        known = store().fielddefs
        store().register({name: fields for name, fields in found.items() if name not in known})


def _connections(path: Path, bag: Reader, wanted: Sequence[str]) -> list[Connection]:
    found = [c for c in bag.connections if c.topic in wanted]
    missing = set(wanted) - {c.topic for c in found}
    if missing:
        there = {c.topic: c.msgtype for c in bag.connections}
        raise RecordingError(f'{path}: no topic {", ".join(sorted(missing))}; {_listed(there)}')
    return found


def _listed(there: Mapping[str, str]) -> str:
    if not there:
        return 'the bag holds no topics'
    return 'there are: ' + ', '.join(f'{name} ({kind})' for name, kind in sorted(there.items()))


def _source_of(there: Mapping[str, str], topic: str) -> Source:
    """The source of a topic, or of the set of topics below it."""
    if topic in there:
        return SOURCES[there[topic]]
    return next(source for source in SOURCES.values() if source.reads(there, topic))


def _skeleton_topic(
    path: Path, there: Mapping[str, str], topic: str | None, named: Source | None
) -> str:
    if topic is not None:
        name = topic if topic in there else f'/{topic.lstrip("/")}'
        if name in there and named is not None and named.type_name in ('', there[name]):
            return name
        if any(source.reads(there, name) for source in SOURCES.values()):
            return name
        if name not in there:
            raise RecordingError(f'{path}: no topic {topic}; {_listed(there)}')
        if there[name] not in SOURCES:
            raise RecordingError(
                f'{path}: skeletons cannot be read from {name} ({there[name]}); supported types: '
                f'{", ".join(sorted(SOURCES))}; {_listed(there)}'
            )
        return name
    kinds = (named.type_name,) if named and named.type_name else SOURCES
    fits_any = named is not None and not named.type_name
    possible = sorted(name for name, kind in there.items() if fits_any or kind in kinds)
    if not possible:
        raise RecordingError(f'{path}: no skeleton topic; {_listed(there)}')
    # A topic in our own form comes first; markers, poses and tf often are something else.
    own = [name for name in possible if there[name] == TYPE]
    sure = [name for name in possible if not named and not SOURCES[there[name]].shared]
    drawn = [name for name in possible if there[name] not in (_POSE, _FRAMES)]
    best = own or sure or drawn or possible
    if len(best) > 1:
        raise RecordingError(
            f'{path}: {", ".join(best)} may all hold skeletons: name one (--topic)'
        )
    return best[0]


def _custom_data(path: Path) -> dict[str, str]:
    """What the writer left in a bag's metadata; empty for bags of others."""
    with _opened(path) as bag:
        found = bag.storage.metadata.custom
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _reader(source: Source, format: str | None, about: Mapping[str, str]) -> SkeletonReader:
    """What reads a topic.

    Points that the bag names keep these names: a format is laid over them by name, not by place.
    """
    name = format or about.get(_FORMAT_KEY)
    joints = tuple(filter(None, about.get(_JOINTS_KEY, '').split(',')))
    if name in available_formats() or not joints or format:
        reader = SkeletonReader(source, name or '')
        if not joints or (reader.format and reader.format.skeleton.joints == joints):
            return reader
    reader = SkeletonReader(source, CANONICAL.name)
    assert reader.format is not None
    skeleton = Skeleton(name or _NAMELESS, joints, (-1,) * len(joints))
    reader.format = dataclasses.replace(
        reader.format, skeleton=skeleton, up=source.up or 'Z', kind='joints', width=len(joints)
    )
    return reader


def _recording(name: str, body_id: int, frames: Mapping[int, SkeletonFrame]) -> Recording:
    stamps = np.array(sorted(frames), np.int64)
    ordered = [frames[stamp] for stamp in stamps.tolist()]
    skeleton = ordered[0].skeleton
    seconds = float(stamps[-1] - stamps[0]) * 1e-9
    return Recording(
        name=name,
        stamps_ns=stamps,
        points=np.stack([frame.points for frame in ordered]),
        confidence=np.stack([frame.confidence for frame in ordered]),
        names=skeleton.joints,
        rate_hz=(len(stamps) - 1) / seconds if seconds > 0 else 1.0,
        up='Z',
        format=None if skeleton.name == _NAMELESS else skeleton.name,
        kind='joints',
        parents=skeleton.parents,
        body_id=body_id,
        frame_id=ordered[0].frame_id,
    )
