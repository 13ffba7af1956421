"""Frames of one body in any format to canonical joint centres, live: nothing is known before."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import StreamError
from humandyn_ros.filters.frozen import Frozen
from humandyn_ros.filters.gate import intact
from humandyn_ros.filters.sides import Sides
from humandyn_ros.quantities import CANONICAL, Array, SkeletonFrame
from humandyn_ros.skeleton import Adapter, MarkerMemory, SkeletonFormat, UnitWatch


class JointCentres:
    """Checks frames, learns which markers are placed, rebuilds hidden ones, converts.

    Points that a source repeats though they moved are not seen, and where it confuses left and
    right for a few frames, they are exchanged.

    Args:
        form: Format of the frames.
        person: Body mass, height and sex.
        adapter: Ready-made conversion; default: made from the format.

    Attributes:
        hung: Whether the newest frame repeated the one before it to the last bit, in motion.
    """

    def __init__(
        self, form: SkeletonFormat, person: PersonConfig, adapter: Adapter | None = None
    ) -> None:
        self.person = person
        self._adapter = adapter or Adapter(form, person=person)
        # Which markers are placed shows in the frames only.
        self._learning = adapter is None and form.kind == 'markers' and bool(form.optional)
        self._form, self._shown = form, np.full((form.width, 3), np.nan)
        self._joints = self._adapter.form.width
        self._watch = UnitWatch(self._adapter)
        self._memory = MarkerMemory(self._adapter.form)
        self.hung = False
        self._frozen = Frozen(self._joints)
        self._sides = None if form.kind == 'markers' else Sides()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is assumed, what was rebuilt, and what looks wrong."""
        return (*self._adapter.notes, *self._memory.notes, *self._watch.messages)

    def see(self, points: Array) -> bool:
        """Look at checked points (J, 3); True where they are converted otherwise from now on."""
        changed = self._learning and self._learn(points)
        self._watch.see(points)
        return changed

    def convert(self, stamp_ns: int, points: Array, confidence: Array) -> tuple[Array, Array]:
        """Canonical joint centres (24, 3) m and their confidence (24,) of checked points."""
        frozen = self._frozen.step(stamp_ns, points)
        self.hung = bool(frozen.any() and (frozen | np.isnan(points[:, 0])).all())
        if self.hung:
            return np.full((len(CANONICAL.joints), 3), np.nan), np.zeros(len(CANONICAL.joints))
        if frozen.any():
            points = np.where(frozen[:, None], np.nan, points)
            confidence = np.where(frozen, 0.0, confidence)
        whole = self._memory.complete(stamp_ns, points, confidence)
        converted, weights = self._adapter.convert(*whole)
        if self._sides is None:
            return converted, weights
        return self._sides.step(stamp_ns, converted, weights)

    def reset(self) -> None:
        """Forget how markers lie to each other: another person may wear them."""
        self._memory.reset()
        self.hung = False
        self._frozen.reset()
        if self._sides is not None:
            self._sides.reset()

    def checked(self, frame: SkeletonFrame) -> tuple[Array, Array]:
        """Return points (J, 3) and confidence (J,) with what is not finite not seen.

        Raises:
            StreamError: The frame has another number of joints than its format.
        """
        if frame.points.shape != (self._joints, 3):
            raise StreamError(
                f'frame of body {frame.body_id} has points of shape {frame.points.shape}, but '
                f'format {self._adapter.form.name} has {self._joints} joints: expected '
                f'({self._joints}, 3); set the format that the source really sends'
            )
        points, confidence = frame.points, frame.confidence
        if intact(points, confidence, math.inf, 0.0):
            return points, confidence
        finite = np.asarray(np.isfinite(points).all(axis=1), dtype=np.bool_)
        mended = np.where(finite & np.isfinite(confidence), confidence, 0.0)
        return np.where(finite[:, None], points, np.nan), np.clip(mended, 0.0, 1.0)

    def _learn(self, points: Array) -> bool:
        """Take the markers seen so far for those that are placed."""
        new = np.isfinite(points) & np.isnan(self._shown)
        if not new.any():
            return False
        self._shown[new] = points[new]
        form = self._form.seen(self._shown)
        self._learning = form is not self._form
        if form.columns == self._adapter.form.columns:
            return False
        self._adapter = Adapter(form, person=self.person)
        self._watch = UnitWatch(self._adapter)
        return True
