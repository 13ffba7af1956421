"""The six parameter services and /parameter_events, which `ros2 param` and others speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from humandyn_ros.ros.dds.endpoints import Endpoints
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.dds.parameters import Parameter, Parameters, from_wire, to_wire
from humandyn_ros.ros.dds.services import Respond, Service
from humandyn_ros.ros.handle import Message, Qos

_EVENTS_QOS = Qos(depth=1000)
_SEPARATOR = '.'


class ParameterServices:
    """Serves one node's parameters to its peers.

    Args:
        endpoints: The node's endpoints.
        full_name: Fully qualified node name.
        parameters: What is served.
        stamp: Gives the time of an event.
        warn: Told of requests that cannot be decoded.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        full_name: str,
        parameters: Parameters,
        stamp: Callable[[], Message],
        warn: Callable[[str], None],
    ) -> None:
        self._parameters = parameters
        self._full_name = full_name
        self._stamp = stamp
        self._event = message_type('rcl_interfaces/msg/ParameterEvent')
        self._events = endpoints.publish(self._event, '/parameter_events', _EVENTS_QOS)
        offered: dict[str, tuple[str, Respond]] = {
            'describe_parameters': ('DescribeParameters', self._describe),
            'get_parameter_types': ('GetParameterTypes', self._types),
            'get_parameters': ('GetParameters', self._get),
            'list_parameters': ('ListParameters', self._list),
            'set_parameters': ('SetParameters', self._set),
            'set_parameters_atomically': ('SetParametersAtomically', self._set_together),
        }
        self._services = [
            Service(endpoints, f'rcl_interfaces/srv/{kind}', f'{full_name}/{name}', respond, warn)
            for name, (kind, respond) in offered.items()
        ]

    def announce(self, parameter: Parameter, new: bool) -> None:
        """Tell the peers that a parameter is new or has changed."""
        field = 'new_parameters' if new else 'changed_parameters'
        entry = {'name': parameter.name, 'value': to_wire(parameter)}
        fields = {'stamp': self._stamp(), 'node': self._full_name, field: [entry]}
        self._events.write(self._event.encode(self._event.new(fields)))

    def _describe(self, request: Message) -> Mapping[str, Any]:
        return {'descriptors': [_descriptor(name, self._parameters) for name in request.names]}

    def _types(self, request: Message) -> Mapping[str, Any]:
        found = map(self._parameters.find, request.names)
        return {'types': [item.kind if item else 0 for item in found]}

    def _get(self, request: Message) -> Mapping[str, Any]:
        found = map(self._parameters.find, request.names)
        return {'values': [to_wire(item) if item else {} for item in found]}

    def _list(self, request: Message) -> Mapping[str, Any]:
        names = [
            name
            for name in self._parameters.names()
            if _listed(name, request.prefixes, int(request.depth))
        ]
        prefixes = {name.rpartition(_SEPARATOR)[0] for name in names} - {''}
        return {'result': {'names': names, 'prefixes': sorted(prefixes)}}

    def _set(self, request: Message) -> Mapping[str, Any]:
        return {'results': [self._change([item]) for item in request.parameters]}

    def _set_together(self, request: Message) -> Mapping[str, Any]:
        return {'result': self._change(request.parameters)}

    def _change(self, items: list[Message]) -> dict[str, Any]:
        reason = self._parameters.set({item.name: from_wire(item.value) for item in items})
        return {'successful': not reason, 'reason': reason}


def _descriptor(name: str, parameters: Parameters) -> dict[str, Any]:
    parameter = parameters.find(name)
    if parameter is None:
        return {'name': name}
    return {
        'name': name,
        'type': parameter.kind,
        'description': parameter.description,
        'read_only': parameter.read_only,
    }


def _listed(name: str, prefixes: list[str], depth: int) -> bool:
    """Tell whether a name is asked for; depth 0 means any depth below a prefix."""
    if not prefixes:
        return not depth or name.count(_SEPARATOR) < depth
    for prefix in prefixes:
        if name == prefix:
            return True
        below = name[len(prefix) + 1 :]
        if name.startswith(prefix + _SEPARATOR) and (not depth or below.count(_SEPARATOR) < depth):
            return True
    return False
