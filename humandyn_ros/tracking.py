"""Which body is which person: numbers from the source, swaps, loss and re-entry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from humandyn_ros.config import Checked, setting
from humandyn_ros.quantities import Array, SkeletonFrame

LIMB_SMOOTHING = 0.1  # share of a new look in a person's limb lengths
LOOK_NS = 200_000_000  # from one look at the limbs of a person to the next
MIN_LIMBS = 3  # that must be comparable before lengths decide anything
SHORTEST_LIMB_M = 0.03
LONGEST_WAY_S = 1.0  # beyond it the distance that somebody may have gone grows no more
UNBROKEN_S, UNBROKEN_M = 0.2, 0.25  # a path without a break, whatever the number does


@dataclass(frozen=True)
class TrackingConfig(Checked):
    """When a body is taken for a person seen before."""

    max_people: int = setting(
        20, '', 'most bodies at once; further ones are ignored', low=1, high=100
    )
    left_s: float = setting(
        5.0, 's', 'a body not seen for this long has left', low=0.5, high=3600.0
    )
    reentry_m: float = setting(
        0.5, 'm', 'a new number this near to a lost person may be that person', low=0.0, high=10.0
    )
    speed: float = setting(
        2.0, 'm/s', 'by which that distance grows in the first second', low=0.0, high=20.0
    )
    limb_tolerance: float = setting(
        0.15, '', 'largest relative difference of limb lengths of one person', low=0.01, high=1.0
    )


class Event(Enum):
    """What happened to a person; anything but CONTINUED means: forget the filters' past."""

    CONTINUED = 'continued'  # its path has no break, even where the number changed
    NEW = 'new'
    RETURNED = 'returned'  # the same person, somewhere else or after a while


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
    looked_ns: int


class Tracker:
    """Follows people through the numbers that a source gives to bodies.

    Who has the number of a person and stands where it was, is that person. Of the others, who
    stands where somebody was lost and has alike limbs is that one, whatever its number says: so
    two people whose numbers are swapped stay who they are. Then a number alone is believed if the
    limbs are alike. Everybody else is new. A person keeps the number it was first seen under,
    where that is free.

    Args:
        config: Settings.

    Attributes:
        ignored: Bodies left out: too many people, no point seen, a number twice in one message.
    """

    def __init__(self, config: TrackingConfig | None = None) -> None:
        self.config = config or TrackingConfig()
        self.ignored = 0
        self._people: dict[int, _Person] = {}

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody who is not forgotten."""
        return tuple(self._people)

    def person_of(self, body_id: int) -> int | None:
        """The person who had this number of the source last; None where nobody had."""
        return next((n for n, p in self._people.items() if p.body_id == body_id), None)

    def reset(self) -> None:
        """Forget everybody."""
        self._people.clear()

    def forget(self, person: int) -> None:
        """Forget one person."""
        self._people.pop(person, None)

    def update(self, frames: Sequence[SkeletonFrame]) -> list[Assignment]:
        """Assign the bodies of one message to people, in the message's order.

        Args:
            frames: All bodies that were seen at one stamp; none, when nobody was.
        """
        if frames:
            self._forget(frames[0].stamp_ns)
        usable = self._usable(frames)
        found: dict[int, Assignment] = {}
        for rule in (self._in_place, self._nearest_lost, self._by_number, self._welcome):
            left = [frame for frame in usable if frame.body_id not in found]
            if left:
                taken = {assignment.person for assignment in found.values()}
                rule(left, taken, found)
        return [found[frame.body_id] for frame in usable if frame.body_id in found]

    def _usable(self, frames: Sequence[SkeletonFrame]) -> list[SkeletonFrame]:
        usable: dict[int, SkeletonFrame] = {}
        for frame in frames:
            if frame.body_id not in usable and np.isfinite(frame.points[:, 0]).any():
                usable[frame.body_id] = frame
        self.ignored += len(frames) - len(usable)
        return list(usable.values())

    def _forget(self, stamp_ns: int) -> None:
        """Drop who was not seen for long, or was seen in a future: the clock was set back."""
        left_ns = self.config.left_s * 1e9
        for number, person in list(self._people.items()):
            if abs(stamp_ns - person.seen_ns) > left_ns:
                del self._people[number]

    def _in_place(
        self, frames: list[SkeletonFrame], taken: set[int], found: dict[int, Assignment]
    ) -> None:
        by_number = {person.body_id: number for number, person in self._people.items()}
        for frame in frames:
            number = by_number.get(frame.body_id)
            if number is None:
                continue
            centre = _centre(frame)
            if self._near(self._people[number], frame, centre) is not None:
                found[frame.body_id] = self._go_on(number, frame, centre)

    def _nearest_lost(
        self, frames: list[SkeletonFrame], taken: set[int], found: dict[int, Assignment]
    ) -> None:
        pairs = []
        for index, frame in enumerate(frames):
            centre = _centre(frame)
            for number, person in self._people.items():
                away = None if number in taken else self._near(person, frame, centre)
                known = frame.stamp_ns > person.seen_ns and away is not None
                if known and self._alike(person, frame, unsure=True):
                    pairs.append((away, index, number, centre))
        for _, index, number, centre in sorted(pairs, key=lambda pair: pair[:3]):
            frame = frames[index]
            if number not in taken and frame.body_id not in found:
                found[frame.body_id] = self._go_on(number, frame, centre)
                taken.add(number)

    def _by_number(
        self, frames: list[SkeletonFrame], taken: set[int], found: dict[int, Assignment]
    ) -> None:
        for frame in frames:
            number = self.person_of(frame.body_id)
            if number is None or number in taken:
                continue
            if self._alike(self._people[number], frame, unsure=False):
                found[frame.body_id] = self._go_on(number, frame, _centre(frame))

    def _welcome(
        self, frames: list[SkeletonFrame], taken: set[int], found: dict[int, Assignment]
    ) -> None:
        for frame in frames:
            if len(self._people) >= self.config.max_people:
                self.ignored += 1
                continue
            self._take_number(frame.body_id)
            number = frame.body_id
            while number in self._people:
                number += 1
            stamp_ns = frame.stamp_ns
            self._people[number] = _Person(
                frame.body_id, stamp_ns, _centre(frame), _limb_lengths(frame), stamp_ns
            )
            found[frame.body_id] = Assignment(number, frame, Event.NEW)

    def _take_number(self, body_id: int) -> None:
        """The source gave this number to somebody else."""
        for person in self._people.values():
            if person.body_id == body_id:
                person.body_id = -1

    def _near(self, person: _Person, frame: SkeletonFrame, centre: Array) -> float | None:
        """Distance from where the person was, m; None where nobody goes that far."""
        away_s = min(max(frame.stamp_ns - person.seen_ns, 0) * 1e-9, LONGEST_WAY_S)
        distance = math.dist(centre.tolist(), person.centre.tolist())
        return distance if distance <= self.config.reentry_m + self.config.speed * away_s else None

    def _alike(self, person: _Person, frame: SkeletonFrame, *, unsure: bool) -> bool:
        """Whether limbs fit; `unsure` where there are too few to tell."""
        ratios = _comparable(_limb_lengths(frame), person.limbs)
        if len(ratios) < MIN_LIMBS:
            return unsure
        return bool(np.median(np.abs(ratios - 1.0)) <= self.config.limb_tolerance)

    def _go_on(self, number: int, frame: SkeletonFrame, centre: Array) -> Assignment:
        person = self._people[number]
        moved = math.dist(centre.tolist(), person.centre.tolist())
        gone_s = (frame.stamp_ns - person.seen_ns) * 1e-9
        same = person.body_id == frame.body_id
        far = moved > self.config.reentry_m + self.config.speed * min(
            max(gone_s, 0.0), LONGEST_WAY_S
        )
        broken = far if same else gone_s > UNBROKEN_S or moved > UNBROKEN_M
        if not same:
            self._take_number(frame.body_id)
        person.body_id, person.centre = frame.body_id, centre
        person.seen_ns = max(person.seen_ns, frame.stamp_ns)
        if abs(frame.stamp_ns - person.looked_ns) >= LOOK_NS:
            person.looked_ns = frame.stamp_ns
            person.limbs = _learnt(person.limbs, _limb_lengths(frame))
        return Assignment(number, frame, Event.RETURNED if broken else Event.CONTINUED)


def _learnt(known: Array, limbs: Array) -> Array:
    if known.shape != limbs.shape:
        return limbs
    known = np.where(np.isnan(known), limbs, known)
    return known + LIMB_SMOOTHING * np.where(np.isnan(limbs), 0.0, limbs - known)


def _centre(frame: SkeletonFrame) -> Array:
    """Median of the points that were seen (3,): a stray one does not move it."""
    points = frame.points
    seen = np.isfinite(points).all(axis=1)
    points = points if seen.all() else points[seen]
    return np.asarray(np.sort(points, axis=0)[len(points) // 2])


def _limb_lengths(frame: SkeletonFrame) -> Array:
    """Distance of each point to its parent (J,); NaN for roots and where unseen."""
    parents = np.array(frame.skeleton.parents)
    if len(parents) != len(frame.points):
        return np.empty(0)
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
