"""What the hybrid learns from: the live engine's own features on disturbed clips, with labels.

    python -m humandyn_ros.learning.tasks.hybrid_features --data FOLDER --split train --seed 0

reads the clips of FOLDER (see kept_clips.py) and writes FOLDER/hybrid/train-0.npz.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from humandyn_ros import kernels
from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.hybrid import Anchor, features
from humandyn_ros.engines.network import Floor
from humandyn_ros.filters import FilterConfig, make_filter
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.tasks.clips import Arrays
from humandyn_ros.learning.tasks.kept_clips import motions, worn
from humandyn_ros.quantities import GRAVITY, Array

_RATES, _SHARES = (30.0, 60.0, 100.0), (0.25, 0.45, 0.3)
_EVERY_S = 0.03  # between samples of one clip
_TOUCH = 0.02  # body weights on a foot that is down


def hybrid_samples(motion: LabelledMotion, random: np.random.Generator) -> Arrays:
    """Features and labels of one clip under one sensor, samples first."""
    rate = float(random.choice(_RATES, p=_SHARES))
    clean = np.arange(len(motion)) / motion.rate_hz
    at = np.arange(0.0, clean[-1], 1.0 / rate)
    points, confidence = worn(CubicSpline(clean, motion.points)(at), rate, random)
    size = motion.height_m if random.random() < 0.5 else None
    person = PersonConfig(motion.mass_kg, size, motion.sex)
    anchor, now, floor = Anchor(person), make_filter(FilterConfig(lag_s=0.0)), Floor()
    found: list[tuple[Array, ...]] = []
    last = 0.0
    for time_s, frame, known in zip(at.tolist(), points, confidence, strict=True):
        stamp_ns = round(1e9 * (1.0 + time_s))
        anchor.see(stamp_ns, frame, known)
        state = now.step(stamp_ns, frame, known)
        now.cutoff_hz = anchor.physics.cutoff_hz
        if state is None:
            continue
        level = floor.step(state.positions, anchor.physics.height_m, 1.0 / rate)
        row = min(round(time_s * motion.rate_hz), len(motion) - 1)
        if time_s - last < _EVERY_S or not motion.keep[row]:
            continue
        sample = features(anchor, state, level)
        if sample is not None:
            last = time_s
            feet = sample[1].vectors(motion.ground_force[row]) / (motion.mass_kg * GRAVITY)
            torque = motion.torque_rajagopal[row] / (
                motion.mass_kg * GRAVITY * anchor.physics.leg_m
            )
            found.append((sample[0], feet, torque))
    if not found:
        return {}
    given, forces, torques = (
        np.stack(column).astype(np.float32) for column in zip(*found, strict=True)
    )
    contact = (forces[..., 2] > _TOUCH).astype(np.float32)
    good = np.isfinite(given).all(axis=1)
    named = {'features': given, 'feet': forces, 'torque': torques, 'contact': contact}
    return {name: array[good] for name, array in named.items()}


def make(data: Path, split: str, seed: int, minutes: float) -> Path:
    """Write samples until so many minutes of processor time are spent, or every clip was used."""
    kernels.choose()
    clips = motions(data, split)
    random = np.random.default_rng([seed, 23])
    pieces: list[Arrays] = []
    started = time.process_time()
    for number in random.permutation(len(clips)):
        if time.process_time() - started > 60.0 * minutes:
            break
        piece = hybrid_samples(clips[number], random)
        if piece:
            pieces.append(piece)
    out = data / 'hybrid' / f'{split}-{seed}.npz'
    out.parent.mkdir(exist_ok=True)
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    np.savez(out, **joined)  # type: ignore[arg-type]  # its stub takes the names for options
    print(f'{out}: {len(joined["feet"])} samples of {len(pieces)} clips')
    return out


def main() -> None:
    """Make samples as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--split', default='train')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--minutes', type=float, default=10.0, help='of processor time')
    arguments = parser.parse_args()
    make(arguments.data, arguments.split, arguments.seed, arguments.minutes)


if __name__ == '__main__':
    main()
