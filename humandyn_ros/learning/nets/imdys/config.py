"""Settings of ImDyS."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError

STATE_CHANNELS = {'markers': 3, 'joints': 3, 'smpl': 9}
"""Numbers per point and frame: a position; for SMPL a 6-D rotation, then the position."""


@dataclass(frozen=True)
class ImdysConfig(Checked):
    """Size and variant of ImDyS; the defaults are the published ones."""

    input: str = setting('markers', '', 'what a token is', choices=('markers', 'joints', 'smpl'))
    window: int = setting(2, 'frames', 'w of equation 4: frames t-w to t+w+1', low=1, high=10)
    causal: bool = setting(
        False, '', 'no look-ahead: the same number of frames, the last one being t'
    )
    encoder: str = setting(
        'query',
        '',
        "'query': one learned query attends to the points (released code); "
        "'self': points attend to each other and are averaged (the paper's encoder); "
        "'flat': all points at once through a residual perceptron, for fixed points: a tenth of "
        'the cost on a CPU',
        choices=('query', 'self', 'flat'),
    )
    points: int = setting(
        0,
        '',
        'number of points with a learned identity each (joints, smpl); '
        '0: none, any number in any order (markers)',
        low=0,
        high=512,
    )
    width: int = setting(64, '', 'feature dimension d', low=8, high=1024)
    layers: int = setting(3, '', 'transformer layers', low=1, high=12)
    heads: int = setting(4, '', 'attention heads', low=1, high=16)
    hidden: int = setting(128, '', 'width inside the feed-forward layers', low=8, high=4096)
    dropout: float = setting(0.1, '', 'dropout in the transformer', low=0.0, high=0.9)
    bodies: int = setting(24, '', 'bodies of the model; the root has no torque', low=2, high=64)
    coordinates: int = setting(
        17, '', "outputs of the joint-torque head; AddBiomechanics' armless model has 17",
        low=1, high=64,
    )  # fmt: skip
    torque_ceiling: float = setting(
        17.0,
        'N·m/kg',
        'largest mean torque over a step; the released code clamps the sum of two substeps at '
        '1200 to 2600 N·m by joint, with 76.4 kg',
        low=1.0,
        high=1000.0,
    )
    past: int = setting(0, 'frames', 'of the past beside those of equation 4', low=0, high=60)
    extrapolate: bool = setting(
        False,
        '',
        'forward dynamics predicts what forces change of motion at constant velocity, '
        'not the next frame itself',
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoder == 'flat' and not self.points:
            raise ConfigError("encoder = 'flat' needs a fixed number of points: set points")

    @property
    def before(self) -> int:
        """Frames of the window before t."""
        return self.past + (2 * self.window + 1 if self.causal else self.window)

    @property
    def after(self) -> int:
        """Frames of the window after t: the look-ahead."""
        return 0 if self.causal else self.window + 1

    @property
    def frames(self) -> int:
        """Frames of the window."""
        return self.past + 2 * self.window + 2

    @property
    def channels(self) -> int:
        """Numbers per point and frame in the forward model: position, or rotation and position."""
        return STATE_CHANNELS[self.input]
