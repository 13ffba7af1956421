"""What a file holds: motion, forces of force plates, reference joint moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.quantities import Array, Skeleton, SkeletonFrame


@dataclass(frozen=True, eq=False)
class Recording:
    """The motion of one body, as its file gives it."""

    name: str  # file name without its endings, or topic and body
    stamps_ns: NDArray[np.int64]  # (T,) increasing
    points: Array  # (T, J, 3) m in the file's axes; NaN = not seen
    confidence: Array  # (T, J) 0-1
    names: tuple[str, ...]  # (J,) markers or joints, in file order
    rate_hz: float
    up: str  # the file's upward axis: X, Y, Z, -X, -Y or -Z
    format: str | None  # skeleton format where the file or the caller names one
    kind: str  # 'markers', 'joints' or 'ik'
    parents: tuple[int, ...] = ()  # (J,) where the file has a tree
    body_id: int = 1
    frame_id: str = 'world'
    notes: tuple[str, ...] = field(default=())  # what was assumed, mended or left out
    parameters: Mapping[str, float] = field(default_factory=dict)  # of the person, from the file

    @property
    def skeleton(self) -> Skeleton:
        """The names as a skeleton; without a tree every point is a root."""
        parents = self.parents or (-1,) * len(self.names)
        return Skeleton(self.format or self.name, self.names, parents)

    def frames(self) -> Iterator[SkeletonFrame]:
        """Yield the frames in time order, in the file's axes."""
        skeleton = self.skeleton
        for stamp, points, confidence in zip(
            self.stamps_ns.tolist(), self.points, self.confidence, strict=True
        ):
            yield SkeletonFrame(stamp, self.frame_id, self.body_id, skeleton, points, confidence)


@dataclass(frozen=True, eq=False)
class Plate:
    """One force plate, or one foot where the file keeps the feet apart; world z up."""

    name: str
    foot: str | None  # 'left' or 'right' where the file says so
    force: Array  # (T, 3) N, of the ground on the person; zero while unloaded
    centre_of_pressure: Array  # (T, 3) m; NaN while unloaded
    moment: Array  # (T, 3) N·m, free moment about the centre of pressure
    corners: Array | None = None  # (4, 3) m


@dataclass(frozen=True, eq=False)
class Forces:
    """Force plates on one clock."""

    stamps_ns: NDArray[np.int64]  # (T,)
    plates: tuple[Plate, ...]
    recognised: str  # how the columns or channels were read
    rate_hz: float


@dataclass(frozen=True, eq=False)
class Moments:
    """Reference joint moments in Rajagopal coordinates, internal, positive raises the angle."""

    stamps_ns: NDArray[np.int64]  # (T,)
    names: tuple[str, ...]  # (N,) e.g. 'hip_flexion_r'
    values: Array  # (T, N) N·m
    notes: tuple[str, ...] = field(default=())
