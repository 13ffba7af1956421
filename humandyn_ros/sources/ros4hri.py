"""ROS4HRI (REP 155): bodies by their list of ids, places by tf, confidence by Skeleton2D.

Read `/humans/bodies/tracked` (hri_msgs/IdsList). Joints come from tf, as robot_state_publisher
makes them of `<id>/joint_states`; where it does not run, the angles and `<id>/urdf` are read
themselves, and tf must only say where the body is. hri_body_detect fixes waist, head and ankles in
these angles. Ids are names that a body gets anew when it comes back.

hri_msgs/Skeleton2D alone is a flat source of its own: fit for actions, not for forces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from math import isfinite
from types import SimpleNamespace
from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat, load_format
from humandyn_ros.sources import named_frames
from humandyn_ros.sources.source import Frames, Source, body_number, frame
from humandyn_ros.sources.urdf import Body, Link

IDS = 'hri_msgs/msg/IdsList'
FLAT = 'hri_msgs/msg/Skeleton2D'
JOINTS = 'sensor_msgs/msg/JointState'
URDF = 'std_msgs/msg/String'
_STALE_NS = 500_000_000  # a flat skeleton older than this says nothing about the present
_BODIES = 100
_ANGLES = (('joint_states', JOINTS), ('urdf', URDF))


def _flat_points(message: Any) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
    table = np.array([(p.x, p.y, p.c) for p in message.skeleton], float).reshape(-1, 3)
    points = np.column_stack([table[:, :2], np.zeros(len(table))])
    return points, table[:, 2]


def read_flat(message: Any, form: SkeletonFormat, topic: str = '') -> tuple[SkeletonFrame, ...]:
    """Return the one body of a Skeleton2D; its id is in the topic's name.

    Raises:
        StreamError: The number of points is not the format's.
    """
    points, trust = _flat_points(message)
    points[trust <= 0.0] = np.nan
    return (frame(message.header, body_number(_id_of(topic)), form.skeleton, points, trust),)


def _id_of(topic: str) -> str:
    parts = topic.strip('/').split('/')
    return parts[-2] if len(parts) > 1 else '0'


class BodiesReader:
    """Joins the list of ids, tf and the flat skeletons' confidence."""

    def __init__(self) -> None:
        self._frames = named_frames.FrameReader()
        self._tracked: frozenset[int] | None = None
        self._trust: dict[int, tuple[int, dict[str, float]]] = {}
        self._by_tf: set[int] = set()  # bodies whose joints tf gives
        self._bodies: dict[str, Body] = {}

    def __call__(
        self, message: Any, form: SkeletonFormat, topic: str = ''
    ) -> tuple[SkeletonFrame, ...]:
        """Return frames of tracked bodies; only tf and joint states give any.

        Raises:
            StreamError: A message cannot be read.
        """
        if hasattr(message, 'ids'):
            self._tracked = frozenset(body_number(name) for name in message.ids)
            return ()
        if hasattr(message, 'skeleton'):
            self._note(message, topic)
            return ()
        if hasattr(message, 'data'):
            self._describe(_id_of(topic), str(message.data))
            return ()
        if self._tracked is None:
            return ()
        if hasattr(message, 'transforms'):
            found = self._frames(message, form, topic)
            # The body's own frame is one joint, the waist: alone it says nothing of the others.
            self._by_tf |= {f.body_id for f in found if np.isfinite(f.points[:, 0]).sum() > 1}
            found = tuple(f for f in found if f.body_id in self._by_tf)
        else:
            found = self._by_angles(message, form, _id_of(topic))
        return tuple(self._judged(f) for f in found if f.body_id in self._tracked)

    def _describe(self, name: str, text: str) -> None:
        if len(self._bodies) >= _BODIES:
            self._bodies.clear()
        self._bodies[name] = Body(text)

    def _by_angles(self, message: Any, form: SkeletonFormat, name: str) -> Frames:
        """Frames of one body by its angles, where tf does not give its joints."""
        body = self._bodies.get(name)
        if body is None or body_number(name) in self._by_tf:
            return ()
        if not self._frames.knows(body.root):
            raise StreamError(f'tf does not say where {body.root} is: joint angles are not enough')
        if len(message.position) != len(message.name):
            raise StreamError(f'{len(message.position)} angles for {len(message.name)} joints')
        angles = zip(map(str, message.name), map(float, message.position), strict=True)
        links = body.links({joint: angle for joint, angle in angles if isfinite(angle)})
        made = SimpleNamespace(transforms=[_as_transform(message.header, link) for link in links])
        return self._frames(made, form)

    def _note(self, message: Any, topic: str) -> None:
        (flat,) = read_flat(message, load_format('hri_18'), topic)
        if len(self._trust) >= _BODIES:
            self._trust.clear()
        names = (_in_rep155(name) for name in flat.skeleton.joints)
        trust = dict(zip(names, flat.confidence.tolist(), strict=True))
        self._trust[flat.body_id] = (flat.stamp_ns, trust)

    def _judged(self, frame: SkeletonFrame) -> SkeletonFrame:
        stamp_ns, trust = self._trust.get(frame.body_id, (0, {}))
        if abs(frame.stamp_ns - stamp_ns) > _STALE_NS:
            return frame
        factor = np.array([trust.get(name, 1.0) for name in frame.skeleton.joints])
        return dataclasses.replace(frame, confidence=frame.confidence * factor)


def _as_transform(header: Any, link: Link) -> Any:
    def named(names: str, values: Iterable[float]) -> Any:
        return SimpleNamespace(**dict(zip(names, values, strict=True)))

    return SimpleNamespace(
        header=SimpleNamespace(stamp=header.stamp, frame_id=link.parent),
        child_frame_id=link.child,
        transform=SimpleNamespace(
            translation=named('xyz', link.place), rotation=named('xyzw', link.turn_xyzw)
        ),
    )


def _in_rep155(name: str) -> str:
    return name.replace('left_', 'l_').replace('right_', 'r_')


def _all_of_them(graph: Mapping[str, str], topic: str) -> dict[str, str]:
    if graph.get(topic) != IDS:
        return {}
    bodies = topic.rpartition('/')[0]
    theirs = {
        name: kind
        for name, kind in graph.items()
        if name.startswith(f'{bodies}/')
        and (kind == FLAT or (name.rpartition('/')[2], kind) in _ANGLES)
    }
    return {topic: IDS, **theirs, **named_frames.with_static(graph, '/tf')}


def below(kind: str) -> Any:
    """Make the rule that reads every topic of a type below a name."""

    def choose(graph: Mapping[str, str], topic: str) -> dict[str, str]:
        prefix = f'{topic.rstrip("/")}/'
        return {
            name: found
            for name, found in graph.items()
            if found == kind and (name == topic or name.startswith(prefix))
        }

    return choose


SOURCES = (
    Source(IDS, format='rep155', parts=True, fresh=BodiesReader, topics=_all_of_them),
    Source(FLAT, read_flat, 'hri_18', confident=True, topics=below(FLAT)),
)
