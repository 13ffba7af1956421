"""Clips of training people on force plates: motion, measured forces, and what physics says.

    python -m bench.plates --out FOLDER

writes FOLDER/plates/train-NAME.npz, which the hybrid learns from beside the synthesised clips.
Only people of the training split (learning/synthesis/people.py).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np

from bench.sets import Case, all_cases
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.evaluation import run_streaming
from humandyn_ros.learning.synthesis.people import PEOPLE
from humandyn_ros.learning.tasks.plate_clips import PLATES
from humandyn_ros.motion import load_motion
from humandyn_ros.reference import load_reference

LICENCES = {'rbds': 'CC BY 4.0', 'gait_children': 'MIT'}


def write(case: Case, folder: Path) -> Path:
    """Write the clip of one recording."""
    motion = load_motion(case.options)
    mass = case.options.person.mass_kg or 0.0
    feet = load_reference(case.options, motion, motion.stamps_ns, mass).feet
    if feet is None:
        raise SystemExit(f'{case.options.source}: no force plates')
    points = motion.points.copy()
    hidden = np.isnan(points).any(axis=(0, 2))
    points[:, hidden] = np.nan
    licence = next(text for name, text in LICENCES.items() if case.group.startswith(name))
    origin = {
        'kind': 'measured', 'name': case.options.source.stem, 'person': case.person,
        'split': 'train', 'licence': licence, 'seed': 0,
    }  # fmt: skip
    run = run_streaming(motion, dataclasses.replace(case.options, lag_ms=100.0))
    at = np.searchsorted(run.stamps_ns, motion.stamps_ns)
    said = np.isin(motion.stamps_ns, run.stamps_ns)
    force = np.full((len(points), 2, 3), np.nan)
    torque = np.full((len(points), len(COORDINATES)), np.nan)
    force[said], torque[said] = run.feet('force')[at[said]], run.joints('torque')[at[said]]
    rate_hz = 1e9 / float(np.median(np.diff(motion.stamps_ns)))
    about = {'rate_hz': rate_hz, 'mass_kg': mass, 'origin': origin}
    name = f'{case.person}-{case.options.source.name.split(".")[0]}'
    path = folder / f'train-{name}.npz'
    np.savez_compressed(
        path,
        about=json.dumps(about),
        points=points.astype(np.float32),
        ground_force=feet.force.astype(np.float32),
        keep=feet.measured,
        said_force=force.astype(np.float32),
        said_torque=torque.astype(np.float32),
    )
    return path


def main() -> None:
    """Write every clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder of the clips')
    folder = parser.parse_args().out / PLATES
    folder.mkdir(parents=True, exist_ok=True)
    for case in all_cases():
        if case.person in PEOPLE['train']:
            path = write(case, folder)
            with np.load(path) as file:
                print(f'{path}: {len(file["keep"])} frames, {file["keep"].sum()} measured')


if __name__ == '__main__':
    main()
