"""HDyS at run time, in NumPy: frames of motion to the model's inputs, its outputs to nouns.

Liu et al. 2025 (CVPR); the network is in learning/nets/hdys. Only the newest frame is encoded; the
latents of the frames before it are remembered. Each frame is seen in its own canonical frame, with
first and second differences per second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import coordinates
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
from humandyn_ros.engines.swings import smpl_parameters
from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import (
    CANONICAL,
    Array,
    ContactForce,
    KinematicState,
    MotionWindow,
    MuscleActivation,
)

_J = len(CANONICAL.joints)
SPAN = 3
"""Frames that one frame's differences need."""
_LOST_NS = 200_000_000  # after a longer gap what came before it is forgotten


def differences(values: Array, rate_hz: float, *, backward: bool = False) -> Array:
    """Values with first and second differences, over the last axis (..., 3C).

    Args:
        values: Three consecutive frames (3, ..., C).
        rate_hz: Their rate.
        backward: About the last frame, by backward differences; else about the middle one.
    """
    before, now, after = values
    second = (after - 2.0 * now + before) * rate_hz**2
    if backward:
        return np.concatenate([after, (after - now) * rate_hz, second], axis=-1)
    return np.concatenate([now, (after - before) * (0.5 * rate_hz), second], axis=-1)


def point_features(
    points: Array, frame: CanonicalFrame, rate_hz: float, *, backward: bool = False
) -> tuple[Array, Array]:
    """Points of one instant for the model.

    Args:
        points: Three consecutive frames (3, ..., N, 3) m, world; NaN = not seen.
        frame: Canonical frame of that instant (...).
        rate_hz: Rate of the frames.
        backward: As in `differences`.

    Returns:
        Position, velocity, acceleration (..., N, 9), 0 where not seen, and seen (..., N).
    """
    found = differences(np.stack([frame.points(p) for p in points]), rate_hz, backward=backward)
    seen = np.asarray(np.isfinite(found).all(axis=-1))
    return np.where(seen[..., None], found, 0.0), np.asarray(seen, dtype=np.float64)


def smpl_features(
    joints: Array, frame: CanonicalFrame, rate_hz: float, *, backward: bool = False
) -> Array:
    """SMPL-like parameters of one instant (..., 225) from joint centres (3, ..., 24, 3) m."""
    turned = np.stack([smpl_parameters(frame.points(p)) for p in joints])
    return differences(turned, rate_hz, backward=backward)


def angle_features(angles: Array, rate_hz: float, *, backward: bool = False) -> Array:
    """Coordinates of one instant (..., 3N) from three frames (3, ..., N) rad."""
    return differences(np.unwrap(angles, axis=0), rate_hz, backward=backward)


@dataclass(frozen=True, eq=False)
class HdysLayout:
    """What a manifest says about an exported HDyS."""

    input: str  # 'markers', 'keypoints', 'angles' or 'smpl'
    points: int  # points that the model takes; 0: no set of points
    latent: int
    frames: int  # length of the sequence, the newest frame included
    look_ahead: int  # frames between the one that is answered and the newest
    backward: bool  # differences need no later frame
    rate_hz: float
    coordinates: tuple[str, ...]
    muscles: tuple[str, ...]
    emg: tuple[str, ...]
    outputs: tuple[str, ...]
    torque_stddev: Array  # (17,) N·m/kg
    contact_n_per_kg: float  # a foot with less vertical force touches nothing

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> HdysLayout:
        """Take the layout from a manifest's fields.

        Raises:
            ModelError: A field is absent.
        """
        labels = field(fields, 'labels')
        return cls(
            str(field(fields, 'input')),
            int(field(fields, 'points')),
            int(field(fields, 'latent')),
            int(field(fields, 'frames')),
            int(field(fields, 'look_ahead')),
            bool(field(fields, 'backward')),
            float(field(fields, 'rate_hz')),
            tuple(field(fields, 'coordinates')),
            tuple(labels.get('muscles', ())),
            tuple(labels.get('emg', ())),
            tuple(field(fields, 'outputs')),
            np.asarray(field(fields, 'torque_stddev_nm_per_kg'), dtype=np.float64),
            float(fields.get('contact_n_per_kg', 0.5)),
        )


class _Encoded(NamedTuple):
    """One frame that was encoded."""

    stamp_ns: int
    latent: Array
    state: KinematicState


class HdysEngine:
    """One exported HDyS looking at one person, frame by frame.

    Frames may come faster than the model's rate, or unevenly: of what is remembered, that nearest
    to each whole frame before the newest is taken.

    Args:
        fields: The manifest's fields.
        session: The open model.
        person: Body mass, height and sex.
    """

    name = 'hdys'

    def __init__(self, fields: Mapping[str, Any], session: Session, person: PersonConfig) -> None:
        self.layout = HdysLayout.read(fields)
        self._session = session
        self.body = NetworkBody(person, self.layout.coordinates, self.layout.torque_stddev)
        self.reset()

    @property
    def mass_kg(self) -> float:
        """Body mass in force, given or assumed."""
        return self.body.mass_kg

    @property
    def look_ahead_s(self) -> float:
        """How much later than the instant of the answer the newest frame is."""
        later = 0 if self.layout.backward else 1
        return (self.layout.look_ahead + later) / self.layout.rate_hz

    @property
    def span(self) -> tuple[int, float]:
        """Frames of the window, and their rate, Hz."""
        return SPAN, self.layout.rate_hz

    def reset(self) -> None:
        """Forget the past."""
        self.body.reset()
        self._memory: deque[_Encoded] = deque()

    def answer(
        self,
        window: MotionWindow,
        *,
        markers: Array | None = None,
        state: KinematicState | None = None,
    ) -> NetworkAnswer | None:
        """Take the next frame; answer for the instant `look_ahead` frames before it.

        Args:
            window: Canonical joint centres of the last three frames.
            markers: Marker positions (3, M, 3) m for a model of markers.
            state: Filtered motion at that instant; default: differences of the window of then.

        Returns:
            None while that instant lies before the first frame.
        """
        inputs = self.features(window, markers=markers)
        outputs = self._session.run(inputs)
        ahead = self.layout.look_ahead
        known = not ahead or bool(inputs['known'][0, -ahead])
        self.remember(outputs, state_of(window, self._about))
        if not known:
            return None
        return self.decode(outputs, state or self._nearest(ahead).state)

    @property
    def _about(self) -> int:
        """Frame of the window that is encoded."""
        return SPAN - 1 if self.layout.backward else 1

    def _nearest(self, ago: int) -> _Encoded:
        """What is remembered nearest to some frames before the newest."""
        wanted = self._memory[-1].stamp_ns - ago * 1e9 / self.layout.rate_hz
        return min(self._memory, key=lambda kept: abs(kept.stamp_ns - wanted))

    def features(self, window: MotionWindow, *, markers: Array | None = None) -> Tensors:
        """Inputs of the model for the newest frame, with the latents kept.

        Raises:
            StreamError: The window has another length, rate or number of points.
        """
        layout = self.layout
        if window.points.shape != (SPAN, _J, 3):
            raise StreamError(f'window {window.points.shape}: expected {(SPAN, _J, 3)}')
        if abs(window.rate_hz - layout.rate_hz) > 0.01 * layout.rate_hz:
            raise StreamError(
                f'window at {window.rate_hz} Hz: the model was trained at {layout.rate_hz} Hz'
            )
        about = self._about
        self.body.look(state_of(window, about))
        frame = canonical_frame(window.points[about], floor_m=self.body.floor_m)
        inputs = self._values(window, frame, markers)
        inputs |= self._past(int(window.stamps_ns[about]))
        return {name: np.asarray(value, np.float32) for name, value in inputs.items()}

    def _past(self, now_ns: int) -> dict[str, Any]:
        """Latents of the frames before an instant, oldest first, and which are known."""
        layout = self.layout
        past = np.zeros((1, layout.frames - 1, layout.latent))
        known = np.zeros((1, layout.frames - 1))
        if self._memory and not 0 < now_ns - self._memory[-1].stamp_ns <= _LOST_NS:
            self._memory.clear()
        if self._memory:
            period_ns = 1e9 / layout.rate_hz
            stamps = np.array([kept.stamp_ns for kept in self._memory])
            wanted = now_ns - period_ns * np.arange(layout.frames - 1, 0, -1)
            nearest = np.abs(stamps - wanted[:, None]).argmin(axis=1)
            known[0] = wanted > stamps[0] - 0.5 * period_ns
            latents = np.stack([kept.latent for kept in self._memory])
            past[0] = np.where(known[0][:, None] > 0.0, latents[nearest], 0.0)
        return {'past': past, 'known': known}

    def _values(
        self, window: MotionWindow, frame: CanonicalFrame, markers: Array | None
    ) -> dict[str, Any]:
        layout, back = self.layout, self.layout.backward
        if layout.input in ('markers', 'keypoints'):
            given = markers if layout.input == 'markers' else None
            points = window.points if given is None else given
            if points.ndim != 3 or len(points) != SPAN or points.shape[1] > layout.points:
                raise StreamError(
                    f'points {points.shape}: the model takes {SPAN} frames of {layout.points} at '
                    'most'
                )
            room = np.full((SPAN, layout.points - points.shape[1], 3), np.nan)
            padded = np.concatenate([points, room], axis=1)
            values, seen = point_features(padded, frame, layout.rate_hz, backward=back)
            return {layout.input: values[None], 'seen': seen[None]}
        if layout.input == 'smpl':
            return {
                'smpl': smpl_features(window.points, frame, layout.rate_hz, backward=back)[None]
            }
        still = np.zeros((_J, 3))
        angles = np.stack([coordinates(np.nan_to_num(p), still).angle for p in window.points])
        return {'angles': angle_features(angles, layout.rate_hz, backward=back)[None]}

    def remember(self, outputs: Tensors, state: KinematicState) -> None:
        """Keep the newest frame's latent and motion for the frames to come."""
        newest = output(outputs, 'latent', (self.layout.latent,))
        self._memory.append(_Encoded(state.stamp_ns, newest, state))
        longest_ns = (self.layout.frames + 1) * 1e9 / self.layout.rate_hz
        while self._memory[0].stamp_ns < state.stamp_ns - longest_ns:
            self._memory.popleft()

    def decode(self, outputs: Tensors, state: KinematicState) -> NetworkAnswer:
        """Nouns from the model's outputs for the motion at their instant.

        Raises:
            ModelError: An output is absent, of another shape, or not finite.
        """
        layout, given = self.layout, self.layout.outputs
        frame = canonical_frame(state.positions, floor_m=self.body.floor_m)
        torques = joint_torque = None
        if 'torque_smpl' in given:
            torques = np.zeros((_J, 3))
            flat = output(outputs, 'torque_smpl', (3 * (_J - 1),))
            torques[1:] = frame.to_world(flat.reshape(_J - 1, 3))
        if 'torque' in given:
            joint_torque = output(outputs, 'torque', (len(layout.coordinates),))
        dynamics = self.body.dynamics(
            state, joint_torque, torques, self._feet(outputs, state.positions, frame)
        )
        return NetworkAnswer(
            state.stamp_ns,
            dynamics,
            None if torques is None else self.mass_kg * torques,
            None,
            self._activation(outputs, 'muscles', layout.muscles, top=1.0),
            self._activation(outputs, 'emg', layout.emg, top=np.inf),
            output(outputs, 'refined', (layout.latent,)),
        )

    def _feet(
        self, outputs: Tensors, positions: Array, frame: CanonicalFrame
    ) -> tuple[ContactForce, ...]:
        if 'feet' not in self.layout.outputs:
            return self.body.feet(positions, np.zeros((2, 3)), np.zeros(2))
        forces = frame.to_world(output(outputs, 'feet', (6,)).reshape(2, 3))
        contact = (forces[:, 2] > self.layout.contact_n_per_kg).astype(np.float64)
        return self.body.feet(positions, forces * contact[:, None], contact)

    def _activation(
        self, outputs: Tensors, name: str, labels: tuple[str, ...], top: float
    ) -> MuscleActivation | None:
        if name not in self.layout.outputs:
            return None
        values = output(outputs, name, (len(labels),))
        return MuscleActivation(labels, np.clip(values, 0.0, top))
