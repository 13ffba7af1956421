"""Joint centres as a pose estimator would report them.

Its errors are no white noise: they wander with the image, bones change length, limbs hide, left
and right are confused, frames are missing, and depth may not be seen at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from humandyn_ros.config import Checked, setting
from humandyn_ros.learning.synthesis.augment import SWAPPED
from humandyn_ros.learning.synthesis.loads import BEYOND
from humandyn_ros.quantities import CANONICAL, Array, Mask

KINDS = ('clean', 'white', 'estimator', 'planar')
_LIMBS = tuple(
    CANONICAL.index[f'{side}_{joint}']
    for side in ('left', 'right')
    for joint in ('knee', 'ankle', 'elbow', 'wrist')
)
_FAR = {'wrist': 1.6, 'hand': 2.0, 'ankle': 1.3, 'foot': 1.6, 'elbow': 1.2, 'head': 1.1}
_WEIGHTS = np.array([_FAR.get(name.split('_')[-1], 1.0) for name in CANONICAL.joints])
_LEGS = [
    i for i, n in enumerate(CANONICAL.joints) if n.split('_')[-1] in ('knee', 'ankle', 'foot')
]
_ARMS = [
    i for i, n in enumerate(CANONICAL.joints) if n.split('_')[-1] in ('elbow', 'wrist', 'hand')
]


@dataclass(frozen=True)
class NoiseConfig(Checked):
    """How bad a sensor is."""

    kind: str = setting('estimator', '', 'what errors look like', choices=(*KINDS, 'mixed'))
    white_mm: float = setting(3.0, 'mm', 'independent from frame to frame', low=0.0, high=100.0)
    jitter_mm: float = setting(8.0, 'mm', 'correlated in time', low=0.0, high=200.0)
    memory_s: float = setting(0.15, 's', 'correlation time of it', low=0.01, high=5.0)
    drift: float = setting(0.025, '', 'standard deviation of bone length factors', low=0, high=0.3)
    drift_s: float = setting(2.0, 's', 'correlation time of them', low=0.1, high=60.0)
    occlusions_hz: float = setting(0.15, '1/s', 'how often a limb hides', low=0.0, high=10.0)
    occlusion_s: float = setting(0.3, 's', 'for how long, on average', low=0.01, high=10.0)
    swaps_hz: float = setting(0.05, '1/s', 'how often left and right are confused', low=0, high=10)
    swap_s: float = setting(0.12, 's', 'for how long, on average', low=0.01, high=10.0)
    dropped: float = setting(0.01, '', 'share of frames that never come', low=0.0, high=0.9)


def sensed(
    points: Array, rate_hz: float, config: NoiseConfig, random: np.random.Generator
) -> tuple[Array, Array]:
    """What a sensor reports of joint centres.

    Args:
        points: Clean (T, 24, 3) m.
        rate_hz: Frame rate.
        config: How bad it is; 'mixed' draws kind and severity.
        random: Where chance comes from.

    Returns:
        Points (T, 24, 3) m, NaN = not seen, and confidence (T, 24) 0-1.
    """
    kind, severity = config.kind, 1.0
    if kind == 'mixed':
        kind = str(random.choice(KINDS, p=(0.15, 0.2, 0.5, 0.15)))
        severity = float(random.uniform(0.0, 2.0))
    confidence = np.ones(points.shape[:2])
    if kind == 'clean':
        return points.copy(), confidence
    if kind == 'white':
        size = severity * np.hypot(config.white_mm, config.jitter_mm) * 1e-3
        return points + size * random.standard_normal(points.shape), confidence
    seen = _drifted(points, rate_hz, config, severity, random)
    seen += severity * 1e-3 * config.white_mm * random.standard_normal(points.shape)
    shape = (len(points), points.shape[1] * 3)
    jitter = wandering(shape, rate_hz, config.memory_s, random).reshape(points.shape)
    seen += severity * 1e-3 * config.jitter_mm * _WEIGHTS[:, None] * jitter
    if kind == 'planar':
        seen = _flattened(seen, random)
    seen = _swapped(seen, rate_hz, config, severity, random)
    confidence -= np.clip(0.05 * severity * np.linalg.norm(jitter, axis=2) / 3, 0.0, 0.5)
    hidden = _hidden(len(points), rate_hz, config, severity, random)
    seen[hidden], confidence[hidden] = np.nan, 0.0
    return seen, confidence


def wandering(
    shape: tuple[int, int], rate_hz: float, memory_s: float, random: np.random.Generator
) -> Array:
    """First-order Markov noise of unit variance along the first axis."""
    keep = float(np.exp(-1.0 / (rate_hz * memory_s)))
    noise = random.standard_normal(shape)
    noise[1:] *= np.sqrt(1.0 - keep**2)
    result: Array = lfilter([1.0], [1.0, -keep], noise, axis=0)
    return result


def _drifted(
    points: Array,
    rate_hz: float,
    config: NoiseConfig,
    severity: float,
    random: np.random.Generator,
) -> Array:
    """Every bone times its slowly changing factor, from the pelvis outwards."""
    frames, count = points.shape[:2]
    factors = wandering((frames, count), rate_hz, config.drift_s, random)
    bones = points - np.where(
        (np.array(CANONICAL.parents) >= 0)[:, None], points[:, CANONICAL.parents], 0.0
    )
    bones[:, 1:] *= (1.0 + severity * config.drift * factors)[:, 1:, None]
    result: Array = BEYOND.T @ bones
    return result


def _flattened(points: Array, random: np.random.Generator) -> Array:
    """What one camera sees at the pelvis' distance: depth about the pelvis is lost."""
    azimuth = random.uniform(-np.pi, np.pi)
    away = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    depth = (points - points[:, :1]) @ away
    result: Array = points - depth[..., None] * away
    return result


def events(
    frames: int, rate_hz: float, per_s: float, length_s: float, random: np.random.Generator
) -> list[slice]:
    """Random spans of frames: Poisson starts, exponential lengths."""
    count = int(random.poisson(per_s * frames / rate_hz))
    starts = random.integers(0, frames, count)
    lengths = np.maximum(1, random.exponential(length_s, count) * rate_hz).astype(int)
    return [slice(int(a), int(a + b)) for a, b in zip(starts, lengths, strict=True)]


def _swapped(
    points: Array,
    rate_hz: float,
    config: NoiseConfig,
    severity: float,
    random: np.random.Generator,
) -> Array:
    for span in events(len(points), rate_hz, severity * config.swaps_hz, config.swap_s, random):
        joints = _LEGS if random.uniform() < 0.6 else _ARMS
        points[span, joints] = points[span][:, SWAPPED[joints]]
    return points


def _hidden(
    frames: int,
    rate_hz: float,
    config: NoiseConfig,
    severity: float,
    random: np.random.Generator,
) -> Mask:
    """Joints that are not seen (T, 24): limbs outwards from a joint, and whole frames."""
    hidden = np.zeros((frames, len(CANONICAL.joints)), bool)
    often = severity * config.occlusions_hz
    for span in events(frames, rate_hz, often, config.occlusion_s, random):
        root = _LIMBS[int(random.integers(len(_LIMBS)))]
        hidden[span] |= BEYOND[root] > 0
    hidden[random.uniform(size=frames) < severity * config.dropped] = True
    return hidden
