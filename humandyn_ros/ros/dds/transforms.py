"""Frames and how they moved: what tf2's buffer answers, kept small.

A tree of frames; each child remembers where it was in its parent over the last ten seconds, or
for ever if it is static. Between two stamps positions are interpolated linearly and rotations on
the sphere (Shoemake 1985); beyond them nothing is guessed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from humandyn_ros.ros.handle import Transform

_WINDOW_NS = 10 * 10**9  # tf2's default cache time
_DEEPEST = 1000  # frames between a frame and its root; more is a loop
_MOST_FRAMES = 10_000
_MOST_STAMPS = 20_000  # per frame: ten seconds at 2 kHz

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]  # x y z w


@dataclass
class _Track:
    """Where one child was, by stamp."""

    stamps_ns: list[int] = field(default_factory=list)
    places: list[Transform] = field(default_factory=list)
    static: bool = False

    def insert(self, place: Transform, static: bool) -> None:
        stamp = place.stamp_ns
        if static or self.static or (self.stamps_ns and stamp < self.stamps_ns[-1] - _WINDOW_NS):
            self.clear()  # a fixed frame has one place; so old a stamp means time began again
        self.static = static
        index = bisect_left(self.stamps_ns, stamp)
        if index < len(self.stamps_ns) and self.stamps_ns[index] == stamp:
            self.places[index] = place
            return
        self.stamps_ns.insert(index, stamp)
        self.places.insert(index, place)
        old = bisect_left(self.stamps_ns, self.stamps_ns[-1] - _WINDOW_NS)
        old = max(old, len(self.stamps_ns) - _MOST_STAMPS)
        del self.stamps_ns[:old], self.places[:old]

    def clear(self) -> None:
        self.stamps_ns.clear()
        self.places.clear()

    def at(self, stamp_ns: int) -> Transform | None:
        """Return the place at a stamp, None outside what is known."""
        if self.static:
            return self.places[0]
        index = bisect_left(self.stamps_ns, stamp_ns)
        if index == len(self.stamps_ns):
            return None
        after = self.places[index]
        if after.stamp_ns == stamp_ns:
            return after
        before = self.places[index - 1] if index else None
        if before is None or before.parent != after.parent:
            return None
        return _between(before, after, stamp_ns)


class TransformBuffer:
    """Answers where one frame is in another."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def insert(self, place: Transform, *, static: bool = False) -> bool:
        """Learn where a child is in its parent; return whether the transform makes sense."""
        numbers = (*place.translation, *place.rotation_quat_xyzw)
        length = math.hypot(*place.rotation_quat_xyzw)
        if not all(map(math.isfinite, numbers)) or abs(length - 1.0) > 0.1:
            return False
        if not place.child or not place.parent or place.child == place.parent:
            return False
        if len(self._tracks) >= _MOST_FRAMES and place.child not in self._tracks:
            return False
        x, y, z, w = place.rotation_quat_xyzw
        unit = (x / length, y / length, z / length, w / length)
        kept = Transform(place.parent, place.child, place.stamp_ns, place.translation, unit)
        self._tracks.setdefault(place.child, _Track()).insert(kept, static)
        return True

    def clear(self) -> None:
        """Forget everything that moves; time went backwards."""
        self._tracks = {child: track for child, track in self._tracks.items() if track.static}

    def look_up(self, target: str, source: str, stamp_ns: int) -> Transform | None:
        """Return where `source` is in `target`; stamp 0 asks for the latest common instant."""
        if stamp_ns == 0:
            stamp_ns = self._latest(target, source)
        up = self._chain(source, stamp_ns)
        down = self._chain(target, stamp_ns)
        shared = next((frame for frame in up if frame in down), None)
        if shared is None:
            return None
        position, rotation = _compose(up, shared)
        origin, orientation = _compose(down, shared)
        inverse = _conjugate(orientation)
        offset = (position[0] - origin[0], position[1] - origin[1], position[2] - origin[2])
        turned = _multiply(inverse, rotation)
        return Transform(target, source, stamp_ns, _rotate(inverse, offset), turned)

    def _chain(self, frame: str, stamp_ns: int) -> dict[str, Transform | None]:
        """Return the frames from this one to its root, each with its place in the next."""
        chain: dict[str, Transform | None] = {}
        while len(chain) < _DEEPEST and frame not in chain:
            track = self._tracks.get(frame)
            chain[frame] = place = track.at(stamp_ns) if track and track.places else None
            if place is None:
                break
            frame = place.parent
        return chain

    def _latest(self, *frames: str) -> int:
        """Return the newest stamp at which everything above both frames is known."""
        moving = [track for frame in frames for track in self._above(frame) if not track.static]
        return min((track.stamps_ns[-1] for track in moving), default=0)

    def _above(self, frame: str) -> Iterator[_Track]:
        for _ in range(_DEEPEST):
            track = self._tracks.get(frame)
            if track is None or not track.places:
                return
            yield track
            frame = track.places[-1].parent


def _compose(chain: dict[str, Transform | None], end: str) -> tuple[Vector, Quaternion]:
    position: Vector = (0.0, 0.0, 0.0)
    rotation: Quaternion = (0.0, 0.0, 0.0, 1.0)
    for frame, place in chain.items():
        if frame == end or place is None:
            break
        moved = _rotate(place.rotation_quat_xyzw, position)
        x, y, z = place.translation
        position = (moved[0] + x, moved[1] + y, moved[2] + z)
        rotation = _multiply(place.rotation_quat_xyzw, rotation)
    return position, rotation


def _between(before: Transform, after: Transform, stamp_ns: int) -> Transform:
    part = (stamp_ns - before.stamp_ns) / (after.stamp_ns - before.stamp_ns)
    ax, ay, az = before.translation
    bx, by, bz = after.translation
    translation = (ax + part * (bx - ax), ay + part * (by - ay), az + part * (bz - az))
    rotation = _slerp(before.rotation_quat_xyzw, after.rotation_quat_xyzw, part)
    return Transform(after.parent, after.child, stamp_ns, translation, rotation)


def _slerp(a: Quaternion, b: Quaternion, part: float) -> Quaternion:
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    sign = 1.0 if cosine >= 0 else -1.0  # q and -q are one rotation: take the shorter way
    angle = math.acos(min(1.0, abs(cosine)))
    if angle < 1e-6:
        first, second = 1.0 - part, part * sign
    else:
        first = math.sin((1.0 - part) * angle) / math.sin(angle)
        second = math.sin(part * angle) / math.sin(angle) * sign
    x, y, z, w = (first * p + second * q for p, q in zip(a, b, strict=True))
    length = math.hypot(x, y, z, w)
    return (x / length, y / length, z / length, w / length)


def _conjugate(q: Quaternion) -> Quaternion:
    return (-q[0], -q[1], -q[2], q[3])


def _multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def _rotate(q: Quaternion, v: Vector) -> Vector:
    x, y, z, _ = _multiply(_multiply(q, (*v, 0.0)), _conjugate(q))
    return (x, y, z)
