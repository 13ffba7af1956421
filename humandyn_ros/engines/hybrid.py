"""The hybrid: physics a tenth of a second ago, and a network that brings its answer up to now.

frames -> own filter at 0.1 s of lag -> physics there ----+
filtered state now (no look-ahead) -----------------------+-> network -> forces and moments now

Physics needs accelerations, which no causal filter can give at the newest frame; a tenth of a
second later it can. With that much look-ahead physics alone is the better answer, and is given.
All inputs are without dimension (leg length and gravity are the units), in the canonical frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.canonical import CanonicalFrame, canonical_frame
from humandyn_ros.engines.network import NetworkBody, Session, field, output
from humandyn_ros.engines.physics import PhysicsConfig, PhysicsEngine
from humandyn_ros.errors import ModelError
from humandyn_ros.filters import FilterConfig, make_filter
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Dynamics, KinematicState
from humandyn_ros.upper_body import Completion

LAG_S = 0.1
"""How long ago physics answers for."""
ENOUGH_S = 0.08
"""With this much look-ahead physics answers alone."""
AGO_S = (0.2, 0.35)
"""Instants before, of which the network sees the motion and the forces too."""
LOWER = tuple(
    row
    for row, name in enumerate(CANONICAL.joints)
    if name.split('_')[-1] in ('pelvis', 'hip', 'knee', 'ankle', 'foot')
)
_J = len(CANONICAL.joints)
_KEPT_S = 0.6
FEATURES = _J * 9 * 2 + _J * 6 * len(AGO_S) + 8 * (1 + len(AGO_S)) + len(COORDINATES) + 4


@dataclass(frozen=True, eq=False)
class Moment:
    """What physics knew of one instant."""

    stamp_ns: int
    positions: Array  # (24, 3) m
    velocities: Array
    accelerations: Array
    feet: Array  # (2, 3) N/kg, left first
    contact: Array  # (2,)
    torque: Array  # (17,) N·m/kg


class Anchor:
    """Filter and physics at a lag, and what they answered lately.

    Args:
        person: Body mass, height and sex.
        config: Of physics.
    """

    def __init__(self, person: PersonConfig, config: PhysicsConfig | None = None) -> None:
        self.physics = PhysicsEngine(person, config)
        self._filter = make_filter(FilterConfig(lag_s=LAG_S))
        self._completion = Completion(self.physics.height_m)
        self._moments: deque[Moment] = deque()
        self.noise_m = 0.0

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()
        self.physics.reset()
        self._moments.clear()

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take a frame."""
        newest = self._moments[-1].stamp_ns + self._filter.lag_ns if self._moments else stamp_ns
        if stamp_ns < newest:
            return
        state = self._filter.step(stamp_ns, points, confidence)
        if state is None or not np.isfinite(state.positions[list(LOWER)]).all():
            return
        found, mass = self.physics.step(state), self.physics.mass_kg
        self._filter.cutoff_hz = self.physics.cutoff_hz
        feet = found.ground.left, found.ground.right
        self.noise_m = float(np.nan_to_num(np.nanmean(state.stddev)))
        self._moments.append(
            Moment(
                state.stamp_ns,
                *self.complete(state),
                np.array([foot.force for foot in feet]) / mass,
                np.array([foot.contact for foot in feet]),
                found.inverse_dynamics.torque / mass,
            )
        )
        while self._moments[0].stamp_ns < state.stamp_ns - _KEPT_S * 1e9:
            self._moments.popleft()

    def complete(self, state: KinematicState) -> tuple[Array, Array, Array]:
        """Positions, velocities, accelerations with what is not seen filled in."""
        self._completion.height_m = self.physics.height_m
        found = self._completion.step(state.positions, state.velocities, state.accelerations)
        return found[:3]

    def at(self, stamp_ns: int) -> list[Moment] | None:
        """The newest moment and those AGO_S before `stamp_ns`; None while they are not there."""
        moments = self._moments
        oldest_ns = stamp_ns - max(AGO_S) * 1e9
        late = not moments or stamp_ns - moments[-1].stamp_ns > 2e9 * LAG_S
        if late or moments[0].stamp_ns > oldest_ns:
            return None
        stamps = np.array([moment.stamp_ns for moment in moments], np.float64)
        rows = [int(np.abs(stamps - (stamp_ns - ago * 1e9)).argmin()) for ago in AGO_S]
        return [moments[-1], *(moments[row] for row in rows)]


def features(
    anchor: Anchor, state: KinematicState, floor_m: float
) -> tuple[Array, CanonicalFrame] | None:
    """What the network sees (FEATURES,), and the frame its answers are in; None: too early."""
    moments = anchor.at(state.stamp_ns)
    if moments is None or not np.isfinite(state.positions[list(LOWER)]).all():
        return None
    leg = anchor.physics.leg_m
    units = leg, np.sqrt(leg * GRAVITY), GRAVITY
    now = anchor.complete(state)
    frame = canonical_frame(now[0], floor_m=floor_m)
    newest = moments[0]
    rows = _motion(frame, now, units)
    rows += _motion(frame, (newest.positions, newest.velocities, newest.accelerations), units)
    for moment in moments[1:]:
        rows += _motion(frame, (moment.positions, moment.velocities), units)
    for moment in moments:
        rows += [frame.vectors(moment.feet) / GRAVITY, moment.contact]
    rows.append(newest.torque / (GRAVITY * leg))
    period = np.sqrt(leg / GRAVITY)
    upper = float(np.isfinite(state.positions).all())
    age = 1e-9 * (state.stamp_ns - newest.stamp_ns) / period
    rows.append(
        np.array([100.0 * anchor.noise_m / leg, anchor.physics.cutoff_hz * period, upper, age])
    )
    return np.concatenate([row.ravel() for row in rows]), frame


def _motion(
    frame: CanonicalFrame, motion: tuple[Array, ...], units: tuple[float, ...]
) -> list[Array]:
    positions = (motion[0] - frame.origin) @ frame.rotation
    return [
        positions / units[0],
        *(v @ frame.rotation / u for v, u in zip(motion[1:], units[1:], strict=False)),
    ]


class HybridEngine:
    """One person's physics, brought up to now by a network.

    Args:
        fields: The manifest's fields.
        session: The open model.
        person: Body mass, height and sex.
        config: Of physics.
    """

    name = 'hybrid'

    def __init__(
        self,
        fields: Mapping[str, Any],
        session: Session,
        person: PersonConfig,
        config: PhysicsConfig | None = None,
    ) -> None:
        if int(field(fields, 'features')) != FEATURES:
            raise ModelError(
                f'the model takes {field(fields, "features")} features, this version makes '
                f'{FEATURES}: export it again'
            )
        stddev = np.asarray(field(fields, 'torque_stddev_nm_per_kg'), dtype=np.float64)
        self._session = session
        self.body = NetworkBody(person, COORDINATES, stddev)
        self._anchor = Anchor(person, config)
        self._alone = PhysicsEngine(person, config)  # for states with look-ahead
        self._newest_ns = 0

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self._anchor.physics.mass_kg

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency the filter should have for the next state."""
        return self._anchor.physics.cutoff_hz

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex."""
        self.body.set_person(person)
        self._anchor.physics.set_person(person)
        self._alone.set_person(person)

    def reset(self) -> None:
        """Forget the past."""
        self.body.reset()
        self._anchor.reset()
        self._alone.reset()

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take a frame, before the filter."""
        self._newest_ns = stamp_ns
        self._anchor.see(stamp_ns, points, confidence)

    def step(self, state: KinematicState) -> Dynamics | str:
        """Answer for a state, or say why there is no answer."""
        if self._newest_ns - state.stamp_ns >= ENOUGH_S * 1e9:
            return self._alone.step(state)
        self.body.look(state)
        found = features(self._anchor, state, self.body.floor_m)
        if found is None:
            return f'{self.name}: fewer than {max(AGO_S) + LAG_S:.2f} s of motion are known yet'
        try:
            return self._decoded(found, state)
        except ModelError as error:
            return f'{self.name}: {error}'

    def _decoded(self, found: tuple[Array, CanonicalFrame], state: KinematicState) -> Dynamics:
        given, frame = found
        outputs = self._session.run({'features': given[None].astype(np.float32)})
        forces = frame.to_world(output(outputs, 'feet', (2, 3))) * GRAVITY
        contact = output(outputs, 'contact', (2,))
        forces = np.where(contact[:, None] > 0.5, forces, 0.0)
        forces[:, 2] = np.maximum(forces[:, 2], 0.0)
        torque = output(outputs, 'torque', (len(COORDINATES),))
        torque = torque * GRAVITY * self._anchor.physics.leg_m
        feet = self.body.feet(state.positions, forces, contact)
        return self.body.dynamics(state, torque, None, feet)
