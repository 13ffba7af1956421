"""Bags of a few messages, written from the message definitions."""

from rosbags.rosbag2 import Writer

from humandyn_ros.bag_reference import WRENCH
from humandyn_ros.ros.dds.message_types import message_type, store

START_NS = 1_700_000_000_000_000_000


def header(stamp_ns, frame_id):
    stamp = {'sec': stamp_ns // 10**9, 'nanosec': stamp_ns % 10**9}
    return {'stamp': stamp, 'frame_id': frame_id}


def xyz(values):
    return dict(zip('xyz', map(float, values), strict=True))


def wrench(stamp_ns, frame_id, force, torque=(0.0, 0.0, 0.0)):
    content = {'force': xyz(force), 'torque': xyz(torque)}
    return {'header': header(stamp_ns, frame_id), 'wrench': content}


def transform(parent, child, place, turn=(0.0, 0.0, 0.0, 1.0)):
    rotation = dict(zip('xyzw', map(float, turn), strict=True))
    link = {
        'header': header(START_NS, parent),
        'child_frame_id': child,
        'transform': {'translation': xyz(place), 'rotation': rotation},
    }
    return {'transforms': [link]}


def record(path, messages):
    """Write (topic, type, stamp, fields)."""
    with Writer(path, version=8) as writer:
        connections = {}
        for topic, kind, stamp_ns, fields in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store())
            made = message_type(kind)
            writer.write(connections[topic], stamp_ns, bytes(made.encode(made.new(fields))))
    return path


def loads(topic, frame_id, force, torque=(0.0, 0.0, 0.0), count=20):
    for k in range(count):
        stamp_ns = START_NS + k * 10_000_000
        yield topic, WRENCH, stamp_ns, wrench(stamp_ns, frame_id, force, torque)
