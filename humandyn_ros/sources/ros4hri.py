"""ROS4HRI (REP 155): bodies by their list of ids, places by tf, confidence by Skeleton2D.

Read `/humans/bodies/tracked` (hri_msgs/IdsList). The angles in `joint_states` are not read
themselves: robot_state_publisher turns them into the frames that are, and hri_body_detect fixes
waist, head and ankles in them. Ids are names that a body gets anew when it comes back.

hri_msgs/Skeleton2D alone is a flat source of its own: fit for actions, not for forces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat, load_format
from humandyn_ros.sources import named_frames
from humandyn_ros.sources.source import Source, body_number, frame

IDS = 'hri_msgs/msg/IdsList'
FLAT = 'hri_msgs/msg/Skeleton2D'
_STALE_NS = 500_000_000  # a flat skeleton older than this says nothing about the present
_BODIES = 100


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

    def __call__(
        self, message: Any, form: SkeletonFormat, topic: str = ''
    ) -> tuple[SkeletonFrame, ...]:
        """Return frames of tracked bodies; only tf messages give any.

        Raises:
            StreamError: A message cannot be read.
        """
        if hasattr(message, 'ids'):
            self._tracked = frozenset(body_number(name) for name in message.ids)
            return ()
        if hasattr(message, 'skeleton'):
            self._note(message, topic)
            return ()
        if self._tracked is None:
            return ()
        found = self._frames(message, form, topic)
        return tuple(self._judged(f) for f in found if f.body_id in self._tracked)

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


def _in_rep155(name: str) -> str:
    return name.replace('left_', 'l_').replace('right_', 'r_')


def _all_of_them(graph: Mapping[str, str], topic: str) -> dict[str, str]:
    if graph.get(topic) != IDS:
        return {}
    bodies = topic.rpartition('/')[0]
    flat = {
        name: kind
        for name, kind in graph.items()
        if kind == FLAT and name.startswith(f'{bodies}/')
    }
    return {topic: IDS, **flat, **named_frames.with_static(graph, '/tf')}


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
