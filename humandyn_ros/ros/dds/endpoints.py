"""Endpoints of one node: created on the wire, told to the graph, served by the spinning thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from cyclonedds.idl import IdlStruct

from humandyn_ros.ros.dds import idl
from humandyn_ros.ros.dds.clock import Timers
from humandyn_ros.ros.dds.graph import Graph
from humandyn_ros.ros.dds.message_types import MessageType
from humandyn_ros.ros.dds.names import dds_topic, ros_topic
from humandyn_ros.ros.dds.wire import EndpointQos, Participant, Reader, Writer
from humandyn_ros.ros.handle import Qos

Serve = Callable[[bytes, int], None]  # CDR bytes, handle of the writer
_SECOND_NS = 10**9
_PATIENCE_NS = 100_000_000  # Python sees signals between waits only, so no wait is longer


class Endpoints:
    """Creates a node's readers and writers and serves what arrives, one callback at a time.

    Args:
        participant: Their parent.
        graph: Told of every endpoint.
        warn: Told why a peer's endpoint does not match.
    """

    def __init__(
        self, participant: Participant, graph: Graph, warn: Callable[[str], None]
    ) -> None:
        self.participant = participant
        self.graph = graph
        self._warn = warn
        self._topics: dict[Reader | Writer, str] = {}
        self._looked_ns = 0
        self._served: dict[int, tuple[Reader, Serve]] = {}
        self._numbers = 0
        self.stopped = False

    def publish(self, kind: MessageType, topic: str, qos: Qos, lifespan_ns: int = 0) -> Writer:
        """Create the writer of an absolute ROS topic."""
        user_data = f'typehash={kind.hash};'
        policies = EndpointQos(qos.reliable, qos.latched, qos.depth, user_data, lifespan_ns)
        return self.writer(dds_topic(topic), idl.description(kind.name), policies)

    def subscribe(self, kind: MessageType, topic: str, qos: Qos, serve: Serve) -> Reader:
        """Create the reader of an absolute ROS topic; `serve` runs on the spinning thread."""
        policies = EndpointQos(qos.reliable, qos.latched, qos.depth, f'typehash={kind.hash};')
        return self.reader(dds_topic(topic), idl.description(kind.name), policies, serve)

    def writer(self, topic: str, kind: type[IdlStruct], qos: EndpointQos) -> Writer:
        """Create the writer of a DDS topic."""
        writer = self.participant.writer(topic, kind, qos)
        self.graph.add_writer(writer.gid)
        self._topics[writer] = topic
        return writer

    def reader(self, topic: str, kind: type[IdlStruct], qos: EndpointQos, serve: Serve) -> Reader:
        """Create the reader of a DDS topic."""
        reader = self.participant.reader(topic, kind, qos)
        self.graph.add_reader(reader.gid)
        self._topics[reader] = topic
        self._numbers += 1
        self._served[self._numbers] = (reader, serve)
        self.participant.waitset.add(reader, self._numbers)
        return reader

    def drop(self, endpoint: Reader | Writer) -> None:
        """Close one endpoint."""
        self.graph.remove(endpoint.gid)
        del self._topics[endpoint]
        if isinstance(endpoint, Reader):
            self.participant.waitset.remove(endpoint)
            self._served = {
                number: item for number, item in self._served.items() if item[0] is not endpoint
            }
        endpoint.close()

    def stop(self) -> None:
        """End `serve`, from any thread."""
        self.stopped = True
        self.participant.waitset.wake()

    def serve(self, timers: Timers, timeout_s: float) -> None:
        """Serve what is ready now, waiting at most `timeout_s` for the first."""
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        while not self.stopped:
            self.graph.flush()
            self._explain()
            left_ns = deadline_ns - time.monotonic_ns()
            due_ns = timers.due_in_ns()
            wait_ns = min(left_ns, _PATIENCE_NS if due_ns is None else min(due_ns, _PATIENCE_NS))
            arrived = self.participant.waitset.wait(wait_ns)
            for number in arrived:
                self._serve(number)
            if (not self.stopped and timers.serve()) or arrived or left_ns <= 0:
                return

    def _serve(self, number: int) -> None:
        if number not in self._served:
            return
        reader, serve = self._served[number]
        for raw, writer in reader.take():
            if self.stopped or number not in self._served:
                return
            serve(raw, writer)

    def _explain(self) -> None:
        """Say once a second whom the quality of service keeps apart, or silence is a riddle."""
        now_ns = time.monotonic_ns()
        if now_ns - self._looked_ns < _SECOND_NS:
            return
        self._looked_ns = now_ns
        self.graph.look()
        for endpoint, topic in self._topics.items():
            policy = endpoint.refused()
            if policy:
                peer = 'publisher' if isinstance(endpoint, Reader) else 'subscription'
                self._warn(
                    f'{ros_topic(topic) or topic}: a {peer} has incompatible quality of service '
                    f'({policy}); no message passes between it and this node'
                )
