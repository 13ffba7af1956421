"""The skeleton topic: choose the adapter by type, turn messages into frames."""

from __future__ import annotations

from collections.abc import Callable

from humandyn_ros.errors import ConfigError, SkeletonError, StreamError, WireError
from humandyn_ros.quantities import SkeletonFrame
from humandyn_ros.ros.handle import LATCHED, Message, NodeHandle, Qos, Subscription
from humandyn_ros.skeleton import SkeletonFormat, load_format
from humandyn_ros.sources import SOURCES, SkeletonReader, Source, source_for

AUTO = 'auto'

SKELETONS = Qos(reliable=False, depth=20)
"""Best effort matches every publisher; the depth bridges a stall of 0.2 s at 100 Hz."""
_RELIABLE = Qos(reliable=True, depth=100)

Frames = tuple[SkeletonFrame, ...]


class SkeletonInput:
    """Subscribes to a skeleton topic, or a set of topics, as soon as its type is known.

    Args:
        handle: Node that subscribes.
        topic: Topic name, or what all topics of a set lie below.
        type_name: Message type, name or path of a field map, or 'auto' to take the publisher's.
        format_name: Skeleton format; '' for the one that the messages usually carry.
        up: Vertical axis of the points; '' for what the message type or the format says.
        reliable: Whether lost messages are asked for again; best-effort publishers do not match.
        on_frames: Called with the frames of every usable message.
        on_refused: Called with a sentence for every message that cannot be used.
        on_problem: Called with a sentence while the topic cannot be read.

    Raises:
        StreamError: No adapter reads `type_name`.
        ConfigError: The field map cannot be used.
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
        reliable: bool = False,
        on_frames: Callable[[Frames], None],
        on_refused: Callable[[str], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._handle = handle
        self._name = topic
        self._topic = handle.resolve(topic)
        self._format_name = format_name
        self._up = up
        self._quality = _RELIABLE if reliable else SKELETONS
        self._on_frames = on_frames
        self._on_refused = on_refused
        self._on_problem = on_problem
        self._subscriptions: dict[str, Subscription] = {}
        self._reader: SkeletonReader | None = None
        self._told = False
        self._type = type_name
        if format_name:
            load_format(format_name)  # an unknown one is an error now, not at the first message
        # One listener per supported type would also do, but would hide a wrong type for ever.
        if type_name != AUTO:
            source = source_for(type_name)
            self._adopt(source)
            if source.type_name:
                self._subscribe(self._topic, source.type_name)

    @property
    def source(self) -> Source | None:
        """The adapter, once it is chosen."""
        return self._reader.source if self._reader else None

    @property
    def format(self) -> SkeletonFormat | None:
        """The skeleton format, once it is known."""
        return self._reader.format if self._reader else None

    @property
    def waiting(self) -> str:
        """What to say while nothing arrives."""
        if not self._subscriptions:
            return f'waiting for a publisher on {self._topic}, to learn its type'
        kind = self.source.type_name if self.source else ''
        return f'waiting for {kind or self._type} on {self._topic}'

    def poll(self) -> None:
        """Look at the graph: subscribe, or say what is wrong with the topic; call now and then."""
        if self._reader is None:
            self._choose()
        if self._reader is None:
            return
        self._follow(self._reader.source)
        types = self._handle.published_types(self._name)
        read = self._reader.source.type_name
        here = self._subscriptions.get(self._topic)
        if here is not None and not here.publishers:
            others = [name for name in types if name != read]
            if others and read:
                self._on_problem(
                    f'topic {self._topic} carries {", ".join(others)}, but this node reads '
                    f'{read}: set the parameter `input_type` and start it again'
                )

    def close(self) -> None:
        """Stop reading."""
        for subscription in self._subscriptions.values():
            subscription.close()
        self._subscriptions.clear()

    def _choose(self) -> None:
        types = self._handle.published_types(self._name)
        supported = [SOURCES[name] for name in types if name in SOURCES]
        if not types:  # a set of topics has no publisher of its own name
            graph = self._graph()
            supported = [source for source in SOURCES.values() if source.reads(graph, self._topic)]
        if supported:
            self._adopt(supported[0])
        elif types:
            self._on_problem(
                f'topic {self._topic} carries {", ".join(types)}, which holds no skeletons; '
                f'supported: {", ".join(sorted(SOURCES))}; other types need a field map'
            )

    def _graph(self) -> dict[str, str]:
        return {name: kinds[0] for name, kinds in self._handle.topic_types().items() if kinds}

    def _adopt(self, source: Source) -> None:
        self._reader = SkeletonReader(source, self._format_name, self._up)

    def _follow(self, source: Source) -> None:
        """Keep reading exactly the topics that the source wants now."""
        types = self._handle.published_types(self._name)
        if source.type_name:
            wanted = source.reads(self._graph(), self._topic)
        else:  # a field map for any type: that of the publisher
            wanted = dict.fromkeys([self._topic][: len(types)], types[0] if types else '')
        for topic, kind in wanted.items():
            self._subscribe(topic, kind)
        for topic in set(self._subscriptions) - set(wanted) - {self._topic}:
            self._subscriptions.pop(topic).close()

    def _subscribe(self, topic: str, kind: str) -> None:
        if topic in self._subscriptions:
            return

        def take(message: Message) -> None:
            self._read(message, topic)

        name = self._name if topic == self._topic else topic
        quality = LATCHED if topic.endswith(('_static', '/urdf')) else self._quality
        try:
            self._subscriptions[topic] = self._handle.subscription(kind, name, take, quality)
        except WireError as error:
            self._on_problem(str(error))

    def _read(self, message: Message, topic: str) -> None:
        assert self._reader is not None
        try:
            frames = self._reader.read(message, topic, self._handle.now_ns())
        except (StreamError, SkeletonError, ConfigError) as error:
            self._on_refused(str(error))
            return
        self._say(topic)
        if frames:
            self._on_frames(frames)

    def _say(self, topic: str) -> None:
        form = self.format
        if self._told or form is None or self.source is None:
            return
        self._told = True
        kind = self.source.type_name or self._type
        self._handle.log('info', f'reading {kind} on {topic} as {form.skeleton.name}')
        if form.dims == 2:
            self._handle.log('warn', f'{form.name} is flat: forces cannot be computed from it')
