"""What synthesis gives: motion with everything that acts on it, as a clip or a window of one.

Time first, SI units, world z up. T frames at a uniform rate; the 24 joints are CANONICAL; N is the
number of Rajagopal coordinates (`coordinates.COORDINATES`); feet are left, then right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array, Mask

ACTIONS = (
    'stand', 'walk', 'turn', 'run', 'squat', 'sit_to_stand', 'sit', 'lunge', 'step', 'side_step',
    'jump', 'kick', 'reach', 'wave', 'throw', 'box', 'bend', 'lift', 'kneel', 'fall', 'climb',
    'swing', 'dance', 'exercise', 'other',
)  # fmt: skip
"""Labels of actions; `LabelledMotion.action` holds indices into them."""


@dataclass(frozen=True)
class Origin:
    """Where a clip comes from."""

    kind: str  # 'procedural', 'mocap' or 'simulated'
    name: str  # the activity, or the recording's name
    person: str  # a person of people.py, or 'procedural-<seed>'
    split: str  # 'train', 'validation' or 'test'
    licence: str
    seed: int  # with `name` it makes this very clip again


@dataclass(frozen=True)
class Fact:
    """One thing measured in the motion, and the sentence that says it."""

    quantity: str  # e.g. 'right knee flexion'
    start: float
    end: float
    unit: str
    sentence: str


@dataclass(frozen=True, eq=False)
class LabelledMotion:
    """A stretch of motion with its labels; every array has T first."""

    rate_hz: float
    points: Array  # (T, 24, 3) m, clean joint centres, floor at z = 0
    velocities: Array  # (T, 24, 3) m/s
    accelerations: Array  # (T, 24, 3) m/s²
    noisy: Array | None  # (T, 24, 3) m as a pose estimator would see them; NaN = not seen
    confidence: Array  # (T, 24) 0-1 of `noisy`
    markers: Array | None  # (T, M, 3) m on the body's surface; NaN = not seen
    marker_names: tuple[str, ...]  # (M)
    mass_kg: float
    height_m: float
    sex: str  # 'female', 'male' or 'average'
    angle: Array  # (T, N) rad, Rajagopal coordinates
    rate: Array  # (T, N) rad/s
    torque_rajagopal: Array  # (T, N) N·m, internal moment, positive raises the coordinate
    power: Array  # (T, N) W, torque times rate
    torque_smpl: Array  # (T, 24, 3) N·m world axes, of the parent on the part beyond each joint
    angular_momentum: Array  # (T, 24, 3) N·m·s imposed from each frame to the next (ImDy's τ_am)
    ground_force: Array  # (T, 2, 3) N of the ground on each foot
    centre_of_pressure: Array  # (T, 2, 3) m; NaN in the air
    free_moment: Array  # (T, 2, 3) N·m about the centre of pressure
    contact_force: Array  # (T, 24, 3) N on the part at each joint: ankle = heel, foot = ball
    contact: Array  # (T, 2) 0-1, probability that each foot touches
    residual: Array  # (T, 6) N/kg, N·m/kg: what contacts leave unexplained at the mass centre
    keep: Mask  # (T,) the residual is small enough to trust the labels
    activation: Array | None  # (T, K) 0-1, muscles; None: not computed yet
    muscle_names: tuple[str, ...]  # (K)
    action: NDArray[np.int64]  # (T,) index into ACTIONS
    boundary: Mask  # (T,) the action differs from the frame before
    text: str  # one sentence
    reasoning: tuple[str, ...]  # from measured facts to the sentence
    facts: tuple[Fact, ...]
    origin: Origin

    def __len__(self) -> int:
        return len(self.points)

    @property
    def seen(self) -> Array:
        """What an estimator would be given: noisy points where there are any (T, 24, 3) m."""
        return self.points if self.noisy is None else self.noisy

    def window(self, start: int, length: int) -> LabelledMotion:
        """Cut frames out of every array.

        Raises:
            ConfigError: They do not lie inside the clip.
        """
        if start < 0 or length < 1 or start + length > len(self):
            raise ConfigError(
                f'window of {length} frames from {start}: the clip has {len(self)} frames'
            )
        frames = slice(start, start + length)
        return dataclasses.replace(
            self, **{name: array[frames] for name, array in self.arrays().items()}
        )

    def windows(self, length: int, stride: int, *, kept: float = 1.0) -> Iterator[LabelledMotion]:
        """Yield windows of which at least the share `kept` of frames can be trusted."""
        trusted = np.concatenate([[0], np.cumsum(self.keep)])
        for start in range(0, len(self) - length + 1, stride):
            if trusted[start + length] - trusted[start] >= kept * length:
                yield self.window(start, length)

    def arrays(self) -> dict[str, Any]:
        """Every array that has T first, by its field name."""
        fields = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
