"""Settings of HDyS."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting

KINEMATICS = ('markers', 'keypoints', 'angles', 'smpl')
"""Representations of motion; each frame holds values, first and second differences."""

DYNAMICS = ('torque', 'torque_smpl', 'muscles', 'emg')
"""Representations of what produces it: x_tr, x_ts, x_m and x_e of the paper."""

POINTS = ('markers', 'keypoints')
"""Kinematics that are sets of points."""


@dataclass(frozen=True)
class HdysConfig(Checked):
    """Size and variant of HDyS; defaults are the published ones, or marked as our choice."""

    latent: int = setting(128, '', 'dimension d of the latent space', low=8, high=1024)
    point_layers: int = setting(3, '', 'transformer layers over points', low=1, high=12)
    point_heads: int = setting(2, '', 'their heads', low=1, high=16)
    temporal_layers: int = setting(
        4, '', 'layers of the shared temporal transformer; 0: none (Table 9)', low=0, high=12
    )
    temporal_heads: int = setting(4, '', 'their heads', low=1, high=16)
    expansion: int = setting(
        4, '', 'feed-forward width / d; not printed, 4 gives the published 3.9 M', low=1, high=16
    )
    dropout: float = setting(0.1, '', 'dropout in transformers (ours)', low=0.0, high=0.9)
    frames: int = setting(16, 'frames', 'length of a sequence (ours)', low=2, high=512)
    look_ahead: int = setting(
        2,
        'frames',
        'how far a frame may look ahead; -1: over the whole sequence, as the paper implies (ours)',
        low=-1,
        high=511,
    )
    keypoints: int = setting(24, '', 'joint centres whose acceleration is decoded', low=1)
    angles: int = setting(23, '', 'generalized coordinates of the Rajagopal model', low=1)
    smpl: int = setting(75, '', 'SMPL translation and rotation vectors', low=1)
    torque: int = setting(17, '', 'joint torques of the Rajagopal model', low=1)
    torque_smpl: int = setting(69, '', 'joint torques of SMPL', low=1)
    muscles: int = setting(402, '', 'muscle activations (MinT)', low=1)
    emg: int = setting(8, '', 'surface EMG channels (MiA)', low=1)
    feet: int = setting(6, '', 'ground reaction: two feet times three axes', low=1)

    def width(self, name: str) -> int:
        """Numbers per frame of a representation that is no set of points."""
        return int(getattr(self, name))


HEAD_HIDDEN = {'torque': 32, 'torque_smpl': 64, 'muscles': 64, 'emg': 32, 'feet': 32}
"""Hidden width of the heads (section 4.2; feet: ours)."""

ACCELERATION_HIDDEN = {'keypoints': 32, 'angles': 32, 'smpl': 64}
"""Hidden width of the acceleration decoders (section 4.2); markers have none."""

ENCODER_HIDDEN = (256, 128)
"""Hidden widths of the three-layer MLP encoders of angles and SMPL (section 4.2)."""

DYNAMICS_HIDDEN = 256
"""Hidden width of the dynamics encoders. Not printed: with two layers here and in the composer
(hidden width d) the sizes come closest to the published 3.9, 1.4 and 0.6 M."""
