"""ImDyS at run time, in NumPy: windows of points to the model's inputs, its outputs to nouns.

Liu et al. 2025 (ICLR); the network is in learning/nets/imdys. Velocities are per frame, central
inside a window and one-sided at its ends, as in the released code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.canonical import CanonicalFrame, canonical_frame
from humandyn_ros.engines.network import (
    NetworkAnswer,
    NetworkBody,
    Session,
    Tensors,
    field,
    output,
    state_of,
)
from humandyn_ros.engines.swings import swings
from humandyn_ros.errors import ModelError, StreamError
from humandyn_ros.quantities import CANONICAL, Array, KinematicState, MotionWindow

_J = len(CANONICAL.joints)


def point_states(points: Array) -> tuple[Array, Array]:
    """Positions and velocities per frame, and which points are seen throughout.

    Args:
        points: Positions (..., F, N, 3) m in the canonical frame, or channels of
            `smpl_channels`; NaN = not seen.

    Returns:
        States (..., N, F, 2C), 0 where not seen, and seen (..., N), 0 or 1.
    """
    seen = np.asarray(np.isfinite(points).all(axis=(-3, -1)))
    points = np.where(seen[..., None, :, None], points, 0.0)
    both = np.concatenate([points, np.gradient(points, axis=-3)], axis=-1)
    return np.swapaxes(both, -3, -2), np.asarray(seen, dtype=np.float64)


def smpl_channels(points: Array, turned: Array | None = None) -> Array:
    """6-D rotation relative to the parent and position of every joint (..., 24, 9).

    Args:
        points: Joint centres (..., 24, 3) m; NaN = not seen.
        turned: Rotation vectors (..., 24, 3) where the body model's own are known.
    """
    turned = swings(points) if turned is None else turned
    six = rotations.matrix_to_six_d(rotations.exp(turned))
    return np.concatenate([six, points], axis=-1)


@dataclass(frozen=True, eq=False)
class ImdysLayout:
    """What a manifest says about an exported ImDyS."""

    input: str  # 'markers', 'joints' or 'smpl'
    points: int  # points that the model takes
    before: int  # frames of the window before the instant
    after: int  # frames after it: the look-ahead
    rate_hz: float
    heading: bool  # x points where the person faces
    coordinates: tuple[str, ...]  # of `joint_torque`; () where the model has no such output
    outputs: tuple[str, ...]
    torque_stddev: Array  # (17,) N·m/kg
    contact_threshold: float  # bodies that touch with less probability carry no force

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> ImdysLayout:
        """Take the layout from a manifest's fields.

        Raises:
            ModelError: A field is absent.
        """
        window = field(fields, 'window')
        return cls(
            str(field(fields, 'input')),
            int(field(fields, 'points')),
            int(field(window, 'before')),
            int(field(window, 'after')),
            float(field(fields, 'rate_hz')),
            bool(field(fields, 'heading')),
            tuple(field(fields, 'coordinates')),
            tuple(field(fields, 'outputs')),
            np.asarray(field(fields, 'torque_stddev_nm_per_kg'), dtype=np.float64),
            float(fields.get('contact_threshold', 0.5)),
        )

    @property
    def frames(self) -> int:
        """Frames of the window."""
        return self.before + 1 + self.after


class ImdysEngine:
    """One exported ImDyS looking at one person.

    Args:
        fields: The manifest's fields.
        session: The open model.
        person: Body mass, height and sex.
    """

    name = 'imdys'

    def __init__(self, fields: Mapping[str, Any], session: Session, person: PersonConfig) -> None:
        self.layout = ImdysLayout.read(fields)
        self._session = session
        self.body = NetworkBody(person, self.layout.coordinates, self.layout.torque_stddev)

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self.body.mass_kg

    @property
    def look_ahead_s(self) -> float:
        """How much later than the instant of the answer the window ends."""
        return self.layout.after / self.layout.rate_hz

    @property
    def span(self) -> tuple[int, float]:
        """Frames of the window, and their rate, Hz."""
        return self.layout.frames, self.layout.rate_hz

    def reset(self) -> None:
        """Forget the past."""
        self.body.reset()

    def answer(
        self,
        window: MotionWindow,
        *,
        markers: Array | None = None,
        state: KinematicState | None = None,
    ) -> NetworkAnswer:
        """Answer for the instant `before` frames after a window's start.

        Args:
            window: Canonical joint centres, exactly as many frames as the model takes.
            markers: Marker positions (F, M, 3) m for a model of markers.
            state: Filtered motion at that instant; default: differences of the window.
        """  # fmt: skip
        inputs = self.features(window, markers=markers)
        state = state or state_of(window, self.layout.before)
        return self.decode(self._session.run(inputs), state)

    def features(self, window: MotionWindow, *, markers: Array | None = None) -> Tensors:
        """Inputs of the model: 'states' (1, N, F, 2C) and 'seen' (1, N).

        Raises:
            StreamError: The window has another length, rate or number of points.
        """
        layout = self.layout
        self._check(window)
        self.body.look(state_of(window, layout.before))
        frame = self._frame(window.points[layout.before])
        if layout.input == 'markers':
            points = window.points if markers is None else markers
            states, seen = point_states(frame.points(self._padded(points)))
        else:
            joints = frame.points(window.points)
            if layout.input == 'smpl':
                joints = smpl_channels(joints)
            states, seen = point_states(joints)
        return {
            'states': states[None].astype(np.float32),
            'seen': seen[None].astype(np.float32),
        }

    def _frame(self, joints: Array) -> CanonicalFrame:
        return canonical_frame(joints, heading=self.layout.heading, floor_m=self.body.floor_m)

    def _check(self, window: MotionWindow) -> None:
        layout = self.layout
        if window.points.shape != (layout.frames, _J, 3):
            raise StreamError(
                f'window of shape {window.points.shape}: the model takes {(layout.frames, _J, 3)}'
            )
        if abs(window.rate_hz - layout.rate_hz) > 0.01 * layout.rate_hz:
            raise StreamError(
                f'window at {window.rate_hz} Hz: the model was trained at {layout.rate_hz} Hz'
            )

    def _padded(self, points: Array) -> Array:
        """Points (F, N, 3) with NaN for those that the model could take besides."""
        frames, count = points.shape[:2]
        if frames != self.layout.frames or count > self.layout.points:
            raise StreamError(
                f'markers {points.shape}: the model takes {self.layout.frames} frames of '
                f'{self.layout.points} markers at most'
            )
        room = np.full((frames, self.layout.points - count, 3), np.nan)
        return np.concatenate([points, room], axis=1)

    def decode(self, outputs: Tensors, state: KinematicState) -> NetworkAnswer:
        """Nouns from the model's outputs for the motion at their instant.

        Args:
            outputs: As named in the manifest.
            state: Motion at the instant; its heading is the canonical frame's.

        Raises:
            ModelError: An output is absent, of another shape, or not finite.
        """
        frame = self._frame(state.positions)
        given = self.layout.outputs
        torques = joint_torque = None
        if 'torque' in given:
            torques = np.zeros((_J, 3))
            torques[1:] = frame.to_world(output(outputs, 'torque', (_J - 1, 3)))
        if 'joint_torque' in given:
            joint_torque = output(outputs, 'joint_torque', (len(self.layout.coordinates),))
        ground = self._ground(outputs, state.positions, frame)
        return NetworkAnswer(
            state.stamp_ns,
            self.body.dynamics(state, joint_torque, torques, ground),
            None if torques is None else self.mass_kg * torques,
            float(output(outputs, 'plausibility', ())) if 'plausibility' in given else None,
        )

    def _ground(
        self, outputs: Tensors, positions: Array, frame: CanonicalFrame
    ) -> tuple[Any, ...]:
        threshold = self.layout.contact_threshold
        if 'ground' in self.layout.outputs:
            forces = frame.to_world(output(outputs, 'ground', (2, _J, 3))[0])
            contact = output(outputs, 'contact', (2, _J))[0]
            forces = np.where(contact[:, None] > threshold, forces, 0.0)
            bodies = self.body.bodies(positions, forces, contact)
            if 'feet' not in self.layout.outputs:
                return bodies
        elif 'feet' in self.layout.outputs:
            bodies = ()
        else:
            raise ModelError('the model gives neither ground nor feet: nothing holds a person up')
        feet = frame.to_world(output(outputs, 'feet', (2, 2, 3))[0])
        contact = output(outputs, 'feet_contact', (2, 2))[0]
        feet = np.where(contact[:, None] > threshold, feet, 0.0)
        return (*self.body.feet(positions, feet, contact), *bodies[2:])


def default_stddev(spread: Array, names: tuple[str, ...]) -> list[float]:
    """Standard deviation of every coordinate (17 numbers) from those a model knows.

    Args:
        spread: Errors on held-out material, or failing that the spread of the labels (N,).
        names: Their coordinates; those that joint centres do not show are passed over.
    """
    found = np.full(len(COORDINATES), float(np.max(spread, initial=0.5)))
    for value, name in zip(spread, names, strict=True):
        if name in COORDINATES:
            found[COORDINATES.index(name)] = value
    result: list[float] = found.tolist()
    return result
