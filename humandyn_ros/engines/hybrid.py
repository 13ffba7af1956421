"""The hybrid: a network that knows the last second of motion, and physics where it can see ahead.

frames -+-> spline of the last second (past.py) -----------+
        +-> filter, a tenth of a second late -> physics ---+-> network -> forces now -+-> answer
filtered state, where it is late enough for accelerations -> physics -----------------+

Physics needs accelerations, which no causal filter can give at the newest frame; a tenth of a
second later it can. So the network sees what physics said lately, of the steps before
too; it answers alone without look-ahead, and with it both answer: their errors have different
causes, and a mean of both is better. What physics corrects is remembered (memory.py): the network
so corrected knows what a person does next, and with look-ahead, where the sensor is noisy, it is
physics with the noise of the last steps averaged out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from humandyn_ros.activity import CutoffPolicy
from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.late import AGO_S, LOWER, Late
from humandyn_ros.engines.memory import Answer, Memory, likeness
from humandyn_ros.engines.network import NetworkBody, Session, field, output
from humandyn_ros.engines.past import (
    ENOUGH_S,
    JOINTS,
    SPAN_S,
    coefficients,
    features,
    noise,
    pace,
)
from humandyn_ros.engines.past import FEATURES as MOTION
from humandyn_ros.engines.physics import PhysicsConfig, PhysicsEngine
from humandyn_ros.errors import ModelError
from humandyn_ros.filters.history import History
from humandyn_ros.quantities import (
    CANONICAL,
    GRAVITY,
    Array,
    ContactForce,
    Dynamics,
    GroundReaction,
    KinematicState,
)

LAGS_S = tuple(k / 30.0 for k in range(5))
"""Instants before the newest frame that the network answers for, an adult's s."""
BODIES = 3
"""What carries a person: left foot, right foot, everything else together."""
AHEAD_S = LAGS_S[-1]
FEATURES = MOTION + 7 * len(AGO_S) + len(COORDINATES)
_ALONE_S, _TOGETHER_S = 0.06, 0.1  # look-ahead up to which the network is alone; from which not
_SHARE, _RUNNING = 0.3, 0.7  # of the network where both answer, at rest or walking, and running
_SLIGHT = 0.1  # body weights: a seat or hand with less carries nothing
_REMEMBERED = 0.8  # share of a network whose errors in walking are known, beside noisy physics
_NOISE_M = 1.5e-3  # of filtered joint centres, at which physics errs as much as what is remembered
_RECENT_NS = 200_000_000  # errors of physics this near are one and the same
_APART = 0.3  # body weights on a seat or hands: so far apart, physics answers alone
_SURE_S = 0.8  # of the past: a network that knows more errs as it will again
_TOUCH = 0.04  # body weights on a foot that is down
_LONGEST_STEP_S = 0.2
_MOST_HZ = 400.0
_J = len(CANONICAL.joints)


class Told(NamedTuple):
    """What the network says of one instant."""

    forces: Array  # (3, 3) body weights: left foot, right foot, all else
    contact: Array  # (2,) probability
    ball: Array  # (2,) share of a foot's force under its ball
    torque: Array  # (17,) body weight times leg length


class _Asked(NamedTuple):
    """What the network says in the axes of the person, and when it would say it again."""

    told: Told
    alike: Array  # see memory.likeness
    rotation: Array  # (3, 3) axes of the person
    sure: bool


class HybridEngine:
    """One person's network, and physics beside it where there is look-ahead.

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
        self._physics = PhysicsEngine(person, config)
        self._late = Late(person, config)
        self._memory = Memory()
        self._policy = CutoffPolicy()
        self._history = History(int(1.5 * SPAN_S * _MOST_HZ), _J)
        self._stamp_ns: int | None = None
        self._noise_m = 0.0

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self.body.mass_kg

    @property
    def cutoff_hz(self) -> float:
        """Cut-off frequency the filter should have for the next state."""
        return self._physics.config.cutoff_hz or self._policy.cutoff_hz

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex."""
        self.body.set_person(person)
        self._physics.set_person(person)
        self._late.physics.set_person(person)

    def reset(self) -> None:
        """Forget the past."""
        self.body.reset()
        self._physics.reset()
        self._late.reset()
        self._memory.reset()
        self._policy.reset()
        self._history.clear()
        self._stamp_ns = None

    def see(self, stamp_ns: int, points: Array, confidence: Array) -> None:
        """Take a frame, before the filter."""
        stamps = self._history.stamps
        if len(stamps) and stamp_ns <= stamps[-1]:
            return
        seen = np.asarray(np.isfinite(points).all(axis=1))
        weights = np.where(seen, confidence, 0.0)
        self._history.append(stamp_ns, np.where(seen[:, None], points, 0.0).ravel(), weights)
        said = self._late.see(stamp_ns, points, confidence)
        if said is not None:
            share = 1.0 - _RUNNING * self._policy.running
            self._memory.learn(self._late.at, said.stamp_ns, share)

    def step(self, state: KinematicState) -> Dynamics | str:
        """Answer for a state, or say why there is no answer."""
        self._follow(state)
        self.body.look(state)
        ahead_s = 1e-9 * (int(self._history.stamps[-1]) - state.stamp_ns) if self._history else 0.0
        physics = self._physics.step(state) if ahead_s > _ALONE_S else None
        try:
            asked = self._ask(state)
        except ModelError as error:
            return f'{self.name}: {error}'
        if asked is None:
            return physics or f'{self.name}: fewer than {ENOUGH_S:.2f} s of motion are known yet'
        told, belief = self._remembered(state.stamp_ns, asked, ahead=physics is not None)
        own = self._alone(state, told)
        if physics is None:
            return own
        return self._joined(state, own, physics, self._share(ahead_s, (own, physics), belief))

    def _follow(self, state: KinematicState) -> None:
        """Let the cut-off of the filter follow the motion."""
        last, self._stamp_ns = self._stamp_ns, state.stamp_ns
        dt = 0.0 if last is None else 1e-9 * (state.stamp_ns - last)
        known = state.stddev[np.isfinite(state.stddev)]
        self._noise_m = float(known.mean()) if len(known) else 0.0
        velocities = np.nan_to_num(state.velocities)
        self._policy.step(
            velocities, self._noise_m, self.body.leg_m, min(max(dt, 0.0), _LONGEST_STEP_S)
        )

    def _ask(self, state: KinematicState) -> _Asked | None:
        """What the network says of the instant of a state; None: too early."""
        unit = pace(self.body.leg_m)
        stamps = self._history.stamps
        until = int(np.searchsorted(stamps, state.stamp_ns + round(1e9 * AHEAD_S * unit), 'right'))
        if not until:
            return None
        ago = 1e-9 * (stamps[until - 1] - stamps[:until]) / unit
        first = int((ago > SPAN_S).sum())
        ago = ago[first:]
        if len(ago) < 2 or ago[0] < ENOUGH_S:
            return None
        points = self._history.points[first:until].reshape(len(ago), _J, 3)
        points = (points[:, JOINTS] - points[-1, 0]) / self.body.leg_m
        weights = self._history.weights[first:until][:, JOINTS]
        found, seen = coefficients(ago, points, weights)
        if not seen[list(LOWER)].all():
            return None
        around = noise(ago, points, weights, (found, seen))
        motion, rotation = features(found[None], seen[None], float(ago[0]), around)
        said = self._late.features(int(stamps[until - 1]), rotation[0], unit)
        given = np.concatenate([motion[0], said])[None]
        outputs = self._session.run({'features': given.astype(np.float32)})
        lag = 1e-9 * float(stamps[until - 1] - state.stamp_ns) / unit
        sure = bool(ago[0] > _SURE_S)
        return _Asked(_between(outputs, lag), likeness(found, rotation[0]), rotation[0], sure)

    def _remembered(self, stamp_ns: int, asked: _Asked, *, ahead: bool) -> tuple[Told, float]:
        """The answer, less what was wrong with it when the legs did the same; how far it is known.

        What the network said before it knew most of a second is not held against it later. Where
        physics answers too, only what noise makes of it is left to remember.
        """
        told, alike, rotation, sure = asked
        noisy = self._noise_m**2 / (self._noise_m**2 + _NOISE_M**2)
        trust = noisy * (1.0 - self._policy.running) if ahead else 1.0
        until_ns = stamp_ns - _RECENT_NS if ahead else None
        feet, torque, belief = self._memory.correction(alike, until_ns)
        if sure:
            answer = Answer(stamp_ns, told.forces[:2], told.torque)
            self._memory.answered(answer, alike, rotation)
        belief *= trust
        forces = told.forces.copy()
        forces[:2] += trust * feet
        down = (forces[:2, 2] > _TOUCH).astype(np.float64)
        contact = (1.0 - belief) * told.contact + belief * down
        torque = told.torque + trust * torque
        return Told(forces @ rotation.T, contact, told.ball, torque), belief

    def _share(self, ahead_s: float, both: tuple[Dynamics, Dynamics], belief: float) -> float:
        """How much the network counts beside physics (0-1).

        Nothing where they differ over what a seat or hands carry: then it is physics that has
        seen what came next.
        """
        running = self._policy.running
        least = _SHARE + (_RUNNING - _SHARE) * running
        least += belief * (_REMEMBERED - _SHARE)
        share = float(np.interp(ahead_s, (_ALONE_S, _TOGETHER_S), (1.0, least)))
        borne = [sum(float(o.force[2]) for o in one.ground.others) for one in both]
        apart = abs(borne[0] - borne[1]) / (self.mass_kg * GRAVITY)
        return share * max(0.0, 1.0 - apart / _APART)

    def _alone(self, state: KinematicState, told: Told) -> Dynamics:
        """The network's answer as nouns."""
        forces: Array = told.forces * GRAVITY
        forces[:2] = np.where(np.asarray(told.contact > 0.5)[:, None], forces[:2], 0.0)
        forces[:, 2] = np.maximum(forces[:, 2], 0.0)
        feet = self.body.feet(state.positions, forces[:2], told.contact, told.ball)
        others: tuple[ContactForce, ...] = ()
        if forces[2, 2] > _SLIGHT * GRAVITY:
            force, at = self.mass_kg * forces[2], state.positions[0]
            others = (ContactForce('seat', force, np.zeros(3), at, 1.0),)
        torque = told.torque * GRAVITY * self.body.leg_m
        return self.body.dynamics(state, torque, None, (*feet, *others))

    def _joined(
        self, state: KinematicState, own: Dynamics, physics: Dynamics | None, share: float
    ) -> Dynamics:
        """Both answers as one."""
        if physics is None:
            return own
        ground = GroundReaction(
            _mean_force(own.ground.left, physics.ground.left, share),
            _mean_force(own.ground.right, physics.ground.right, share),
            physics.ground.others,
        )
        torque = (
            share * own.inverse_dynamics.torque + (1.0 - share) * physics.inverse_dynamics.torque
        )
        return self.body.dynamics(
            state, torque / self.mass_kg, None, (ground.left, ground.right, *ground.others)
        )


def _between(outputs: Mapping[str, Any], lag: float) -> Told:
    """The network's answer at a lag, from those at LAGS_S."""
    count = len(LAGS_S)
    shapes = {
        'forces': (count, BODIES, 3),
        'contact': (count, 2),
        'ball': (count, 2),
        'torque': (count, len(COORDINATES)),
    }
    place = min(max(lag / LAGS_S[1], 0.0), count - 1.0)
    first = min(int(place), count - 2)
    rest = place - first
    found = {}
    for name, shape in shapes.items():
        values = output(outputs, name, shape)
        found[name] = (1.0 - rest) * values[first] + rest * values[first + 1]
    return Told(found['forces'], found['contact'], found['ball'], found['torque'])


def _mean_force(own: ContactForce, physics: ContactForce, share: float) -> ContactForce:
    """Mean of two answers for one foot; where it acts is known to physics, if it acts there."""
    known = np.isfinite(physics.centre_of_pressure).all() and physics.force[2] > 0.0
    return replace(
        physics if known else own,
        force=share * own.force + (1.0 - share) * physics.force,
        contact=share * own.contact + (1.0 - share) * physics.contact,
    )
