"""Physics a tenth of a second late, and what it said lately."""

from __future__ import annotations

from collections import deque

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.memory import Answer
from humandyn_ros.engines.past import JOINTS, NAMES, SPAN_S
from humandyn_ros.engines.physics import PhysicsConfig, PhysicsEngine
from humandyn_ros.filters import FilterConfig, make_filter
from humandyn_ros.quantities import GRAVITY, Array

AGO_S = tuple(k / 60.0 for k in (7, 10, 14, 18, 23, 29, 36, 45))
"""Instants before the newest frame of which the network is told what physics said."""
LOWER = tuple(
    row
    for row, name in enumerate(NAMES)
    if name.split('_')[-1] in ('pelvis', 'hip', 'knee', 'ankle', 'foot')
)
"""Rows of past.JOINTS without which nothing is said."""
_LOWER = [JOINTS[row] for row in LOWER]
_LATE_S = 0.1  # lag of the filter before that physics
_NEAR_S = 0.04  # how far an answer may be from the instant that is asked for
_GAP_NS = 100_000_000  # between two answers, for one in between


class Late:
    """Physics a tenth of a second late, and what it said lately.

    Args:
        person: Body mass, height and sex.
        config: Of physics.
    """

    def __init__(self, person: PersonConfig, config: PhysicsConfig | None = None) -> None:
        self.physics = PhysicsEngine(person, config)
        self._filter = make_filter(FilterConfig(lag_s=_LATE_S))
        self._said: deque[Answer] = deque()

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()
        self.physics.reset()
        self._said.clear()

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> Answer | None:
        """Take a frame; return what physics now says of the past, feet in the world's axes."""
        state = self._filter.step(stamp_ns, points, confidence)
        if state is None or not np.isfinite(state.positions[_LOWER]).all():
            return None
        found = self.physics.step(state)
        self._filter.cutoff_hz = self.physics.cutoff_hz
        weight = GRAVITY * self.physics.mass_kg
        feet = np.array([found.ground.left.force, found.ground.right.force]) / weight
        torque = found.inverse_dynamics.torque / (weight * self.physics.leg_m)
        self._said.append(Answer(state.stamp_ns, feet, torque))
        while self._said[0].stamp_ns < state.stamp_ns - 1.5e9 * SPAN_S:
            self._said.popleft()
        return self._said[-1]

    def at(self, stamp_ns: int) -> Answer | None:
        """What physics said of an instant, between two answers on a straight line.

        None where it has said nothing of the time just before or just after.
        """
        after = next((k for k, said in enumerate(self._said) if said.stamp_ns >= stamp_ns), None)
        if after is None:
            return None
        later = self._said[after]
        if later.stamp_ns == stamp_ns:
            return later
        sooner = self._said[after - 1] if after else later
        span = later.stamp_ns - sooner.stamp_ns
        if not 0 < span <= _GAP_NS:
            return None
        part = (stamp_ns - sooner.stamp_ns) / span
        feet = sooner.feet + part * (later.feet - sooner.feet)
        return Answer(stamp_ns, feet, sooner.torque + part * (later.torque - sooner.torque))

    def features(self, newest_ns: int, rotation: Array, unit: float) -> Array:
        """What physics said at AGO_S, and its latest torques; 0 where it said nothing.

        Args:
            newest_ns: Stamp of the newest frame.
            rotation: Axes of the person (3, 3).
            unit: Seconds in an adult's second.
        """
        feet, known = np.zeros((len(AGO_S), 2, 3)), np.zeros(len(AGO_S))
        torque = np.zeros(len(COORDINATES))
        stamps = np.array([said.stamp_ns for said in self._said])
        for slot, ago in enumerate(AGO_S if len(stamps) else ()):
            apart = np.abs(stamps - (newest_ns - 1e9 * ago * unit))
            row = int(apart.argmin())
            if apart[row] < 1e9 * _NEAR_S:
                feet[slot], known[slot] = self._said[row].feet @ rotation, 1.0
                if slot == 0:
                    torque = self._said[row].torque
        return np.concatenate([feet.ravel(), known, torque])
