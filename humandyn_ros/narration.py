"""What is told about people, live and without ROS: a record of what is published, and stretches.

frames and published estimates -> the newest seconds -> a stretch -> facts -> caption
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.engines.backends import BackendConfig
from humandyn_ros.joint_centres import JointCentres
from humandyn_ros.people import Crowd, PeopleConfig
from humandyn_ros.quantities import Caption, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.words.record import LONGEST_S, RATE_HZ, Record

_QUIET_NS = 500_000_000


@dataclass(frozen=True)
class NarrationConfig(Checked):
    """What tells, and how often."""

    engine: str = setting(
        'narrator',
        '',
        'what tells: the shipped small model, a vision-language model of Hugging Face (slow, '
        'needs torch), or sentences alone; where a model cannot be opened, or fails, sentences',
        choices=('narrator', 'skeletonllm', 'templates'),
    )
    model: str = setting(
        '', '', 'folder of the model, for skeletonllm also a hub name; empty: the shipped one'
    )
    backend: BackendConfig = field(default_factory=BackendConfig)
    sentences: str = setting(
        '', '', 'YAML file of the template sentences; empty: config/prompts/narration.yaml'
    )
    period_s: float = setting(
        2.0, 's', 'at most one caption in this time about one person', low=0.2, high=60.0
    )
    longest_s: float = setting(
        6.0, 's', 'a caption after this time though no action ended', low=1.0, high=LONGEST_S
    )


class Narrated:
    """Keeps the joint centres of one body; its captions are made elsewhere.

    Args:
        form: Format of the frames.
        person: Body mass, height and sex.
    """

    def __init__(self, form: SkeletonFormat, person: PersonConfig) -> None:
        self._centres = JointCentres(form, person)
        self.record = Record()
        self.dropped = 0
        self.reason = 'no frame yet'
        self._heard_ns: int | None = None
        self._fresh = False

    def push(self, frame: SkeletonFrame) -> tuple[Caption, ...]:
        """Keep a frame, at most RATE_HZ of them.

        Raises:
            StreamError: The frame has another number of joints than its format.
        """
        self._fresh, self.reason = True, ''
        newest = self.record.points.newest_ns
        if newest is not None and 0 <= frame.stamp_ns - newest < 0.9e9 / RATE_HZ:
            return ()
        points, confidence = self._centres.checked(frame)
        self._centres.see(points)
        points, _ = self._centres.convert(frame.stamp_ns, points, confidence)
        self.record.points.add(frame.stamp_ns, points.reshape(-1))
        return ()

    def tick(self, now_ns: int) -> tuple[Caption, ...]:
        """Tell the time on a steady clock."""
        if self._fresh or self._heard_ns is None:
            self._fresh, self._heard_ns = False, now_ns
        elif now_ns - self._heard_ns > _QUIET_NS:
            self.reason = f'no frame for {(now_ns - self._heard_ns) * 1e-9:.1f} s'
        return ()

    def set_person(self, person: PersonConfig) -> None:
        """Take over what is known of the body."""
        self._centres.person = person

    def reset(self, reason: str) -> None:
        """Forget the motion so far."""
        self._centres.reset()
        self.record.clear()
        self.reason = reason


class NarratedPeople(Crowd[Caption]):
    """Everybody there is something to tell about.

    Args:
        form: Format of the frames.
        person: Body mass, height and sex, taken for everybody.
        config: Who counts.
    """

    def __init__(
        self,
        form: SkeletonFormat,
        person: PersonConfig | None = None,
        config: PeopleConfig | None = None,
    ) -> None:
        super().__init__(person, config)
        self._form = form

    def _make(self) -> Narrated:
        return Narrated(self._form, self._person)

    def record(self, body_id: int) -> Record:
        """What was published about one body."""
        individual = self._estimators[body_id]
        assert isinstance(individual, Narrated)
        return individual.record


T = TypeVar('T')


class Worker(Generic[T]):
    """One thread for slow work; of every kind of job only the newest waits."""

    def __init__(self) -> None:
        self._jobs: dict[Hashable, Callable[[], T]] = {}
        self._done: deque[T] = deque()
        self._changed = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._work, name='narration', daemon=True)
        self._thread.start()
        self.replaced = 0  # jobs that a newer one took the place of

    def submit(self, kind: Hashable, job: Callable[[], T]) -> None:
        """Have something done; returns at once."""
        with self._changed:
            self.replaced += self._jobs.pop(kind, None) is not None
            self._jobs[kind] = job
            self._changed.notify()

    def results(self) -> list[T]:
        """Take what was done since."""
        found = []
        while self._done:
            found.append(self._done.popleft())
        return found

    def close(self) -> None:
        """Do nothing more; waits a moment for what is being done."""
        with self._changed:
            self._open = False
            self._jobs.clear()
            self._changed.notify()
        self._thread.join(2.0)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or not self._open)
                if not self._open:
                    return
                kind = next(iter(self._jobs))
                job = self._jobs.pop(kind)
            self._done.append(job())
