"""Managed nodes on rclpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNodeMixin, TransitionCallbackReturn
from rclpy.node import Node

from humandyn_ros.ros.handle import Transition

RCLError = rclpy_implementation.RCLError


class ManageableNode(LifecycleNodeMixin, Node):  # type: ignore[misc]
    """A node that becomes a managed one when asked to, not before."""

    def __init__(self, name: str, **options: Any) -> None:
        Node.__init__(self, name, **options)
        self._asked: dict[str, Callable[[], bool]] = {}

    def manage(self, callbacks: Mapping[Transition, Callable[[], bool]]) -> None:
        """Become a managed node: open the services and hear of transitions."""
        self._asked = dict(callbacks.items())
        LifecycleNodeMixin.__init__(self)

    def _outcome(self, name: str) -> TransitionCallbackReturn:
        try:
            succeeded = self._asked.get(name, lambda: True)()
        except Exception as error:
            self.get_logger().error(f'{name} raised {type(error).__name__}: {error}')
            return TransitionCallbackReturn.ERROR
        result = TransitionCallbackReturn
        return result.SUCCESS if succeeded else result.FAILURE

    def _LifecycleNodeMixin__change_state(self, number: int) -> TransitionCallbackReturn:  # noqa: N802
        # Jazzy's rclpy lets a forbidden request end the spin (rclpy#1209, fixed in #1319).
        try:
            return super()._LifecycleNodeMixin__change_state(number)
        except RCLError as error:
            self.get_logger().warning(f'transition {number} refused: {error}')
            return TransitionCallbackReturn.ERROR

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Prepare."""
        return self._outcome('configure')

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Begin to work."""
        return self._outcome('activate')

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Pause."""
        return self._outcome('deactivate')

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Undo the preparation."""
        return self._outcome('cleanup')

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Leave for good."""
        return self._outcome('shutdown')
