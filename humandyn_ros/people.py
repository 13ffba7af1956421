"""Several people at once: one estimator each, a bounded number of them, and one locked wearer."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from humandyn_ros.config import PersonConfig, setting
from humandyn_ros.engines.factory import Engines
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.quantities import Estimate, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat
from humandyn_ros.tracking import Assignment, Event, Tracker, TrackingConfig

FIRST_SEEN = -1
_NEW_AT_ONCE = 2  # of one message: making an estimator takes 10 ms, and the wearer must not wait


@dataclass(frozen=True)
class PeopleConfig(TrackingConfig):
    """How many people, who is the wearer, and when somebody has left."""

    wearer: int = setting(
        FIRST_SEEN,
        '',
        'body number that is the wearer; -1: chosen by `choose`, and again when that one has left',
        low=-1,
        high=2**32 - 1,
    )
    choose: str = setting(
        'first',
        '',
        'how the wearer is chosen: the first seen, the nearest to the origin of the points then, '
        'or the nearest when somebody arms',
        choices=('first', 'nearest', 'armed'),
    )


T = TypeVar('T')
T_co = TypeVar('T_co', covariant=True)


class Individual(Protocol[T_co]):
    """What looks at one person: an estimator of dynamics, or of actions."""

    dropped: int

    @property
    def reason(self) -> str:
        """Why the newest frame gave no answer; '' when it did."""

    def push(self, frame: SkeletonFrame) -> tuple[T_co, ...]:
        """Take one frame and return what became known."""

    def tick(self, now_ns: int) -> tuple[T_co, ...]:
        """Tell the time on a steady clock; returns what silence has to say."""

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex."""

    def reset(self, reason: str) -> None:
        """Forget the motion so far."""


class Crowd(ABC, Generic[T]):
    """Everybody in front of one sensor, each looked at by one of a kind.

    Args:
        person: Body mass, height and sex, taken for everybody.
        config: Who counts.
    """

    def __init__(
        self, person: PersonConfig | None = None, config: PeopleConfig | None = None
    ) -> None:
        self._person = person or PersonConfig()
        self._config = config or PeopleConfig()
        self._tracker = Tracker(self._config)
        self._estimators: dict[int, Individual[T]] = {}
        self._seen: set[int] = set()  # since the last tick
        self._seen_ns: dict[int, int] = {}
        self._distance_m: dict[int, float] = {}
        self._wearer: int | None = None

    @property
    def wearer(self) -> int | None:
        """Number of the locked person; None until somebody was locked."""
        return self._wearer

    @property
    def bodies(self) -> tuple[int, ...]:
        """Numbers of everybody who has not left."""
        return tuple(self._estimators)

    @property
    def ignored(self) -> int:
        """Bodies that were left out: too many, or nothing of them was seen."""
        return self._tracker.ignored

    def reason(self, body_id: int) -> str:
        """Why somebody present gets no estimate now; '' when they do."""
        return self._estimators[body_id].reason

    @property
    def dropped(self) -> int:
        """Frames that repeated or came too late, of everybody present."""
        return sum(estimator.dropped for estimator in self._estimators.values())

    @abstractmethod
    def _make(self) -> Individual[T]:
        """Make what looks at somebody new."""

    def push(self, frames: Sequence[SkeletonFrame]) -> tuple[T, ...]:
        """Take the frames of one message and return the estimates that became ready.

        Raises:
            StreamError: A frame has another number of joints than the format.
        """
        estimates: list[T] = []
        assigned = self._in_turn(self._tracker.update(frames))
        self._bound()
        for assignment in assigned:
            self._admit(assignment)
        self._look_for_wearer([assignment.person for assignment in assigned])
        for assignment in assigned:
            frame = assignment.frame
            if frame.body_id != assignment.person:
                frame = dataclasses.replace(frame, body_id=assignment.person)
            estimates += self._estimators[assignment.person].push(frame)
        if len(assigned) < len(frames):
            self._unseen(frames)
        return tuple(estimates)

    def _in_turn(self, assigned: Sequence[Assignment]) -> list[Assignment]:
        """Leave most of a crowd that appears at once to the messages after this one."""
        new = [each.person for each in assigned if each.person not in self._estimators]
        later = set(new[_NEW_AT_ONCE:]) if self._estimators else set()
        return [each for each in assigned if each.person not in later]

    def _bound(self) -> None:
        """Keep estimators of people who are followed, and the wearer's, only."""
        if len(self._estimators) > self._config.max_people:
            for gone in set(self._estimators) - {*self._tracker.people, self._wearer}:
                del self._estimators[gone]
                self._seen_ns.pop(gone, None)
                self._distance_m.pop(gone, None)

    def _admit(self, assignment: Assignment) -> None:
        person, event = assignment.person, assignment.event
        if person not in self._estimators:
            self._estimators[person] = self._make()
        elif event is not Event.CONTINUED:
            self._estimators[person].reset(f'b{person} is {event.value}')
        self._seen.add(person)
        self._distance_m[person] = _distance(assignment.frame)

    def _unseen(self, frames: Sequence[SkeletonFrame]) -> None:
        """Tell the estimators of people of whom nothing was seen."""
        for frame in frames:
            if not np.isfinite(frame.points).all(axis=1).any():
                person = self._tracker.person_of(frame.body_id)
                if person in self._estimators:
                    self._estimators[person].push(frame)

    def _look_for_wearer(self, present: Sequence[int]) -> None:
        if self._wearer is not None or not present:
            return
        if self._config.wearer != FIRST_SEEN:
            if self._config.wearer in present:
                self._lock(self._config.wearer)
        elif self._config.choose == 'first':
            self._lock(present[0])
        elif self._config.choose == 'nearest':
            self._lock(min(present, key=self._distance_m.__getitem__))

    def lock_nearest(self) -> int | None:
        """Make the nearest person the wearer if there is none yet; returns the wearer."""
        if self._wearer is None and self._distance_m and self._config.wearer == FIRST_SEEN:
            self._lock(min(self._distance_m, key=self._distance_m.__getitem__))
        return self._wearer

    def unlock(self) -> None:
        """Let go of the wearer, so that the next one is chosen anew."""
        self._wearer = None

    def _lock(self, person: int) -> None:
        self._wearer = person
        # Whoever wore it before had other torques: these settle anew and rise from zero.
        self._estimators[person].reset('locked as the wearer')

    def tick(self, now_ns: int) -> tuple[T, ...]:
        """Tell the time; returns fading, then invalid, estimates of those not seen.

        Args:
            now_ns: A steady clock.
        """
        estimates: list[T] = []
        for body_id, estimator in list(self._estimators.items()):
            if body_id in self._seen or body_id not in self._seen_ns:
                self._seen_ns[body_id] = now_ns
            elif now_ns - self._seen_ns[body_id] > self._config.left_s * 1e9:
                self._leave(body_id)
            estimates += estimator.tick(now_ns)
        self._seen.clear()
        return tuple(estimates)

    def _leave(self, body_id: int) -> None:
        # The wearer stays, as an invalid estimate, until somebody can take the place: silence
        # on the wearer's topics would look like a node that died.
        if body_id == self._wearer:
            present = [other for other in self._estimators if other in self._seen]
            if self._config.wearer != FIRST_SEEN or not present:
                return
            self._wearer = None
            self._look_for_wearer(present)
        self._tracker.forget(body_id)
        del self._estimators[body_id], self._seen_ns[body_id]
        self._distance_m.pop(body_id, None)

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex of everybody."""
        self._person = person
        for estimator in self._estimators.values():
            estimator.set_person(person)

    def reset(self, reason: str) -> None:
        """Forget everybody's motion so far."""
        self._tracker.reset()
        for estimator in self._estimators.values():
            estimator.reset(reason)


class People(Crowd[Estimate]):
    """The dynamics of everybody in front of one sensor.

    Args:
        skeleton: Format of the frames, or its name.
        person: Body mass, height and sex, taken for everybody.
        estimator: Settings of every estimator.
        config: Who counts.
        engines: What makes engines, open already; default: opened for these people.
    """

    def __init__(
        self,
        skeleton: SkeletonFormat | str = 'smpl_24',
        person: PersonConfig | None = None,
        estimator: EstimatorConfig | None = None,
        config: PeopleConfig | None = None,
        *,
        engines: Engines | None = None,
    ) -> None:
        super().__init__(person, config)
        self._skeleton = skeleton
        self._settings = estimator or EstimatorConfig()
        self._engines = engines or Engines(self._settings)

    def _make(self) -> Estimator:
        return Estimator(self._skeleton, self._person, self._settings, engines=self._engines)


def _distance(frame: SkeletonFrame) -> float:
    """From the origin of the points to the middle of those seen, m."""
    seen = np.isfinite(frame.points).all(axis=1)
    return math.hypot(*frame.points[seen].mean(axis=0).tolist())
