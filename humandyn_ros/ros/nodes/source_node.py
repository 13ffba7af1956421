"""The source node: plays a recording, a bag or the synthetic person as a live skeleton topic.

Run it with `ros2 run humandyn_ros source_node`, or without ROS 2 with `humandyn run`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from humandyn_ros.ros import messages
from humandyn_ros.ros.handle import RELIABLE, NodeHandle, Publisher, Qos
from humandyn_ros.ros.nodes.main import run_node
from humandyn_ros.ros.nodes.managed import Managed
from humandyn_ros.ros.parameters import Group, Settings
from humandyn_ros.ros.playback import Playback, SourceConfig, TimeLine, load_time_line

_MEET_S = 0.3  # from seeing the readers to the first message: readers see us later than we them
_DEPTH = 100  # kept for reliable readers that are held up for a second
_LINGER_S = 0.5  # after the last message, for slow readers to fetch it


CONFIG = Group(SourceConfig())
GROUPS = (CONFIG,)
"""Every parameter of the node."""


class SourceNode(Managed):
    """Publishes one motion, frame by frame, at its own pace.

    Args:
        handle: The node to be.
        steady_ns: The steady clock that frames are due on.

    Raises:
        HumandynError: The source cannot be read; the message names it.
    """

    def __init__(
        self, handle: NodeHandle, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        super().__init__(handle)
        self._handle = handle
        self._steady_ns = steady_ns
        self._config = Settings(handle, CONFIG).value
        self._line: TimeLine | None = None
        self._skeletons: Publisher | None = None
        self._clock: Publisher | None = None
        self._met_ns: int | None = None
        self._finished_ns: int | None = None
        self.manage(self._config.autostart)

    def configure(self) -> None:
        """Read the motion; advertise."""
        handle, config = self._handle, self._config
        self._line = load_time_line(config)
        self._skeletons = handle.publisher(
            messages.POINT_CLOUD, 'skeletons', Qos(reliable=True, depth=_DEPTH)
        )
        if config.publish_clock:
            self._clock = handle.publisher(messages.CLOCK, '/clock', RELIABLE)

    def activate(self) -> None:
        """Play from the beginning."""
        assert self._line is not None and self._skeletons is not None
        self._playback = Playback(self._line, self._config)
        self._met_ns = self._finished_ns = None
        self.every(self._playback.period_s, self._turn)
        told = f'playing {self._line.name}: {_summary(self._line)} on {self._skeletons.topic}'
        self._handle.log('info', told)

    def cleanup(self) -> None:
        """Stop advertising and forget the motion."""
        for publisher in (self._skeletons, self._clock):
            if publisher is not None:
                publisher.close()
        self._line = self._skeletons = self._clock = None

    def run(self) -> None:
        """Serve until the end of the motion, or until told to stop."""
        self._handle.spin()

    def _turn(self) -> None:
        assert self._skeletons is not None
        now_ns = self._steady_ns()
        if self._finished_ns is not None:
            if now_ns - self._finished_ns > _LINGER_S * 1e9:
                self._handle.shutdown()
            return
        if not self._playback.started:
            if not self._all_are_there(now_ns):
                return
            self._playback.start(now_ns, self._handle.now_ns())
        for stamp_ns, frames in self._playback.due(now_ns):
            if self._clock is not None:
                stamp = self._handle.stamp(stamp_ns)
                self._clock.publish(self._handle.message(messages.CLOCK, clock=stamp))
            self._skeletons.publish(
                messages.skeletons(self._handle, frames, stamp_ns, self._config.frame_id)
            )
        if self._playback.finished:
            self._handle.log('info', 'the motion has ended')
            self._finished_ns = now_ns

    def _all_are_there(self, now_ns: int) -> bool:
        """Whether the readers waited for can hear us; a best-effort one gets nothing before."""
        wanted = self._config.wait_for_subscribers
        assert self._skeletons is not None
        if self._skeletons.subscribers < wanted:
            self._met_ns = None
        elif self._met_ns is None:
            self._met_ns = now_ns
        return not wanted or (self._met_ns is not None and now_ns - self._met_ns >= _MEET_S * 1e9)


def _summary(line: TimeLine) -> str:
    return f'{len(line.instants)} frames, {line.duration_s:.1f} s, format {line.format}'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop or the motion has ended; returns the exit status."""
    return run_node('source_node', SourceNode, arguments)


if __name__ == '__main__':
    sys.exit(main())
