"""Several people at once: one estimator each, a bounded number of them, and one locked wearer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.quantities import Estimate, SkeletonFrame
from humandyn_ros.skeleton import SkeletonFormat

FIRST_SEEN = -1


@dataclass(frozen=True)
class PeopleConfig(Checked):
    """How many people, who is the wearer, and when somebody has left."""

    wearer: int = setting(
        FIRST_SEEN,
        '',
        'body number that is the wearer; -1: the first seen, then whoever is there when that one '
        'has left',
        low=-1,
        high=2**32 - 1,
    )
    max_people: int = setting(
        20, '', 'most bodies at once; further ones are ignored', low=1, high=100
    )
    left_s: float = setting(
        5.0, 's', 'a body not seen for this long has left', low=0.5, high=3600.0
    )


class People:
    """Everybody in front of one sensor.

    Args:
        skeleton: Format of the frames, or its name.
        person: Body mass, height and sex, taken for everybody.
        estimator: Settings of every estimator.
        config: Who counts.
    """

    def __init__(
        self,
        skeleton: SkeletonFormat | str = 'smpl_24',
        person: PersonConfig | None = None,
        estimator: EstimatorConfig | None = None,
        config: PeopleConfig | None = None,
    ) -> None:
        self._skeleton = skeleton
        self._person = person or PersonConfig()
        self._settings = estimator or EstimatorConfig()
        self._config = config or PeopleConfig()
        self._estimators: dict[int, Estimator] = {}
        self._seen: set[int] = set()  # since the last tick
        self._seen_ns: dict[int, int] = {}
        self._wearer: int | None = None
        self.ignored = 0

    @property
    def wearer(self) -> int | None:
        """Number of the locked person; None until somebody was locked."""
        return self._wearer

    @property
    def bodies(self) -> tuple[int, ...]:
        """Numbers of everybody who has not left."""
        return tuple(self._estimators)

    def reason(self, body_id: int) -> str:
        """Why somebody present gets no estimate now; '' when they do."""
        return self._estimators[body_id].reason

    @property
    def dropped(self) -> int:
        """Frames that repeated or came too late, of everybody present."""
        return sum(estimator.dropped for estimator in self._estimators.values())

    def push(self, frames: Sequence[SkeletonFrame]) -> tuple[Estimate, ...]:
        """Take the frames of one message and return the estimates that became ready.

        Raises:
            StreamError: A frame has another number of joints than the format.
        """
        estimates: list[Estimate] = []
        for frame in frames:
            estimator = self._estimator_of(frame.body_id)
            if estimator is not None:
                estimates += estimator.push(frame)
        return tuple(estimates)

    def _estimator_of(self, body_id: int) -> Estimator | None:
        if body_id not in self._estimators:
            if len(self._estimators) >= self._config.max_people:
                self.ignored += 1
                return None
            self._estimators[body_id] = Estimator(self._skeleton, self._person, self._settings)
        self._seen.add(body_id)
        self._lock(body_id)
        return self._estimators[body_id]

    def _lock(self, body_id: int) -> None:
        if self._wearer is not None or self._config.wearer not in (FIRST_SEEN, body_id):
            return
        self._wearer = body_id
        # Whoever wore it before had other torques: these settle anew and rise from zero.
        self._estimators[body_id].reset('locked as the wearer')

    def tick(self, now_ns: int) -> tuple[Estimate, ...]:
        """Tell the time; returns fading, then invalid, estimates of those not seen.

        Args:
            now_ns: A steady clock.
        """
        estimates: list[Estimate] = []
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
            self._lock(present[0])
        del self._estimators[body_id], self._seen_ns[body_id]

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex of everybody."""
        self._person = person
        for estimator in self._estimators.values():
            estimator.set_person(person)

    def reset(self, reason: str) -> None:
        """Forget everybody's motion so far."""
        for estimator in self._estimators.values():
            estimator.reset(reason)
