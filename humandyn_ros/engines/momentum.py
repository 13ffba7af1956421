"""How the whole body is being accelerated, and where the ground must push for that.

A network that sees joints alone does not learn to add them up by mass and take differences twice:
it guesses the total force from the pose. So it is shown the answer of Newton's law, over spans of
several lengths that end at several instants, each the weaker the less noise lets it be known.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.interpolate import BSpline

from humandyn_ros.quantities import GRAVITY, Array, Mask

_STEP_S = 1.0 / 60.0
_ENDS, _SPANS = (0, 2, 4, 6, 8), (2, 4, 6)  # steps before now; half of the span
_PAIRS = tuple((end, span) for end in _ENDS for span in _SPANS)
_LAST = np.array([end for end, _ in _PAIRS])
_HALF = np.array([span for _, span in _PAIRS])
SHOWN = len(_PAIRS)
FEATURES = SHOWN * 7 + 1
_USUAL = 0.2  # body weights: what accelerations are like where nothing is known
_LEAST = 0.3  # body weights under which nobody's pressure has a centre
_FARTHEST = 2.0  # legs, and body weights
_FLOOR = 3e-3  # body weights of noise, least that is told apart
_SHARES = {
    'pelvis': 0.1446, 'hip': 0.1186, 'knee': 0.0823, 'ankle': 0.0259, 'foot': 0.0068,
    'neck': 0.06, 'head': 0.0694, 'shoulder': 0.0945, 'elbow': 0.0214, 'wrist': 0.0135,
}  # fmt: skip
"""Body mass by joint: each segment's (de Leva 1996, table 4) at its two ends by its centre."""
_ABOVE = {'neck': 0.58, 'head': 0.75, 'shoulder': 0.5, 'elbow': 0.3, 'wrist': 0.1}
"""Legs above the pelvis of a joint that is not seen."""


@cache
def _rows(knots: bytes, degree: int) -> Array:
    """(T, K): from coefficients to positions, latest first."""
    at = -_STEP_S * np.arange(max(_LAST + 2 * _HALF) + 1)
    ends = np.frombuffer(knots)
    return np.asarray(BSpline(ends, np.eye(len(ends) - degree - 1), degree)(at))


@cache
def _differences(knots: bytes, degree: int, leg_m: float) -> Array:
    """(S, K): from coefficients to accelerations over the spans, in those of gravity."""
    rows = _rows(knots, degree)
    second = rows[_LAST] - 2.0 * rows[_LAST + _HALF] + rows[_LAST + 2 * _HALF]
    return np.asarray(second / (_STEP_S * _HALF[:, None]) ** 2 * (leg_m / GRAVITY))


def gains(spline_map: Array, knots: Array, degree: int, leg_m: float) -> Array:
    """Noise of each acceleration (S,) in those of gravity, per leg of noise of one point.

    Args:
        spline_map: From frames to coefficients (K, N).
        knots: Of the spline.
        degree: Of the spline.
        leg_m: Leg for which a second is a second.
    """
    found = _differences(knots.tobytes(), degree, leg_m) @ spline_map
    return np.asarray(np.linalg.norm(found, axis=1))


class Momentum:
    """Shows the acceleration of people with given joints.

    Args:
        names: Of the joints, pelvis first.
        knots: Of the spline.
        degree: Of the spline.
        leg_m: Leg for which a second is a second.
        soles: How far each point of the feet is above the floor when it stands, legs.
    """

    def __init__(
        self, names: tuple[str, ...], knots: Array, degree: int, leg_m: float, soles: Array
    ) -> None:
        parts = [name.split('_')[-1] for name in names]
        self._shares = np.array([_SHARES[part] for part in parts])
        self._above = np.array([_ABOVE.get(part, 0.0) for part in parts])
        self._feet = [
            names.index(f'{s}_{j}') for s in ('left', 'right') for j in ('ankle', 'foot')
        ]
        self._soles = soles
        self._basis = _rows(knots.tobytes(), degree)
        self._scale = leg_m / GRAVITY / (_STEP_S * _HALF) ** 2
        self._spread = float(np.sqrt(np.square(self._shares).sum()))

    def features(
        self, coefficients: Array, seen: Mask, rotation: Array, noise: Array, gains: Array
    ) -> Array:
        """Accelerations, where the ground pushes from either foot, and how sure all is (B, F).

        Args:
            coefficients: (B, K, J, 3) in legs.
            seen: (B, J).
            rotation: Columns are forward, left and up (B, 3, 3).
            noise: Of a point on an axis (B,) in legs.
            gains: What that makes of accelerations (S,), see `gains`.
        """
        kind = coefficients.dtype
        points = np.tensordot(self._basis.astype(kind), coefficients, axes=(1, 1)).swapaxes(0, 1)
        points = self._placed(points - points[:, :1, :1], seen) @ rotation[:, None]
        middle = points[:, _LAST + _HALF]
        bent = points[:, _LAST] - 2.0 * middle + points[:, _LAST + 2 * _HALF]
        bent *= self._scale.astype(kind)[:, None, None]
        unsure = noise[:, None] * gains * self._spread
        trust = (_USUAL**2 / (_USUAL**2 + unsure**2)).astype(kind)[..., None]
        shares = self._shares.astype(kind)
        pulled, centre = trust * (shares @ bent), shares @ middle
        spin = trust * self._spin(middle - centre[:, :, None], bent)
        feet = points[:, :, self._feet]
        floor = (feet[..., 2] - self._soles.astype(kind)).min(axis=(1, 2))
        up = np.maximum(1.0 + pulled[..., 2:], _LEAST)
        high = (centre[..., 2] - floor[:, None])[..., None]
        pressed = centre[..., :2] - (high * pulled[..., :2] + spin) / up
        under = feet[:, _LAST + _HALF].reshape(*middle.shape[:2], 2, 2, 3)[..., :2].mean(axis=3)
        apart = pressed[:, :, None] - under
        shown = np.concatenate([pulled, apart.reshape(*pulled.shape[:2], 4)], axis=2)
        sure = np.log(unsure[:, _NEWEST, None] + _FLOOR)
        limited = np.clip(shown.reshape(len(shown), -1), -_FARTHEST, _FARTHEST)
        return np.concatenate([limited, sure.astype(kind)], axis=1)

    def _placed(self, points: Array, seen: Mask) -> Array:
        """What is not seen goes with the pelvis."""
        guess = points[:, :, :1] + self._above.astype(points.dtype)[:, None] * [0.0, 0.0, 1.0]
        return np.asarray(np.where(seen[:, None, :, None], points, guess), points.dtype)

    def _spin(self, arm: Array, bent: Array) -> Array:
        """Rate of angular momentum over weight, as what it adds to x and y."""
        shares = self._shares.astype(arm.dtype)
        about_y = (arm[..., 2] * bent[..., 0] - arm[..., 0] * bent[..., 2]) @ shares
        about_x = (arm[..., 1] * bent[..., 2] - arm[..., 2] * bent[..., 1]) @ shares
        return np.stack([about_y, -about_x], axis=-1)


_NEWEST = _PAIRS.index((0, 4))
