"""What HDyS learns from: settings of the task, and clips cut into sequences of frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from humandyn_ros import rotations
from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.canonical import CanonicalFrame, canonical_frame
from humandyn_ros.engines.hdys import (
    angle_features,
    differences,
    point_features,
    smpl_features,
)
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.losses.hdys import HdysWeights
from humandyn_ros.learning.nets.hdys import DYNAMICS, KINEMATICS, HdysConfig
from humandyn_ros.learning.nets.hdys.config import POINTS
from humandyn_ros.learning.tasks.clips import Arrays, Clip
from humandyn_ros.quantities import Array

NAMES = (*KINEMATICS, *DYNAMICS, 'feet')
"""Every representation that a sequence may hold."""


@dataclass(frozen=True)
class HdysTaskConfig(Checked):
    """Everything that decides an HDyS: network, losses, schedule and material."""

    net: HdysConfig = field(default_factory=lambda: HdysConfig(angles=len(COORDINATES)))
    weights: HdysWeights = field(default_factory=HdysWeights)
    sources: tuple[str, ...] = ('synthesis',)
    """Data sets, each 'SOURCE' of tasks/clips.py or 'SOURCE/markers+torque', of which only the
    representations after the stroke are used."""
    coordinates: tuple[str, ...] = COORDINATES
    muscle_names: tuple[str, ...] = ()
    emg_names: tuple[str, ...] = ()
    backward: bool = setting(
        False, '', 'differences by frames before only, so that nothing looks ahead'
    )
    rate_hz: float = setting(30.0, 'Hz', 'rate of the frames', low=5.0, high=500.0)
    batch: int = setting(600, 'sequences', "600 of 16 frames are the paper's 9,600", low=1)
    stride: int = setting(8, 'frames', 'from one sequence of a clip to the next', low=1)
    epochs: int = setting(1000, '', 'epochs', low=0)
    ground_epochs: int = setting(
        0, '', 'epochs in which everything is fine-tuned with the ground-reaction head', low=0
    )
    ground_in_space: bool = setting(
        False, '', 'the ground-reaction head learns from the start, not in fine-tuning (ours)'
    )
    learning_rate: float = setting(1e-3, '', 'of AdamW', low=1e-8, high=1.0)
    clips: int = setting(3000, '', 'clips of one epoch from each data set (balanced)', low=1)
    score_clips: int = setting(40, '', 'clips of a score, from each data set', low=1)
    marker_room: int = setting(64, '', 'markers that there is room for', low=1, high=512)
    export_input: str = setting('keypoints', '', 'what the live form takes', choices=KINEMATICS)
    export_heads: tuple[str, ...] = ('torque', 'torque_smpl', 'feet')

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = sorted(set(self.export_heads) - {*DYNAMICS, 'feet'})
        if unknown or not self.sources:
            raise ConfigError(
                f'export_heads = {self.export_heads}, sources = {self.sources}: choose heads from '
                f'{", ".join((*DYNAMICS, "feet"))}, and one source at least'
            )


def hdys_sequences(clip: Clip, config: HdysTaskConfig, wanted: tuple[str, ...]) -> Arrays:
    """All sequences of a clip.

    Args:
        clip: Motion, with whatever is known about it.
        config: Settings.
        wanted: Representations to use.

    Returns:
        For every one of NAMES, NAME (S, T, ...) and NAME_known (S, T); for points NAME_seen
        (S, T, N) too. What is not known is 0.
    """
    length = config.net.frames
    first, last = (2, len(clip)) if config.backward else (1, len(clip) - 1)
    starts = np.arange(first, last - length + 1, config.stride)
    at = starts[:, None] + np.arange(length)
    frame = canonical_frame(clip.where()[at])
    found = _kinematics(clip, config, at, frame) | _dynamics(clip, at, frame)
    shape = at.shape
    trusted = np.ones(shape) if clip.keep is None else clip.keep[at].astype(float)
    sequences: dict[str, Array] = {}
    for name in NAMES:
        values = found.get(name) if name in wanted else None
        if name in POINTS:
            values, sequences[f'{name}_seen'] = _room(name, values, shape, config)
            known = sequences[f'{name}_seen'].max(axis=-1)
        else:
            width = config.net.width(name)
            width *= 3 if name in KINEMATICS else 1
            known = np.zeros(shape) if values is None else np.ones(shape)
            values = np.zeros((*shape, width)) if values is None else values
            known = known * np.isfinite(values).all(axis=-1)
            known = known if name in KINEMATICS else known * trusted
        sequences[name], sequences[f'{name}_known'] = np.nan_to_num(values), known
    return {name: np.ascontiguousarray(x, np.float32) for name, x in sequences.items()}


def _kinematics(
    clip: Clip, config: HdysTaskConfig, at: NDArray[np.intp], frame: CanonicalFrame
) -> dict[str, Array]:
    """Values with differences; points come as (S, T, N, 9) with NaN where not seen."""
    back = config.backward
    three = np.stack([at - 2, at - 1, at] if back else [at - 1, at, at + 1])
    rate = config.rate_hz
    found: dict[str, Array] = {}
    for name, points in (('markers', clip.markers), ('keypoints', clip.joints)):
        if points is not None:
            values, seen = point_features(points[three], frame, rate, backward=back)
            found[name] = np.where(seen[..., None] > 0, values, np.nan)
    if clip.angles is not None:
        found['angles'] = angle_features(clip.angles[three], rate, backward=back)
    if clip.joints is not None:
        if clip.rotations is None:
            found['smpl'] = smpl_features(clip.joints[three], frame, rate, backward=back)
        else:
            own = _own_smpl(clip.joints[three], clip.rotations[three], frame)
            found['smpl'] = differences(own, rate, backward=back)
    return found


def _own_smpl(joints: Array, turned: Array, frame: CanonicalFrame) -> Array:
    """SMPL's own parameters (3, S, T, 75) in the canonical frame of the instant."""
    pelvis = np.stack([frame.points(p)[..., 0, :] for p in joints])
    turned = turned.copy()
    root = np.swapaxes(frame.rotation, -1, -2) @ rotations.exp(turned[..., 0, :])
    turned[..., 0, :] = rotations.log(root)
    flat = turned.reshape(*turned.shape[:-2], -1)
    return np.concatenate([pelvis, flat], axis=-1)


def _dynamics(clip: Clip, at: NDArray[np.intp], frame: CanonicalFrame) -> dict[str, Array]:
    """Labels at every frame, forces and torques per kilogram in its canonical axes."""
    found: dict[str, Array] = {}
    if clip.torque is not None:
        found['torque'] = clip.torque[at] / clip.mass_kg
    if clip.torque_smpl is not None:
        torque = frame.vectors(clip.torque_smpl[at][..., 1:, :]) / clip.mass_kg
        found['torque_smpl'] = torque.reshape(*at.shape, -1)
    if clip.feet is not None:
        found['feet'] = (frame.vectors(clip.feet[at]) / clip.mass_kg).reshape(*at.shape, -1)
    for name, values in (('muscles', clip.muscles), ('emg', clip.emg)):
        if values is not None:
            found[name] = values[at]
    return found


def _room(
    name: str, values: Array | None, shape: tuple[int, ...], config: HdysTaskConfig
) -> tuple[Array, Array]:
    """Points in a room of fixed size (S, T, N, 9), and which are seen (S, T, N)."""
    size = config.marker_room if name == 'markers' else config.net.keypoints
    room = np.full((*shape, size, 9), np.nan)
    if values is not None:
        if values.shape[-2] > size:
            raise ConfigError(f'{values.shape[-2]} {name}, but there is room for {size}')
        room[..., : values.shape[-2], :] = values
    return room, np.isfinite(room).all(axis=-1).astype(np.float64)
