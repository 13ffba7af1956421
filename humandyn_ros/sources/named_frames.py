"""tf frames as joint centres: any publisher that gives one frame per joint, found by its name.

Names are those of the format, alone or with the body's name before or after: `l_knee_ab12`
(REP 155), `person1/left_knee`, `skeleton_left_lower_leg` (Xsens). Points come in the frame that
all of a body's frames hang from: of tf's tree the nearest one that is not the body's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array, SkeletonFrame
from humandyn_ros.rotations import quat_xyzw_to_matrix
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.sources.source import Source, body_number, frame

TYPE = 'tf2_msgs/msg/TFMessage'
_DEPTH = 64  # links of a chain; a longer one goes round in a circle
_FRAMES = 20_000  # remembered; a publisher that invents names must not fill the memory
_BREAK = re.compile(r'[/_]')


class Name(NamedTuple):
    """What a frame's name says: which body, and which of its joints."""

    body: str
    joint: int


class _Link(NamedTuple):
    parent: str
    header: Any
    rotation: Array  # (3, 3) child to parent
    translation: Array  # (3,) m


class FrameReader:
    """Follows tf and gives the joints that each message moved."""

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}
        self._names: dict[str, Name | None] = {}
        self._static: set[str] = set()

    def __call__(
        self, message: Any, form: SkeletonFormat, topic: str = ''
    ) -> tuple[SkeletonFrame, ...]:
        """Return one frame per body, with the joints whose transforms the message holds.

        Raises:
            StreamError: A body's transforms go round in a circle.
        """
        moved: dict[str, Any] = {}
        for transform in message.transforms:
            child = str(transform.child_frame_id).lstrip('/')
            link = _link(transform)
            if link is None:
                continue
            self._links[child] = link
            name = self.name(child, form)
            if topic.endswith('tf_static'):
                self._static.add(child)
            elif name is not None:
                moved[name.body] = transform.header
        if len(self._links) > _FRAMES:
            for memory in (self._links, self._names, self._static):
                memory.clear()
            return ()
        found = (self._body(body, header, form) for body, header in moved.items())
        return tuple(frame for frame in found if frame is not None)

    def knows(self, child: str) -> bool:
        """Whether tf says where a frame is."""
        return child in self._links

    def name(self, child: str, form: SkeletonFormat) -> Name | None:
        """Split a frame's name into body and joint; None where it is no joint of the format."""
        if child not in self._names:
            self._names[child] = next(_splits(child, form), None)
        return self._names[child]

    def _body(self, body: str, header: Any, form: SkeletonFormat) -> SkeletonFrame | None:
        mine = {
            name.joint: child
            for child, name in self._names.items()
            if name is not None and name.body == body and child in self._links
        }
        fresh = {
            joint: child
            for joint, child in mine.items()
            if child in self._static or _same_instant(self._links[child].header, header)
        }
        if not fresh:  # a name twice in one message, at two times
            return None
        root = self._root(body, fresh.values())
        points = np.full((len(form.skeleton.joints), 3), np.nan)
        for joint, child in fresh.items():
            points[joint] = self._place(child, root)
        header = type('Header', (), {'stamp': header.stamp, 'frame_id': root})
        return frame(header, body_number(body or 0), form.skeleton, points)

    def _chain(self, child: str) -> list[str]:
        chain = [child]
        while chain[-1] in self._links:
            chain.append(self._links[chain[-1]].parent)
            if len(chain) > _DEPTH:
                raise StreamError(f'tf: the parents of frame {child!r} form a circle')
        return chain

    def _root(self, body: str, children: Any) -> str:
        chains = [self._chain(child)[1:] for child in children]
        shared = [name for name in chains[0] if all(name in chain for chain in chains)]
        outside = [name for name in shared if not self._is_of(body, name)]
        return (outside or shared or chains[0][-1:])[0]

    def _is_of(self, body: str, name: str) -> bool:
        known = self._names.get(name)
        return known is not None or (
            bool(body) and (name.endswith(f'_{body}') or name.startswith((f'{body}/', f'{body}_')))
        )

    def _place(self, child: str, root: str) -> Array:
        """Origin of a frame in another one up its chain (3,) m; NaN where it is not there."""
        point = np.zeros(3)
        while child != root:
            link = self._links.get(child)
            if link is None:
                return np.full(3, np.nan)
            point = link.rotation @ point + link.translation
            child = link.parent
        return point


def _splits(child: str, form: SkeletonFormat) -> Iterator[Name]:
    """Ways to read a name, the likeliest first."""
    tails = [match.start() for match in _BREAK.finditer(child)]
    ways = [('', child)]
    ways += [(child[at + 1 :], child[:at]) for at in reversed(tails)]
    ways += [(child[:at], child[at + 1 :]) for at in tails]
    for body, joint in ways:
        found = form.match([joint])
        if found:
            yield Name(body, form.skeleton.index[next(iter(found))])


def _link(transform: Any) -> _Link | None:
    """The transform; None where its rotation is none, so that one bad frame costs no others."""
    turn, move = transform.transform.rotation, transform.transform.translation
    quaternion = np.array([turn.x, turn.y, turn.z, turn.w], float)
    length = float(np.linalg.norm(quaternion))
    if not 0.5 < length < 2.0:
        return None
    parent = str(transform.header.frame_id).lstrip('/')
    rotation = quat_xyzw_to_matrix(quaternion / length)
    return _Link(parent, transform.header, rotation, np.array([move.x, move.y, move.z], float))


def _same_instant(one: Any, other: Any) -> bool:
    return (one.stamp.sec, one.stamp.nanosec) == (other.stamp.sec, other.stamp.nanosec)


def with_static(graph: Mapping[str, str], topic: str) -> dict[str, str]:
    """The tf topic and its static companion."""
    wanted = (topic, f'{topic}_static') if graph.get(topic) == TYPE else ()
    return {name: graph[name] for name in wanted if graph.get(name) == TYPE}


SOURCE = Source(
    TYPE,
    format='rep155',
    parts=True,
    fresh=FrameReader,
    topics=with_static,
    shared=True,
)
