"""Size and switches of one LaDy network."""

from __future__ import annotations

from dataclasses import dataclass

from humandyn_ros.config import Checked, setting
from humandyn_ros.engines.lady.features import Layout
from humandyn_ros.errors import ConfigError

BOTH, SPATIAL, TEMPORAL, OFF = 'both', 'spatial', 'temporal', 'off'
PUBLISHED, REST = 'published', 'rest'
FROZEN, CUMULATIVE = 'frozen', 'cumulative'


@dataclass(frozen=True)
class LadyConfig(Checked):
    """One network; the defaults are those of the released configurations."""

    classes: int = setting(8, '', 'number of action classes', low=2, high=10000)
    features: int = setting(64, '', 'width of every layer', low=4, high=1024)
    heads: int = setting(4, '', 'heads of the linear attention', low=1, high=64)
    layers: int = setting(10, '', 'temporal layers, dilation 2^i', low=1, high=14)
    refine_layers: int = setting(10, '', 'layers of each refinement stage', low=1, high=14)
    class_stages: int = setting(2, '', 'class stages, the first included', low=1, high=5)
    boundary_stages: int = setting(3, '', 'boundary stages, the first included', low=1, high=5)
    scales: int = setting(13, '', 'hops of the multi-scale graph, 0 included', low=1, high=30)
    hidden: int = setting(128, '', 'hidden width of the nets of M, C, G and F', low=4, high=1024)
    friction: bool = setting(True, '', 'use F(q, q̇); off for LARa in the released code')
    modulation: str = setting(
        BOTH,
        '',
        'where forces act: spatial fusion, temporal gates, both; off: no dynamics at all',
        choices=(BOTH, SPATIAL, TEMPORAL, OFF),
    )
    text_width: int = setting(0, '', 'width of the text features; 0: no text layer', low=0)
    text_layers: int = setting(
        1, '', 'text layers; the released code has one per class stage, of which one learns', low=1
    )
    start: str = setting(
        PUBLISHED,
        '',
        'before the first frame everything was zero (published), or as in that frame (rest)',
        choices=(PUBLISHED, REST),
    )
    causal: bool = setting(False, '', 'nothing depends on later frames')
    normalisation: str = setting(
        FROZEN,
        '',
        'causal nets: statistics learned in training, or those of the past of the stream',
        choices=(FROZEN, CUMULATIVE),
    )
    horizon: int = setting(
        3000, 'frames', 'causal nets: memory of running sums fades by 1/e; 0: never', low=0
    )
    lookahead: int = setting(0, 'frames', 'causal nets: boundaries are told that much late', low=0)

    delay: int = setting(0, 'frames', 'causal nets: classes are told that much late', low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.delay > self.lookahead:
            raise ConfigError(
                f'classes {self.delay} frames late, boundaries {self.lookahead}: boundaries '
                'cannot be told before classes; raise lookahead'
            )
        if self.features % self.heads:
            raise ConfigError(f'{self.features} features do not divide into {self.heads} heads')

    @property
    def decay(self) -> float:
        """Factor per frame on everything that is remembered in sums."""
        return 1.0 - 1.0 / self.horizon if self.horizon else 1.0

    @property
    def spatial(self) -> bool:
        """Whether forces join the features of the joints."""
        return self.modulation in (BOTH, SPATIAL)

    @property
    def temporal(self) -> bool:
        """Whether forces gate the temporal layers."""
        return self.modulation in (BOTH, TEMPORAL)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every three-tap convolution: encoder, class stages, boundary stages."""
        refine = tuple(2**i for i in range(self.refine_layers))
        stages = self.class_stages + self.boundary_stages - 2
        return tuple(2**i for i in range(self.layers)) + refine * stages


@dataclass(frozen=True)
class Shape:
    """What a network takes: joints, channels per joint, people, coordinates per person."""

    joints: int
    channels: int
    persons: int
    coordinates: int
    parents: tuple[int, ...]

    @classmethod
    def of(cls, layout: Layout) -> Shape:
        """Return the shape of a layout's inputs."""
        tree = layout.tree
        return cls(layout.joints, layout.channels, layout.persons, tree.size, tree.parents)
