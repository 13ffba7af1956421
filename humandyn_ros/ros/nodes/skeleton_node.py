"""What every node does that reads skeletons: find the topic, follow people, report its health."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.mannequin import standing
from humandyn_ros.people import Crowd, PeopleConfig
from humandyn_ros.quantities import CANONICAL, SkeletonFrame
from humandyn_ros.ros import messages
from humandyn_ros.ros.frames import WorldFrame, read_pose
from humandyn_ros.ros.handle import RELIABLE, NodeHandle, Publisher
from humandyn_ros.ros.health import Health
from humandyn_ros.ros.inputs import AUTO, SkeletonInput
from humandyn_ros.ros.messages import OK, WARN, Status
from humandyn_ros.ros.nodes.managed import Managed
from humandyn_ros.ros.parameters import Group, Settings
from humandyn_ros.skeleton import Adapter, SkeletonFormat, UnitWatch, load_format
from humandyn_ros.sources import source_for

_TICK_S = 0.02  # how often silence is looked at; a fading torque has ten steps in 0.2 s
_CLOCK_BEHIND_NS = 500_000_000  # a played clock lags the stamps by less
_CLOCKS_AGREE_NS = (-50_000_000, 10_000_000_000)  # stamp to arrival, by a common clock

T = TypeVar('T')


@dataclass(frozen=True)
class InputConfig(Checked):
    """What is read, and when."""

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
    reliable: bool = setting(
        False,
        '',
        'have lost skeletons sent again; a publisher that is best effort is not heard then',
    )
    autostart: bool = setting(
        True, '', 'configure and activate by itself; false: wait for a lifecycle manager'
    )


INPUT = Group(InputConfig())
WHO = Group(PeopleConfig())


class SkeletonNode(Managed, Generic[T]):
    """Connects a skeleton topic to a crowd; what is done with the answers is in subclasses.

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
        self._config = Settings(handle, INPUT).value
        self._who = Settings(handle, WHO).value
        self._health = Health()
        self._complaints = _Complaints(handle)
        self._input: SkeletonInput | None = None
        self._diagnostics: Publisher | None = None
        self._people: Crowd[T] | None = None
        self._world: WorldFrame | None = None
        self._units: UnitWatch | None = None
        self._frame_id = ''
        self._newest_ns = 0
        self._clocks_agree = False
        handle.on_time_jump(self._time_jumped)

    # What subclasses say

    @abstractmethod
    def gather(self, form: SkeletonFormat) -> Crowd[T]:
        """Make the crowd, once the format is known."""

    @abstractmethod
    def publish(self, told: T, arrived_ns: int) -> None:
        """Publish one answer; `arrived_ns` is of the steady clock."""

    @abstractmethod
    def facts(self) -> Mapping[str, str]:
        """Return what diagnostics tell about the engine."""

    def body(self, body_id: int) -> tuple[str, dict[str, str]]:
        """Return what is wrong with one body's newest answer, or '', and its figures."""
        return '', {}

    def gone(self) -> None:
        """Look whether somebody has left; called often."""

    # Life

    def check(self) -> None:
        """Check input, format and pose."""
        config = self._config
        if config.input_type != AUTO:
            source_for(config.input_type)
        if config.format:
            load_format(config.format)
        read_pose(config.pose)

    def configure(self) -> None:
        """Check; advertise."""
        self.check()
        self._diagnostics = self._handle.publisher(
            messages.DIAGNOSTIC_ARRAY, '/diagnostics', RELIABLE
        )

    def activate(self) -> None:
        """Read skeletons."""
        config = self._config
        # Points that tf brings into the world frame have z up, whatever their format says.
        up = 'Z' if config.world_frame else config.up
        self._input = SkeletonInput(
            self._handle, 'skeletons', config.input_type, config.format, up,
            reliable=config.reliable, on_frames=self._frames, on_refused=self._refused,
            on_problem=self._problem,
        )  # fmt: skip
        self.every(_TICK_S, self._tick)
        self.every(0.5, self._input.poll)
        self.every(1.0, self._report)

    def deactivate(self) -> None:
        """Read nothing, and forget everybody."""
        if self._input is not None:
            self._input.close()
            self._input = None
        self._people = self._world = self._units = None

    def cleanup(self) -> None:
        """Stop advertising."""
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
        for told in people.push(known):
            self.publish(told, now_ns)

    def _started(self) -> tuple[Crowd[T], WorldFrame, UnitWatch]:
        """Everything that needs the format, which a message type may decide."""
        if self._people is None or self._world is None or self._units is None:
            assert self._input is not None and self._input.format is not None
            form = self._input.format
            self._people = self.gather(form)
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

    # Time and health

    def age_ms(self, stamp_ns: int, declared_ms: float) -> float:
        """Age of an instant now, ms; the declared one where the clocks do not agree."""
        if self._clocks_agree:
            return (self._handle.now_ns() - stamp_ns) * 1e-6
        return declared_ms

    def _tick(self) -> None:
        now_ns = self._steady_ns()
        if self._people is not None:
            for told in self._people.tick(now_ns):
                self.publish(told, now_ns)
        self.gone()

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
        facts = {**self.facts(), **self._input_facts()}
        if self._people is not None:
            facts['late_or_repeated'] = str(self._people.dropped)
            facts['bodies_ignored'] = str(self._people.ignored)
        present = self._people.bodies if self._people else ()
        bodies = [self._body_status(body_id) for body_id in present]
        statuses = [Status(summary.name, summary.level, summary.text, {**facts, **summary.values})]
        self._diagnostics.publish(messages.diagnostics(self._handle, statuses + bodies))

    def _body_status(self, body_id: int) -> Status:
        assert self._people is not None
        wrong, figures = self.body(body_id)
        reason = self._people.reason(body_id) or wrong
        values = {'wearer': str(body_id == self._people.wearer).lower(), **figures}
        level = WARN if reason else OK
        return Status(f'{self._handle.name}: b{body_id}', level, reason or 'valid', values)

    def _input_facts(self) -> dict[str, str]:
        assert self._input is not None
        form, source = self._input.format, self._input.source
        return {
            'input_type': source.type_name if source else '',
            'format': form.skeleton.name if form else '',
            'clocks_agree': str(self._clocks_agree).lower(),
        }


def still(rate_hz: float, seconds: float) -> Iterator[SkeletonFrame]:
    """Frames of somebody who stands, for warming up."""
    points = standing(1.75)
    for k in range(round(rate_hz * seconds) + 1):
        stamp_ns = round(k * 1e9 / rate_hz)
        yield SkeletonFrame(stamp_ns, 'world', 0, CANONICAL, points, np.ones(len(points)))


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
