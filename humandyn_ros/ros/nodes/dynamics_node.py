"""The dynamics node: skeletons in, joint torques and ground reactions of every person out.

Run it with `ros2 run humandyn_ros dynamics_node`, or without ROS 2 with `humandyn run`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from humandyn_ros import kernels
from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.factory import Engines
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.limits import Limits
from humandyn_ros.people import People
from humandyn_ros.quantities import CANONICAL, Estimate
from humandyn_ros.ros.commands import Commands, ExoskeletonConfig, Services
from humandyn_ros.ros.handle import NodeHandle, Publisher
from humandyn_ros.ros.markers import MarkerConfig
from humandyn_ros.ros.nodes.main import run_node
from humandyn_ros.ros.nodes.skeleton_node import INPUT, WHO, SkeletonNode, still
from humandyn_ros.ros.outputs import WEARER, BodyOutputs, advertise
from humandyn_ros.ros.parameters import Group, Settings, on_change
from humandyn_ros.skeleton import SkeletonFormat

_FORGOTTEN_NS = 5_000_000_000  # a body without an estimate for this long has left

PERSON = Group(PersonConfig(), names={'mass_kg': 'mass', 'height_m': 'height'}, live=True)
ESTIMATOR = Group(EstimatorConfig())
MARKERS = Group(MarkerConfig(), prefix='markers.', live=True)
EXOSKELETON = Group(ExoskeletonConfig(), prefix='exoskeleton.')

GROUPS: tuple[Group[Any], ...] = (INPUT, PERSON, WHO, ESTIMATOR, MARKERS, EXOSKELETON)
"""Every parameter of the node."""


class DynamicsNode(SkeletonNode[Estimate]):
    """Connects a skeleton topic to one estimator per person.

    Args:
        handle: The node to be.
        steady_ns: The steady clock that silence and latency are measured on.

    Raises:
        HumandynError: A parameter cannot be used; the message names it.
    """

    def __init__(
        self, handle: NodeHandle, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        super().__init__(handle, steady_ns)
        self._person = Settings(handle, PERSON)
        self._markers = Settings(handle, MARKERS)
        self._estimator = Settings(handle, ESTIMATOR).value
        self._device = Settings(handle, EXOSKELETON).value
        self._engines: Engines | None = None
        self._commands: Commands | None = None
        self._wearer: dict[str, Publisher] = {}
        self._outputs: dict[int, BodyOutputs] = {}
        self._latest: dict[int, tuple[Estimate, int]] = {}
        self._lag_ms = 0.0
        on_change(handle, [self._person, self._markers], self._person_changed)
        Services(handle, lambda: self._commands, lambda: self._people, steady_ns)
        self.manage(self._config.autostart)

    # Life

    def configure(self) -> None:
        """Check input, format, limits and device; open the engine's model; advertise."""
        handle = self._handle
        self.check()
        Limits.load()
        self._engines = Engines(self._estimator)
        if self._device.device:
            self._commands = Commands(handle, self._device, self._steady_ns)
        super().configure()
        handle.log('info', f'arithmetic: {kernels.choose()}{kernels.prepare()}')
        self._wearer = advertise(handle, WEARER, self._engines.extras)

    def activate(self) -> None:
        """Warm up, then read skeletons."""
        assert self._engines is not None
        lag_ns = warm_up(self._person.value, self._estimator, self._engines)
        self._lag_ms = lag_ns * 1e-6
        told = ', '.join(f'{name} {value}' for name, value in self._engines.describe().items())
        self._handle.log('info', f'{told}; {profile(self._lag_ms)}: {self._lag_ms:.0f} ms of lag')
        super().activate()

    def deactivate(self) -> None:
        """Read nothing, publish nothing, and forget everybody."""
        if self._commands is not None:
            self._commands.command.disarm('deactivated')
        super().deactivate()
        for body_id, outputs in self._outputs.items():
            outputs.close(self._frame_id, self._latest[body_id][0].stamp_ns)
        self._outputs.clear()
        self._latest.clear()

    def cleanup(self) -> None:
        """Stop advertising; close the model."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        for publisher in self._wearer.values():
            publisher.close()
        self._wearer = {}
        super().cleanup()
        if self._engines is not None:
            self._engines.close()
            self._engines = None

    # To the topics

    def gather(self, form: SkeletonFormat) -> People:
        """Make the estimators of people."""
        return People(form, self._person.value, self._estimator, self._who, engines=self._engines)

    def publish(self, told: Estimate, arrived_ns: int) -> None:
        """Publish one estimate."""
        outputs = self._outputs.get(told.body_id)
        if outputs is None:
            assert self._engines is not None
            outputs = BodyOutputs(
                self._handle, told.body_id, lambda: self._markers.value, self._wearer,
                self._engines.extras,
            )  # fmt: skip
            self._outputs[told.body_id] = outputs
        outputs.is_wearer = self._people is not None and self._people.wearer == told.body_id
        age_ms = self.age_ms(told.stamp_ns, told.age_ms)
        outputs.publish(told, self._frame_id, age_ms, arrived_ns)
        if outputs.is_wearer and self._commands is not None:
            self._commands.see(told, self._frame_id, age_ms)
        done_ns = self._steady_ns()
        self._latest[told.body_id] = (told, done_ns)
        if told.valid:
            self._health.estimate_published((done_ns - arrived_ns) * 1e-6, age_ms)

    def gone(self) -> None:
        """Take down the topics of those who left."""
        now_ns = self._steady_ns()
        for body_id, (estimate, at_ns) in list(self._latest.items()):
            if now_ns - at_ns > _FORGOTTEN_NS:
                self._outputs.pop(body_id).close(self._frame_id, estimate.stamp_ns)
                del self._latest[body_id]

    # Parameters, health

    def _person_changed(self) -> None:
        if self._people is not None:
            self._people.set_person(self._person.value)

    def facts(self) -> dict[str, str]:
        """Return engine, model, backend, fallback, declared lag; whether a device is armed."""
        shown = {'engine': self._estimator.engine, 'backend': kernels.choose()}
        if self._engines is not None:
            shown |= self._engines.describe()
        shown |= {'profile': profile(self._lag_ms), 'lag_ms': f'{self._lag_ms:.1f}'}
        if self._commands is not None:
            shown['armed'] = self._commands.command.reason or 'armed'
        return shown

    def body(self, body_id: int) -> tuple[str, dict[str, str]]:
        """Return what is wrong with one body's newest estimate, or '', and its figures."""
        if body_id not in self._latest:
            return '', {}
        estimate, _ = self._latest[body_id]
        return estimate.reason, _figures(estimate)


def profile(lag_ms: float) -> str:
    """Name of a profile: 'responsive' answers about now, 'accurate' waits for what follows."""
    return 'accurate' if lag_ms else 'responsive'


def warm_up(person: PersonConfig, config: EstimatorConfig, engines: Engines | None = None) -> int:
    """Let an estimator answer once, since the first answer is a slow one; returns its lag, ns."""
    estimator = Estimator(CANONICAL.name, person, config, engines=engines)
    for frame in still(50.0, 0.5):
        estimator.push(frame)
    return estimator.lag_ns


def _figures(estimate: Estimate) -> dict[str, str]:
    return {
        'stamp': f'{estimate.stamp_ns * 1e-9:.9f}',
        'age_ms': f'{estimate.age_ms:.1f}',
        'residual_n_per_kg': ' '.join(f'{value:.3f}' for value in estimate.residual[:3]),
        'residual_nm_per_kg': ' '.join(f'{value:.3f}' for value in estimate.residual[3:]),
        **{f'assumption_{i}': note for i, note in enumerate(estimate.notes, 1)},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; returns the exit status."""
    return run_node('dynamics_node', DynamicsNode, arguments)


if __name__ == '__main__':
    sys.exit(main())
