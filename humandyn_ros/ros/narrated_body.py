"""One body's side of the narration node: what it hears, when it tells, and where."""

from __future__ import annotations

from collections.abc import Callable

from humandyn_ros.narration import NarrationConfig
from humandyn_ros.quantities import Caption
from humandyn_ros.ros import learned_messages, messages, words_messages
from humandyn_ros.ros.handle import RELIABLE, Message, NodeHandle, Publisher, Qos, Subscription
from humandyn_ros.words.record import Record
from humandyn_ros.words.slots import SIDES

HEARD = Qos(reliable=False, depth=20)  # a writer never waits for us, nor sends again
Places = dict[str, Publisher]


class NarratedBody:
    """Listens to what is published about one body while somebody wants to hear of it.

    Args:
        handle: Node that listens and publishes.
        prefix: Topics of the body lie below it.
        record: Where all that is heard is kept.
        config: How often captions are made.
        label_of: Name of a class of actions by its number.
        on_boundary: Called when an action is told to have ended.
        on_question: Called with every question.
    """

    def __init__(
        self,
        handle: NodeHandle,
        prefix: str,
        record: Record,
        config: NarrationConfig,
        *,
        label_of: Callable[[str], str],
        on_boundary: Callable[[], None],
        on_question: Callable[[str], None],
    ) -> None:
        self.record, self._config = record, config
        self._handle, self._prefix = handle, prefix
        self._label_of, self._on_boundary = label_of, on_boundary
        self.places = advertise(handle, prefix)
        self._question = question(handle, prefix, on_question)
        self._heard: list[Subscription] = []
        self._last_ns: int | None = None  # when the newest caption was asked for, steady
        self._ended: tuple[int, int] | None = None  # a stretch that waits to be told
        self._begins_ns = 0  # of the action now
        self.caption: Caption | None = None

    # Hearing

    def listen(self, wanted: bool) -> None:
        """Begin to hear what is published about the body, or leave off."""
        if wanted and not self._heard:
            self._heard = self._subscribe()
        elif not wanted and self._heard:
            for subscription in self._heard:
                subscription.close()
            self._heard = []

    @property
    def listening(self) -> bool:
        """Whether it does."""
        return bool(self._heard)

    def _subscribe(self) -> list[Subscription]:
        forces = {
            f'ground_reaction/{side}': (messages.WRENCH_STAMPED, self._force_of(side))
            for side in SIDES
        }
        topics: dict[str, tuple[str, Callable[[Message], None]]] = {
            'joint_torques': (messages.JOINT_STATE, self._torques),
            'body_contacts': (messages.POINT_CLOUD, self._contacts),
            'action': (learned_messages.CLASSIFICATION, self._action),
            'action_boundary': (learned_messages.HEADER, self._boundary),
            **forces,
        }
        return [
            self._handle.subscription(kind, f'{self._prefix}/{name}', take, HEARD)
            for name, (kind, take) in topics.items()
        ]

    def _torques(self, message: Message) -> None:
        if len(message.name) == len(message.position) == len(message.effort):
            self.record.see_torques(
                _stamp_ns(message.header), message.name, message.position, message.effort
            )

    def _force_of(self, side: str) -> Callable[[Message], None]:
        track = self.record.forces[side]

        def take(message: Message) -> None:
            force = message.wrench.force
            track.add(_stamp_ns(message.header), (force.x, force.y, force.z))

        return take

    def _contacts(self, message: Message) -> None:
        bearing = messages.bearing(message)
        row = (bearing.get('seat', 0.0), sum(bearing.values()))
        self.record.bearing.add(_stamp_ns(message.header), row)

    def _action(self, message: Message) -> None:
        if message.results:
            label = self._label_of(message.results[0].class_id)
            self.record.see_action(_stamp_ns(message.header), label)

    def _boundary(self, message: Message) -> None:
        ended_ns = _stamp_ns(message)
        if ended_ns == self._begins_ns:
            return
        # Stamps that go back are of another time: nothing before it is known.
        began_ns = self._begins_ns if ended_ns > self._begins_ns else 0
        self._ended, self._begins_ns = (began_ns, ended_ns), ended_ns
        self._on_boundary()

    # Telling

    def due(self, now_ns: int) -> tuple[int, int] | None:
        """Which stretch is to be told now, ns; None while it is too early.

        Args:
            now_ns: Steady clock.
        """
        if self._last_ns is None:
            self._last_ns = now_ns - int(1e9 * (self._config.longest_s - self._config.period_s))
        waited_s = (now_ns - self._last_ns) * 1e-9
        newest = self.record.newest_ns
        if newest is None or waited_s < self._config.period_s:
            return None
        if self._ended is not None:
            found, self._ended = self._ended, None
        elif waited_s >= self._config.longest_s:
            longest = newest - int(1e9 * self._config.longest_s)
            found = (max(self._begins_ns, longest), newest)
        else:
            return None
        self._last_ns = now_ns
        return found

    def close(self) -> None:
        """Hear and tell nothing more."""
        self.listen(False)
        self._question.close()
        for publisher in self.places.values():
            publisher.close()


def advertise(handle: NodeHandle, prefix: str) -> Places:
    """Advertise what is told below a prefix."""
    return {
        name: handle.publisher(kind, f'{prefix}/{name}', RELIABLE)
        for name, kind in words_messages.TOPICS.items()
    }


def question(handle: NodeHandle, prefix: str, ask: Callable[[str], None]) -> Subscription:
    """Hear the questions below a prefix."""

    def take(message: Message) -> None:
        ask(str(message.data))

    return handle.subscription(words_messages.STRING, f'{prefix}/question', take, RELIABLE)


def _stamp_ns(header: Message) -> int:
    stamp = header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
