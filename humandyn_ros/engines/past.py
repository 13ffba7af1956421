"""The last second of every joint as a few numbers: a smoothing spline, dense in knots near now.

All frames go into every coefficient, so the noise of a fast camera averages out, and a network
sees the same whatever the frame rate. Time and length are without dimension (leg length and
gravity are the units): children and adults who move alike look alike.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from humandyn_ros.engines.footing import FEATURES as FOOTING
from humandyn_ros.engines.footing import footing
from humandyn_ros.engines.momentum import FEATURES as MOMENTUM
from humandyn_ros.engines.momentum import Momentum
from humandyn_ros.engines.momentum import gains as momentum_gains
from humandyn_ros.quantities import CANONICAL, Array, Mask

LEG_M = 0.86
"""Leg of an adult of 1.75 m: for them a second is a second."""
SPAN_S = 1.0
ENOUGH_S = 0.35
"""Of the past, before anything is said."""
_KNOTS = -np.array([1.0, 0.83, 0.68, 0.55, 0.44, 0.35, 0.27, 0.2, 0.14, 0.09, 0.045, 0.0])
_DEGREE = 3
COEFFICIENTS = len(_KNOTS) + _DEGREE - 1
_CUTOFF_HZ = 10.0
_PULL = 1e-5  # s²: where nothing was measured, what is nearest to it stays as it is
_FEW = 3  # frames of a joint that are needed
_FRESH_S = 0.25  # a joint that was not seen for so long is not seen
_LENGTH = 1.538  # median length of a vector of three normal numbers
_LEFT = 0.1  # share of the noise that a spline leaves, at least
_DROPS = np.array([0.045, 0.021] * 2)  # ankles and balls above the floor, in legs
_PARTS = ('pelvis', 'hip', 'knee', 'ankle', 'foot', 'neck', 'head', 'shoulder', 'elbow', 'wrist')
JOINTS = [k for k, name in enumerate(CANONICAL.joints) if name.split('_')[-1] in _PARTS]
"""Rows of the canonical joints that are looked at."""
NAMES = tuple(CANONICAL.joints[k] for k in JOINTS)
FEET = [NAMES.index(f'{s}_{j}') for s in ('left', 'right') for j in ('ankle', 'foot')]
_PAIRS = tuple(
    (NAMES.index(f'left_{part}'), NAMES.index(f'right_{part}')) for part in ('hip', 'shoulder')
)
FEATURES = COEFFICIENTS * len(JOINTS) * 3 + len(JOINTS) + 1 + FOOTING + MOMENTUM


def pace(leg_m: float) -> float:
    """Seconds in a second of an adult's."""
    return float(np.sqrt(leg_m / LEG_M))


def knots() -> tuple[Array, int]:
    """Knots of the spline in an adult's s, and its degree."""
    return _knots(), _DEGREE


@cache
def _knots() -> Array:
    ends = np.full(_DEGREE, _KNOTS[0]), np.full(_DEGREE, _KNOTS[-1])
    return np.concatenate([ends[0], _KNOTS, ends[1]])


@cache
def _regulariser() -> Array:
    """(K, K): what third and first derivatives cost, integrated."""
    at = np.linspace(-SPAN_S, 0.0, 2001)[:-1] + 0.5 * SPAN_S / 2000
    found = np.zeros((COEFFICIENTS, COEFFICIENTS))
    for order, weight in ((3, (2.0 * np.pi * _CUTOFF_HZ) ** -6), (1, _PULL)):
        rows = BSpline(_knots(), np.eye(COEFFICIENTS), _DEGREE).derivative(order)(at)
        found += weight * (rows.T @ rows) * SPAN_S / 2000
    return found


@cache
def _order() -> Array:
    """(K, K) orthonormal: level, trend, bend ... of coefficients, so that networks learn fast."""
    ends = _knots()
    places = np.array([ends[k + 1 : k + 1 + _DEGREE].mean() for k in range(COEFFICIENTS)])
    powers = np.polynomial.legendre.legvander(2.0 * places + 1.0, COEFFICIENTS - 1)
    found = np.linalg.qr(powers)[0]
    return np.asarray(found * np.sign(found[-1]))


def spline_map(ago: Array, weights: Array | None = None) -> Array:
    """Matrix (K, N) from frames to coefficients of the smoothing spline.

    Args:
        ago: Times of the frames before now (N,), an adult's s, falling, from at most SPAN_S to 0.
        weights: Confidence of each frame (N,); default 1.
    """
    weights = np.ones(len(ago)) if weights is None else weights
    return _spline_map(ago.tobytes(), weights.tobytes())


@lru_cache(maxsize=2)
def _spline_map(ago_s: bytes, weights: bytes) -> Array:
    """Asked for twice of a past: for its coefficients and for its noise."""
    ago, rows = np.frombuffer(ago_s), _design(ago_s)
    step = (ago[0] - ago[-1]) / (len(ago) - 1)
    weighed = step * (rows * np.frombuffer(weights)[:, None]).T
    found: Array = np.linalg.solve(weighed @ rows + _regulariser(), weighed)
    return found


@lru_cache(maxsize=2)
def _design(ago_s: bytes) -> Array:
    """(N, K): from coefficients to frames."""
    rows: Array = BSpline.design_matrix(-np.frombuffer(ago_s), _knots(), _DEGREE).toarray()
    return rows


def coefficients(ago: Array, points: Array, weights: Array) -> tuple[Array, Mask]:
    """Coefficients of every joint (K, J, 3), and which joints were seen (J,).

    Args:
        ago: As for `spline_map` (N,).
        points: (N, J, 3); NaN = not seen.
        weights: (N, J).
    """
    weights = np.where(np.isfinite(points).all(axis=2), weights, 0.0)
    known = weights > 0.0
    fresh = known[ago <= max(_FRESH_S, ago[-min(len(ago), _FEW)])].any(axis=0)
    seen = fresh & (known.sum(axis=0) >= _FEW)
    found = np.zeros((COEFFICIENTS, *points.shape[1:]))
    patterns, which = _patterns(weights[:, seen])
    joints = np.flatnonzero(seen)
    for number, pattern in enumerate(patterns.T):
        mine = joints[np.asarray(which).ravel() == number]
        used = np.nan_to_num(points[:, mine]).reshape(len(ago), -1)
        found[:, mine] = (spline_map(ago, pattern) @ used).reshape(-1, len(mine), 3)
    return found, seen


def _patterns(weights: Array) -> tuple[Array, NDArray[np.intp]]:
    """Columns that differ (N, P), and which of them each is."""
    first = weights[:, :1]
    if (weights == first).all():  # as a rule: everybody was seen all of the time
        return first, np.zeros(weights.shape[1], np.intp)
    return np.unique(weights, axis=1, return_inverse=True)


class Noise(NamedTuple):
    """What is known of the noise of some pasts."""

    size: Array  # (B,) legs, of a point on an axis
    gains: Array  # what it makes of accelerations, see `gains`


def gains(spline_map: Array) -> Array:
    """What noise makes of accelerations, by the matrix that made the coefficients (K, N)."""
    return momentum_gains(spline_map, *knots(), LEG_M)


def noise(ago: Array, points: Array, weights: Array, found: tuple[Array, Mask]) -> Noise:
    """Noise of one past, by what its spline leaves.

    Args:
        ago: As for `spline_map` (N,).
        points: (N, J, 3) legs; NaN = not seen.
        weights: (N, J).
        found: What `coefficients` made of them.
    """
    rows, to = _design(ago.tobytes()), spline_map(ago)
    left = 1.0 - np.einsum('nk,kn->', rows, to) / len(ago)
    known = (weights > 0.0) & found[1] & np.isfinite(points).all(axis=2)
    off = (points - np.tensordot(rows, found[0], axes=1))[known]
    size = np.median(np.linalg.norm(off, axis=-1)) / (_LENGTH * np.sqrt(max(left, _LEFT)))
    return Noise(np.array([size]), gains(to))


def features(
    coefficients: Array, seen: Mask, known_s: Array | float, noise: Noise
) -> tuple[Array, Array]:
    """What a network sees of the past of some people, and the axes of its answers.

    A steady drift of the person, or of a belt, is taken out: forces do not depend on it.

    Args:
        coefficients: Of JOINTS (B, K, J, 3) in leg lengths.
        seen: (B, J).
        known_s: How much of the past is known (B,), an adult's s.
        noise: Of the points.

    Returns:
        Features (B, FEATURES), and the columns of forward, left and up in the world (B, 3, 3).
    """
    batch = len(coefficients)
    ordered = _order().astype(coefficients.dtype)
    pelvis = coefficients[:, :, 0]
    line = ordered[:, :2] @ (ordered[:, :2].T @ pelvis)
    soles = coefficients[:, :-2][:, :, FEET, 2] - _DROPS.astype(coefficients.dtype)
    origin = line.copy()
    origin[..., 2] = soles.min(axis=(1, 2))[:, None]
    rotation = facing(coefficients, seen)
    centred = (coefficients - origin[:, :, None]) @ rotation[:, None]
    centred *= seen[:, None, :, None]
    moments = np.tensordot(ordered.T, centred, axes=(1, 1)).swapaxes(0, 1)
    known = np.broadcast_to(np.asarray(known_s, dtype=moments.dtype), (batch,))
    feet = footing(coefficients[:, :, FEET], known, rotation, *knots())
    pushed = _momentum().features(coefficients, seen, rotation, *noise)
    rows = moments.reshape(batch, -1), seen.astype(moments.dtype), known[:, None], feet, pushed
    return np.concatenate(rows, axis=1), rotation


@cache
def _momentum() -> Momentum:
    return Momentum(NAMES, *knots(), LEG_M, _DROPS)


def facing(coefficients: Array, seen: Mask) -> Array:
    """Axes of a person (B, 3, 3): square to the lines from right to left, over half a second."""
    recent = coefficients[:, COEFFICIENTS // 2 :].mean(axis=1)
    leftwards = np.zeros((len(recent), 2), recent.dtype)
    for left, right in _PAIRS:
        both = (seen[:, left] & seen[:, right])[:, None]
        leftwards += np.where(both, recent[:, left, :2] - recent[:, right, :2], 0.0)
    leftwards /= np.maximum(np.linalg.norm(leftwards, axis=1), 1e-6)[:, None]
    rotation = np.zeros((len(recent), 3, 3), recent.dtype)
    rotation[:, 0, 0], rotation[:, 1, 0] = leftwards[:, 1], -leftwards[:, 0]
    rotation[:, 0, 1], rotation[:, 1, 1] = leftwards[:, 0], leftwards[:, 1]
    rotation[:, 2, 2] = 1.0
    return rotation
