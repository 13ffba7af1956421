"""Batches of the hybrid: pasts of one sensor at a time, seen with its noise.

Noise is drawn where it is cheap: in the coefficients of the spline, with the covariance that the
sensor's noise has there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.config import Checked, setting
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import LAGS_S
from humandyn_ros.engines.late import AGO_S, LOWER
from humandyn_ros.engines.memory import TORQUE_ROWS, TORQUE_SIGNS
from humandyn_ros.engines.past import (
    COEFFICIENTS,
    ENOUGH_S,
    JOINTS,
    LEG_M,
    NAMES,
    SPAN_S,
    Noise,
    facing,
    features,
    gains,
    pace,
    spline_map,
)
from humandyn_ros.learning.tasks.hybrid_material import RATE_HZ, Floats, Material
from humandyn_ros.learning.tasks.hybrid_mirror import OTHER_SIDE
from humandyn_ros.quantities import Array, Mask

_J = len(JOINTS)
_FRAMES = round(SPAN_S * RATE_HZ) + 1
_BACK = np.round(np.array(LAGS_S) * RATE_HZ).astype(int)
_RATES_HZ, _SHARES = (30.0, 60.0, 100.0, 150.0), (0.25, 0.35, 0.3, 0.1)
_LEGS_M = 0.55, 1.0
_UPPER = np.array([row not in LOWER for row in range(_J)])
_OUTER = np.array([n.split('_')[-1] in ('wrist', 'head') for n in NAMES])
_AGO = np.round(np.array(AGO_S) * RATE_HZ).astype(int)
_WARM_S = 0.2  # before physics says something
_SPLIT = 0.05  # standard deviation of the share of weight that physics puts under the wrong foot
_FORCE = 0.02  # body weights, of its other errors
_GAIN = 0.03
_TORQUE = 0.015  # body weight times leg length
_UNEVEN = 3e-4, 4e-3  # legs: what a spline leaves of motion without noise, slow and fast
_MISJUDGED = 0.15  # logarithmic error of the noise that is measured
_SILENT = 0.1  # share of pasts in which physics says nothing
_TOUCH = 0.02  # body weights on a foot that is down
_SIDEWAYS = ('adduction', 'bending', 'add')
_TORQUE_AXES = np.array([int(n.removesuffix('_r').removesuffix('_l').split('_')[-1] in _SIDEWAYS)
                         for n in COORDINATES])  # fmt: skip
"""Axis along which a coordinate's lever lies: x for flexion, y for what moves sideways."""


@dataclass(frozen=True)
class Sensors(Checked):
    """How bad the sensors are that motion is seen with."""

    white_mm: float = setting(20.0, 'mm', 'worst noise from frame to frame', low=0.0, high=100.0)
    slow_mm: float = setting(10.0, 'mm', 'worst noise that is correlated', low=0.0, high=100.0)
    memory_s: float = setting(0.15, 's', 'correlation time of it', low=0.01, high=5.0)
    clean: float = setting(0.2, '', 'share of pasts without noise', low=0.0, high=1.0)
    slow: float = setting(0.3, '', 'share of pasts with correlated noise', low=0.0, high=1.0)
    shift_mm: float = setting(
        25.0, 'mm', 'worst spread of where a source takes joint centres to be', low=0.0, high=100.0
    )
    stretch: float = setting(
        0.25, '', 'worst share by which steps are longer or shorter, wider or narrower', low=0.0,
        high=0.9,
    )  # fmt: skip
    lower_only: float = setting(0.25, '', 'share without the upper body', low=0.0, high=1.0)
    partial: float = setting(0.1, '', 'share without wrists and head', low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class View:
    """One sensor's frame rate and how long it has been looking."""

    rate_hz: float  # in an adult's time
    known_s: float
    leg_m: float

    @property
    def ago(self) -> Array:
        """Times of its frames before now."""
        return np.arange(int(self.known_s * self.rate_hz + 1e-9), -1, -1) / self.rate_hz


def view(random: np.random.Generator) -> View:
    """Draw a sensor and a person's size."""
    leg = random.uniform(*_LEGS_M)
    rate = float(random.choice(_RATES_HZ, p=_SHARES)) * pace(leg)
    known = SPAN_S if random.random() < 0.6 else random.uniform(ENOUGH_S + 0.02, SPAN_S)
    return View(rate, known, leg)


class Turned(NamedTuple):
    """How pasts were changed, and the axes that they are seen in."""

    mirror: Mask  # (B,)
    rotation: Array  # (B, 3, 3) columns: forward, left, up
    stretch: Array  # (B, 3) along these


def batch(
    found: Material, count: int, seen_by: View, sensors: Sensors, random: np.random.Generator
) -> dict[str, Floats]:
    """Features of pasts, and labels of the instants they end at and those LAGS_S before.

    Returns:
        features (B, F); forces (B, L, 3, 3); contact, ball, ball_weight (B, L, 2); torque,
        torque_weight (B, L, 17); weight (B, L).
    """
    ends = _drawn(found, count, seen_by.known_s, random)
    mirror = random.random(count) < 0.5
    rows = np.maximum(ends[:, None] + np.arange(1 - _FRAMES, 1), found.start[ends][:, None])
    points = found.points[rows].reshape(count, _FRAMES, -1)
    smooth = (_from_clean(seen_by) @ points).reshape(count, COEFFICIENTS, _J, 3)
    smooth[mirror] = _mirrored(smooth[mirror])
    seen = _hidden(found.seen[ends], sensors, random)
    seen = np.where(mirror[:, None], seen[:, OTHER_SIDE], seen)
    stretch = np.ones((count, 3))
    stretch[:, :2] += random.uniform(-sensors.stretch, sensors.stretch, (count, 2))
    smooth = _stretched(smooth, seen, stretch.astype(np.float32))
    noise, around = _noise(count, seen_by, sensors, random)
    smooth += noise
    motion, rotation = features(smooth, seen, seen_by.known_s, around)
    turned = Turned(mirror, rotation, stretch)
    said = _said(found, ends, turned, seen_by.known_s, random)
    labels = _labels(found, ends, turned)
    named = {'features': np.concatenate([motion, said], axis=1), **labels}
    return {name: np.asarray(values, np.float32) for name, values in named.items()}


def _drawn(
    found: Material, count: int, known_s: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Frames whose past is known for long enough, the more often the more they matter."""
    needed = np.ceil(known_s * RATE_HZ)
    ends = np.empty(0, np.int64)
    while len(ends) < count:
        places = random.random(2 * count) * found.chances[-1]
        drawn = np.searchsorted(found.chances, places, 'right')
        ends = np.concatenate([ends, drawn[drawn - found.start[drawn] >= needed]])
    return ends[:count]


def _from_clean(seen_by: View) -> Floats:
    """Matrix from clean frames to coefficients, through the frames that the sensor takes."""
    ago = seen_by.ago
    place = (_FRAMES - 1) - ago * RATE_HZ
    first = np.clip(np.floor(place).astype(int) - 1, 0, _FRAMES - 4)
    at = place - first
    taps = np.zeros((len(ago), _FRAMES))
    for tap in range(4):  # cubic through the four nearest
        others = [k for k in range(4) if k != tap]
        value = np.prod([(at - k) / (tap - k) for k in others], axis=0)
        taps[np.arange(len(ago)), first + tap] = value
    return np.asarray(spline_map(ago) @ taps, np.float32)


def _mirrored(vectors: Array) -> Array:
    return np.asarray(vectors[..., OTHER_SIDE, :] * np.array([1.0, -1.0, 1.0], vectors.dtype))


def _stretched(smooth: Array, seen: Mask, stretch: Array) -> Array:
    """Coefficients of the same motion with other steps.

    What is horizontal is stretched along the person's own axes. Newton's law is linear: the
    horizontal forces stretch as much, the vertical ones stay, centres of pressure stay under the
    feet. Only the lengths of slanting segments become somebody else's.
    """
    rotation = facing(smooth, seen).astype(smooth.dtype)
    flat = smooth.reshape(len(smooth), -1, 3) @ rotation * stretch[:, None]
    return np.asarray((flat @ rotation.swapaxes(1, 2)).reshape(smooth.shape))


def _stretched_torque(torque: Array, stretch: Array) -> Array:
    """Torques (B, ..., 17) after that: about the left axis they grow as what is ahead does."""
    grown = stretch[:, _TORQUE_AXES]
    return np.asarray(torque * grown.reshape(len(torque), *[1] * (torque.ndim - 2), -1))


def _hidden(seen: Mask, sensors: Sensors, random: np.random.Generator) -> Mask:
    kind = random.random(len(seen))
    without_upper = kind < sensors.lower_only
    partly = ~without_upper & (kind < sensors.lower_only + sensors.partial)
    hidden = (without_upper[:, None] & _UPPER) | (partly[:, None] & _OUTER)
    return np.asarray(seen & ~hidden)


def _noise(
    count: int, seen_by: View, sensors: Sensors, random: np.random.Generator
) -> tuple[Floats, Noise]:
    """Noise of the coefficients (B, K, J, 3) in legs, and as it would be measured.

    Joint centres are shifted for good besides.
    """
    ago = seen_by.ago
    to = spline_map(ago)
    memory = sensors.memory_s / pace(seen_by.leg_m)
    slow = np.exp(-np.abs(ago[:, None] - ago) / memory)
    unit = 1e-3 / seen_by.leg_m
    clean = random.random(count) < sensors.clean
    sizes = unit * np.where(clean, 0.0, random.uniform(0.0, sensors.white_mm, count))
    wander = np.where(clean | (random.random(count) > sensors.slow), 0.0, 1.0)
    wander *= unit * random.uniform(0.0, sensors.slow_mm, count)
    shape = (count, COEFFICIENTS, _J * 3)
    found = _root(to @ to.T) @ _normal(random, shape) * _column(sizes)
    drifting = np.flatnonzero(wander)
    drift = _normal(random, (len(drifting), *shape[1:])) * _column(wander[drifting])
    found[drifting] += _root(to @ slow @ to.T) @ drift
    shifts = unit * random.uniform(0.0, sensors.shift_mm, count)
    found += _normal(random, (count, 1, _J * 3)) * _column(shifts)
    least, most = np.log(_UNEVEN).tolist()
    uneven = np.exp(random.uniform(least, most, count))
    told = np.hypot(sizes, uneven) * np.exp(_MISJUDGED * _normal(random, (count,)))
    return found.reshape(count, COEFFICIENTS, _J, 3), Noise(told, gains(to))


def _root(covariance: Array) -> Floats:
    return np.asarray(np.linalg.cholesky(covariance + 1e-9 * np.eye(COEFFICIENTS)), np.float32)


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return random.standard_normal(shape, dtype=np.float32)


def _column(values: Array) -> Floats:
    return np.asarray(values, np.float32)[:, None, None]


def _said(
    found: Material,
    ends: NDArray[np.int64],
    turned: Turned,
    known_s: float,
    random: np.random.Generator,
) -> Array:
    """What physics said of the past, told as `engines.late.Late` does, with its errors."""
    mirror, rotation, stretch = turned
    count = len(ends)
    late = random.integers(-1, 2, (count, 1))
    rows = ends[:, None] - _AGO - late
    inside = (rows >= found.start[ends][:, None]) & ((known_s - _WARM_S) * RATE_HZ >= _AGO)
    inside &= (random.random(count) > _SILENT)[:, None]
    rows = np.where(inside, rows, ends[:, None])
    feet = np.asarray(found.said[rows], np.float64)
    inside &= found.keep[rows] | found.live[rows]
    inside &= np.isfinite(feet).all(axis=(2, 3))
    feet = np.where(inside[..., None, None], feet, 0.0)
    wrong = feet + _errors(feet, random)
    feet = np.where(found.live[rows][..., None, None], feet, wrong)
    other = feet[:, :, [1, 0]] * np.array([1.0, -1.0, 1.0])
    feet = np.where(mirror[:, None, None, None], other, feet) @ rotation[:, None]
    feet = feet * stretch[:, None, None]
    torque: Array = np.nan_to_num(found.said_torque[rows[:, 0]]).astype(np.float64)
    torque = torque + _TORQUE * _normal(random, torque.shape) * ~found.live[ends][:, None]
    torque = np.where(mirror[:, None], torque[:, TORQUE_ROWS] * TORQUE_SIGNS, torque)
    torque = _stretched_torque(torque, stretch) * inside[:, :1]
    return np.concatenate([feet.reshape(count, -1), inside, torque], axis=1)


def _errors(feet: Array, random: np.random.Generator) -> Array:
    """Errors of physics (B, A, 2, 3): of the mass, of each foot, of the split between them."""
    count, slots = feet.shape[:2]
    scale = random.uniform(0.0, 2.0, (count, 1, 1, 1)) * (feet[..., 2:] > 0.0)
    gain = _GAIN * _normal(random, (count, 1, 1, 1))
    each = _FORCE * (_normal(random, feet.shape) + _normal(random, (count, 1, 2, 3)))
    both = np.asarray((feet[..., 2] > 0.0).all(axis=2))[..., None, None]
    split = _SPLIT * _normal(random, (count, slots, 1, 1)) * np.array([[1.0], [-1.0]])
    upwards = np.array([0.2, 0.05, 1.0])
    return np.asarray(gain * feet + scale * (each + both * split * upwards))


def _labels(found: Material, ends: NDArray[np.int64], turned: Turned) -> dict[str, Array]:
    mirror, rotation, stretch = turned
    rows = ends[:, None] - _BACK
    inside = rows >= found.start[ends][:, None]
    rows = np.where(inside, rows, ends[:, None])
    swap = mirror[:, None, None]
    forces = np.asarray(found.forces[rows], np.float64)
    other = forces[:, :, [1, 0, 2]] * np.array([1.0, -1.0, 1.0], np.float32)
    forces = np.where(swap[..., None], other, forces) @ rotation[:, None]
    forces = forces * stretch[:, None, None]
    torque = np.asarray(found.torque[rows], np.float64)
    torque = np.where(swap, torque[..., TORQUE_ROWS] * TORQUE_SIGNS, torque)
    torque = _stretched_torque(torque, stretch)
    ball = np.asarray(found.ball[rows], np.float64)
    ball = np.where(swap, ball[..., ::-1], ball)
    weight = (inside & found.keep[rows]).astype(np.float32)
    return {
        'forces': forces,
        'contact': forces[:, :, :2, 2] > _TOUCH,
        'ball': np.nan_to_num(ball, nan=0.5),
        'ball_weight': np.isfinite(ball) * weight[..., None],
        'torque': np.nan_to_num(torque),
        'torque_weight': np.isfinite(torque) * weight[..., None],
        'weight': weight,
    }


ADULT = View(100.0, SPAN_S, LEG_M)
"""How validation is seen: an adult at 100 Hz, for a second."""
