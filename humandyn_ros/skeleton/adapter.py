"""Points of any format to the canonical skeleton, frame by frame, without memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import SkeletonError
from humandyn_ros.markers import METHODS, PLACES, Body, Places, read_sizes
from humandyn_ros.markers.calibration import Calibration, Cluster, make_cluster
from humandyn_ros.quantities import CANONICAL, Array, Mask
from humandyn_ros.skeleton.axes import to_z_up
from humandyn_ros.skeleton.format import SkeletonFormat
from humandyn_ros.skeleton.load import UNITS
from humandyn_ros.skeleton.plan import Plan, Weights


class Static(Protocol):
    """A static trial: any object with the names and places of its markers, as `Recording`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Marker names (J,)."""

    @property
    def points(self) -> Array:
        """Marker places (T, J, 3) in the same unit and axes as the motion."""


class Adapter:
    """Converts frames of one format to the 24 canonical joints, world z up, metres.

    It keeps nothing between frames: a recording as a whole and its frames one by one give the
    same numbers.

    Args:
        form: The format, bound to the frames' names where their order differs from the file.
        up: Axis that points up, where it is not the format's.
        static: Static trial to calibrate clusters of markers with.
        person: Height, where it is known.
        parameters: Sizes of the person as Plug-in Gait writes them into a .c3d, in mm.

    Attributes:
        notes: What is assumed, in sentences.
        form: The format.
        up: Axis of the source that points up.
        metres_per_unit: Factor from the source's unit to metres.

    Raises:
        SkeletonError: The static trial does not hold what calibration needs.
    """

    def __init__(
        self,
        form: SkeletonFormat,
        *,
        up: str | None = None,
        static: Static | None = None,
        person: PersonConfig | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> None:
        self.form = form
        self.up = up or form.up
        self.metres_per_unit = UNITS[form.unit]
        self._turn = to_z_up(self.up, form.handedness).T * self.metres_per_unit
        self._sizes = read_sizes(parameters or {}, person.height_m if person else None)
        plan = Plan(form)
        self._before = Weights(plan.before)
        self._after = None if plan.after is None else Weights(plan.after)
        self._methods = [(METHODS[name], PLACES[name]) for name in plan.methods]
        self._places = Places(plan.landmarks)
        self._defined, self._assumed = plan.defined, plan.assumed
        self._calibrations: list[Calibration] = []
        self._reserve: Calibration | None = None
        self._skipped: list[str] = []
        if static is not None:
            self._calibrate(static, person, parameters)
        self.notes = (*form.notes, *self._notes(plan), *self._sizes.notes)
        self._canonical = self._is_canonical()

    def convert(self, points: Array, confidence: Array | None = None) -> tuple[Array, Array]:
        """Convert one frame or many.

        Args:
            points: (J, 3) or (T, J, 3), J as the format is bound; NaN = not seen. Flat formats
                also take (..., 2).
            confidence: (J,) or (T, J), 0 = not seen; None: all seen points are certain.

        Returns:
            Canonical joint centres (24, 3) or (T, 24, 3) m, NaN = not seen, and their
            confidence (24,) or (T, 24).

        Raises:
            SkeletonError: The number of points is not the format's.
        """
        single = points.ndim == 2
        if single and self._canonical and confidence is not None and _whole(points, confidence):
            return points.copy(), np.minimum(confidence, 1.0)
        frames = self._accept(points[None] if single else points)
        if confidence is not None:
            trust = confidence[None] if single else confidence
            if (trust <= 0).any():
                frames = np.where(trust[..., None] > 0, frames, np.nan)
        joints = self._joints(frames)
        certain = self._confidence(joints, frames, confidence)
        return (joints[0], certain[0]) if single else (joints, certain)

    def _is_canonical(self) -> bool:
        """Whether frames are in canonical form already."""
        plain = self._after is None and not self._methods and not self._calibrations
        return (
            plain
            and self.form.dims == 3
            and np.array_equal(self._before.matrix, np.eye(len(CANONICAL.joints)))
            and np.array_equal(self._turn, np.eye(3))
            and bool((self._assumed == 1.0).all())
        )

    def _accept(self, frames: Array) -> Array:
        width, dims = self.form.width, frames.shape[-1]
        if frames.shape[-2] != width or dims not in (self.form.dims, 3):
            raise SkeletonError(
                f'points have shape {frames.shape[-2:]}, but format {self.form.name} has '
                f'{width} points in {self.form.dims} dimensions; choose the format the source '
                'sends'
            )
        if self.form.dims == 2:
            flat = np.zeros((*frames.shape[:-1], 3))
            flat[..., :2] = frames[..., :2]
            return flat
        return frames

    def _joints(self, frames: Array) -> Array:
        joints = self._before(frames) @ self._turn
        if not self._methods and not self._calibrations:
            return joints if self._after is None else self._after(joints)
        points = np.concatenate([frames @ self._turn, joints], axis=1)
        joints = points[:, self.form.width :]  # a view: clusters see what is found on the way
        body = Body(points, self._places, self._sizes, joints)
        for calibration in self._calibrations:
            joints[:, calibration.joints] = calibration.centres(points)
        for method, place in self._methods:
            joints[:, place] = method(body)
        if self._reserve is not None:
            self._replace(joints, points, self._reserve)
        return joints.copy() if self._after is None else self._after(joints)

    @staticmethod
    def _replace(joints: Array, points: Array, reserve: Calibration) -> None:
        """Take from clusters what the markers' own methods could not give."""
        found = joints[:, reserve.joints]
        if not np.isfinite(found).all():
            spare = reserve.centres(points)
            joints[:, reserve.joints] = np.where(np.isfinite(found), found, spare)

    def _confidence(self, joints: Array, frames: Array, given: Array | None) -> Array:
        certain = np.isfinite(joints[..., 0]) * self._assumed
        if given is not None:
            trust = given.reshape(len(frames), -1)
            if (trust < 1).any():
                certain = certain * self._trust(trust)
        return certain

    @cached_property
    def _needed(self) -> Mask:
        """Points without which there is no joint, tried out one by one (24, J)."""
        frames = np.random.default_rng(0).normal(size=(self.form.width + 1, self.form.width, 3))
        frames[np.arange(self.form.width), np.arange(self.form.width)] = np.nan
        seen = np.isfinite(self._joints(frames)[..., 0])
        needed: Mask = (seen[-1] & ~seen[:-1]).T
        return needed

    def _trust(self, trust: Array) -> Array:
        """A joint of weights is as sure as their mean, any other as its least sure point."""
        share = np.abs(self._before.matrix)
        total = share.sum(-1)
        mean = (trust @ share.T) / np.where(total > 0, total, 1)
        seen = (trust > 0).sum(axis=-1, keepdims=True)
        rest = trust.sum(axis=-1, keepdims=True, where=trust > 0) / np.maximum(seen, 1)
        if self._methods:
            least = np.where(self._needed, trust[:, None], 1.0).min(axis=-1)
            rest = np.where(self._needed.any(axis=-1), least, rest)
        return np.asarray(np.where(total > 0, mean, rest), dtype=np.float64)

    def _calibrate(
        self,
        static: Static,
        person: PersonConfig | None,
        parameters: Mapping[str, float] | None,
    ) -> None:
        if not self.form.segments:
            raise SkeletonError(
                f'format {self.form.name} has no segments, so a static trial cannot calibrate '
                'it; leave the static trial out or add segments to the format file'
            )
        found = self.form.match(static.names)
        quiet = Adapter(
            self.form.bind(static.names), up=self.up, person=person, parameters=parameters
        )
        joints, _ = quiet.convert(static.points)
        shared = [
            self.form.columns[i] if n in found else -1
            for i, n in enumerate(self.form.skeleton.joints)
        ]
        template = np.full((len(static.points), self.form.width, 3), np.nan)
        for i, name in enumerate(self.form.skeleton.joints):
            if shared[i] >= 0:
                template[:, shared[i]] = static.points[:, found[name]] @ self._turn
        self._make_clusters(np.concatenate([template, joints], axis=1), joints)

    def _make_clusters(self, points: Array, centres: Array) -> None:
        groups: dict[str, list[Cluster]] = {'first': [], 'second': [], 'reserve': []}
        members = {m for segment in self.form.segments.values() for m in segment.markers}
        for name, segment in self.form.segments.items():
            later = members.isdisjoint(segment.gives)
            columns = [c for m in segment.markers if (c := self._column(m)) >= 0]
            for order, joints in (
                ('second' if later else 'first', segment.gives),
                ('reserve', segment.fills),
            ):
                if not joints:
                    continue
                given = [CANONICAL.index[j] for j in joints]
                try:
                    cluster = make_cluster(name, columns, given, points, centres)
                except SkeletonError as error:
                    if not self._defined[given].all():
                        raise
                    self._skipped.append(f'{error}: not calibrated')
                else:
                    groups[order].append(cluster)
        self._calibrations = [Calibration(groups[k]) for k in ('first', 'second') if groups[k]]
        self._reserve = Calibration(groups['reserve']) if groups['reserve'] else None
        done = {j for calibration in self._calibrations for j in calibration.joints}
        self._methods = [m for m in self._methods if not done.issuperset(_range(m[1]))]

    def _notes(self, plan: Plan) -> tuple[str, ...]:
        given = {j for calibration in self._calibrations for j in calibration.joints}
        seen = plan.defined.copy()
        seen[sorted(given)] = True
        notes = list(plan.notes)
        if not seen.all():
            missing = (j for j, there in zip(CANONICAL.joints, seen, strict=True) if not there)
            notes.append(f'not seen: {", ".join(missing)}')
        if given:
            notes.append('joint centres are calibrated with a static trial')
        guessed = [
            name
            for name in plan.one_sided
            if name not in self._sizes.widths and not given.issuperset(_range(PLACES[name]))
        ]
        if guessed:
            source = 'height' if self._sizes.height is not None else "shanks' length"
            notes.append(f'width of {", ".join(guessed)} follows from the {source}')
        return (*notes, *self._skipped)

    def _column(self, marker: str) -> int:
        if marker in CANONICAL.index:
            return self.form.width + CANONICAL.index[marker]
        return self.form.columns[self.form.skeleton.index[marker]]


def _whole(points: Array, confidence: Array) -> bool:
    """Whether every canonical joint was seen (a sum is finite only if every number is)."""
    known = points.shape == (len(CANONICAL.joints), 3) and len(confidence) == len(points)
    return known and confidence.min() > 0.0 and math.isfinite(points.sum())


def _range(place: slice) -> range:
    return range(place.start, place.stop)
