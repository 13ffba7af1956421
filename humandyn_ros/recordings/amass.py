"""AMASS archives (.npz): joint rotations of SMPL bodies, placed by our own forward kinematics.

Rotations are axis-angle per joint in the order of SMPL (Loper et al. 2015); SMPL-H and SMPL-X
share the first 22 joints, after which their fingers come. World z up (Mahmood et al. 2019).
Rest joint locations depend on the body model's licensed shape space. Taken from the archive where
it holds them ('J', (24+, 3) m); else from anthropometry scaled to a height, which is said.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from humandyn_ros import anthropometry as body
from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import CANONICAL, Array
from humandyn_ros.recordings.files import MAX_BYTES, read_bytes, reading, stem_and_ending
from humandyn_ros.recordings.recording import Recording
from humandyn_ros.recordings.tree import place

_BODY = 22  # joints that SMPL, SMPL-H and SMPL-X share
_REST_NAMES = ('J', 'joints_rest', 'rest_joints')
_RATES = ('mocap_framerate', 'mocap_frame_rate')
ASSUMED_HEIGHT_M = 1.70


def read_amass(path: Path, height_m: float | None = None, rest: Array | None = None) -> Recording:
    """Read an AMASS .npz into the 24 joint centres of SMPL.

    Args:
        path: The archive.
        height_m: Standing height, where the archive lacks rest joint locations; 1.70 without it.
        rest: Rest joint locations (24+, 3) m of a body model, instead of the archive's.

    Raises:
        RecordingError: Not an archive of AMASS, truncated or corrupt.
    """
    content = read_bytes(path)
    with reading(path, '.npz'):
        arrays = _arrays(path, content)
        rotvecs, shift, rate = _motion(path, arrays)
        if rest is None:
            rest = next((arrays[name] for name in _REST_NAMES if name in arrays), None)
        height = height_m or ASSUMED_HEIGHT_M
        joints = assumed_rest(height) if rest is None else _rest(path, rest)
        points = _placed(rotvecs, shift, joints)
    notes = []
    if rest is None:
        points[..., 2] -= np.percentile(points[:, _FEET, 2].min(1), 5) - _BALL_HEIGHT * height
        notes = [
            f'segment lengths assumed for a height of {height:.2f} m '
            '(the archive holds none), floor under the lower foot'
        ]
    frames = len(points)
    return Recording(
        name=stem_and_ending(path)[0],
        stamps_ns=np.rint(np.arange(frames) / rate * 1e9).astype(np.int64),
        points=points,
        confidence=np.ones((frames, len(CANONICAL.joints))),
        names=CANONICAL.joints,
        rate_hz=rate,
        up='Z',
        format=CANONICAL.name,
        kind='joints',
        parents=CANONICAL.parents,
        notes=tuple(notes),
    )


_FEET = [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]
_BALL_HEIGHT = 0.012  # of standing height, ball of the foot above the floor


def assumed_rest(height_m: float) -> Array:
    """Joint centres (24, 3) m of an average person in SMPL's T shape: x left, y up, z forwards."""
    trunk, hip = body.TRUNK_PER_HEIGHT, body.HIP_WIDTH_PER_HEIGHT / 2
    thigh, shank = body.THIGH_PER_HEIGHT, body.SHANK_PER_HEIGHT
    shoulder = body.SHOULDER_WIDTH_PER_HEIGHT / 2
    elbow = shoulder + body.UPPER_ARM_PER_HEIGHT
    wrist = elbow + body.FOREARM_PER_HEIGHT
    ankle, ball = body.ANKLE_HEIGHT_PER_HEIGHT, 0.5 * body.FOOT_LENGTH_PER_HEIGHT
    one_side = {
        'hip': (hip, 0.0, 0.0),
        'knee': (hip, -thigh, 0.0),
        'ankle': (hip, -thigh - shank, 0.0),
        'foot': (hip, -thigh - shank - ankle + _BALL_HEIGHT, ball),
        'collar': (0.25 * shoulder, 0.9 * trunk, 0.0),
        'shoulder': (shoulder, trunk, 0.0),
        'elbow': (elbow, trunk, 0.0),
        'wrist': (wrist, trunk, 0.0),
        'hand': (wrist + 0.05, trunk, 0.0),
    }
    middle = {
        'pelvis': 0.0,
        'spine1': 0.24 * trunk,
        'spine2': 0.45 * trunk,
        'spine3': 0.62 * trunk,
        'neck': 1.04 * trunk,
        'head': 1.04 * trunk + 0.075,
    }
    places = {name: (0.0, up, 0.0) for name, up in middle.items()}
    for side, sign in (('left', 1.0), ('right', -1.0)):
        places |= {f'{side}_{k}': (sign * x, y, z) for k, (x, y, z) in one_side.items()}
    return height_m * np.array([places[name] for name in CANONICAL.joints])


def _arrays(path: Path, content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        size = sum(entry.file_size for entry in archive.zip.infolist())
        if size > MAX_BYTES:
            raise RecordingError(f'{path}: unpacks to more than {MAX_BYTES >> 20} MiB')
        wanted = ('poses', 'trans', *_RATES, *_REST_NAMES)
        return {name: archive[name] for name in wanted if name in archive.files}


def _motion(path: Path, arrays: dict[str, Any]) -> tuple[Array, Array, float]:
    """Rotation vectors (T, J, 3), translation (T, 3) m and rate."""
    rate = next((float(arrays[name]) for name in _RATES if name in arrays), 0.0)
    if not {'poses', 'trans'} <= set(arrays) or not 1.0 <= rate <= 1e4:
        raise RecordingError(
            f'{path}: not a motion of AMASS: needs poses (T, 3 J), trans (T, 3) and '
            f'mocap_framerate; it has {", ".join(arrays) or "none of them"}'
        )
    angles, shift = np.asarray(arrays['poses'], float), np.asarray(arrays['trans'], float)
    frames = len(angles) if angles.ndim == 2 else 0
    if (
        not frames
        or angles.shape[1] < 3 * _BODY
        or angles.shape[1] % 3
        or shift.shape != (frames, 3)
    ):
        raise RecordingError(f'{path}: poses {angles.shape} and trans {shift.shape} do not fit')
    if not (np.isfinite(angles).all() and np.isfinite(shift).all()):
        raise RecordingError(f'{path}: holds values that are not finite: corrupt')
    return angles.reshape(frames, -1, 3), shift, rate


def _rest(path: Path, rest: Any) -> Array:
    joints = np.asarray(rest, float).reshape(-1, 3)
    if len(joints) < len(CANONICAL.joints) or not np.isfinite(joints).all():
        raise RecordingError(f'{path}: rest joint locations {np.shape(rest)}: (24+, 3) expected')
    return joints[: len(CANONICAL.joints)]


def _placed(rotvecs: Array, shift: Array, rest: Array) -> Array:
    count = len(rotvecs)
    turns = np.broadcast_to(np.eye(3), (count, len(rest), 3, 3)).copy()
    turns[:, :_BODY] = rotations.exp(rotvecs[:, :_BODY])
    parents = np.array(CANONICAL.parents)
    offsets = rest - np.where(parents[:, None] >= 0, rest[parents], 0.0)
    every = np.tile(offsets, (count, 1, 1))
    every[:, 0] += shift
    return place(CANONICAL.parents, turns, every)
