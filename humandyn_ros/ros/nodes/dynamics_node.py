"""The dynamics node: skeletons in, joint torques and ground reactions of every person out.

Run it with `ros2 run humandyn_ros dynamics_node`, or without ROS 2 with `humandyn run`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from humandyn_ros import kernels
from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.limits import Limits
from humandyn_ros.people import People, PeopleConfig
from humandyn_ros.quantities import CANONICAL, Estimate, SkeletonFrame
from humandyn_ros.ros import messages
from humandyn_ros.ros.commands import Commands, ExoskeletonConfig, Services
from humandyn_ros.ros.frames import WorldFrame, read_pose
from humandyn_ros.ros.handle import RELIABLE, NodeHandle, Publisher
from humandyn_ros.ros.health import Health
from humandyn_ros.ros.inputs import AUTO, SkeletonInput
from humandyn_ros.ros.markers import MarkerConfig
from humandyn_ros.ros.messages import OK, WARN, Status
from humandyn_ros.ros.nodes.main import run_node
from humandyn_ros.ros.nodes.managed import Managed
from humandyn_ros.ros.outputs import WEARER, BodyOutputs, advertise
from humandyn_ros.ros.parameters import Group, Settings, on_change
from humandyn_ros.skeleton import Adapter, UnitWatch, load_format
from humandyn_ros.sources import source_for
from humandyn_ros.synthetic import person as synthetic

_TICK_S = 0.02  # how often silence is looked at; a fading torque has ten steps in 0.2 s
_FORGOTTEN_NS = 5_000_000_000  # a body without an estimate for this long has left
_CLOCK_BEHIND_NS = 500_000_000  # a played clock lags the stamps by less
_CLOCKS_AGREE_NS = (-50_000_000, 10_000_000_000)  # stamp to arrival, by a common clock


@dataclass(frozen=True)
class DynamicsConfig(Checked):
    """What the dynamics node reads and how it answers."""

    input_type: str = setting(
        AUTO, '', 'message type of `skeletons`, or auto: the type its publisher has'
    )
    format: str = setting(
        '', '', 'skeleton format (humandyn formats lists them); empty: usual for the type'
    )
    up: str = setting(
        '',
        '',
        'upward axis of the points; empty: Z in PointCloud2, else the format says',
        choices=('', 'X', 'Y', 'Z', '-X', '-Y', '-Z'),
    )
    world_frame: str = setting(
        '', '', 'frame with z up that points are brought into by tf; empty: their own frame'
    )
    pose: str = setting(
        '',
        '',
        "the source's own frame in `world_frame`, where tf does not know it: x y z in m and a "
        'quaternion x y z w, seven numbers',
    )
    engine: str = setting('physics', '', 'what answers', choices=('physics',))
    autostart: bool = setting(
        True, '', 'configure and activate by itself; false: wait for a lifecycle manager'
    )


CONFIG = Group(DynamicsConfig())
PERSON = Group(PersonConfig(), names={'mass_kg': 'mass', 'height_m': 'height'}, live=True)
WHO = Group(PeopleConfig())
ESTIMATOR = Group(EstimatorConfig())
MARKERS = Group(MarkerConfig(), prefix='markers.', live=True)
EXOSKELETON = Group(ExoskeletonConfig(), prefix='exoskeleton.')

GROUPS: tuple[Group[Any], ...] = (CONFIG, PERSON, WHO, ESTIMATOR, MARKERS, EXOSKELETON)
"""Every parameter of the node."""


class DynamicsNode(Managed):
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
        super().__init__(handle)
        self._handle = handle
        self._steady_ns = steady_ns
        self._config = Settings(handle, CONFIG).value
        self._person = Settings(handle, PERSON)
        self._markers = Settings(handle, MARKERS)
        self._estimator = Settings(handle, ESTIMATOR).value
        self._who = Settings(handle, WHO).value
        self._device = Settings(handle, EXOSKELETON).value
        self._health = Health()
        self._complaints = _Complaints(handle)
        self._input: SkeletonInput | None = None
        self._commands: Commands | None = None
        self._wearer: dict[str, Publisher] = {}
        self._diagnostics: Publisher | None = None
        self._people: People | None = None
        self._world: WorldFrame | None = None
        self._units: UnitWatch | None = None
        self._outputs: dict[int, BodyOutputs] = {}
        self._latest: dict[int, tuple[Estimate, int]] = {}
        self._frame_id = ''
        self._newest_ns = 0
        self._clocks_agree = False
        on_change(handle, [self._person, self._markers], self._person_changed)
        handle.on_time_jump(self._time_jumped)
        Services(handle, lambda: self._commands, lambda: self._people, steady_ns)
        self.manage(self._config.autostart)

    # Life

    def configure(self) -> None:
        """Check input, format, limits and device; advertise."""
        handle, config = self._handle, self._config
        if config.input_type != AUTO:
            source_for(config.input_type)
        if config.format:
            load_format(config.format)
        Limits.load()
        read_pose(config.pose)
        if self._device.device:
            self._commands = Commands(handle, self._device, self._steady_ns)
        handle.log('info', f'arithmetic: {kernels.choose()}{kernels.prepare()}')
        self._wearer = advertise(handle, WEARER)
        self._diagnostics = handle.publisher(messages.DIAGNOSTIC_ARRAY, '/diagnostics', RELIABLE)

    def activate(self) -> None:
        """Warm up, then read skeletons."""
        warm_up(self._person.value, self._estimator)
        config = self._config
        # Points that tf brings into the world frame have z up, whatever their format says.
        up = 'Z' if config.world_frame else config.up
        self._input = SkeletonInput(
            self._handle, 'skeletons', config.input_type, config.format, up,
            on_frames=self._frames, on_refused=self._refused, on_problem=self._problem,
        )  # fmt: skip
        self.every(_TICK_S, self._tick)
        self.every(0.5, self._input.poll)
        self.every(1.0, self._report)

    def deactivate(self) -> None:
        """Read nothing, publish nothing, and forget everybody."""
        if self._commands is not None:
            self._commands.command.disarm('deactivated')
        if self._input is not None:
            self._input.close()
            self._input = None
        for body_id, outputs in self._outputs.items():
            outputs.close(self._frame_id, self._latest[body_id][0].stamp_ns)
        self._outputs.clear()
        self._latest.clear()
        self._people = self._world = self._units = None

    def cleanup(self) -> None:
        """Stop advertising."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        for publisher in self._wearer.values():
            publisher.close()
        self._wearer = {}
        if self._diagnostics is not None:
            self._diagnostics.close()
            self._diagnostics = None

    def run(self) -> None:
        """Serve until told to stop."""
        self._handle.spin()

    # From the topic

    def _frames(self, frames: tuple[SkeletonFrame, ...]) -> None:
        now_ns = self._steady_ns()
        people, world, units = self._started()
        placed = [world.bring(frame) for frame in frames]
        known = [frame for frame in placed if frame is not None]
        if len(known) < len(frames):
            self._problem(
                f'no transform from {frames[0].frame_id!r} to {self._config.world_frame!r} at the '
                'time of the skeletons: is it published on /tf?'
            )
        if not known:
            return
        units.see(known[0].points)
        for text in units.messages:
            self._problem(text)
        self._newest_ns = known[0].stamp_ns
        self._note_clock(self._newest_ns)
        self._health.message_received(now_ns, known[0].stamp_ns)
        self._frame_id = world.name(known[0].frame_id)
        link = world.transform(known[0].frame_id, known[0].stamp_ns)
        if link is not None:
            self._handle.broadcast((link,))
        for estimate in people.push(known):
            self._publish(estimate, now_ns)

    def _started(self) -> tuple[People, WorldFrame, UnitWatch]:
        """Everything that needs the format, which a message type may decide."""
        if self._people is None or self._world is None or self._units is None:
            assert self._input is not None and self._input.format is not None
            form = self._input.format
            self._people = People(form, self._person.value, self._estimator, self._who)
            self._world = WorldFrame(
                self._handle, self._config.world_frame, form.up, self._config.pose
            )
            self._units = UnitWatch(Adapter(form))
        return self._people, self._world, self._units

    def _note_clock(self, stamp_ns: int) -> None:
        behind_ns = self._handle.now_ns() - stamp_ns
        low, high = _CLOCKS_AGREE_NS
        self._clocks_agree = low <= behind_ns <= high
        if not self._clocks_agree:
            side = 'behind' if behind_ns > 0 else 'ahead of'
            self._problem(
                f'stamps are {abs(behind_ns) * 1e-9:.1f} s {side} the clock of this node, so ages '
                'are the declared lag only: synchronise the clocks, or set use_sim_time'
            )

    # To the topics

    def _publish(self, estimate: Estimate, arrived_ns: int) -> None:
        outputs = self._outputs.get(estimate.body_id)
        if outputs is None:
            outputs = BodyOutputs(
                self._handle, estimate.body_id, lambda: self._markers.value, self._wearer
            )
            self._outputs[estimate.body_id] = outputs
        outputs.is_wearer = self._people is not None and self._people.wearer == estimate.body_id
        age_ms = self._age_ms(estimate)
        outputs.publish(estimate, self._frame_id, age_ms, arrived_ns)
        if outputs.is_wearer and self._commands is not None:
            self._commands.see(estimate, self._frame_id, age_ms)
        done_ns = self._steady_ns()
        self._latest[estimate.body_id] = (estimate, done_ns)
        if estimate.valid:
            self._health.estimate_published((done_ns - arrived_ns) * 1e-6, age_ms)

    def _age_ms(self, estimate: Estimate) -> float:
        if self._clocks_agree:
            return (self._handle.now_ns() - estimate.stamp_ns) * 1e-6
        return estimate.age_ms

    # Time, parameters, health

    def _tick(self) -> None:
        now_ns = self._steady_ns()
        if self._people is not None:
            for estimate in self._people.tick(now_ns):
                self._publish(estimate, now_ns)
        for body_id, (estimate, at_ns) in list(self._latest.items()):
            if now_ns - at_ns > _FORGOTTEN_NS:
                self._outputs.pop(body_id).close(self._frame_id, estimate.stamp_ns)
                del self._latest[body_id]

    def _person_changed(self) -> None:
        if self._people is not None:
            self._people.set_person(self._person.value)

    def _time_jumped(self, jump_ns: int) -> None:
        # `ros2 bag play --clock` sets its clock back as it begins, while the first skeletons,
        # stamped by the new clock, may be here already: only older ones are of another time.
        if self._people is None or self._newest_ns - self._handle.now_ns() < _CLOCK_BEHIND_NS:
            return
        self._people.reset(f'ROS time jumped by {jump_ns * 1e-9:.3f} s')
        self._handle.log('warn', f'ROS time jumped by {jump_ns * 1e-9:.3f} s: starting afresh')

    def _refused(self, text: str) -> None:
        self._health.refused += 1
        self._problem(text)

    def _problem(self, text: str) -> None:
        self._health.trouble(self._steady_ns(), text)
        self._complaints.say(text, self._steady_ns())

    def _report(self) -> None:
        if self._diagnostics is None or not self._diagnostics.subscribers or self._input is None:
            return
        name = self._handle.name
        summary = self._health.report(f'{name}: skeletons', self._steady_ns(), self._input.waiting)
        facts = {
            'engine': self._config.engine,
            'backend': kernels.choose(),
            **self._input_facts(),
        }
        if self._people is not None:
            facts['late_or_repeated'] = str(self._people.dropped)
            facts['bodies_ignored'] = str(self._people.ignored)
        present = self._people.bodies if self._people else ()
        bodies = [self._body_status(body_id) for body_id in present]
        statuses = [Status(summary.name, summary.level, summary.text, {**facts, **summary.values})]
        self._diagnostics.publish(messages.diagnostics(self._handle, statuses + bodies))

    def _body_status(self, body_id: int) -> Status:
        assert self._people is not None
        reason = self._people.reason(body_id)
        values = {'wearer': str(body_id == self._people.wearer).lower()}
        if body_id in self._latest:
            estimate, _ = self._latest[body_id]
            reason = reason or estimate.reason
            values |= _figures(estimate)
        level = WARN if reason else OK
        return Status(f'{self._handle.name}: b{body_id}', level, reason or 'valid', values)

    def _armed(self) -> str:
        assert self._commands is not None
        return self._commands.command.reason or 'armed'

    def _input_facts(self) -> dict[str, str]:
        assert self._input is not None
        form, source = self._input.format, self._input.source
        device = {} if self._commands is None else {'armed': self._armed()}
        return {
            **device,
            'input_type': source.type_name if source else '',
            'format': form.skeleton.name if form else '',
            'clocks_agree': str(self._clocks_agree).lower(),
        }


def warm_up(person: PersonConfig, config: EstimatorConfig) -> None:
    """Let an estimator answer once: the first answer of a process is a slow one."""
    estimator = Estimator(CANONICAL.name, person, config)
    for frame in synthetic('stand', rate_hz=50.0, duration_s=0.5).frames():
        estimator.push(frame)


def _figures(estimate: Estimate) -> dict[str, str]:
    return {
        'stamp': f'{estimate.stamp_ns * 1e-9:.9f}',
        'age_ms': f'{estimate.age_ms:.1f}',
        'residual_n_per_kg': ' '.join(f'{value:.3f}' for value in estimate.residual[:3]),
        'residual_nm_per_kg': ' '.join(f'{value:.3f}' for value in estimate.residual[3:]),
        **{f'assumption_{i}': note for i, note in enumerate(estimate.notes, 1)},
    }


class _Complaints:
    """Logs problems: a new one at once, but never more than one a second."""

    def __init__(self, handle: NodeHandle) -> None:
        self._handle = handle
        self._last = ''
        self._quiet_until_ns = 0

    def say(self, text: str, now_ns: int) -> None:
        repeated = text == self._last and now_ns < self._quiet_until_ns + 30_000_000_000
        if now_ns < self._quiet_until_ns or repeated:
            return
        self._handle.log('warn', text)
        self._last, self._quiet_until_ns = text, now_ns + 1_000_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; returns the exit status."""
    return run_node('dynamics_node', DynamicsNode, arguments)


if __name__ == '__main__':
    sys.exit(main())
