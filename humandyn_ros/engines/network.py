"""What the dynamics networks share at run time: their numbers become the program's nouns.

Networks answer per kilogram of body mass in the axes of the canonical frame; here these become
the world's axes, Rajagopal's coordinates, centres of pressure, and what Newton and Euler leave
unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.anthropometry import ANKLE_HEIGHT_PER_HEIGHT
from humandyn_ros.body import BodyModel
from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES, coordinates
from humandyn_ros.errors import ModelError
from humandyn_ros.quantities import (
    CANONICAL,
    Array,
    ContactForce,
    Dynamics,
    GroundReaction,
    InverseDynamics,
    KinematicState,
    MotionWindow,
    MuscleActivation,
)
from humandyn_ros.stature import Stature
from humandyn_ros.upper_body import Completion

Tensors = dict[str, NDArray[np.float32]]

_I = CANONICAL.index
_PART_OF = {
    'hip': 'hip', 'knee': 'knee', 'ankle': 'ankle', 'arm': 'shoulder', 'elbow': 'elbow'
}  # fmt: skip
FEET = tuple((side, (_I[f'{side}_ankle'], _I[f'{side}_foot'])) for side in ('left', 'right'))
"""Bodies that make up each foot: ankle (its heel) and foot (its ball), as in ImDyS's Table 3."""
_HEEL_BEHIND = 1.0 / 3.0  # heel behind the ankle, of the way from ankle to ball
_BALL_HEIGHT_PER_HEIGHT = 0.018
_FLOOR_RISE_S = 5.0  # time in which the floor follows feet that stay above it
_SLIGHT = 0.2  # N/kg: bodies with less force than this are not reported


class Session(Protocol):
    """An open model: named arrays in, named arrays out."""

    def run(self, inputs: Tensors) -> Tensors:
        """Run the model on a batch."""


@dataclass(frozen=True, eq=False)
class NetworkAnswer:
    """One network's answer for one instant; what a model does not tell is None."""

    stamp_ns: int  # the instant it is about
    dynamics: Dynamics
    torques: Array | None = None  # (24, 3) N·m at every joint, world axes
    plausibility: float | None = None  # 0-1, of the motion around the instant
    muscles: MuscleActivation | None = None
    emg: MuscleActivation | None = None
    latent: Array | None = None  # (d,) of this instant, for controllers


def _rows() -> NDArray[np.intp]:
    rows = []
    for name in COORDINATES:
        if name.startswith('lumbar'):
            rows.append(_I['spine1'])
        else:
            side = 'right' if name.endswith('_r') else 'left'
            rows.append(_I[f'{side}_{_PART_OF[name.split("_", maxsplit=1)[0]]}'])
    return np.array(rows)


TORQUE_ROWS = _rows()
"""Canonical joint whose torque each coordinate of COORDINATES projects (17,)."""


def field(fields: Mapping[str, Any], name: str) -> Any:
    """One field of a manifest.

    Raises:
        ModelError: It is absent.
    """
    if name not in fields:
        raise ModelError(f'the manifest has no field {name!r}: export the model again')
    return fields[name]


def output(outputs: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> Array:
    """One output of a model for a batch of one, without the batch.

    Raises:
        ModelError: It is absent, of another shape, or not finite.
    """
    if name not in outputs:
        raise ModelError(f'the model gave no {name!r}, only {", ".join(sorted(outputs))}')
    values = np.asarray(outputs[name], dtype=np.float64)
    if values.shape != (1, *shape):
        raise ModelError(f'{name} has shape {values.shape}: expected {(1, *shape)}')
    if not np.isfinite(values).all():
        raise ModelError(f'{name} holds numbers that are not finite')
    found: Array = values[0]
    return found


def state_of(window: MotionWindow, index: int) -> KinematicState:
    """State at one sample of a window, by differences; one-sided at its ends.

    Args:
        window: At least three samples.
        index: Sample, from the start.
    """
    velocities = np.gradient(window.points, 1.0 / window.rate_hz, axis=0)
    middle = min(max(index, 1), len(window.points) - 2)
    before, now, after = window.points[middle - 1 : middle + 2]
    return KinematicState(
        int(window.stamps_ns[index]),
        window.points[index],
        velocities[index],
        (after - 2.0 * now + before) * window.rate_hz**2,
        window.seen[index],
        np.zeros(len(now)),
    )


class Floor:
    """Height of the floor from the feet: their lowest level, which sinks at once and rises slowly.

    Args:
        rise_s: Time constant of the rise.
    """

    def __init__(self, rise_s: float = _FLOOR_RISE_S) -> None:
        self._rise_s = rise_s
        self.reset()

    def reset(self) -> None:
        """Forget the floor."""
        self._level: float | None = None

    def step(self, positions: Array, height_m: float, dt: float) -> float:
        """Height of the floor (m) from joint centres (24, 3) m, body height and time step."""
        drops = np.array([ANKLE_HEIGHT_PER_HEIGHT, _BALL_HEIGHT_PER_HEIGHT] * 2) * height_m
        levels = positions[[body for _, bodies in FEET for body in bodies], 2] - drops
        if np.isfinite(levels).any():
            lowest = float(np.nanmin(levels))
            if self._level is None or lowest < self._level:
                self._level = lowest
            else:
                self._level += min(dt / self._rise_s, 1.0) * (lowest - self._level)
        return self._level or 0.0


class NetworkBody:
    """The person a network looks at: size, floor, missing joints, projection.

    Args:
        person: Body mass, height and sex.
        names: Coordinates that the model's joint torques are in; () where it has none.
        stddev: Standard deviation of each of COORDINATES (17,) N·m/kg.
    """

    def __init__(self, person: PersonConfig, names: Sequence[str], stddev: Array) -> None:
        unknown = sorted(set(names) - set(COORDINATES))
        if unknown:
            raise ModelError(f'the model has unknown coordinates {", ".join(unknown)}')
        if stddev.shape != (len(COORDINATES),):
            raise ModelError(f'{stddev.shape=} but there are {len(COORDINATES)} coordinates')
        self._stature = Stature(person)
        self._completion = Completion(self._stature.height_m)
        self._body = BodyModel(person.sex)
        self._columns = np.array([COORDINATES.index(name) for name in names], dtype=int)
        self._stddev = stddev
        self._floor = Floor()
        self._stamp_ns: int | None = None
        self.floor_m = 0.0

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self._stature.mass_kg

    @property
    def leg_m(self) -> float:
        """Length of the legs."""
        return self._stature.leg_m

    def set_person(self, person: PersonConfig) -> None:
        """Change body mass, height or sex; the floor stays known."""
        self._stature.set_person(person)
        self._completion.height_m = self._stature.height_m
        self._body = BodyModel(person.sex)

    def reset(self) -> None:
        """Forget size and floor."""
        self._stature.reset()
        self._floor.reset()
        self._stamp_ns = None

    def look(self, state: KinematicState) -> None:
        """Learn size and floor from one instant; before `dynamics`."""
        if self._stature.learn(state.positions):
            self._completion.height_m = self._stature.height_m
        dt = 0.0 if self._stamp_ns is None else 1e-9 * (state.stamp_ns - self._stamp_ns)
        self._stamp_ns = state.stamp_ns
        self.floor_m = self._floor.step(state.positions, self._stature.height_m, max(dt, 0.0))

    def dynamics(
        self,
        state: KinematicState,
        joint_torque: Array | None,
        torques: Array | None,
        ground: tuple[ContactForce, ...],
    ) -> Dynamics:
        """Dynamics at the instant of the state.

        Args:
            state: Motion; NaN = not seen.
            joint_torque: In the model's coordinates (N,) N·m/kg; None: from `torques` alone.
            torques: At every joint (24, 3) N·m/kg, world axes; None: from `joint_torque` alone.
            ground: Left foot, right foot, then whatever else touches.
        """
        positions, velocities, accelerations, missing = self._completion.step(
            state.positions, state.velocities, state.accelerations
        )
        at = coordinates(positions, velocities)
        torque = np.zeros(len(COORDINATES))
        if torques is not None:
            torque[:] = (at.axes * torques[TORQUE_ROWS]).sum(axis=1)
        if joint_torque is not None:
            torque[self._columns] = joint_torque
        torque = self.mass_kg * torque
        left, right, *others = ground
        return Dynamics(
            InverseDynamics(
                COORDINATES, at.angle, at.rate, torque, self.mass_kg * self._stddev,
                torque * at.rate,
            ),
            GroundReaction(left, right, tuple(others)),
            self._residual((positions, velocities, accelerations), ground),
            self._stature.notes + tuple(f'{part} not seen: assumed' for part in missing),
        )  # fmt: skip

    def _residual(
        self, state: tuple[Array, Array, Array], ground: tuple[ContactForce, ...]
    ) -> Array:
        """What the contacts leave unexplained at the centre of mass (6,) N/kg, N·m/kg."""
        loads = self._body.loads(*state)
        centre = loads.origin + loads.mass_centre
        force = loads.force[0].copy()
        moment = loads.moment[0] - np.cross(loads.mass_centre, loads.force[0])
        for contact in ground:
            force -= contact.force / self.mass_kg
            if np.isfinite(contact.centre_of_pressure).all():
                arm = contact.centre_of_pressure - centre
                moment -= (np.cross(arm, contact.force) + contact.moment) / self.mass_kg
        return np.concatenate([force, moment])

    def feet(
        self, positions: Array, forces: Array, contact: Array, ball: Array | float = 0.5
    ) -> tuple[ContactForce, ...]:
        """Forces of both feet from one vector each.

        Args:
            positions: Joint centres (24, 3) m.
            forces: (2, 3) N/kg, left first, world axes.
            contact: Probability (2,).
            ball: Share of the force under the ball of each foot (2,).
        """
        under = np.broadcast_to(ball, 2)[:, None]
        heels = np.stack([forces * (1.0 - under), forces * under], axis=1)
        return tuple(
            self._foot(side, positions[list(bodies)], heels[i], float(contact[i]))
            for i, (side, bodies) in enumerate(FEET)
        )

    def bodies(self, positions: Array, forces: Array, contact: Array) -> tuple[ContactForce, ...]:
        """Forces of both feet, then of all other bodies that touch something.

        Args:
            positions: Joint centres (24, 3) m.
            forces: On every body (24, 3) N/kg, world axes.
            contact: Probability (24,).
        """
        feet = []
        for side, pair in FEET:
            rows = list(pair)
            feet.append(
                self._foot(side, positions[rows], forces[rows], float(contact[rows].max()))
            )
        in_feet = {body for _, pair in FEET for body in pair}
        others = [
            ContactForce(
                CANONICAL.joints[body],
                self.mass_kg * forces[body],
                np.zeros(3),
                np.nan_to_num(positions[body]),
                float(contact[body]),
            )
            for body in np.flatnonzero(np.linalg.norm(forces, axis=1) > _SLIGHT).tolist()
            if body not in in_feet
        ]
        return (*feet, *others)

    def _foot(self, side: str, joints: Array, forces: Array, contact: float) -> ContactForce:
        """One foot from the forces at heel and ball (2, 3) N/kg, of ankle and ball (2, 3) m."""
        along = joints[1] - joints[0]
        points = np.stack([joints[0] - _HEEL_BEHIND * along, joints[1]])
        share = np.maximum(forces[:, 2], 0.0)
        centre = np.full(3, np.nan)
        if share.sum() > _SLIGHT and np.isfinite(points).all():
            centre = share @ points / share.sum()
            centre[2] = self.floor_m
        force = self.mass_kg * forces.sum(axis=0)
        return ContactForce(f'{side}_foot', force, np.zeros(3), centre, contact)
