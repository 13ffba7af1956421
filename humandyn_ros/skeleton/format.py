"""Skeleton formats: what a source's points are called, how they lie, what they stand for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from humandyn_ros.errors import SkeletonError
from humandyn_ros.quantities import Array, Skeleton

Rule = Mapping[str, float] | str
"""How one canonical joint is made: weights of points, or the name of a method.

A name that begins with '=' is a canonical joint of the same map.
"""


@dataclass(frozen=True)
class Segment:
    """Markers that move as one body, and the joint centres fixed in it.

    Attributes:
        markers: Markers, and joint centres found before it.
        gives: Joint centres that are taken from it.
        fills: Joint centres that are taken from it where the markers' own method fails.
    """

    markers: tuple[str, ...]
    gives: tuple[str, ...]
    fills: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SkeletonFormat:
    """One format file, checked.

    Attributes:
        name: The format's name, that of its file.
        skeleton: Point names in message order, with their tree.
        kind: 'joints' (points are joint centres) or 'markers' (points are on the skin).
        up: Axis that points up: X, Y, Z, -X, -Y or -Z.
        handedness: 'right' or 'left'.
        unit: Length unit of the points that arrive; readers of files always give 'm'.
        dims: 3, or 2 for images.
        lacks: What the source cannot show, e.g. ('heels', 'hands').
        optional: Points that may be absent.
        aliases: Point name to other names it has in files.
        landmarks: Anatomical landmark to its marker, or to its left and right marker.
        segments: Clusters for calibration with a static trial.
        rules: Canonical joint to the ways to make it, best first.
        notes: What this format's map assumes.
        columns: For a bound format, the place of each point in the frame, -1 for absent ones.
        width: For a bound format, how many points a frame has.
    """

    name: str
    skeleton: Skeleton
    kind: str
    up: str
    handedness: str
    unit: str
    dims: int
    lacks: tuple[str, ...]
    optional: frozenset[str]
    aliases: Mapping[str, tuple[str, ...]]
    landmarks: Mapping[str, tuple[str, ...]]
    segments: Mapping[str, Segment]
    rules: Mapping[str, tuple[Rule, ...]]
    notes: tuple[str, ...]
    columns: tuple[int, ...]
    width: int

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the points that must be there."""
        return tuple(n for n in self.skeleton.joints if n not in self.optional)

    @cached_property
    def _spelling(self) -> dict[str, str]:
        other = {plain(a): name for name, names in self.aliases.items() for a in names}
        return other | {plain(name): name for name in self.skeleton.joints}

    def match(self, names: Sequence[str]) -> dict[str, int]:
        """Find this format's points among `names`: point name to its place."""
        found: dict[str, int] = {}
        for place, name in enumerate(names):
            point = self._spelling.get(plain(name))
            if point is not None and (point not in found or plain(name) == plain(point)):
                found[point] = place
        return found

    def bind(self, names: Sequence[str]) -> SkeletonFormat:
        """Return this format for frames whose points are called `names`, in that order.

        Order is free, case and separators do not count, prefixes such as 'subject:' are
        dropped, points that are not of this format are left aside.

        Raises:
            SkeletonError: Points the format needs are not there; all of them are named.
        """
        found = self.match(names)
        missing = [name for name in self.required if name not in found]
        if missing:
            raise SkeletonError(
                f'format {self.name}: {len(missing)} of {len(self.required)} needed points are '
                f'missing: {", ".join(missing)}; the frame has {", ".join(names)}; '
                'choose another format or add aliases to a format file of your own'
            )
        columns = tuple(found.get(name, -1) for name in self.skeleton.joints)
        return dataclasses.replace(self, columns=columns, width=len(names))

    def seen(self, points: Array) -> SkeletonFormat:
        """Return this format without the optional points that never show.

        Marker sets differ in what is placed; what needs a marker that was left off gives way to
        the next best.

        Args:
            points: (..., J, 3) as the format is bound, NaN = not seen.
        """
        shown = np.asarray(np.isfinite(points[..., 0].reshape(-1, self.width)).any(axis=0))
        columns = tuple(
            -1 if name in self.optional and column >= 0 and not shown[column] else column
            for name, column in zip(self.skeleton.joints, self.columns, strict=True)
        )
        return self if columns == self.columns else dataclasses.replace(self, columns=columns)

    def has(self, name: str) -> bool:
        """Whether the frames hold this point."""
        return name in self.skeleton.index and self.columns[self.skeleton.index[name]] >= 0


def plain(name: str) -> str:
    """Reduce a name to what counts: no subject prefix, no separators, lower case."""
    return re.sub(r'[\s._\-]', '', name.rsplit(':', 1)[-1]).casefold()
