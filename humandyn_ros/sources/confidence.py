"""Confidence for sources that drop it: what is not seen, drifts in length, or jitters.

A joint keeps what its source says (1 where that says nothing) times two factors. The bone factor
falls as the joint's best-kept bone leaves its usual length; the jitter factor falls as second
differences of its path leave what joint centres do between frames.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from humandyn_ros.quantities import Array, Mask, SkeletonFrame

_BODIES = 100  # most bodies remembered
_FORGOTTEN_NS = 10_000_000_000
_LEARN = 0.05  # share of a new frame in usual lengths and jitter
_KNOWN = 10  # frames before a usual length is worth anything
_DRIFT = (0.10, 0.35)  # change of length, in lengths: below it sure, beyond it not believed
_LIMB_M = 0.25  # noise alone changes a shorter bone by more than its share
_JITTER_M = (0.03, 0.12)  # standard deviation of a point that jumps, per axis
_SHORTEST_M = 0.03
_FRAME_S = 0.1  # frames further apart say nothing about jitter


@dataclass
class _Body:
    seen_ns: int
    usual: Array  # (J,) m, NaN until known: length of the bone to the parent
    frames: Array  # (J,) how often that bone was seen
    variance: Array  # (J,) m²
    path: list[tuple[int, Array]] = field(default_factory=list)  # the two newest frames


class ConfidenceRebuilder:
    """Rebuilds confidence, frame by frame, for every body of one source."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[int, _Body] = OrderedDict()

    def rebuild(self, frame: SkeletonFrame) -> SkeletonFrame:
        """Return the frame with its confidence scaled down where it deserves less."""
        body = self._body(frame)
        factor = self._bones(body, frame) * self._jitter(body, frame)
        return dataclasses.replace(frame, confidence=frame.confidence * factor)

    def _body(self, frame: SkeletonFrame) -> _Body:
        body = self._bodies.pop(frame.body_id, None)
        away = body is not None and abs(frame.stamp_ns - body.seen_ns) > _FORGOTTEN_NS
        joints = len(frame.points)
        if body is None or away or len(body.usual) != joints:
            body = _Body(
                frame.stamp_ns, np.full(joints, np.nan), np.zeros(joints), np.zeros(joints)
            )
        body.seen_ns = frame.stamp_ns
        self._bodies[frame.body_id] = body
        if len(self._bodies) > _BODIES:
            self._bodies.popitem(last=False)
        return body

    @staticmethod
    def _bones(body: _Body, frame: SkeletonFrame) -> Array:
        parents = np.array(frame.skeleton.parents)
        lengths = np.linalg.norm(frame.points - frame.points[parents], axis=1)
        bone: Mask = (parents >= 0) & (lengths > _SHORTEST_M) & np.isfinite(lengths)
        with np.errstate(invalid='ignore'):
            drift = np.abs(lengths - body.usual) / np.fmax(body.usual, _LIMB_M)
        known: Mask = bone & (body.frames >= _KNOWN)
        score = np.where(known, _falling(np.nan_to_num(drift), *_DRIFT), np.nan)
        _learn(body, lengths, bone)
        best = score.copy()  # of all bones that meet in a joint: one good one clears it
        children = np.flatnonzero(known)
        np.fmax.at(best, parents[children], score[children])
        return np.where(np.isnan(best), 1.0, best)

    @staticmethod
    def _jitter(body: _Body, frame: SkeletonFrame) -> Array:
        body.path.append((frame.stamp_ns, frame.points))
        if len(body.path) < 3:
            return np.ones(len(frame.points))
        (first_ns, a), (middle_ns, b), (last_ns, c) = body.path[-3:]
        del body.path[0]
        before, after = (middle_ns - first_ns) * 1e-9, (last_ns - middle_ns) * 1e-9
        if 0.0 < before < _FRAME_S and 0.0 < after < _FRAME_S:
            straight = a + (b - a) * (before + after) / before
            # White noise of variance v gives these differences a variance of 6 v (steps alike).
            v = ((c - straight) ** 2).mean(axis=1) / 6.0
            seen = np.isfinite(v)
            body.variance[seen] += 0.2 * (v[seen] - body.variance[seen])
        return _falling(np.sqrt(body.variance), *_JITTER_M)


def _learn(body: _Body, lengths: Array, bone: Mask) -> None:
    first = bone & np.isnan(body.usual)
    body.usual[first] = lengths[first]
    # A step towards the new length, never further than a little: one jump teaches nothing.
    step = np.clip(lengths - body.usual, -0.02, 0.02)
    body.usual[bone] += _LEARN * step[bone]
    young = bone & (body.frames < _KNOWN)
    body.usual[young] += (lengths - body.usual)[young] / (body.frames[young] + 1)
    body.frames += bone


def _falling(value: Array, full: float, none: float) -> Array:
    """1 up to `full`, 0 from `none` on, smooth between."""
    x = np.clip((value - full) / (none - full), 0.0, 1.0)
    return np.asarray(1.0 - x * x * (3.0 - 2.0 * x))
