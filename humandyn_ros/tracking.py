"""Which body is which person: numbers from the source, loss, re-entry, and one wearer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array, SkeletonFrame

LIMB_SMOOTHING = 0.1  # share of a new frame in a person's limb lengths
MIN_LIMBS = 3  # that must be comparable before lengths decide anything
SHORTEST_LIMB_M = 0.03


@dataclass(frozen=True)
class TrackingConfig(Checked):
    """When a body is taken for a person seen before, and who is the wearer."""

    select: str = setting(
        'first',
        '',
        "the wearer: 'first' seen, 'nearest' to the sensor when one is chosen, or a body number",
    )
    max_people: int = setting(
        10, '', 'most people followed at once; further bodies are ignored', low=1, high=100
    )
    lost_s: float = setting(
        2.0, 's', 'a person unseen for this long is forgotten', low=0.05, high=600.0
    )
    reentry_m: float = setting(
        0.5, 'm', 'a new number this near to a lost person may be that person', low=0.0, high=10.0
    )
    speed: float = setting(
        2.0, 'm/s', 'by which that distance grows while the person is lost', low=0.0, high=20.0
    )
    limb_tolerance: float = setting(
        0.15, '', 'largest relative difference of limb lengths of one person', low=0.01, high=1.0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.select not in ('first', 'nearest') and not self.select.isdecimal():
            raise ConfigError(
                f"TrackingConfig.select = {self.select!r}: choose 'first', 'nearest' or a number"
            )


class Event(Enum):
    """What happened to a person; anything but CONTINUED means: forget the filters' past."""

    CONTINUED = 'continued'
    NEW = 'new'
    RETURNED = 'returned'  # the same person under a new number


@dataclass(frozen=True, eq=False)
class Assignment:
    """One body of a message and the person it belongs to."""

    person: int  # stays the same when the source renumbers a person
    frame: SkeletonFrame
    event: Event


@dataclass(eq=False)
class _Person:
    body_id: int
    seen_ns: int
    centre: Array  # (3,) m
    limbs: Array  # (L,) m; NaN = not seen yet


class Tracker:
    """Follows people through the numbers that a source gives to bodies.

    A known number is the same person, unless limb lengths and place both say otherwise. A new
    number near to where a person was lost, with alike limbs, is that person; else a new one. A
    person keeps the number it was first seen under, where that is free. The wearer stays locked
    until forgotten; the next one is chosen only then.

    Args:
        config: Settings.

    Attributes:
        ignored: Bodies left out: too many people, no point seen, a number twice in one message.
    """

    def __init__(self, config: TrackingConfig | None = None) -> None:
        self.config = config or TrackingConfig()
        self.ignored = 0
        self._people: dict[int, _Person] = {}
        self._wearer: int | None = None

    @property
    def wearer(self) -> int | None:
        """The locked person; None before one was chosen and after it was forgotten."""
        return self._wearer

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody who is not forgotten."""
        return tuple(self._people)

    def reset(self) -> None:
        """Forget everybody."""
        self._people.clear()
        self._wearer = None

    def update(self, frames: Sequence[SkeletonFrame]) -> list[Assignment]:
        """Assign the bodies of one message to people.

        Args:
            frames: All bodies that were seen at one stamp; none, when nobody was.
        """
        if frames:
            self._forget(frames[0].stamp_ns)
        usable = self._usable(frames)
        present = {frame.body_id for frame in usable}
        assignments = []
        # Known numbers first: a new number may take only who is really lost.
        for frame in sorted(usable, key=lambda frame: not self._is_known(frame)):
            assignment = self._assign(frame, present)
            if assignment is not None:
                assignments.append(assignment)
        self._choose_wearer(assignments)
        return assignments

    def _usable(self, frames: Sequence[SkeletonFrame]) -> list[SkeletonFrame]:
        usable: dict[int, SkeletonFrame] = {}
        for frame in frames:
            if frame.body_id not in usable and np.isfinite(frame.points).all(axis=1).any():
                usable[frame.body_id] = frame
        self.ignored += len(frames) - len(usable)
        return list(usable.values())

    def _forget(self, stamp_ns: int) -> None:
        """Drop who was not seen for long, or was seen in a future: the clock was set back."""
        lost_ns = self.config.lost_s * 1e9
        self._people = {
            number: person
            for number, person in self._people.items()
            if abs(stamp_ns - person.seen_ns) <= lost_ns
        }
        if self._wearer not in self._people:
            self._wearer = None

    def _is_known(self, frame: SkeletonFrame) -> bool:
        return any(person.body_id == frame.body_id for person in self._people.values())

    def _assign(self, frame: SkeletonFrame, present: set[int]) -> Assignment | None:
        centre, limbs = _centre(frame), _limb_lengths(frame)
        for number, person in self._people.items():
            if person.body_id == frame.body_id and self._may_be(
                person, frame, centre, limbs, trusted=True
            ):
                return self._go_on(number, frame, centre, limbs, Event.CONTINUED)
        lost = [
            (float(np.linalg.norm(centre - person.centre)), number)
            for number, person in self._people.items()
            if (person.body_id not in present or person.body_id == frame.body_id)
            and person.seen_ns < frame.stamp_ns
            and self._may_be(person, frame, centre, limbs, trusted=False)
        ]
        if lost:
            return self._go_on(min(lost)[1], frame, centre, limbs, Event.RETURNED)
        return self._welcome(frame, centre, limbs)

    def _may_be(
        self, person: _Person, frame: SkeletonFrame, centre: Array, limbs: Array, *, trusted: bool
    ) -> bool:
        """Whether a body may be this person; a trusted number needs only one of two signs."""
        away_s = max(frame.stamp_ns - person.seen_ns, 0) * 1e-9
        reach = self.config.reentry_m + self.config.speed * away_s
        near = bool(np.linalg.norm(centre - person.centre) <= reach)
        ratios = _comparable(limbs, person.limbs)
        if len(ratios) < MIN_LIMBS:
            return near or trusted
        alike = bool(np.median(np.abs(ratios - 1.0)) <= self.config.limb_tolerance)
        return (near or alike) if trusted else (near and alike)

    def _go_on(
        self, number: int, frame: SkeletonFrame, centre: Array, limbs: Array, event: Event
    ) -> Assignment:
        person = self._people[number]
        known = np.where(np.isnan(person.limbs), limbs, person.limbs)
        change = np.where(np.isnan(limbs), 0.0, limbs - known)
        person.body_id, person.centre = frame.body_id, centre
        person.seen_ns = max(person.seen_ns, frame.stamp_ns)
        person.limbs = known + LIMB_SMOOTHING * change
        return Assignment(number, frame, event)

    def _welcome(self, frame: SkeletonFrame, centre: Array, limbs: Array) -> Assignment | None:
        if len(self._people) >= self.config.max_people:
            self.ignored += 1
            return None
        for person in self._people.values():
            if person.body_id == frame.body_id:
                person.body_id = -1  # the source gave that number to somebody else
        number = frame.body_id
        while number in self._people:
            number += 1
        self._people[number] = _Person(frame.body_id, frame.stamp_ns, centre, limbs)
        return Assignment(number, frame, Event.NEW)

    def _choose_wearer(self, assignments: list[Assignment]) -> None:
        if self._wearer is not None or not assignments:
            return
        if self.config.select == 'first':
            self._wearer = min(assignment.person for assignment in assignments)
        elif self.config.select == 'nearest':
            nearest = min(assignments, key=lambda a: float(np.linalg.norm(_centre(a.frame))))
            self._wearer = nearest.person
        else:
            chosen = [a.person for a in assignments if a.frame.body_id == int(self.config.select)]
            self._wearer = chosen[0] if chosen else None


def _centre(frame: SkeletonFrame) -> Array:
    """Median of the points that were seen (3,): a stray one does not move it."""
    seen = np.isfinite(frame.points).all(axis=1)
    return np.asarray(np.median(frame.points[seen], axis=0))


def _limb_lengths(frame: SkeletonFrame) -> Array:
    """Distance of each point to its parent (J,); NaN for roots and where unseen."""
    parents = np.array(frame.skeleton.parents)
    with np.errstate(invalid='ignore', over='ignore'):
        lengths = np.linalg.norm(frame.points - frame.points[parents], axis=1)
    return np.where((parents < 0) | ~np.isfinite(lengths), np.nan, lengths)


def _comparable(limbs: Array, others: Array) -> Array:
    """Ratios of the limbs that both have, left out where too short to tell."""
    if limbs.shape != others.shape:
        return np.empty(0)
    with np.errstate(invalid='ignore'):
        both = (limbs > SHORTEST_LIMB_M) & (others > SHORTEST_LIMB_M)
    return np.asarray(limbs[both] / others[both])
