"""The nouns that flow: frozen dataclasses, SI units, time first, NaN means "not seen"."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import SkeletonError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

GRAVITY = 9.80665  # m/s², standard gravity (CGPM 1901)


@dataclass(frozen=True)
class Skeleton:
    """A named tree of points.

    Attributes:
        name: Format name, e.g. 'smpl_24'.
        joints: Point names in message order (J).
        parents: Index of each joint's parent, -1 for roots (J).
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.joints) != len(self.parents):
            raise SkeletonError(
                f'skeleton {self.name}: {len(self.joints)} joints but {len(self.parents)} parents'
            )

    @cached_property
    def index(self) -> dict[str, int]:
        """Joint name to its index."""
        return {name: i for i, name in enumerate(self.joints)}


CANONICAL = Skeleton(
    'smpl_24',
    (
        'pelvis', 'left_hip', 'right_hip', 'spine1', 'left_knee', 'right_knee', 'spine2',
        'left_ankle', 'right_ankle', 'spine3', 'left_foot', 'right_foot', 'neck',
        'left_collar', 'right_collar', 'head', 'left_shoulder', 'right_shoulder', 'left_elbow',
        'right_elbow', 'left_wrist', 'right_wrist', 'left_hand', 'right_hand',
    ),
    (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21),
)  # fmt: skip
"""The canonical skeleton: SMPL's 24 joints (Loper et al. 2015), world z up, metres."""


@dataclass(frozen=True, eq=False)
class SkeletonFrame:
    """One body at one instant, as a pose estimator or a recording gives it."""

    stamp_ns: int  # when it was seen
    frame_id: str  # coordinate frame the points are in
    body_id: int  # the source's number for this body
    skeleton: Skeleton
    points: Array  # (J, 3) m; NaN = not seen
    confidence: Array  # (J,) 0-1


@dataclass(frozen=True, eq=False)
class MotionWindow:
    """A stretch of motion at a uniform rate."""

    stamps_ns: NDArray[np.int64]  # (T,)
    rate_hz: float
    points: Array  # (T, J, 3) m
    seen: Mask  # (T, J) measured, not bridged


@dataclass(frozen=True, eq=False)
class KinematicState:
    """Filtered motion at one declared instant (J = 24 canonical joints unless said)."""

    stamp_ns: int  # the instant the state is about
    positions: Array  # (J, 3) m
    velocities: Array  # (J, 3) m/s
    accelerations: Array  # (J, 3) m/s²
    seen: Mask  # (J,) measured near the instant
    stddev: Array  # (J,) m, of the filtered positions, per axis


@dataclass(frozen=True, eq=False)
class InverseDynamics:
    """Joint torques in Rajagopal coordinates: internal moment, positive raises the coordinate."""

    joint_names: tuple[str, ...]  # (N)
    position: Array  # (N,) rad
    velocity: Array  # (N,) rad/s
    torque: Array  # (N,) N·m
    stddev: Array  # (N,) N·m, one standard deviation of the torque
    power: Array  # (N,) W, net joint power about this coordinate


@dataclass(frozen=True, eq=False)
class MuscleActivation:
    """How strongly muscles are driven; for surface EMG the channels and their envelopes."""

    names: tuple[str, ...]  # (K)
    activation: Array  # (K,) 0-1; EMG in the unit of its training material


@dataclass(frozen=True, eq=False)
class Action:
    """What one body, or two together, do at one instant."""

    stamp_ns: int  # the instant it is about
    age_ms: float  # newest input stamp minus stamp_ns
    label: str  # of the segment this instant is in
    labels: tuple[str, ...]  # every class (N)
    scores: Array  # (N,) 0-1, of this instant alone; they sum to 1
    boundary: float  # 0-1, that a segment begins at boundary_stamp_ns
    boundary_stamp_ns: int  # stamp_ns, or a little earlier where boundaries need a look ahead
    began_ns: int  # when this segment began, as far as known


@dataclass(frozen=True)
class Caption:
    """What one body did in a stretch of time, in words that hold against what was measured."""

    began_ns: int  # the stretch
    stamp_ns: int  # its end: the instant the caption is about
    label: str  # of the action
    score: float  # 0-1, of the label; 0 where nothing tells
    text: str  # one sentence
    reasons: tuple[str, ...]
    source: str  # 'model' or 'templates'
    replaced: tuple[str, ...] = ()  # what of the model was not measured, and so was not said


@dataclass(frozen=True, eq=False)
class ContactForce:
    """Force of the environment on one part of the person, in world axes."""

    segment: str  # 'left_foot', 'right_foot', 'seat', ...
    force: Array  # (3,) N
    moment: Array  # (3,) N·m, free moment about the centre of pressure
    centre_of_pressure: Array  # (3,) m; NaN where nothing touches
    contact: float  # probability 0-1


@dataclass(frozen=True, eq=False)
class GroundReaction:
    """What holds the person up: both feet, and anything else that must be there."""

    left: ContactForce
    right: ContactForce
    others: tuple[ContactForce, ...] = ()  # seat, hands: named by segment


@dataclass(frozen=True, eq=False)
class Extras:
    """What some networks tell besides; None is what this one does not tell."""

    plausibility: float | None = None  # 0-1, of the motion around the instant
    latent: Array | None = None  # (d,) of this instant, for controllers
    muscles: MuscleActivation | None = None
    emg: MuscleActivation | None = None

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        told = [group.activation for group in (self.muscles, self.emg) if group is not None]
        if self.latent is not None:
            told.append(self.latent)
        if self.plausibility is not None:
            told.append(np.array([self.plausibility]))
        return all(np.isfinite(numbers).all() for numbers in told)


@dataclass(frozen=True, eq=False)
class Dynamics:
    """One engine's answer for one instant; the safety gate turns it into an Estimate."""

    inverse_dynamics: InverseDynamics
    ground: GroundReaction
    residual: Array  # (6,) N/kg and N·m/kg: what contacts leave unexplained at the root
    notes: tuple[str, ...] = ()  # assumptions in force
    extras: Extras | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """Everything known about one body at one instant.

    `valid` False means: do not act on the numbers; `reason` says why. Numbers are finite always.
    """

    body_id: int
    stamp_ns: int  # the instant it is about, not the instant it was computed
    age_ms: float  # newest input stamp minus stamp_ns
    valid: bool
    reason: str  # '' while valid
    state: KinematicState
    dynamics: InverseDynamics
    ground: GroundReaction
    residual: Array  # (6,) N/kg and N·m/kg: what contacts leave unexplained at the root
    notes: tuple[str, ...] = field(default=())  # assumptions in force, e.g. 'height assumed'
    extras: Extras | None = None  # None too while the estimate fades
