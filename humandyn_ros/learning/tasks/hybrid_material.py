"""What the hybrid learns from: motion without dimension, every frame of every clip in one array.

Clips are those of kept_clips.py, and those of people on force plates (`bench.plates`), whose
forces are measured; where a clip does not tell something it is NaN.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.past import JOINTS, pace
from humandyn_ros.errors import RecordingError
from humandyn_ros.learning.synthesis.correction import usable
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.learning.tasks.hybrid_said import said_path
from humandyn_ros.learning.tasks.plate_clips import PLATES, leg_length
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Mask

Floats = NDArray[np.float32]
RATE_HZ = 60.0
"""Of the frames, in an adult's seconds."""
_I = CANONICAL.index
_FEET = [[_I[f'{s}_{j}'] for j in ('ankle', 'foot')] for s in ('left', 'right')]
_REST = [k for k in range(len(CANONICAL.joints)) if k not in {j for pair in _FEET for j in pair}]
_OFTEN = {'walk': 3.0, 'run': 4.0, 'turn': 1.5, 'jump': 2.0, 'squat': 2.0, 'stand': 1.5}
_MEASURED = 12.0  # times as often, where forces were measured
_NAMES = ('points', 'ground_force', 'contact_force', 'torque_rajagopal', 'keep',
          'action', 'residual', 'said_force', 'said_torque')  # fmt: skip


@dataclass(frozen=True, eq=False)
class Material:
    """Frames of all clips, one clip after the other (F)."""

    points: Floats  # (F, J, 3) legs, of past.JOINTS; 0 where not seen
    seen: Mask  # (F, J)
    forces: Floats  # (F, 3, 3) body weights: left foot, right foot, all else
    ball: Floats  # (F, 2) share of a foot's force under its ball; NaN = unknown
    torque: Floats  # (F, 17) body weight times leg length; NaN = unknown
    said: Floats  # (F, 2, 3) body weights, what physics said live of the feet; NaN = nothing yet
    said_torque: Floats  # (F, 17) body weight times leg length
    live: Mask  # (F,) physics was run; else the labels stand for what it would have said
    keep: Mask  # (F,) labels can be trusted
    start: NDArray[np.int64]  # (F,) first frame of the clip
    often: Floats  # (F,) how often to draw it
    chances: Array  # (F,) sum of these up to each frame that can be trusted

    def __len__(self) -> int:
        return len(self.points)


@lru_cache(maxsize=4)
def material(data: Path, split: str) -> Material:
    """Every clip of a split.

    Raises:
        RecordingError: There are none.
    """
    paths = [
        path for part in sorted(data.glob(f'{split}*')) for path in sorted(part.glob('*.npz'))
    ]
    paths += sorted((data / PLATES).glob(f'{split}-*.npz'))
    if not paths:
        raise RecordingError(
            f'no clips in {data}/{split}*: make them by humandyn synthesize '
            f'--split {split} --out {data}/{split}'
        )
    pieces = [piece for path in paths if (piece := _read(path)) is not None]
    starts = np.cumsum([0, *(len(piece['keep']) for piece in pieces[:-1])])
    start = np.repeat(starts, [len(piece['keep']) for piece in pieces])
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    chances = np.cumsum(np.where(joined['keep'], joined['often'], 0.0), dtype=np.float64)
    return Material(**joined, start=start, chances=chances)


def _read(path: Path) -> dict[str, NDArray[np.generic]] | None:
    """One clip, uniform in an adult's time; None: shorter than two frames."""
    with np.load(path) as file:
        about = json.loads(str(file['about']))
        found = {name: file[name] for name in _NAMES if name in file.files}
    if said_path(path).exists():
        with np.load(said_path(path)) as file:
            found |= {name: file[name] for name in file.files}
    points = found['points'].astype(np.float64)
    seen = np.isfinite(points).all(axis=(0, 2))
    leg, weight = leg_length(points), about['mass_kg'] * GRAVITY
    unit = pace(leg)
    given = np.arange(len(points)) / about['rate_hz'] / unit
    at = np.arange(0.0, given[-1], 1.0 / RATE_HZ)
    if len(at) < 2:
        return None
    count = len(points)
    action = found.get('action', np.full(count, ACTIONS.index('other')))
    often = np.array([_OFTEN.get(ACTIONS[k], 1.0) for k in range(len(ACTIONS))])[action]
    if PLATES in path.parts:
        often = np.full(count, _MEASURED)
    nearest = np.clip(np.round(at * unit * about['rate_hz']).astype(int), 0, count - 1)
    touching = found.get('contact_force', np.full((count, 24, 3), np.nan))
    torque = found.get('torque_rajagopal', np.full((count, len(COORDINATES)), np.nan))
    rest = np.nan_to_num(touching[:, _REST].sum(axis=1))
    forces = np.concatenate([found['ground_force'], rest[:, None]], axis=1) / weight
    said = found.get('said_force', found['ground_force']) / weight
    said_torque = found.get('said_torque', torque) / (weight * leg)
    values = {
        'points': CubicSpline(given, np.nan_to_num(points[:, JOINTS]) / leg)(at),
        'forces': forces[nearest],
        'ball': _ball(touching)[nearest],
        'torque': torque[nearest] / (weight * leg),
        'often': often[nearest],
        'said': said[nearest],
        'said_torque': said_torque[nearest],
    }
    plain: dict[str, NDArray[np.generic]] = {
        name: np.asarray(value, np.float32) for name, value in values.items()
    }
    trusted = usable(found['residual']) if 'residual' in found else found['keep']
    known = np.isfinite(forces).all(axis=(1, 2)) & trusted
    plain['forces'] = np.nan_to_num(plain['forces'])
    live = np.full(len(at), 'said_force' in found)
    many = np.tile(seen[JOINTS], (len(at), 1))
    return plain | {'keep': known[nearest], 'seen': many, 'live': live}


def _ball(touching: Array) -> Array:
    """Share of each foot's vertical force under its ball (T, 2); NaN in the air."""
    vertical = np.maximum(touching[:, _FEET, 2], 0.0)
    whole = vertical.sum(axis=2)
    return np.where(whole > 1.0, vertical[..., 1] / np.maximum(whole, 1.0), np.nan)
