"""One skeleton topic as it is read: adapter, parts gathered, confidence, stamps.

Live nodes and bags read through the same object, so that a replay sees what the node saw.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat, load_format
from humandyn_ros.sources.confidence import ConfidenceRebuilder
from humandyn_ros.sources.source import UNSTAMPED, Source

_TOGETHER_NS = 5_000_000  # parts of one instant are stamped within this
_BACK_NS = 1_000_000_000  # parts that fall back further: the clock was set back
_BODIES = 100


class SkeletonReader:
    """Turns the messages of one source into frames.

    Args:
        source: The adapter.
        format_name: Skeleton format; '' for the source's own, or what its messages say.
        up: Vertical axis; '' for the source's or the format's.

    Attributes:
        format: The format, once it is known; points are in metres and right-handed (REP 103).

    Raises:
        SkeletonError: The format is unknown.
    """

    def __init__(self, source: Source, format_name: str = '', up: str = '') -> None:
        self.source = source
        self._up = up
        self._read = source.fresh() if source.fresh else source.read
        self._rebuilder = None if source.confident else ConfidenceRebuilder()
        self._parts = _Gatherer() if source.parts else None
        self.format: SkeletonFormat | None = None
        if format_name or (source.format and not source.recognise):
            self.format = self._loaded(format_name or source.format)

    def _loaded(self, name: str) -> SkeletonFormat:
        form = load_format(name)
        up = self._up or self.source.up or form.up
        return dataclasses.replace(form, up=up, handedness='right', unit='m')

    def read(
        self, message: Any, topic: str = '', received_ns: int = 0
    ) -> tuple[SkeletonFrame, ...]:
        """Return the frames that became whole with this message.

        Args:
            message: Any object with the fields of the source's message.
            topic: Topic it came on.
            received_ns: When it came; stamps frames of messages that have no header.

        Raises:
            StreamError: The message is not usable, or its format cannot be told.
        """
        form = self._form(message)
        if form is None or self._read is None:
            return ()
        frames: Sequence[SkeletonFrame] = [
            dataclasses.replace(frame, stamp_ns=received_ns)
            if frame.stamp_ns == UNSTAMPED
            else frame
            for frame in self._read(message, form, topic)
        ]
        if self._parts is not None:
            frames = self._parts.gather(frames)
        if self._rebuilder is None:
            return tuple(frames)
        return tuple(self._rebuilder.rebuild(frame) for frame in frames)

    def rest(self) -> tuple[SkeletonFrame, ...]:
        """Return bodies whose parts never all came; for the end of a recording."""
        return self._parts.rest() if self._parts is not None else ()

    def _form(self, message: Any) -> SkeletonFormat | None:
        if self.format is None:
            if self.source.recognise is None:
                raise StreamError(
                    f'{self.source.type_name} does not say what its points are: set the '
                    'parameter `format`'
                )
            name = self.source.recognise(message) or self.source.format
            if not name:
                return None
            self.format = self._loaded(name)
        return self.format


@dataclasses.dataclass
class _Instant:
    frame: SkeletonFrame
    given: bool = False


class _Gatherer:
    """Puts bodies together that arrive joint by joint.

    A body is whole when every joint is there that was in the instant before; at the latest when
    a joint comes a second time, or the next instant begins.
    """

    def __init__(self) -> None:
        self._now: dict[int, _Instant] = {}
        self._usual: dict[int, int] = {}

    def gather(self, parts: Sequence[SkeletonFrame]) -> list[SkeletonFrame]:
        whole: list[SkeletonFrame] = []
        for part in parts:
            instant = self._now.get(part.body_id)
            if instant is not None and not self._belongs(instant, part):
                if -_BACK_NS < part.stamp_ns - instant.frame.stamp_ns < 0:
                    continue  # late: its instant is over
                whole += self._end(part.body_id)
                instant = None
            if instant is None:
                instant = _Instant(_copied(part))
                self._now[part.body_id] = instant
                self._forget()
            else:
                _add(instant.frame, part)
            if not instant.given and _count(instant.frame) == self._usual.get(part.body_id):
                instant.given = True
                whole.append(_copied(instant.frame))
        return whole

    @staticmethod
    def _belongs(instant: _Instant, part: SkeletonFrame) -> bool:
        apart_ns = abs(part.stamp_ns - instant.frame.stamp_ns)
        twice = bool((np.isfinite(part.points) & np.isfinite(instant.frame.points)).any())
        return apart_ns == 0 or (apart_ns <= _TOGETHER_NS and not twice)

    def _end(self, body_id: int) -> list[SkeletonFrame]:
        instant = self._now.pop(body_id)
        self._usual[body_id] = _count(instant.frame)
        return [] if instant.given else [instant.frame]

    def _forget(self) -> None:
        while len(self._now) > _BODIES:
            gone = next(iter(self._now))
            del self._now[gone]
            self._usual.pop(gone, None)

    def rest(self) -> tuple[SkeletonFrame, ...]:
        return tuple(frame for body in list(self._now) for frame in self._end(body))


def _copied(frame: SkeletonFrame) -> SkeletonFrame:
    return dataclasses.replace(
        frame, points=frame.points.copy(), confidence=frame.confidence.copy()
    )


def _add(whole: SkeletonFrame, part: SkeletonFrame) -> None:
    seen = np.isfinite(part.points).all(axis=1)
    whole.points[seen] = part.points[seen]
    whole.confidence[seen] = part.confidence[seen]


def _count(frame: SkeletonFrame) -> int:
    return int(np.isfinite(frame.points[:, 0]).sum())
