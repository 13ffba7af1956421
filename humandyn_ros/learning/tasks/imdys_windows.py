"""What ImDyS learns from: settings of the task, and clips cut into labelled windows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from humandyn_ros import rotations
from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.canonical import CanonicalFrame, canonical_frame
from humandyn_ros.engines.imdys import point_states, smpl_channels
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.losses.imdys import ImdysWeights
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.tasks.clips import Arrays, Clip
from humandyn_ros.quantities import Array

TARGETS = ('torque', 'ground', 'joint_torque', 'feet')


@dataclass(frozen=True)
class ImdysTaskConfig(Checked):
    """Everything that decides an ImDyS: network, losses, schedule and material."""

    net: ImdysConfig = field(default_factory=ImdysConfig)
    weights: ImdysWeights = field(default_factory=ImdysWeights)
    targets: tuple[str, ...] = TARGETS
    coordinates: tuple[str, ...] = COORDINATES
    heading: bool = setting(
        True, '', 'turn x to where the person faces (paper); the released code does not'
    )
    rate_hz: float = setting(30.0, 'Hz', 'rate of the frames', low=5.0, high=500.0)
    batch: int = setting(2400, 'windows', 'windows of a batch', low=2)
    epochs: int = setting(140, '', 'epochs of the first stage, on simulated motion', low=0)
    real_epochs: int = setting(
        0, '', 'epochs of the second stage, encoder frozen, on measured motion (paper: 10)', low=0
    )
    learning_rate: float = setting(1e-3, '', 'of AdamW', low=1e-8, high=1.0)
    teacher_share: float = setting(
        0.1, '', 'share of the epochs whose forward model gets only true forces', low=0.0, high=1.0
    )
    predicted_share: float = setting(
        0.2, '', 'after that, share of windows that get predicted ones', low=0.0, high=1.0
    )
    noise_m: float = setting(0.03, 'm', 'noise of implausible windows', low=0.0, high=1.0)
    contact_n_per_kg: float = setting(
        1e-4, 'N/kg', 'a body with more force than this is in contact', low=0.0, high=10.0
    )
    marker_room: int = setting(96, '', 'markers that the model has room for', low=1, high=512)
    least_markers: int = setting(
        22, '', 'training hides markers at random, but leaves this many; 0: none', low=0, high=512
    )
    source: str = setting('synthesis', '', 'where clips come from, see tasks/clips.py')
    real_source: str = setting('', '', 'clips of the second stage; empty: the same source')
    clips: int = setting(400, '', 'clips of one epoch', low=1)
    score_clips: int = setting(40, '', 'clips of a score', low=1)
    export_points: int = setting(
        0, '', 'points of the exported model; 0: all markers, or the 24 joints', low=0, high=512
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = sorted(set(self.targets) - set(TARGETS))
        if unknown or not self.targets:
            raise ConfigError(f'targets = {self.targets}: choose from {", ".join(TARGETS)}')
        if 'joint_torque' in self.targets and len(self.coordinates) != self.net.coordinates:
            raise ConfigError(
                f'{len(self.coordinates)} coordinates but net.coordinates = {self.net.coordinates}'
            )


def imdys_windows(clip: Clip, config: ImdysTaskConfig, rng: np.random.Generator | None) -> Arrays:
    """All windows of a clip whose labels can be trusted.

    Args:
        clip: Motion with labels.
        config: Settings.
        rng: Hides markers at random; None: none is hidden.

    Returns:
        The fields of `losses.imdys.imdys_losses`, windows first.
    """
    net = config.net
    after = max(net.after, 1)
    at = np.arange(net.before, len(clip) - after)
    if clip.keep is not None:
        at = at[clip.keep[at] & clip.keep[at + 1]]
    where = clip.where()[at]
    frame = canonical_frame(where, heading=config.heading)
    windows = at[:, None] + np.arange(-net.before, after + 1)
    channels = _channels(clip, config, windows, frame, rng)
    whole = np.asarray(np.isfinite(channels).all(axis=(1, 3)))
    channels = np.where(whole[:, None, :, None], channels, np.nan)
    states, seen = point_states(channels[:, : net.frames])
    known = np.nan_to_num(np.swapaxes(channels, 1, 2))
    found = {
        'states': states,
        'seen': seen,
        'past': known[:, :, net.before - net.window : net.before + 1],
        'next': known[:, :, net.before + 1],
    }
    found |= _labels(clip, config, at, frame.rotation)
    return {name: np.ascontiguousarray(array, np.float32) for name, array in found.items()}


def _channels(
    clip: Clip,
    config: ImdysTaskConfig,
    windows: NDArray[np.intp],
    frame: CanonicalFrame,
    rng: np.random.Generator | None,
) -> Array:
    """Points of every window in its canonical frame (W, F, N, C); NaN = not seen.

    Args:
        clip: Motion.
        config: Settings.
        windows: Frames of every window (W, F).
        frame: Canonical frame of every window.
        rng: As in `imdys_windows`.
    """
    kind = config.net.input
    given = clip.markers if kind == 'markers' else clip.joints
    if given is None:
        raise ConfigError(f'clips of {clip.name} have no {kind}: choose another input')
    each = CanonicalFrame(frame.origin[:, None], frame.rotation[:, None])
    points = each.points(given[windows])
    if kind == 'smpl':
        turned = None if clip.rotations is None else clip.rotations[windows].copy()
        if turned is not None:  # the root's rotation is in the world's axes
            root = np.swapaxes(each.rotation, -1, -2) @ rotations.exp(turned[:, :, 0])
            turned[:, :, 0] = rotations.log(root)
        return smpl_channels(points, turned)
    return _marker_room(points, config, rng) if kind == 'markers' else points


def _marker_room(points: Array, config: ImdysTaskConfig, rng: np.random.Generator | None) -> Array:
    """Markers (W, F, M, 3) in a room of fixed size, some of them hidden at random."""
    windows, frames, count = points.shape[:3]
    if count > config.marker_room:
        raise ConfigError(f'{count} markers but marker_room = {config.marker_room}')
    room = np.full((windows, frames, config.marker_room, 3), np.nan)
    room[:, :, :count] = points
    if rng is not None and 0 < config.least_markers < count:
        kept = np.asarray(rng.integers(config.least_markers, count, windows))
        rank = rng.random((windows, count)).argsort(axis=1).argsort(axis=1)
        hidden = np.asarray(rank >= kept[:, None])
        room[:, :, :count] = np.where(hidden[:, None, :, None], np.nan, room[:, :, :count])
    return room


def _labels(
    clip: Clip, config: ImdysTaskConfig, at: NDArray[np.intp], rotation: Array
) -> dict[str, Array]:
    """Targets per kilogram in the axes of every window's canonical frame."""
    found: dict[str, Array] = {}
    both = np.stack([at, at + 1], axis=1)
    wanted = config.targets
    if 'torque' in wanted and clip.torque_smpl is not None:
        found['torque'] = clip.torque_smpl[at][:, 1:] @ rotation
    if 'joint_torque' in wanted and clip.torque is not None:
        found['joint_torque'] = clip.torque[at]
    for name, force in (('ground', clip.contact_force), ('feet', clip.feet)):
        if name in wanted and force is not None:
            found[name] = force[both] @ rotation[:, None]
    found = {name: array / clip.mass_kg for name, array in found.items()}
    for name, contact in (('ground', 'contact'), ('feet', 'feet_contact')):
        if name in found:
            size = np.linalg.norm(found[name], axis=-1)
            found[contact] = (size > config.contact_n_per_kg).astype(np.float64)
    return found
