"""The narration node: what is published about people in, sentences and answers out.

Run it with `ros2 run humandyn_ros narration_node`, or without ROS 2 with `humandyn run`. Nothing
it says is a command, and nothing it does makes another node wait.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from humandyn_ros.config import PersonConfig
from humandyn_ros.narration import NarratedPeople, NarrationConfig, Worker
from humandyn_ros.quantities import CANONICAL, Caption
from humandyn_ros.ros import learned_messages, words_messages
from humandyn_ros.ros.handle import LATCHED, Message, NodeHandle, Subscription
from humandyn_ros.ros.narrated_body import NarratedBody, Places, advertise, question
from humandyn_ros.ros.nodes.action_node import LABELS
from humandyn_ros.ros.nodes.main import run_node
from humandyn_ros.ros.nodes.skeleton_node import INPUT, WHO, SkeletonNode
from humandyn_ros.ros.outputs import BODIES, WEARER
from humandyn_ros.ros.parameters import Group, Settings
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.synthetic import person
from humandyn_ros.words.facts import Facts
from humandyn_ros.words.questions import Answers, plain
from humandyn_ros.words.record import Cut, Record
from humandyn_ros.words.telling import Teller, Telling
from humandyn_ros.words.templates import Templates

PERSON = Group(PersonConfig(), names={'mass_kg': 'mass', 'height_m': 'height'})
NARRATION = Group(NarrationConfig())
GROUPS: tuple[Group[Any], ...] = (INPUT, PERSON, WHO, NARRATION)
"""Every parameter of the node."""

_MODELS = {
    'narrator': ('humandyn_ros.engines.narrator', 'open_narrator'),
    'skeletonllm': ('humandyn_ros.engines.skeletonllm', 'open_skeletonllm'),
}
"""Where the models are opened; imported only when one is wanted."""

_LOOK_S = 0.01  # how often the worker's results are looked for
_GIVEN_UP = 5  # failures in a row after which a model is no longer asked
_FRESH_NS = 10_000_000_000  # a caption older than this does not say what is being done
_NICE = 10  # the node yields the processor to those that compute torques


@dataclass(frozen=True)
class _Told:
    """What the worker made: a caption, or an answer."""

    body_id: int | None  # None: of nobody, asked at the wearer's topics
    asked_ns: int  # steady
    caption: Caption | None
    answer: str = ''


class NarrationNode(SkeletonNode[Caption]):
    """Connects what is published about people to captions and answers.

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
        self._person = Settings(handle, PERSON).value
        self._settings = Settings(handle, NARRATION).value
        self._telling: Telling | None = None
        self._answers: Answers | None = None
        self._worker: Worker[_Told] | None = None
        self._crowd: NarratedPeople | None = None
        self._bodies: dict[int, NarratedBody] = {}
        self._wearers: Places = {}
        self._standing: list[Subscription] = []
        self._labels: dict[str, str] = {}
        self._without_model = ''  # why
        self._replaced = 0
        self.manage(self._config.autostart)

    # Life

    def configure(self) -> None:
        """Check the input; read the sentences; open the model, if it can be; advertise."""
        self.check()
        sentences = Path(self._settings.sentences) if self._settings.sentences else None
        templates = Templates(sentences)
        self._telling = Telling(templates, self._open())
        self._answers = Answers(templates)
        super().configure()
        self._wearers = advertise(self._handle, WEARER)

    def _open(self) -> Teller | None:
        """The model; None, with the reason kept and logged, where it cannot be had."""
        engine = self._settings.engine
        self._without_model = ''
        if engine not in _MODELS:
            return None
        module, name = _MODELS[engine]
        try:
            opened: Teller = self._opened(getattr(importlib.import_module(module), name))
        except Exception as error:  # models are foreign code; none of them ends the node
            self._give_up(f'{type(error).__name__}: {error}')
            return None
        return opened

    def _opened(self, opener: Callable[..., Teller]) -> Teller:
        settings = self._settings
        if settings.engine == 'skeletonllm':
            return opener(settings.model)
        return opener(settings.model, settings.backend)

    def _give_up(self, reason: str) -> None:
        self._without_model = plain(reason, 300)
        self._handle.log('warn', f'sentences come from templates: {self._without_model}')

    def activate(self) -> None:
        """Warm up, then listen."""
        assert self._telling is not None
        if self._telling.teller is not None and (failure := warm_up(self._telling)):
            self._drop_model(failure)
        told = ', '.join(f'{name} {value}' for name, value in self.facts().items())
        self._handle.log('info', told)
        self._worker = Worker()
        self._standing = [
            self._handle.subscription(
                learned_messages.LABEL_INFO, LABELS, self._class_map, LATCHED
            ),
            question(self._handle, WEARER, self._ask_wearer),
        ]
        super().activate()
        self.every(_LOOK_S, self._deliver)
        self.every(0.1, self._look_round)

    def _drop_model(self, reason: str) -> None:
        assert self._telling is not None
        teller, self._telling.teller = self._telling.teller, None
        if teller is not None:
            teller.close()
        self._give_up(reason)

    def deactivate(self) -> None:
        """Hear and say nothing, and forget everybody."""
        super().deactivate()
        for subscription in self._standing:
            subscription.close()
        self._standing = []
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        for body in self._bodies.values():
            body.close()
        self._bodies.clear()
        self._crowd = None

    def cleanup(self) -> None:
        """Stop advertising; close the model."""
        for publisher in self._wearers.values():
            publisher.close()
        self._wearers = {}
        super().cleanup()
        if self._telling is not None and self._telling.teller is not None:
            self._telling.teller.close()
        self._telling = None

    # From the topics

    def gather(self, form: SkeletonFormat) -> NarratedPeople:
        """Make the records of people."""
        self._crowd = NarratedPeople(form, self._person, self._who)
        return self._crowd

    def publish(self, told: Caption, arrived_ns: int) -> None:
        """Do nothing: frames are kept, and captions come from the worker."""

    def _class_map(self, message: Message) -> None:
        self._labels = {
            str(entry.class_id): plain(str(entry.class_name), 80) for entry in message.class_map
        }

    def _label_of(self, number: str) -> str:
        return self._labels.get(number, '')

    def gone(self) -> None:
        """Follow who is there; tell what is due."""
        present = self._crowd.bodies if self._crowd is not None else ()
        for body_id in [body_id for body_id in self._bodies if body_id not in present]:
            self._bodies.pop(body_id).close()
        for body_id in present:
            if body_id not in self._bodies:
                self._bodies[body_id] = self._follow(body_id)
            self._tell(body_id)

    def _follow(self, body_id: int) -> NarratedBody:
        assert self._crowd is not None
        body = NarratedBody(
            self._handle, f'{BODIES}/b{body_id}', self._crowd.record(body_id), self._settings,
            label_of=self._label_of,
            on_boundary=partial(self._tell, body_id),
            on_question=partial(self._ask, body_id),
        )  # fmt: skip
        body.listen(self._wanted(body_id, body))
        return body

    def _look_round(self) -> None:
        """Hear only what somebody wants to be told about."""
        for body_id, body in self._bodies.items():
            body.listen(self._wanted(body_id, body))

    def _wanted(self, body_id: int, body: NarratedBody) -> bool:
        return any(p.subscribers for p in (*body.places.values(), *self._also(body_id).values()))

    def _also(self, body_id: int) -> Places:
        """The wearer's topics, for the wearer."""
        wearer = self._crowd is not None and self._crowd.wearer == body_id
        return self._wearers if wearer else {}

    # To the worker

    def _tell(self, body_id: int) -> None:
        body, now_ns = self._bodies.get(body_id), self._steady_ns()
        if body is None or not body.listening or self._worker is None:
            return
        due = body.due(now_ns)
        cut = None if due is None else body.record.stretch(*due)
        if cut is not None:
            self._worker.submit((body_id, 'caption'), partial(self._make, body_id, cut, now_ns))

    def _make(self, body_id: int, cut: Cut, asked_ns: int) -> _Told:
        """Make a caption; in the worker's thread."""
        assert self._telling is not None
        stretch = cut.measured(self._person.mass_kg)
        caption = None if stretch is None else self._telling.caption(stretch)
        return _Told(body_id, asked_ns, caption)

    def _ask_wearer(self, asked: str) -> None:
        wearer = None if self._crowd is None else self._crowd.wearer
        self._ask(wearer, asked)

    def _ask(self, body_id: int | None, asked: str) -> None:
        if self._worker is None:
            return
        body = None if body_id is None else self._bodies.get(body_id)
        cut, caption, now_ns = None, '', self._steady_ns()
        if body is not None:
            cut = _newest(body.record, self._settings.longest_s)
            told = body.caption
            newest = body.record.newest_ns or 0
            if told is not None and newest - told.stamp_ns < _FRESH_NS:
                caption = told.text
        who = None if body is None else body_id
        job = partial(self._answer, who, cut, asked, caption, now_ns)
        self._worker.submit((who, 'answer'), job)

    def _answer(
        self, body_id: int | None, cut: Cut | None, asked: str, caption: str, asked_ns: int
    ) -> _Told:
        """Answer a question; in the worker's thread."""
        assert self._answers is not None and self._telling is not None
        stretch = None if cut is None else cut.measured(self._person.mass_kg)
        facts = Facts({}) if stretch is None else stretch.facts
        if not caption and stretch is not None:
            caption = self._telling.plain(stretch).text
        return _Told(body_id, asked_ns, None, self._answers.answer(asked, facts, caption))

    # To the topics

    def _deliver(self) -> None:
        for told in self._worker.results() if self._worker is not None else ():
            if told.answer:
                self._say('answer', told.body_id, words_messages.text(self._handle, told.answer))
            elif told.caption is None:
                self._problem('too little was seen of somebody to tell what they did')
            elif told.body_id in self._bodies:
                self._publish(told.body_id, told.caption, told.asked_ns)
        telling = self._telling
        if telling is not None and telling.teller is not None and telling.failures >= _GIVEN_UP:
            self._drop_model(telling.failure)

    def _publish(self, body_id: int, caption: Caption, asked_ns: int) -> None:
        self._bodies[body_id].caption = caption
        self._replaced += bool(caption.replaced)
        self._say('caption', body_id, words_messages.text(self._handle, caption.text))
        stamped = words_messages.caption_stamped(self._handle, caption, self._frame_id)
        self._say('caption_stamped', body_id, stamped)
        age_ms = self.age_ms(caption.stamp_ns, 0.0)
        self._health.estimate_published((self._steady_ns() - asked_ns) * 1e-6, age_ms)

    def _say(self, topic: str, body_id: int | None, message: Message) -> None:
        body = None if body_id is None else self._bodies.get(body_id)
        places = [self._wearers]
        if body is not None and body_id is not None:
            places = [body.places, self._also(body_id)]
        for place in places:
            if topic in place and place[topic].subscribers:
                place[topic].publish(message)

    # Health

    def facts(self) -> dict[str, str]:
        """Return what tells, why not the model that was asked for, and how much was replaced."""
        telling = self._telling
        teller = telling.teller if telling is not None else None
        shown = {'engine': self._settings.engine if teller is not None else 'templates'}
        if teller is not None:
            shown |= teller.describe()
        if self._without_model:
            shown[f'not {self._settings.engine}'] = self._without_model
        elif telling is not None and telling.failure:
            shown['failed'] = telling.failure
        if self._worker is not None:
            shown['superseded'] = str(self._worker.replaced)
        return shown | {'captions_corrected': str(self._replaced)}

    def body(self, body_id: int) -> tuple[str, dict[str, str]]:
        """Return the newest caption of one body."""
        body = self._bodies.get(body_id)
        if body is None or body.caption is None:
            return '', {}
        return '', {'caption': body.caption.text, 'source': body.caption.source}


def _newest(record: Record, seconds: float) -> Cut | None:
    newest = record.newest_ns
    return None if newest is None else record.stretch(newest - int(seconds * 1e9), newest)


def warm_up(telling: Telling) -> str:
    """Let a model tell once, since the first time is slow; returns why it could not, or ''."""
    record = Record()
    for frame in person('stand', rate_hz=30.0, duration_s=3.5).frames():
        record.points.add(frame.stamp_ns, frame.points.reshape(-1))
    cut = _newest(record, 3.0)
    stretch = None if cut is None else cut.measured(None)
    assert stretch is not None and stretch.points.shape[1] == len(CANONICAL.joints)
    telling.caption(stretch)
    return telling.failure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop; returns the exit status."""
    os.nice(_NICE)
    return run_node('narration_node', NarrationNode, arguments)


if __name__ == '__main__':
    sys.exit(main())
