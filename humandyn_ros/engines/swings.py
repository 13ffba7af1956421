"""SMPL-like parameters from joint centres: every part swings, none twists about its own axis.

Joint centres do not show how a limb turns about its own length. So each joint turns its part the
shortest way from where its parent would carry it; the pelvis and the chest have full frames, from
the spine and from the hips or shoulders. The rest position is SMPL's: legs down, arms sideways.
"""

from __future__ import annotations

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.body import cross
from humandyn_ros.quantities import CANONICAL, Array

_DOWN, _UP, _AHEAD, _LEFT, _RIGHT = (
    np.array(v, dtype=float) for v in ((0, 0, -1), (0, 0, 1), (1, 0, 0), (0, 1, 0), (0, -1, 0))
)
_I = CANONICAL.index
# Joint -> the joint its part reaches to, and the direction at rest (x ahead, y left, z up).
_REACH: dict[int, tuple[int, Array]] = {
    **{_I[a]: (_I[b], _UP) for a, b in (('spine1', 'spine2'), ('spine2', 'spine3'),
                                        ('neck', 'head'))},
    **{
        _I[f'{side}_{a}']: (_I[f'{side}_{b}'], direction)
        for side, out in (('left', _LEFT), ('right', _RIGHT))
        for a, b, direction in (
            ('hip', 'knee', _DOWN), ('knee', 'ankle', _DOWN), ('ankle', 'foot', _AHEAD),
            ('collar', 'shoulder', out), ('shoulder', 'elbow', out), ('elbow', 'wrist', out),
            ('wrist', 'hand', out),
        )
    },
}  # fmt: skip
_FRAMES = {
    _I['pelvis']: (_I['pelvis'], _I['spine1'], _I['right_hip'], _I['left_hip']),
    _I['spine3']: (_I['spine3'], _I['neck'], _I['right_shoulder'], _I['left_shoulder']),
}
_LEAST = 1e-9
_OPPOSITE = 1e-9  # 1 + cosine below which directions are opposite


def swings(points: Array) -> Array:
    """Rotation vectors of all joints relative to their parents.

    Args:
        points: Canonical joint centres (..., 24, 3) m, z up; NaN = not seen, taken as unturned.

    Returns:
        (..., 24, 3) rad; the first is the pelvis in the axes of the points.
    """
    shape = points.shape[:-2]
    world = np.empty((*shape, len(CANONICAL.joints), 3, 3))
    local = np.empty_like(world)
    for joint, parent in enumerate(CANONICAL.parents):
        carried = world[..., parent, :, :] if parent >= 0 else np.eye(3)
        if joint in _FRAMES:
            turned = _frame(points, _FRAMES[joint], np.broadcast_to(carried, (*shape, 3, 3)))
        elif joint in _REACH:
            end, rest = _REACH[joint]
            bar = points[..., end, :] - points[..., joint, :]
            turned = _shortest(carried @ rest, bar) @ carried
        else:
            turned = carried
        world[..., joint, :, :] = turned
        local[..., joint, :, :] = np.swapaxes(carried, -1, -2) @ turned
    return rotations.log(local)


def smpl_parameters(points: Array) -> Array:
    """Pelvis position, then rotation vectors: (..., 24, 3) m to (..., 75)."""
    turned = swings(points).reshape(*points.shape[:-2], -1)
    result: Array = np.concatenate([np.nan_to_num(points[..., 0, :]), turned], axis=-1)
    return result


def _frame(points: Array, corners: tuple[int, int, int, int], otherwise: Array) -> Array:
    """Axes ahead, left, up (..., 3, 3) from a line up and a line to the left."""
    low, high, right, left = (points[..., i, :] for i in corners)
    up, across = high - low, left - right
    ahead = cross(across, up)
    size = np.linalg.norm(ahead, axis=-1, keepdims=True)
    known = np.isfinite(size) & (size > _LEAST)
    x = np.where(known, ahead, 1.0) / np.where(known, size, 1.0)
    y = np.where(known, across, 1.0)
    y = y / np.linalg.norm(y, axis=-1, keepdims=True)
    found = np.stack([x, y, cross(x, y)], axis=-1)
    result: Array = np.where(known[..., None], found, otherwise)
    return result


def _shortest(start: Array, end: Array) -> Array:
    """Rotation (..., 3, 3) that turns the direction of start (..., 3) to that of end.

    With unit vectors a, b and v = a × b: R = (a·b) I + [v]× + v vᵀ / (1 + a·b).
    """
    size = np.sqrt((end * end).sum(axis=-1, keepdims=True))
    known = size > _LEAST  # False for NaN, too
    to = np.where(known, end / np.where(known, size, 1.0), start)
    v = cross(start, to)
    c = (start * to).sum(axis=-1)[..., None, None]
    back = c < _OPPOSITE - 1.0
    outer = v[..., :, None] * v[..., None, :] / np.where(back, 1.0, 1.0 + c)
    turned: Array = c * np.eye(3) + rotations.skew(v) + outer
    if back.any():  # half a turn about anything square to both
        turned = np.where(back, _half_turn(start), turned)
    return turned


def _half_turn(about: Array) -> Array:
    """Half a turn (..., 3, 3) about an axis square to a unit vector (..., 3)."""
    least = np.eye(3)[np.argmin(np.abs(about), axis=-1)]
    axis = cross(about, least)
    axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    result: Array = 2.0 * axis[..., :, None] * axis[..., None, :] - np.eye(3)
    return result
