"""DDS entities that carry raw CDR: a participant, its writers, readers and wait set.

Cyclone's own `DataWriter.write` keeps Python's global lock while a slow reliable reader makes it
wait; the same C function called through ctypes releases it. Listeners run Python on Cyclone's
threads; a wait set does not. `_clayer.ddspy_take` is private to the library, hence its pinned
version and the contract tests.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cyclonedds import _clayer
from cyclonedds.core import DDSException, Entity, GuardCondition, Policy, Qos, ReadCondition
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.internal import DDS
from cyclonedds.pub import DataWriter, Publisher
from cyclonedds.sub import DataReader, Subscriber
from cyclonedds.topic import Topic

from humandyn_ros.errors import WireError
from humandyn_ros.ros.dds import discovery, loopback

_INFINITY = 2**63 - 1
_ANY_STATE = 0x7F  # DDS_ANY_SAMPLE_STATE | DDS_ANY_VIEW_STATE | DDS_ANY_INSTANCE_STATE
_UNLIMITED = -1
_BATCH = 32  # samples taken per reader and turn
_POLICIES = {2: 'durability', 4: 'deadline', 8: 'liveliness', 11: 'reliability'}  # DDS's numbers

_library = ctypes.CDLL(DDS._dll_handle._name)  # own prototypes; the library itself is shared
_write = _library.dds_write
_write.argtypes = [ctypes.c_int32, ctypes.c_void_p]
_write.restype = ctypes.c_int32
_matched_subscriptions = _library.dds_get_matched_subscriptions
_matched_publications = _library.dds_get_matched_publications
for _matched in (_matched_subscriptions, _matched_publications):
    _matched.argtypes = [ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t]
    _matched.restype = ctypes.c_int32
_create_waitset = _library.dds_create_waitset
_create_waitset.argtypes = [ctypes.c_int32]
_create_waitset.restype = ctypes.c_int32
_attach = _library.dds_waitset_attach
_attach.argtypes = [ctypes.c_int32, ctypes.c_int32, ctypes.c_ssize_t]
_attach.restype = ctypes.c_int32
_detach = _library.dds_waitset_detach
_detach.argtypes = [ctypes.c_int32, ctypes.c_int32]
_detach.restype = ctypes.c_int32
_wait = _library.dds_waitset_wait
_wait.argtypes = [ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64]
_wait.restype = ctypes.c_int32
_delete = _library.dds_delete
_delete.argtypes = [ctypes.c_int32]
_delete.restype = ctypes.c_int32


class _Sample(ctypes.Structure):
    _fields_ = (('data', ctypes.c_void_p), ('size', ctypes.c_size_t))


@dataclass(frozen=True)
class EndpointQos:
    """What an endpoint offers or asks, beyond the node handle's Qos."""

    reliable: bool
    latched: bool
    depth: int
    user_data: str
    lifespan_ns: int = 0  # 0: for ever

    def policies(self) -> Qos:
        """Return the Cyclone form, equal to rmw_cyclonedds' choices."""
        history = Policy.History.KeepLast(self.depth)
        chosen = [
            Policy.Reliability.Reliable(_INFINITY)
            if self.reliable
            else Policy.Reliability.BestEffort,
            Policy.Durability.TransientLocal if self.latched else Policy.Durability.Volatile,
            history,
            Policy.WriterDataLifecycle(autodispose=False),
            Policy.DataRepresentation(use_cdrv0_representation=True),
            Policy.Userdata(self.user_data.encode()),
        ]
        if self.latched:
            chosen.append(Policy.DurabilityService(0, history, _UNLIMITED, _UNLIMITED, _UNLIMITED))
        if self.lifespan_ns:
            chosen.append(Policy.Lifespan(self.lifespan_ns))
        return Qos(*chosen)


@cache
def _domain(number: int) -> Domain:
    try:
        with loopback.confined(discovery.this_host_only()):
            return Domain(number, discovery.configuration(os.environ))
    except DDSException as error:
        raise WireError(f'DDS domain {number} cannot be opened: {error}') from error


class Writer:
    """Sends CDR samples on one topic; safe from any thread."""

    def __init__(self, entity: DataWriter[Any]) -> None:
        self._entity: DataWriter[Any] | None = entity
        self._reference: int = entity._ref
        self.gid = entity.guid.bytes

    def write(self, raw: bytearray) -> None:
        """Queue one sample; the wire's own thread sends what a slow reader leaves waiting.

        Raises:
            WireError: The library refuses the sample.
        """
        if self._entity is None:
            return
        buffer = (ctypes.c_char * len(raw)).from_buffer(raw)
        sample = _Sample(ctypes.addressof(buffer), len(raw))
        code = _write(self._reference, ctypes.byref(sample))
        if code < 0 and self._entity is not None:
            raise WireError(f'a sample of {len(raw)} bytes was refused: {DDSException(code)}')

    def refused(self) -> str:
        """Return the policy for which a reader was refused since the last call, or ''."""
        return _policy(self._entity and self._entity.get_offered_incompatible_qos_status())

    @property
    def matched(self) -> int:
        """Number of matching readers."""
        return max(0, _matched_subscriptions(self._reference, None, 0)) if self._entity else 0

    def matched_user_data(self) -> list[dict[str, str]]:
        """Return what every matching reader advertises in its user data."""
        entity = self._entity
        if entity is None:
            return []
        found = map(entity.get_matched_subscription_data, entity.get_matched_subscriptions())
        return [_user_data(endpoint) for endpoint in found]

    def close(self) -> None:
        """Leave the topic; writing afterwards does nothing."""
        self._entity = None
        _delete(self._reference)


class Reader:
    """Takes CDR samples from one topic."""

    def __init__(self, entity: DataReader[Any]) -> None:
        self._entity: DataReader[Any] | None = entity
        self._reference: int = entity._ref
        self.condition = ReadCondition(entity, _ANY_STATE)
        self.gid = entity.guid.bytes

    def take(self) -> list[tuple[bytes, int]]:
        """Return the samples that have arrived, each with its writer's handle, oldest first.

        At most a batch of them: a flood on one topic must not starve the others.
        """
        if self._entity is None:
            return []
        taken = _clayer.ddspy_take(self._reference, _ANY_STATE, _BATCH)
        if isinstance(taken, int):
            raise WireError(f'samples cannot be taken: {DDSException(taken)}')
        return [(raw, info.publication_handle) for raw, info in taken if info.valid_data]

    def refused(self) -> str:
        """Return the policy for which a writer was refused since the last call, or ''."""
        return _policy(self._entity and self._entity.get_requested_incompatible_qos_status())

    @property
    def matched(self) -> int:
        """Number of matching writers."""
        return max(0, _matched_publications(self._reference, None, 0)) if self._entity else 0

    def user_data(self, writer: int) -> dict[str, str]:
        """Return what a matching writer (its handle) advertises in its user data."""
        entity = self._entity
        return _user_data(entity and entity.get_matched_publication_data(writer))

    def close(self) -> None:
        """Leave the topic."""
        self._entity = None
        _delete(self._reference)


def _user_data(endpoint: Any) -> dict[str, str]:
    if endpoint is None or Policy.Userdata not in endpoint.qos:
        return {}
    text = bytes(endpoint.qos[Policy.Userdata].data).decode(errors='replace')
    return dict(part.split('=', 1) for part in text.split(';') if '=' in part)


def _policy(status: Any) -> str:
    if status is None or status.total_count_change <= 0:
        return ''
    return _POLICIES.get(status.last_policy_id, f'policy {status.last_policy_id}')


class WaitSet:
    """Waits, without Python's global lock, until one of its readers has samples."""

    _WAKE = -1

    def __init__(self, participant: DomainParticipant) -> None:
        self._reference = _create_waitset(participant._ref)
        self._guard = GuardCondition(participant)
        self._attached = 0
        self._attach(self._guard, self._WAKE)

    def _attach(self, entity: Entity, number: int) -> None:
        code = _attach(self._reference, entity._ref, number)
        if code < 0:
            raise WireError(f'wait set: {DDSException(code)}')
        self._attached += 1
        self._triggered = (ctypes.c_ssize_t * self._attached)()

    def add(self, reader: Reader, number: int) -> None:
        """Wait for a reader too; `wait` reports it under this number (0 or more)."""
        self._attach(reader.condition, number)

    def remove(self, reader: Reader) -> None:
        """Wait for a reader no longer."""
        if _detach(self._reference, reader.condition._ref) == 0:
            self._attached -= 1

    def wait(self, timeout_ns: int) -> list[int]:
        """Return the numbers of the readers with samples; empty after the timeout or `wake`."""
        size = len(self._triggered)
        count = _wait(self._reference, ctypes.byref(self._triggered), size, max(0, timeout_ns))
        if count < 0:
            raise WireError(f'wait set: {DDSException(count)}')
        numbers = list(self._triggered[: min(count, size)])
        if self._WAKE in numbers:
            self._guard.take()
        return [number for number in numbers if number != self._WAKE]

    def wake(self) -> None:
        """End a wait now, from any thread."""
        self._guard.set(True)


class Participant:
    """One presence on the graph: the parent of every writer and reader of a node.

    Args:
        domain: DDS domain number.
        enclave: ROS 2 security enclave, advertised as every ROS 2 participant does.

    Raises:
        WireError: The domain cannot be opened.
    """

    def __init__(self, domain: int, enclave: str = '/') -> None:
        _domain(domain)
        try:
            self.entity: DomainParticipant = DomainParticipant(
                domain, qos=Qos(Policy.Userdata(f'enclave={enclave};'.encode()))
            )
        except DDSException as error:
            raise WireError(
                f'no DDS participant on domain {domain}: {error}; are more than '
                f'{discovery._MAX_PARTICIPANTS} nodes running here?'
            ) from error
        self.gid = self.entity.guid.bytes
        self._publisher = Publisher(self.entity)
        self._subscriber = Subscriber(self.entity)
        self._topics: dict[tuple[str, type[IdlStruct]], Topic[Any]] = {}
        self.waitset = WaitSet(self.entity)

    def _topic(self, name: str, kind: type[IdlStruct]) -> Topic[Any]:
        if (name, kind) not in self._topics:
            self._topics[name, kind] = Topic(self.entity, name, kind)
        return self._topics[name, kind]

    def writer(self, topic: str, kind: type[IdlStruct], qos: EndpointQos) -> Writer:
        """Create a writer on a DDS topic."""
        try:
            return Writer(DataWriter(self._publisher, self._topic(topic, kind), qos.policies()))
        except DDSException as error:
            raise WireError(f'topic {topic} cannot be published: {error}') from error

    def reader(self, topic: str, kind: type[IdlStruct], qos: EndpointQos) -> Reader:
        """Create a reader on a DDS topic."""
        try:
            return Reader(DataReader(self._subscriber, self._topic(topic, kind), qos.policies()))
        except DDSException as error:
            raise WireError(f'topic {topic} cannot be subscribed: {error}') from error

    def close(self) -> None:
        """Leave the graph and drop every entity."""
        _delete(self.entity._ref)
