"""Other bodies, the other side, another tempo: one recording becomes many."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from humandyn_ros.body import TRUNK_LEVELS
from humandyn_ros.learning.synthesis.clip import Clip
from humandyn_ros.learning.synthesis.labels import Body
from humandyn_ros.learning.synthesis.loads import BEYOND
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array

HEIGHT_M, BMI, TEMPO = (1.5, 1.95), (17.0, 34.0), (0.8, 1.25)
_BALLISTIC = 0.5  # m/s² short of free fall over which a clip counts as in the air
_BALLISTIC_TEMPO = (0.95, 1.05)
_PROPORTION = 0.06  # of trunk, arms, and their widths
SWAPPED = np.array(
    [
        CANONICAL.index[name.replace('left', 'x').replace('right', 'left').replace('x', 'right')]
        for name in CANONICAL.joints
    ]
)
_TRUNK = [
    CANONICAL.index[n] for n in (*TRUNK_LEVELS, 'head') if n not in ('left_hip', 'right_hip')
]


@dataclass(frozen=True)
class Variation:
    """One way to change a clip."""

    height_m: float
    bmi: float
    sex: str
    mirrored: bool
    tempo: float  # times faster than the scaled body's natural tempo
    trunk: float  # length factors beside the uniform scale
    arms: float
    shoulders: float
    heading_rad: float

    @property
    def body(self) -> Body:
        """Mass, height and sex."""
        return Body(self.bmi * self.height_m**2, self.height_m, self.sex)


def draw(random: np.random.Generator, clip: Clip, *, plain: bool = False) -> Variation:
    """Draw a variation for a clip.

    Args:
        random: Where chance comes from.
        clip: Its flight phases bound the tempo: nobody falls faster than gravity.
        plain: Keep size, side and tempo; draw only mass and sex.
    """
    low, high = _BALLISTIC_TEMPO if in_flight(clip) else TEMPO
    trunk, arms, shoulders = (1.0 + _PROPORTION * random.uniform(-1.0, 1.0, 3)).tolist()
    found = Variation(
        random.uniform(*HEIGHT_M),
        float(np.clip(random.normal(24.0, 4.0), *BMI)),
        ('female', 'male', 'average')[int(random.integers(3))],
        bool(random.uniform() < 0.5),
        random.uniform(low, high),
        trunk,
        arms,
        shoulders,
        random.uniform(-np.pi, np.pi),
    )
    if not plain:
        return found
    return replace(
        found, height_m=clip.height_m, mirrored=False, tempo=1.0, trunk=1.0, arms=1.0,
        shoulders=1.0, heading_rad=0.0,
    )  # fmt: skip


def in_flight(clip: Clip) -> bool:
    """Whether the body is ever in free fall, judged from the middle of the trunk."""
    every = max(1, round(clip.rate_hz / 30.0))
    height = clip.points[::every, [0, CANONICAL.index['spine3']], 2].mean(1)
    if len(height) < 5:
        return False
    fall = np.gradient(np.gradient(height)) * (clip.rate_hz / every) ** 2
    return bool((np.convolve(fall, np.ones(3) / 3, 'valid') < -0.6 * GRAVITY).any())


def varied(clip: Clip, change: Variation) -> Clip:
    """Apply a variation.

    The body is scaled as a whole, feet and floor with it, so that feet that stood stand; its time
    is scaled with the square root of its size, as pendulums are (Alexander 1989), then by the
    tempo. Trunk, arms and shoulders vary apart, which moves no foot.
    """
    scale = change.height_m / clip.height_m
    points = scale * proportioned(clip.points, change)
    if change.mirrored:
        points = points[:, SWAPPED] * [1.0, -1.0, 1.0]
    c, s = np.cos(change.heading_rad), np.sin(change.heading_rad)
    points = points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    speed = change.tempo / np.sqrt(scale)
    return replace(
        clip, points=points, height_m=change.height_m, rate_hz=clip.rate_hz * speed,
        cutoff_hz=None if clip.cutoff_hz is None else clip.cutoff_hz * speed,
    )  # fmt: skip


def proportioned(points: Array, change: Variation) -> Array:
    """Stretch trunk, arms and shoulders: every bone times its factor, from the pelvis outwards."""
    factors = np.ones(len(CANONICAL.joints))
    factors[_TRUNK] = change.trunk
    for side in ('left', 'right'):
        factors[[CANONICAL.index[f'{side}_{j}'] for j in ('elbow', 'wrist', 'hand')]] = change.arms
        factors[CANONICAL.index[f'{side}_shoulder']] = change.shoulders
    parents = np.array(CANONICAL.parents)
    bones = points - np.where((parents >= 0)[:, None], points[:, parents], 0.0)
    bones = factors[:, None] * bones
    bones[:, 0] = points[:, 0]
    result: Array = BEYOND.T @ bones
    return result
