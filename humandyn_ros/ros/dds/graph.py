"""The ROS 2 graph: telling peers which endpoints are ours, and asking what is out there.

Peers learn of endpoints from DDS itself; which node owns them is published on
`ros_discovery_info` (ROS 2 design article "Node to Participant mapping").
"""

from __future__ import annotations

from typing import Any

from cyclonedds import _clayer
from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopic,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)

from humandyn_ros.ros.dds import idl
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.dds.names import ros_topic, ros_type
from humandyn_ros.ros.dds.wire import EndpointQos, Participant

_INFO = 'rmw_dds_common/msg/ParticipantEntitiesInfo'
_BATCH = 256
_ALIVE = 16  # DDS_ALIVE_INSTANCE_STATE


class Graph:
    """One node's entry in the graph."""

    def __init__(self, participant: Participant, namespace: str, name: str) -> None:
        self._gid = participant.gid
        self._node = {'node_namespace': namespace, 'node_name': name}
        self._readers: dict[bytes, None] = {}
        self._writers: dict[bytes, None] = {}
        self._type = message_type(_INFO)
        qos = EndpointQos(True, True, 1, f'typehash={self._type.hash};')
        self._writer = participant.writer('ros_discovery_info', idl.description(_INFO), qos)
        self._changed = True
        self._publications = _Endpoints(participant, BuiltinTopicDcpsPublication)
        self._subscriptions = _Endpoints(participant, BuiltinTopicDcpsSubscription)

    def add_reader(self, gid: bytes) -> None:
        """Own one more reader; told to the peers at the next `flush`."""
        self._readers[gid] = None
        self._changed = True

    def add_writer(self, gid: bytes) -> None:
        """Own one more writer; told to the peers at the next `flush`."""
        self._writers[gid] = None
        self._changed = True

    def remove(self, gid: bytes) -> None:
        """Own an endpoint no longer."""
        self._readers.pop(gid, None)
        self._writers.pop(gid, None)
        self._changed = True

    def flush(self) -> None:
        """Tell the peers what changed since the last time, in one message."""
        if self._changed:
            self._changed = False
            self._publish([self._entry()])

    def leave(self) -> None:
        """Tell the peers that the node is gone."""
        self._publish([])

    def _entry(self) -> dict[str, Any]:
        return {
            **self._node,
            'reader_gid_seq': [{'data': gid} for gid in self._readers],
            'writer_gid_seq': [{'data': gid} for gid in self._writers],
        }

    def _publish(self, nodes: list[dict[str, Any]]) -> None:
        message = self._type.new({'gid': {'data': self._gid}, 'node_entities_info_seq': nodes})
        self._writer.write(self._type.encode(message))

    def look(self) -> None:
        """Take note of endpoints that came and went, so that none are kept waiting in DDS."""
        self._publications.update()
        self._subscriptions.update()

    def topic_types(self) -> dict[str, tuple[str, ...]]:
        """Return every ROS topic with a publisher or subscription, and its types."""
        self.look()
        return _types([*self._publications.present(), *self._subscriptions.present()])

    def published_types(self, topic: str) -> tuple[str, ...]:
        """Return the types that the publishers of an absolute topic name have."""
        self.look()
        return _types(self._publications.present()).get(topic, ())


class _Endpoints:
    """The publications, or the subscriptions, that exist in the domain."""

    def __init__(self, participant: Participant, topic: BuiltinTopic) -> None:
        self._reader = BuiltinDataReader(participant.entity, topic)
        self._present: dict[bytes, tuple[str, str]] = {}

    def update(self) -> None:
        full = True
        while full:
            taken = _clayer.ddspy_take_endpoint(self._reader._ref, _BATCH, _picked, _ignored)
            for key, pair, alive in taken:
                if alive:
                    self._present[key] = pair
                else:
                    self._present.pop(key, None)
            full = len(taken) == _BATCH

    def present(self) -> list[tuple[str, str]]:
        """(DDS topic, DDS type) of each."""
        return list(self._present.values())


def _types(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for name, kind in pairs:
        topic, known = ros_topic(name), ros_type(kind)
        if topic and known:
            found.setdefault(topic, set()).add(known)
    return {topic: tuple(sorted(found[topic])) for topic in sorted(found)}


def _picked(*fields: Any) -> tuple[bytes, tuple[str, str], bool]:
    """Pick from what the library says of an endpoint: its key, topic and type, and if it lives."""
    info = fields[6]
    alive = info.valid_data and info.instance_state == _ALIVE
    return fields[0], (fields[3], fields[4]), alive


def _ignored(pointer: int) -> None:
    """Do not translate the quality of service: slow, and not asked for."""
