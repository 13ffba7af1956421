"""The exoskeleton's side of the dynamics node: torques by its names, commands, services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from humandyn_ros.command import Command, CommandConfig
from humandyn_ros.config import setting
from humandyn_ros.exoskeleton import load_exoskeleton
from humandyn_ros.people import Crowd
from humandyn_ros.quantities import Estimate
from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import Message, NodeHandle, Publisher, Qos

COMMAND_TYPE = 'std_msgs/msg/Float64MultiArray'
_NEWEST = Qos(reliable=True, depth=1)


@dataclass(frozen=True)
class ExoskeletonConfig(CommandConfig):
    """Which device is commanded, if any, and when."""

    device: str = setting(
        '', '', 'exoskeleton: corc_x2, hip, or the path of a YAML file; empty: none'
    )
    command: bool = setting(
        False,
        '',
        'publish torque commands (N·m, Float64MultiArray) on `exoskeleton/commands` once armed',
    )


class Commands:
    """Publishes the wearer's torques as a device names them, and commands once armed.

    Args:
        handle: Node that publishes.
        config: The device, and when commands are given.
        steady_ns: Steady clock.

    Raises:
        ConfigError: The device's file cannot be used.
    """

    def __init__(
        self,
        handle: NodeHandle,
        config: ExoskeletonConfig,
        steady_ns: Callable[[], int],
    ) -> None:
        self._handle = handle
        self._steady_ns = steady_ns
        self.device = load_exoskeleton(config.device)
        self.command = Command(self.device, config)
        self._torques = handle.publisher(
            messages.JOINT_STATE, 'exoskeleton/joint_torques', _NEWEST
        )
        self._commands: Publisher | None = None
        if config.command:
            self._commands = handle.publisher(COMMAND_TYPE, 'exoskeleton/commands', _NEWEST)
        self._said = ''
        # It outlives deactivation: torque that is on must come down before silence.
        self._timer = handle.timer(1.0 / config.rate_hz, self._step, steady=True)

    def see(self, estimate: Estimate, frame_id: str, age_ms: float) -> None:
        """Take the wearer's newest estimate."""
        self.command.see(estimate, age_ms, self._steady_ns())
        if estimate.valid and self._torques.subscribers:
            self._torques.publish(self._named(estimate, frame_id))

    def _named(self, estimate: Estimate, frame_id: str) -> Message:
        device, dynamics = self.device, estimate.dynamics
        return self._handle.message(
            messages.JOINT_STATE,
            header=messages.header(self._handle, estimate.stamp_ns, frame_id),
            name=list(device.joint_names),
            position=device.position(dynamics),
            velocity=device.velocity(dynamics),
            effort=device.limited(device.torque(dynamics)),
        )

    def _step(self) -> None:
        torque = self.command.step(self._steady_ns())
        if torque is not None and self._commands is not None:
            self._commands.publish(self._handle.message(COMMAND_TYPE, data=torque))
        if self.command.reason != self._said:
            self._said = self.command.reason
            self._handle.log('warn' if self._said else 'info', self._said or 'armed')

    def close(self) -> None:
        """Stop advertising; disarm first and give the torque time to come down."""
        self._timer.cancel()
        self._torques.close()
        if self._commands is not None:
            self._commands.close()


class Services:
    """`~/arm` (std_srvs/SetBool) and `~/tare` (std_srvs/Trigger).

    Args:
        handle: Node that offers them.
        commands: The commands now; None while there are none.
        people: Everybody now, to lock the wearer on arming.
        steady_ns: Steady clock.
    """

    def __init__(
        self,
        handle: NodeHandle,
        commands: Callable[[], Commands | None],
        people: Callable[[], Crowd[Estimate] | None],
        steady_ns: Callable[[], int],
    ) -> None:
        self._commands, self._people, self._steady_ns = commands, people, steady_ns
        handle.service('std_srvs/srv/SetBool', '~/arm', self._arm)
        handle.service('std_srvs/srv/Trigger', '~/tare', self._tare)

    def _arm(self, request: Message) -> Mapping[str, Any]:
        commands, people = self._commands(), self._people()
        if not request.data:
            if commands is not None:
                commands.command.disarm()
            return {'success': True, 'message': 'disarmed'}
        if people is not None and people.lock_nearest() is None:
            return {'success': False, 'message': 'nobody is there to be the wearer'}
        if commands is None or people is None:
            return {'success': False, 'message': 'not active, or the parameter `device` is empty'}
        reason = commands.command.arm(self._steady_ns())
        return {'success': not reason, 'message': reason or f'armed for b{people.wearer}'}

    def _tare(self, request: Message) -> Mapping[str, Any]:
        del request
        commands = self._commands()
        reason = 'the parameter `device` is empty' if commands is None else commands.command.tare()
        return {'success': not reason, 'message': reason or 'present torques count as zero now'}
