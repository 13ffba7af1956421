"""Canonical joint centres as other skeletons show them: what a narrator trains and is tested on.

Points that the canonical skeleton lacks lie where they lie on a head or a foot, in shares of the
width of the shoulders (ears, eyes, nose) or of the foot (toes, heels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import CANONICAL, Array, Skeleton
from humandyn_ros.skeleton import load_format

_I = CANONICAL.index
_Point = Callable[[Array], Array]


def _joint(name: str) -> _Point:
    return lambda points: points[..., _I[name], :]


def _mixed(weights: Mapping[str, float]) -> _Point:
    return lambda points: sum(w * points[..., _I[name], :] for name, w in weights.items())  # type: ignore[return-value]


def _face(forward: float, left: float, up: float) -> _Point:
    def place(points: Array) -> Array:
        across = points[..., _I['left_shoulder'], :] - points[..., _I['right_shoulder'], :]
        width = np.linalg.norm(across, axis=-1, keepdims=True)
        above = points[..., _I['head'], :] - points[..., _I['neck'], :]
        above = above / np.maximum(np.linalg.norm(above, axis=-1, keepdims=True), 1e-6)
        front = np.cross(across, above)
        front = front / np.maximum(np.linalg.norm(front, axis=-1, keepdims=True), 1e-6)
        aside = np.cross(above, front) * width
        result: Array = (
            points[..., _I['head'], :]
            + forward * width * front
            + left * aside
            + up * width * above
        )
        return result

    return place


def _hand(side: str, beyond: float) -> _Point:
    return _mixed({f'{side}_hand': 1.0 + beyond, f'{side}_wrist': -beyond})


def _sole(side: str, along: float, left: float, down: float) -> _Point:
    """Of the way from ankle to ball, in shares of it; `left` and `down` in the same measure."""

    def place(points: Array) -> Array:
        ankle, ball, knee = (points[..., _I[f'{side}_{j}'], :] for j in ('ankle', 'foot', 'knee'))
        foot, shank = ball - ankle, ankle - knee
        long = np.linalg.norm(foot, axis=-1, keepdims=True)
        shank = shank / np.maximum(np.linalg.norm(shank, axis=-1, keepdims=True), 1e-6)
        aside = np.cross(foot, shank)
        aside = aside / np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), 1e-6)
        result: Array = ankle + along * foot + left * long * aside + down * long * shank
        return result

    return place


def _sided(make: Callable[[str], dict[str, _Point]]) -> dict[str, _Point]:
    return make('left') | make('right')


def _limbs(spelling: Callable[[str, str], str], joints: tuple[str, ...]) -> dict[str, _Point]:
    return _sided(lambda side: {spelling(side, j): _joint(f'{side}_{j}') for j in joints})


_LIMB = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
_FACE = {
    'nose': _face(0.32, 0.0, -0.05), 'left_eye': _face(0.26, 0.09, 0.03),
    'right_eye': _face(0.26, -0.09, 0.03), 'left_ear': _face(0.0, 0.2, 0.0),
    'right_ear': _face(0.0, -0.2, 0.0),
}  # fmt: skip
_MIDDLE = {'left_hip': 0.5, 'right_hip': 0.5}
_CHEST = {'left_shoulder': 0.5, 'right_shoulder': 0.5}


def _camel(side: str, joint: str) -> str:
    return joint.capitalize() + side.capitalize()


def _initial(side: str, joint: str) -> str:
    return side[0].upper() + joint.capitalize()


_KINECT = {
    'SpineBase': _joint('pelvis'), 'SpineMid': _joint('spine2'), 'Neck': _joint('neck'),
    'Head': _joint('head'), 'SpineShoulder': _mixed(_CHEST),
    **_limbs(_camel, (*_LIMB, 'hand', 'foot')),
    **_sided(lambda side: {
        f'HandTip{side.capitalize()}': _hand(side, 0.9),
        f'Thumb{side.capitalize()}': _hand(side, 0.2),
    }),
}  # fmt: skip
_BODY_25 = {
    **_FACE, 'neck': _mixed({'neck': 0.7, 'left_shoulder': 0.15, 'right_shoulder': 0.15}),
    'mid_hip': _mixed(_MIDDLE), **_limbs(lambda side, joint: f'{side}_{joint}', _LIMB),
    **_sided(lambda side: {
        f'{side}_big_toe': _sole(side, 1.35, 0.15 if side == 'right' else -0.15, 0.1),
        f'{side}_small_toe': _sole(side, 1.2, -0.2 if side == 'right' else 0.2, 0.1),
        f'{side}_heel': _sole(side, -0.35, 0.0, 0.4),
    }),
}  # fmt: skip
_H36M = {
    'Hip': _mixed(_MIDDLE), 'Spine': _joint('spine2'), 'Thorax': _mixed(_CHEST),
    'Neck': _face(0.2, 0.0, -0.1), 'Head': _face(0.0, 0.0, 0.35), **_limbs(_initial, _LIMB),
}  # fmt: skip
_POINTS: Mapping[str, Mapping[str, _Point]] = {
    'smpl_24': {name: _joint(name) for name in CANONICAL.joints},
    'kinect_25': _KINECT,
    'coco_17': {**_FACE, **_limbs(lambda side, joint: f'{side}_{joint}', _LIMB)},
    'openpose_25': _BODY_25,
    'h36m_17': _H36M,
}
FORMATS = tuple(_POINTS)
"""Formats that canonical joint centres can be shown in."""


def skeleton_of(name: str) -> Skeleton:
    """Names and tree of a format.

    Raises:
        ConfigError: Canonical joint centres cannot be shown in it.
    """
    if name not in _POINTS:
        raise ConfigError(f'format {name!r}: choose from {", ".join(FORMATS)}')
    return load_format(name).skeleton


def shown(points: Array, name: str) -> Array:
    """Points (..., J, 3) of a format from canonical joint centres (..., 24, 3)."""
    made = _POINTS[name]
    return np.stack([made[joint](points) for joint in skeleton_of(name).joints], axis=-2)
