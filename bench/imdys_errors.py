"""Where the shipped ImDyS errs on held-out clips: joint by joint, and beside its labels' residual.

The labels come from the physics engine; their residual is what contacts leave unexplained of the
motion of the mass centre. The shipped weights are of one training run, so the spread is that
between people; all procedural motion counts as one.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from scipy.stats import spearmanr

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.learning.nets.imdys import ImdysConfig
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.tasks.clips import Clip
from humandyn_ros.learning.tasks.imdys_windows import ImdysTaskConfig, imdys_windows
from humandyn_ros.learning.tasks.kept_clips import kept, motions
from humandyn_ros.quantities import GRAVITY, Array

MODEL = Path(__file__).parents[1] / 'models' / 'imdys'
RESIDUALS = (0.0, 0.005, 0.02, 0.05, 0.1, np.inf)
"""Bounds of the classes of residual, body weights."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Every window of one clip."""

    person: str
    joint: Array  # (W, 17) N·m/kg, absolute error of each coordinate
    size: Array  # (W, 17) N·m/kg, size of the label
    feet: Array  # (W) N/kg, mean length of the error of both feet at t
    residual: Array  # (W) body weights
    trusted: Array  # (W) the label passed the gate


def shipped_errors(data: Path) -> dict[str, Any]:
    """Errors of the shipped model on the clips of validation."""
    manifest = json.loads((MODEL / 'manifest.json').read_text())
    session = onnxruntime.InferenceSession(MODEL / 'model.onnx')
    config = _config(manifest)
    both = zip(
        motions(data, 'validation'), kept(data, config.rate_hz)('validation', 0), strict=True
    )
    clips = [_judge(motion, clip, config, session) for motion, clip in both if len(clip) > 15]
    return {'per_joint': per_joint(clips), 'by_residual': by_residual(clips)}


def _config(manifest: dict[str, Any]) -> ImdysTaskConfig:
    net = manifest['training']['settings']['net']
    names = {item.name for item in dataclasses.fields(ImdysConfig)}
    network = ImdysConfig(**{name: value for name, value in net.items() if name in names})
    return ImdysTaskConfig(
        net=network, targets=('joint_torque', 'feet'), heading=manifest['heading']
    )


def _judge(motion: LabelledMotion, clip: Clip, config: ImdysTaskConfig, session: Any) -> Judged:
    """Errors on all windows of a clip, those with untrusted labels among them."""
    every, net = round(motion.rate_hz / config.rate_hz), config.net
    at = np.arange(net.before, len(clip) - max(net.after, 1))
    found = imdys_windows(dataclasses.replace(clip, keep=None), config, None)
    given = {'states': found['states'], 'seen': found['seen']}
    joint, feet = session.run(['joint_torque', 'feet'], given)
    force = np.linalg.norm(motion.residual[::every][at, :3], axis=-1) / GRAVITY
    keep = np.asarray(clip.keep)
    return Judged(
        'procedural' if motion.origin.kind == 'procedural' else motion.origin.person,
        np.abs(joint - found['joint_torque']), np.abs(found['joint_torque']),
        np.linalg.norm(feet - found['feet'], axis=-1)[:, 0].mean(axis=-1),
        force, keep[at] & keep[at + 1],
    )  # fmt: skip


def per_joint(clips: list[Judged]) -> dict[str, dict[str, float]]:
    """Of each coordinate, both sides together: mean absolute error where labels are trusted."""
    found = {}
    people = sorted({clip.person for clip in clips})
    for name in dict.fromkeys(_both(name) for name in COORDINATES):
        columns = [k for k, other in enumerate(COORDINATES) if _both(other) == name]
        each = [
            np.concatenate([c.joint[c.trusted][:, columns] for c in clips if c.person == person])
            for person in people
        ]
        size = np.concatenate([c.size[c.trusted][:, columns] for c in clips])
        means = [float(error.mean()) for error in each if len(error)]
        found[name] = {
            'mae_nm_per_kg': float(np.concatenate(each).mean()),
            'people_stddev': float(np.std(means, ddof=1)),
            'people': len(means),
            'label_size_nm_per_kg': float(size.mean()),
        }
    return found


def _both(name: str) -> str:
    return name.removesuffix('_r').removesuffix('_l')


def by_residual(clips: list[Judged]) -> dict[str, Any]:
    """Errors by class of the label's residual, and the rank correlation of both."""
    residual = np.concatenate([clip.residual for clip in clips])
    joint = np.concatenate([clip.joint.mean(axis=1) for clip in clips])
    feet = np.concatenate([clip.feet for clip in clips])
    rows = []
    for low, high in itertools.pairwise(RESIDUALS):
        some = (residual >= low) & (residual < high)
        if some.any():
            rows.append({
                'from_bw': low, 'to_bw': high if np.isfinite(high) else None,
                'windows': int(some.sum()),
                'joint_torque_mae_nm_per_kg': float(joint[some].mean()),
                'feet_mpje_n_per_kg': float(feet[some].mean()),
            })  # fmt: skip
    return {
        'classes': rows,
        'spearman_joint_torque': _each(clips, lambda clip: clip.joint.mean(axis=1)),
        'spearman_feet': _each(clips, lambda clip: clip.feet),
    }


def _each(clips: list[Judged], error: Any) -> list[float]:
    """Rank correlation of residual and error of every person."""
    found = []
    for person in sorted({clip.person for clip in clips}):
        own = [clip for clip in clips if clip.person == person]
        both = (np.concatenate([c.residual for c in own]), np.concatenate([error(c) for c in own]))
        found.append(float(spearmanr(*both).statistic))
    return found
