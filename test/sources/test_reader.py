import dataclasses

import numpy as np

from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources.reader import SkeletonReader
from humandyn_ros.sources.source import UNSTAMPED, Source

FORM = load_format('smpl_24')
MS = 1_000_000


def part(stamp_ns, *joints, body=1):
    points = np.full((24, 3), np.nan)
    points[list(joints)] = 1.0
    seen = np.isfinite(points[:, 0]).astype(float)
    return SkeletonFrame(stamp_ns, 'world', body, FORM.skeleton, points, seen)


def parts_source():
    return Source('x/msg/X', lambda m, form, topic: (m,), 'smpl_24', confident=True, parts=True)


def joints_of(frame):
    return np.flatnonzero(np.isfinite(frame.points[:, 0])).tolist()


def test_parts_of_one_instant_become_one_body_as_soon_as_all_are_there():
    reader = SkeletonReader(parts_source())
    given = []
    for k in range(3):
        for joint in (0, 1, 2):
            at = 20 * MS * k + joint * 10_000
            given.append((k, joint, reader.read(part(at, joint))))
    whole = [(k, joint, joints_of(f)) for k, joint, frames in given for f in frames]
    # The first instant ends as the second begins; from then on the last joint completes it.
    assert whole == [(1, 0, [0, 1, 2]), (1, 2, [0, 1, 2]), (2, 2, [0, 1, 2])]


def test_a_missing_part_does_not_hold_the_body_back_beyond_the_next_instant():
    reader = SkeletonReader(parts_source())
    for k in range(2):
        for joint in (0, 1, 2):
            reader.read(part(20 * MS * k, joint))
    assert reader.read(part(40 * MS, 0)) == ()
    assert reader.read(part(40 * MS, 1)) == ()
    (late,) = reader.read(part(60 * MS, 0))
    assert joints_of(late) == [0, 1]
    assert late.stamp_ns == 40 * MS


def test_late_parts_are_dropped_and_a_clock_set_back_is_followed():
    reader = SkeletonReader(parts_source())
    reader.read(part(5000 * MS, 0))
    assert reader.read(part(4900 * MS, 1)) == ()
    frames = reader.read(part(1000 * MS, 0))
    assert [frame.stamp_ns for frame in frames] == [5000 * MS, 1000 * MS]


def test_the_rest_of_a_recording_is_given_at_its_end():
    reader = SkeletonReader(parts_source())
    reader.read(part(0, 3))
    assert [joints_of(frame) for frame in reader.rest()] == [[3]]


def test_bodies_are_gathered_apart_and_not_without_end():
    reader = SkeletonReader(parts_source())
    for body in range(500):
        reader.read(part(body, 0, body=body))
    assert len(reader.rest()) <= 100


def test_a_frame_without_a_stamp_gets_the_time_of_receipt():
    unstamped = dataclasses.replace(part(0, *range(24)), stamp_ns=UNSTAMPED)
    source = Source('x/msg/X', lambda m, form, topic: (unstamped,), 'smpl_24')
    (frame,) = SkeletonReader(source).read(None, '', 123)
    assert frame.stamp_ns == 123
