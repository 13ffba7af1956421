"""What marker sets remember: segments whose markers stand in for each other when one is hidden."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.markers.memory import SegmentMemory
from humandyn_ros.quantities import Array
from humandyn_ros.skeleton.format import SkeletonFormat
from humandyn_ros.skeleton.load import UNITS

REBUILT = 0.5
"""Confidence of a rebuilt marker, as a share of the least sure marker that is seen."""

_PELVIS = ('asis', 'psis', 'sacrum')
_LEAST = 3  # markers of a segment worth remembering


class MarkerMemory:
    """Rebuilds hidden markers of one stream, frame by frame, from the frames before.

    Formats of joint centres pass unchanged.

    Args:
        form: The format, bound to the frames' names.

    Attributes:
        rebuilt: Names of the markers that were rebuilt at any time.
    """

    def __init__(self, form: SkeletonFormat) -> None:
        self._groups = _groups(form)
        self._names = dict(zip(form.columns, form.skeleton.joints, strict=True))
        self._metres_per_unit = UNITS[form.unit]
        self.rebuilt: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Forget the segments: other markers, or another person, may come."""
        self._segments = SegmentMemory(self._groups) if self._groups else None
        self._stamp_ns: int | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Which markers were rebuilt, in a sentence."""
        if not self.rebuilt:
            return ()
        told = ', '.join(sorted(self.rebuilt))
        return (f'hidden at times, or astray, and rebuilt from their segments: {told}',)

    def complete(self, stamp_ns: int, points: Array, confidence: Array) -> tuple[Array, Array]:
        """Fill in one frame.

        Args:
            stamp_ns: The frame's stamp.
            points: (J, 3) in the format's unit; NaN = not seen.
            confidence: (J,), 0 = not seen.

        Returns:
            The same, hidden markers rebuilt where that is possible.
        """
        if self._segments is None:
            return points, confidence
        before, self._stamp_ns = self._stamp_ns, stamp_ns
        passed_s = 0.0 if before is None else max(stamp_ns - before, 0) * 1e-9
        seen = np.where(confidence[:, None] > 0.0, points, np.nan) * self._metres_per_unit
        answer, rebuilt = self._segments.step(seen, passed_s)
        if answer is seen:
            return points, confidence
        if rebuilt.any():
            self.rebuilt.update(self._names[column] for column in np.flatnonzero(rebuilt).tolist())
            sure = confidence[~rebuilt & np.isfinite(answer[:, 0])].min(initial=1.0)
            confidence = np.where(rebuilt, REBUILT * sure, confidence)
        return answer / self._metres_per_unit, confidence

    def complete_all(
        self, stamps_ns: NDArray[np.int64], points: Array, confidence: Array
    ) -> tuple[Array, Array]:
        """Fill in frames one after another.

        Args:
            stamps_ns: Stamps (T,).
            points: (T, J, 3); NaN = not seen.
            confidence: (T, J).

        Returns:
            The same, hidden markers rebuilt from the frames before where that is possible.
        """
        if self._segments is None:
            return points, confidence
        whole, sure = points.copy(), confidence.copy()
        for k, stamp in enumerate(stamps_ns.tolist()):
            whole[k], sure[k] = self.complete(stamp, points[k], confidence[k])
        return whole, sure


def _groups(form: SkeletonFormat) -> list[NDArray[np.intp]]:
    """Columns of the markers of every segment that has enough of them."""
    named = [list(segment.markers) for segment in form.segments.values()]
    pelvis = [marker for name in _PELVIS for marker in form.landmarks.get(name, ())]
    if not any(set(pelvis[:2]) <= set(markers) for markers in named):
        named.append(pelvis)
    groups = [[form.columns[form.skeleton.index[m]] for m in ms if form.has(m)] for ms in named]
    return [np.array(group, dtype=np.intp) for group in groups if len(group) >= _LEAST]
