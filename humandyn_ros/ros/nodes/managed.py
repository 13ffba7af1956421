"""A node as a managed one: configure, activate, deactivate, cleanup, and by itself if wanted."""

from __future__ import annotations

from collections.abc import Callable

from humandyn_ros.errors import HumandynError
from humandyn_ros.ros.handle import NodeHandle, Timer, Transition


class Managed:
    """The states of a node; what they do is in the methods that a node overrides.

    Args:
        handle: Node that is managed.
    """

    def __init__(self, handle: NodeHandle) -> None:
        self._managed = handle
        self._fault: HumandynError | None = None
        self._timers: list[Timer] = []
        self.active = False

    def manage(self, autostart: bool) -> None:
        """Become a managed node and, with `autostart`, an active one.

        Raises:
            HumandynError: It could not be configured or activated by itself.
        """
        steps: dict[Transition, Callable[[], None]] = {
            'configure': self.configure,
            'activate': self._activate,
            'deactivate': self._deactivate,
            'cleanup': self.cleanup,
            'shutdown': self._shut,
        }
        self._managed.lifecycle({name: self._guarded(step) for name, step in steps.items()})
        if not autostart:
            return
        if self._managed.transition('configure') and self._managed.transition('activate'):
            return
        if self._fault is not None:
            raise self._fault

    def configure(self) -> None:
        """Load and check everything; raises HumandynError where it cannot be used."""

    def activate(self) -> None:
        """Warm up and begin to read and publish."""

    def deactivate(self) -> None:
        """Fall silent."""

    def cleanup(self) -> None:
        """Give back what `configure` took."""

    def every(self, period_s: float, callback: Callable[[], None]) -> None:
        """Call back on the steady clock while active."""
        self._timers.append(self._managed.timer(period_s, callback, steady=True))

    def _activate(self) -> None:
        self.active = True
        try:
            self.activate()
        except HumandynError:
            self._deactivate()
            raise

    def _deactivate(self) -> None:
        self.active = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.deactivate()

    def _shut(self) -> None:
        if self.active:
            self._deactivate()
        self.cleanup()

    def _guarded(self, step: Callable[[], None]) -> Callable[[], bool]:
        def run() -> bool:
            try:
                step()
            except HumandynError as error:
                self._fault = error
                self._managed.log('error', str(error))
                return False
            return True

        return run
