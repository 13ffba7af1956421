"""Services, as rmw_cyclonedds carries them: two topics, and a header inside each CDR sample.

The header names the client (8 bytes) and numbers the request (8 bytes); the reply repeats it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from humandyn_ros.errors import WireError
from humandyn_ros.ros.dds import idl, names
from humandyn_ros.ros.dds.endpoints import Endpoints
from humandyn_ros.ros.dds.message_types import service_types
from humandyn_ros.ros.dds.wire import EndpointQos
from humandyn_ros.ros.handle import Message

HEADER = 16  # bytes before the first field
_DISCOVERY_S = 0.1  # how long a reply waits for its client's reader, as in rmw_cyclonedds

Respond = Callable[[Message], Mapping[str, Any]]


class Service:
    """Answers the requests of one service on the spinning thread.

    Args:
        endpoints: The node's endpoints.
        type_name: Such as 'std_srvs/srv/SetBool'.
        name: Absolute service name.
        respond: Maps a request to the response's fields.
        warn: Told once of requests that cannot be decoded.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        type_name: str,
        name: str,
        respond: Respond,
        warn: Callable[[str], None],
    ) -> None:
        self._request, self._response = service_types(type_name)
        self._respond = respond
        self._name = name
        self._warn = warn
        self._met: set[int] = set()
        self._warned = False
        qos = EndpointQos(True, False, 10, f'serviceid={_identity()};')
        hashes = [f'{qos.user_data}typehash={half.hash};' for half in service_types(type_name)]
        self._reader = endpoints.reader(
            names.request_topic(name),
            idl.service_description(self._request.name),
            replace(qos, user_data=hashes[0]),
            self._serve,
        )
        self._writer = endpoints.writer(
            names.reply_topic(name),
            idl.service_description(self._response.name),
            replace(qos, user_data=hashes[1]),
        )

    def _serve(self, raw: bytes, client: int) -> None:
        try:
            request = self._request.decode(raw, skip=HEADER)
        except WireError as error:
            if not self._warned:
                self._warned = True
                self._warn(f'{self._name}: request dropped, {error}')
            return
        fields = self._respond(request)
        self._meet(client)
        # Replies are little endian whatever the request was.
        header = raw[4:20] if raw[1] else raw[4:12][::-1] + raw[12:20][::-1]
        self._writer.write(self._response.encode(self._response.new(fields), prefix=header))

    def _meet(self, client: int) -> None:
        """Wait until the client's reply reader is known here, or the reply would be lost."""
        if client in self._met:
            return
        self._met.add(client)
        identity = self._reader.user_data(client).get('clientid')
        deadline = time.monotonic() + _DISCOVERY_S
        while identity and time.monotonic() < deadline:
            if any(data.get('clientid') == identity for data in self._writer.matched_user_data()):
                return
            time.sleep(0.001)


class Client:
    """Calls one service and waits for the answer; for scripts and tests, never inside a callback.

    Args:
        endpoints: The node's endpoints.
        type_name: Such as 'std_srvs/srv/SetBool'.
        name: Absolute service name.
    """

    def __init__(self, endpoints: Endpoints, type_name: str, name: str) -> None:
        self._request, self._response = service_types(type_name)
        self._name = name
        identity = _identity()
        qos = EndpointQos(True, False, 10, f'clientid={identity};')
        self._header = uuid.UUID(identity).bytes[:8]
        self._count = 0
        self._answers: dict[int, Message] = {}
        self._writer = endpoints.writer(
            names.request_topic(name), idl.service_description(self._request.name), qos
        )
        self._reader = endpoints.reader(
            names.reply_topic(name), idl.service_description(self._response.name), qos, self._take
        )

    @property
    def ready(self) -> bool:
        """Whether the service is there."""
        return self._writer.matched > 0 and self._reader.matched > 0

    def send(self, **fields: Any) -> int:
        """Send a request and return its number."""
        self._count += 1
        header = self._header + self._count.to_bytes(8, 'little')
        self._writer.write(self._request.encode(self._request.new(fields), prefix=header))
        return self._count

    def answer(self, number: int) -> Message | None:
        """Return the answer to a request once it has come."""
        return self._answers.pop(number, None)

    def _take(self, raw: bytes, server: int) -> None:
        del server
        if raw[4:12] == self._header:
            number = int.from_bytes(raw[12:20], 'little')
            self._answers[number] = self._response.decode(raw, skip=HEADER)


def _identity() -> str:
    return uuid.uuid4().hex
