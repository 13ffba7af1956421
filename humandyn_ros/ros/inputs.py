"""The skeleton topic: choose the adapter by type, turn messages into frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.ros.handle import Message, NodeHandle, Qos, Subscription
from humandyn_ros.skeleton import SkeletonFormat, load_format
from humandyn_ros.sources import SOURCES, Source, source_for

AUTO = 'auto'

SKELETONS = Qos(reliable=False, depth=20)
"""Best effort matches every publisher; the depth bridges a stall of 0.2 s at 100 Hz."""

Frames = tuple[SkeletonFrame, ...]


class SkeletonInput:
    """Subscribes to a skeleton topic as soon as its type is known.

    Args:
        handle: Node that subscribes.
        topic: Topic name.
        type_name: Message type, or 'auto' to take the publisher's.
        format_name: Skeleton format; '' for the one that the message type usually carries.
        up: Vertical axis of the points; '' for what the message type or the format says.
        on_frames: Called with the frames of every usable message.
        on_refused: Called with a sentence for every message that cannot be used.
        on_problem: Called with a sentence while the topic cannot be read.

    Raises:
        StreamError: No adapter reads `type_name`.
        SkeletonError: The format is unknown.
    """

    def __init__(
        self,
        handle: NodeHandle,
        topic: str,
        type_name: str,
        format_name: str,
        up: str,
        *,
        on_frames: Callable[[Frames], None],
        on_refused: Callable[[str], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._handle = handle
        self._name = topic
        self._topic = handle.resolve(topic)
        self._format_name = format_name
        self._up = up
        self._on_frames = on_frames
        self._on_refused = on_refused
        self._on_problem = on_problem
        self._subscription: Subscription | None = None
        self.source: Source | None = None
        self.format: SkeletonFormat | None = None
        if format_name:
            load_format(format_name)  # an unknown one is an error now, not at the first message
        # One listener per supported type would also do, but would hide a wrong type for ever.
        if type_name != AUTO:
            self._subscribe(source_for(type_name))

    @property
    def waiting(self) -> str:
        """What to say while nothing arrives."""
        if self._subscription is None:
            return f'waiting for a publisher on {self._topic}, to learn its type'
        return f'waiting for {self._type} on {self._topic}'

    @property
    def _type(self) -> str:
        return self.source.type_name if self.source else AUTO

    def poll(self) -> None:
        """Look at the graph: subscribe, or say what is wrong with the topic; call now and then."""
        types = self._handle.published_types(self._name)
        if self._subscription is None:
            self._choose(types)
        elif not self._subscription.publishers:
            others = [name for name in types if name != self._type]
            if others:
                self._on_problem(
                    f'topic {self._topic} carries {", ".join(others)}, but this node reads '
                    f'{self._type}: set the parameter `input_type` and start it again'
                )

    def _choose(self, types: tuple[str, ...]) -> None:
        supported = [SOURCES[name] for name in types if name in SOURCES]
        if supported:
            self._subscribe(supported[0])
        elif types:
            self._on_problem(
                f'topic {self._topic} carries {", ".join(types)}, which holds no skeletons; '
                f'supported: {", ".join(sorted(SOURCES))}'
            )

    def _loaded(self, source: Source) -> SkeletonFormat:
        # Messages are in metres and right-handed (REP 103), whatever the format's files are in.
        form = load_format(self._format_name or source.format)
        up = self._up or source.up or form.up
        return dataclasses.replace(form, up=up, handedness='right', unit='m')

    def _subscribe(self, source: Source) -> None:
        self.source = source
        self.format = self._loaded(source)
        self._subscription = self._handle.subscription(
            source.type_name, self._name, self._read, SKELETONS
        )
        self._handle.log(
            'info',
            f'reading {source.type_name} on {self._topic} as {self.format.skeleton.name}',
        )

    def _read(self, message: Message) -> None:
        assert self.source is not None and self.format is not None
        try:
            frames = self.source.read(message, self.format.skeleton)
        except StreamError as error:
            self._on_refused(str(error))
            return
        self._on_frames(frames)
