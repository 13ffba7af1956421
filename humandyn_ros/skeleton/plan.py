"""What is computed how for one bound format: weights of points, methods, weights of joints."""

from __future__ import annotations

import math

import numpy as np

from humandyn_ros.errors import SkeletonError
from humandyn_ros.markers import METHODS, NEEDS, PLACES
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.skeleton.format import Rule, SkeletonFormat

_COUNT = len(CANONICAL.joints)
_ASSUMED = 0.5  # confidence of a joint that is placed by assumption, not seen


class Weights:
    """Weighted sums of points; a sum is NaN where a point with a weight is not seen."""

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix
        self._used = (matrix != 0).astype(float)
        self._empty = ~matrix.any(axis=-1)
        self._whole, self._nothing = not self._empty.any(), bool(self._empty.all())

    def __call__(self, points: Array) -> Array:
        """Sum points (T, K, 3) into (T, N, 3)."""
        if self._nothing:
            return np.full((len(points), len(self.matrix), 3), np.nan)
        if math.isfinite(float(points.sum())):
            sums: Array = self.matrix @ points
            if not self._whole:
                sums[:, self._empty] = np.nan
            return sums
        seen = np.isfinite(points)
        sums = self.matrix @ np.where(seen, points, 0.0)
        sums[self._used @ (~seen).astype(float) > 0] = np.nan
        sums[:, self._empty] = np.nan
        return sums


class Plan:
    """What is computed how: weights of points, methods, weights of joints."""

    def __init__(self, form: SkeletonFormat) -> None:
        self.form = form
        self.before = np.zeros((_COUNT, form.width))
        self.after: Array | None = None
        self.landmarks = {
            name: [form.columns[form.skeleton.index[m]] for m in markers]
            for name, markers in form.landmarks.items()
            if all(form.has(m) for m in markers)
        }
        self.chosen: dict[str, Rule] = {}
        for joint in form.rules:
            self._choose(joint, ())
        used = {rule for rule in self.chosen.values() if isinstance(rule, str)}
        self.methods = [name for name in METHODS if name in used]
        self._fill()
        self.defined = np.array([j in self.chosen for j in CANONICAL.joints])
        self.assumed = np.ones(_COUNT)
        self.one_sided = [
            name
            for name in ('knee', 'ankle', 'elbow')
            if name in self.methods and f'{name}_medial' not in self.landmarks
        ]
        self.notes = self._notes()

    def _choose(self, joint: str, asked: tuple[str, ...]) -> bool:
        """Take the best way to make `joint` with the points that are there."""
        if joint in self.chosen:
            return True
        if joint in asked or joint not in self.form.rules:
            return False
        for rule in self.form.rules[joint]:
            if isinstance(rule, str):
                there = any(all(n in self.landmarks for n in need) for need in NEEDS[rule])
            else:
                there = all(self._there(n, (*asked, joint)) for n in rule)
            if there:
                self.chosen[joint] = rule
                return True
        return False

    def _there(self, name: str, asked: tuple[str, ...]) -> bool:
        return self._choose(name[1:], asked) if name[0] == '=' else self.form.has(name)

    def _fill(self) -> None:
        """Write rules of points as rows of `before`, rules that need methods into `after`."""
        after = np.eye(_COUNT)
        for joint, rule in self.chosen.items():
            row = CANONICAL.index[joint]
            if isinstance(rule, str):
                continue
            points, joints = self._expand(joint)
            if joints.any():
                after[row] = joints
                if points.any():
                    raise SkeletonError(
                        f'format {self.form.name}: map.{joint} mixes points and joints found by '
                        'methods; use one or the other'
                    )
            else:
                self.before[row] = points
        if (after != np.eye(_COUNT)).any():
            self.after = after

    def _expand(self, name: str) -> tuple[Array, Array]:
        """Weights of points (J,) and of joints found by methods (24,) behind one name."""
        points: Array = np.zeros(self.form.width)
        joints: Array = np.zeros(_COUNT)
        rule = self.chosen[name]
        if isinstance(rule, str):
            joints[CANONICAL.index[name]] = 1
            return points, joints
        for source, weight in rule.items():
            if source[0] != '=':
                points[self.form.columns[self.form.skeleton.index[source]]] += weight
            else:
                more, others = self._expand(source[1:])
                points, joints = points + weight * more, joints + weight * others
        return points, joints

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if 'head' in self.methods and 'head' not in self.landmarks:
            notes.append('head assumed upright on the trunk')
            self.assumed[CANONICAL.index['head']] = _ASSUMED
        if 'hand' in self.methods and 'hand' not in self.landmarks:
            notes.append('hands assumed straight on the forearms')
            self.assumed[22:24] = _ASSUMED
        if 'level_foot' in self.methods:
            self.assumed[PLACES['level_foot']] = _ASSUMED
        if 'hip' in self.methods and not {'psis', 'sacrum'} & set(self.landmarks):
            notes.append('pelvis assumed level: no marker at its back')
        return tuple(notes)
