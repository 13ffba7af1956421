"""Managed nodes: the state machine of the ROS 2 design article, and its services.

States, transitions and their numbers are those of lifecycle_msgs and rcl_lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from humandyn_ros.ros.dds.endpoints import Endpoints
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.dds.services import Respond, Service
from humandyn_ros.ros.handle import RELIABLE, Message, Transition

STATES = {
    0: 'unknown',
    1: 'unconfigured',
    2: 'inactive',
    3: 'active',
    4: 'finalized',
    10: 'configuring',
    11: 'cleaningup',
    12: 'shuttingdown',
    13: 'activating',
    14: 'deactivating',
    15: 'errorprocessing',
}
_UNCONFIGURED, _INACTIVE, _ACTIVE, _FINALIZED = 1, 2, 3, 4
_CONFIGURING, _CLEANING, _SHUTTING, _ACTIVATING, _DEACTIVATING, _ERROR = 10, 11, 12, 13, 14, 15
_OUTCOMES = ('transition_success', 'transition_failure', 'transition_error')


class Edge(NamedTuple):
    """One arrow of the state machine."""

    number: int
    label: str
    start: int
    goal: int


def _outcomes(first: int, busy: int, success: int, failure: int) -> tuple[Edge, ...]:
    goals = (success, failure, _FINALIZED if busy == _ERROR else _ERROR)
    return tuple(
        Edge(first + k, label, busy, goal)
        for k, (label, goal) in enumerate(zip(_OUTCOMES, goals, strict=True))
    )


_ASKED = (
    Edge(1, 'configure', _UNCONFIGURED, _CONFIGURING),
    Edge(2, 'cleanup', _INACTIVE, _CLEANING),
    Edge(3, 'activate', _INACTIVE, _ACTIVATING),
    Edge(4, 'deactivate', _ACTIVE, _DEACTIVATING),
    Edge(5, 'shutdown', _UNCONFIGURED, _SHUTTING),
    Edge(6, 'shutdown', _INACTIVE, _SHUTTING),
    Edge(7, 'shutdown', _ACTIVE, _SHUTTING),
)
EDGES = (
    *_ASKED,
    *_outcomes(10, _CONFIGURING, _INACTIVE, _UNCONFIGURED),
    *_outcomes(20, _CLEANING, _UNCONFIGURED, _INACTIVE),
    *_outcomes(30, _ACTIVATING, _ACTIVE, _INACTIVE),
    *_outcomes(40, _DEACTIVATING, _INACTIVE, _ACTIVE),
    *_outcomes(50, _SHUTTING, _FINALIZED, _FINALIZED),
    *_outcomes(60, _ERROR, _UNCONFIGURED, _FINALIZED),
)
"""Every arrow: those that may be asked for, then the outcomes of each busy state."""


class StateMachine:
    """The life of one managed node.

    Args:
        callbacks: What to do in each transition; a missing one succeeds.
        announce: Told of every arrow taken.
        error: Told of exceptions raised by a callback.
    """

    def __init__(
        self,
        callbacks: Mapping[Transition, Callable[[], bool]],
        announce: Callable[[Edge], None],
        error: Callable[[str], None],
    ) -> None:
        self.state = _UNCONFIGURED
        self._callbacks: dict[str, Callable[[], bool]] = dict(callbacks.items())
        self._announce = announce
        self._error = error

    def available(self) -> list[Edge]:
        """Return the arrows that leave the present state."""
        return [edge for edge in EDGES if edge.start == self.state]

    def change(self, *, number: int = 0, label: str = '') -> bool:
        """Ask for a transition by number or label; return whether it succeeded."""
        for edge in _ASKED:
            if edge.start == self.state and (edge.label == label or edge.number == number):
                return self._run(edge)
        return False

    def _run(self, asked: Edge) -> bool:
        self._take(asked)
        try:
            succeeded = self._callbacks.get(asked.label, lambda: True)()
        except Exception as error:  # whatever the node raises, its peers see an error transition
            self._error(f'{asked.label} raised {type(error).__name__}: {error}')
            self._follow('transition_error')
            self._follow('transition_success')
            return False
        self._follow('transition_success' if succeeded else 'transition_failure')
        return bool(succeeded)

    def _follow(self, label: str) -> None:
        self._take(next(edge for edge in self.available() if edge.label == label))

    def _take(self, edge: Edge) -> None:
        self.state = edge.goal
        self._announce(edge)


class LifecycleServices:
    """Serves one node's state machine to its peers.

    Args:
        endpoints: The node's endpoints.
        full_name: Fully qualified node name.
        callbacks: What to do in each transition.
        now_ns: Time of an event.
        warn: Told of requests that cannot be decoded and of callbacks that raise.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        full_name: str,
        callbacks: Mapping[Transition, Callable[[], bool]],
        now_ns: Callable[[], int],
        warn: Callable[[str], None],
    ) -> None:
        self.machine = StateMachine(callbacks, self._announce, warn)
        self._now_ns = now_ns
        self._event = message_type('lifecycle_msgs/msg/TransitionEvent')
        topic = f'{full_name}/transition_event'
        self._events = endpoints.publish(self._event, topic, RELIABLE)
        offered: dict[str, tuple[str, Respond]] = {
            'change_state': ('ChangeState', self._change),
            'get_state': ('GetState', lambda _: {'current_state': _state(self.machine.state)}),
            'get_available_states': (
                'GetAvailableStates',
                lambda _: {'available_states': [_state(number) for number in STATES]},
            ),
            'get_available_transitions': (
                'GetAvailableTransitions',
                lambda _: _described(self.machine.available()),
            ),
            'get_transition_graph': ('GetAvailableTransitions', lambda _: _described(EDGES)),
        }
        self._services = [
            Service(endpoints, f'lifecycle_msgs/srv/{kind}', f'{full_name}/{name}', respond, warn)
            for name, (kind, respond) in offered.items()
        ]

    def _change(self, request: Message) -> Mapping[str, Any]:
        # A label wins over a number, since 0 is both `create` and "not given".
        asked = request.transition
        chosen = {'label': asked.label} if asked.label else {'number': asked.id}
        return {'success': self.machine.change(**chosen)}

    def _announce(self, edge: Edge) -> None:
        fields = {'timestamp': self._now_ns(), **_description(edge)}
        self._events.write(self._event.encode(self._event.new(fields)))


def _state(number: int) -> dict[str, Any]:
    return {'id': number, 'label': STATES[number]}


def _description(edge: Edge) -> dict[str, Any]:
    return {
        'transition': {'id': edge.number, 'label': edge.label},
        'start_state': _state(edge.start),
        'goal_state': _state(edge.goal),
    }


def _described(edges: list[Edge] | tuple[Edge, ...]) -> dict[str, Any]:
    return {'available_transitions': [_description(edge) for edge in edges]}
