"""Muscle activation against OpenSim's static optimisation and against measured EMG.

    HUMANDYN_DATA=... OPENSIM_PYTHON=... python -m bench.muscles

Two ways to the torques: `measured`, by OpenSim from force plates, as labels of recordings with
plates are made, and `live`, by an engine from joint centres alone, as a node does. OPENSIM_PYTHON
names an interpreter that has the `opensim` wheel (its solution takes some minutes; --reference
keeps it in a file). EMG is an envelope: high-passed at 30 Hz, rectified, low-passed at 6 Hz.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, filtfilt

from bench.readme import table, write_section
from bench.sets import Case, all_cases, data_directory
from humandyn_ros.evaluation import answer
from humandyn_ros.motion import Motion
from humandyn_ros.muscles import LEG, LEGS, load_muscles, of_legs, strength
from humandyn_ros.quantities import Array
from humandyn_ros.recordings.c3d import C3d
from humandyn_ros.recordings.storage import Table, read_table
from humandyn_ros.stature import Stature

RESULTS = Path(__file__).parent / 'results' / 'muscles.json'
HIGHPASS_HZ, ENVELOPE_HZ, MOTION_HZ = 30.0, 6.0, 6.0
DELAY_S = 0.05  # from EMG to force in walking; one declared constant
_STILL = 0.02  # a muscle whose reference varies less has no shape to agree with
_NOISE_V, _BROKEN_V = 2e-3, 0.3  # standard deviations of channels that saw no muscle
NOISE_MM = 10.0

RAJAGOPAL = {
    'soleus': ('soleus',), 'gastrocnemius': ('gasmed', 'gaslat'), 'tibialis_anterior': ('tibant',),
    'medial_hamstrings': ('semimem', 'semiten'), 'biceps_femoris': ('bflh', 'bfsh'),
    'vastus_lateralis': ('vaslat',), 'vastus_medius': ('vasmed',), 'rectus_femoris': ('recfem',),
    'gluteus_maximus': ('glmax1', 'glmax2', 'glmax3'),
    'gluteus_medius': ('glmed1', 'glmed2', 'glmed3'),
}  # fmt: skip
CHILDREN = {
    'Rect': ('recfem',), 'Hams': ('semimem', 'semiten', 'bflh', 'bfsh'),
    'Gast': ('gasmed', 'gaslat'), 'Tib Ant': ('tibant',),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Activation:
    """Muscles of both legs over time."""

    time_s: Array  # (T,)
    names: tuple[str, ...]  # (80)
    values: Array  # (T, 80)

    def mean_of(self, muscles: tuple[str, ...], side: str, at_s: Array) -> Array:
        """Mean activation (t,) of some muscles of one leg at other instants."""
        columns = [self.names.index(f'{name}_{side}') for name in muscles]
        found: Array = np.interp(at_s, self.time_s, self.values[:, columns].mean(1))
        return found


def shared(
    time_s: Array, angle: Array, rate: Array, torque: Array, size: tuple[float, float]
) -> Activation:
    """Activations from angles, rates and torques (T, 2, 5) of a person of a mass and height."""
    muscles = load_muscles()
    found, _ = muscles.activation(angle, rate, torque, strength(*size))
    return Activation(time_s, muscles.both, found.reshape(len(time_s), -1))


def live(case: Case, changes: dict[str, Any]) -> Activation:
    """What the node would publish."""
    options = dataclasses.replace(case.options, **changes)
    motion, run = answer(options)
    good = run.valid
    position, velocity, torque = (
        of_legs(run.joints(name)[good]) for name in ('position', 'velocity', 'torque')
    )
    size = run.mass_kg, options.person.height_m or stature(case, motion)
    return shared(seconds(run.stamps_ns[good]), position, velocity, torque, size)


def stature(case: Case, motion: Motion) -> float:
    """Height as a node would measure it."""
    found = Stature(case.options.person)
    for points in motion.points[:100]:
        found.learn(points)
    return found.height_m


def seconds(stamps_ns: NDArray[np.int64]) -> Array:
    """Stamps as seconds (T,)."""
    return np.asarray(stamps_ns * 1e-9, np.float64)


def measured(case: Case) -> Activation:
    """From OpenSim's inverse dynamics and kinematics of the recording."""
    options = case.options
    assert options.moments is not None and options.model is not None
    motion, moments = read_table(options.source), read_table(options.moments)
    time_s = seconds(motion.stamps_ns)
    wide = butter(3, MOTION_HZ / (0.5 * motion.rate_hz))
    angle = filtfilt(*wide, legs(motion, ''), axis=0)
    angle = np.radians(angle) if motion.in_degrees else angle
    rate = np.gradient(angle, time_s, axis=0)
    torque = np.stack(
        [
            np.interp(time_s, seconds(moments.stamps_ns), column)
            for column in legs(moments, '_moment').reshape(len(moments.stamps_ns), -1).T
        ],
        axis=1,
    ).reshape(angle.shape)
    moving = answer(options)[0]
    mass = options.person.mass_kg or 0.0
    return shared(time_s, angle, rate, torque, (mass, stature(case, moving)))


def legs(found: Table, ending: str) -> Array:
    """Columns of a table as (T, 2, 5)."""
    names = [c.split('/')[-2] if c.endswith('/value') else c for c in found.columns]
    wanted = [names.index(f'{name}_{side}{ending}') for side in LEGS for name in LEG]
    return found.values[:, wanted].reshape(-1, 2, len(LEG))


# Against static optimisation


def references(path: Path | None) -> dict[str, Activation]:
    """Read OpenSim's static optimisations from a file, or solve them."""
    if path is not None and path.exists():
        content = json.loads(path.read_text())
    else:
        with tempfile.TemporaryDirectory() as folder:
            out = path or Path(folder) / 'reference.json'
            python = os.environ.get('OPENSIM_PYTHON', sys.executable)
            program = Path(__file__).with_name('opensim_so.py')
            if subprocess.run([python, str(program), str(out)], check=False).returncode:
                raise SystemExit('OpenSim did not run: set OPENSIM_PYTHON')
            content = json.loads(out.read_text())
    found = {}
    for name, told in content.items():
        columns = [k for k, muscle in enumerate(told['names']) if 'reserve' not in muscle]
        names = tuple(told['names'][k] for k in columns)
        found[name] = Activation(
            np.array(told['time_s']), names, np.array(told['values'])[:, columns]
        )
    return found


def against(ours: Activation, theirs: Activation) -> dict[str, float]:
    """RMSE over all muscles and instants, PCC of all together and the mean over muscles."""
    inside = (theirs.time_s >= ours.time_s[0]) & (theirs.time_s <= ours.time_s[-1])
    inside[[0, 1, -2, -1]] = False  # the reference starts from nowhere
    wanted = theirs.values[inside]
    found = np.stack(
        [
            np.interp(theirs.time_s[inside], ours.time_s, ours.values[:, ours.names.index(name)])
            for name in theirs.names
        ],
        axis=1,
    )
    moving = np.flatnonzero(wanted.std(0) > _STILL)
    return {
        'rmse': float(np.sqrt(np.mean((found - wanted) ** 2))),
        'pcc': pcc(found.ravel(), wanted.ravel()),
        'pcc_of_muscles': float(np.mean([pcc(found[:, k], wanted[:, k]) for k in moving])),
        'muscles': len(moving),
        'frames': len(wanted),
    }


def pcc(a: Array, b: Array) -> float:
    """Pearson's correlation; zero where one does not vary."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-9 and b.std() > 1e-9 else 0.0


# Against EMG


@dataclass(frozen=True, eq=False)
class Envelope:
    """One channel of surface EMG."""

    muscles: tuple[str, ...]
    side: str
    time_s: Array
    values: Array


def envelopes(case: Case) -> dict[str, Envelope]:
    """Every usable channel of a recording."""
    root = data_directory()
    if case.group.startswith('gait_children'):
        return children(case.options.source)
    if case.person == 'rajagopal':
        told = read_table(root / 'walk_rajagopal2016' / 'electromyography.sto.gz')
        return {
            name: Envelope(muscles, 'r', seconds(told.stamps_ns), column(told, name))
            for name, muscles in RAJAGOPAL.items()
        }
    told = read_table(root / 'walk_treadmill_60s' / 'EMG_allMuscles.sto.gz')
    names = [name.removesuffix('_l_activation') for name in told.columns]
    return {
        name: Envelope((name,), 'l', seconds(told.stamps_ns), column(told, f'{name}_l_activation'))
        for name in names
        if name != 'vasint'  # not measured: the mean of its neighbours
    }


def column(told: Table, name: str) -> Array:
    """One column of a table."""
    found: Array = told.values[:, told.columns.index(name)]
    return found


def children(path: Path) -> dict[str, Envelope]:
    """Channels of a child's walk: of the leg with more channels that saw a muscle, then louder."""
    file = C3d(path)
    labels, rate = file.strings('ANALOG', 'LABELS'), file.analog_rate_hz
    sides: dict[str, dict[str, Array]] = {'l': {}, 'r': {}}
    for side, channels in sides.items():
        for name in CHILDREN:
            raw = file.analogs[:, labels.index(f'Voltage.{side.upper()} {name}')]
            if _NOISE_V < raw.std() < _BROKEN_V:
                channels[name] = raw - raw.mean()
    side = max(sides, key=lambda s: (len(sides[s]), sum(raw.std() for raw in sides[s].values())))
    high = butter(3, HIGHPASS_HZ / (0.5 * rate), 'high')
    low = butter(3, ENVELOPE_HZ / (0.5 * rate))
    return {
        name: Envelope(
            CHILDREN[name],
            side,
            np.arange(len(raw)) / rate,
            filtfilt(*low, np.abs(filtfilt(*high, raw))),
        )
        for name, raw in sides[side].items()
    }


def agreement(ours: Activation, channel: Envelope, delay_s: float) -> float:
    """PCC of an envelope and the muscles under it, which follow it by a delay."""
    at = channel.time_s + delay_s
    inside = (at >= ours.time_s[0]) & (at <= ours.time_s[-1])
    found = ours.mean_of(channel.muscles, channel.side, at[inside])
    return pcc(found, channel.values[inside])


# Everything together

WALKS = ('walk_rajagopal2016, model and IK', 'walk_treadmill_60s, model and IK')


def compare(cases: list[Case], theirs: dict[str, Activation]) -> list[dict[str, Any]]:
    """Both walks by both ways against static optimisation."""
    found = []
    for case in cases:
        if case.group not in WALKS:
            continue
        name = case.group.split(',')[0]
        ways = {
            'measured torques': measured(case),
            'live, clean': live(case, {}),
            'live, 10 mm noise': live(case, {'noise_mm': NOISE_MM, 'seed': 0}),
            'all muscles at rest': resting(theirs[name]),
        }
        for way, ours in ways.items():
            found.append({'set': name, 'way': way, **against(ours, theirs[name])})
    return found


def resting(like: Activation) -> Activation:
    """The baseline: every muscle always at its least."""
    return dataclasses.replace(like, values=np.full_like(like.values, 0.01))


def heard(cases: list[Case], theirs: dict[str, Activation]) -> list[dict[str, Any]]:
    """Every channel of EMG against muscles, at once and after the delay."""
    found = []
    for case in cases:
        walk = case.group in WALKS
        if not walk and not case.group.startswith('gait_children'):
            continue
        ways = {'live': live(case, {})}
        if walk:
            ways |= {'OpenSim': theirs[case.group.split(',')[0]], 'measured': measured(case)}
        for channel, envelope in envelopes(case).items():
            for way, ours in ways.items():
                found.append(
                    {
                        'set': case.group.split(',')[0] + (' (tuned on)' if case.tuned else ''),
                        'person': case.person,
                        'channel': channel,
                        'way': way,
                        'pcc': agreement(ours, envelope, 0.0),
                        'pcc_delayed': agreement(ours, envelope, DELAY_S),
                    }
                )
    return found


def optimum_table(results: list[dict[str, Any]]) -> str:
    """Errors against static optimisation."""
    header = ('walk', 'torques', 'RMSE', 'PCC, all together', 'PCC, mean of muscles', 'muscles')
    return table(
        header,
        [
            (
                r['set'], r['way'], f'{r["rmse"]:.3f}', f'{r["pcc"]:.2f}',
                f'{r["pcc_of_muscles"]:.2f}', r['muscles'],
            )
            for r in results
        ],
    )  # fmt: skip


def emg_table(results: list[dict[str, Any]]) -> str:
    """Agreement with EMG: a row for each set and channel, the mean over people."""
    rows = []
    for name in dict.fromkeys(r['set'] for r in results):
        mine = [r for r in results if r['set'] == name]
        for channel in (*dict.fromkeys(r['channel'] for r in mine), 'all channels'):
            these = [r for r in mine if channel in (r['channel'], 'all channels')]
            cells = []
            for way in ('live', 'measured', 'OpenSim'):
                known = [r for r in these if r['way'] == way]
                for key in ('pcc', 'pcc_delayed'):
                    told = [r[key] for r in known]
                    cells.append(f'{np.mean(told):.2f}' if told else '-')
            people = len({r['person'] for r in these})
            rows.append((name, channel, people, *cells))
    header = (
        'set', 'EMG', 'people', 'live', 'live, 50 ms', 'measured torques', '50 ms',
        "OpenSim's optimum", '50 ms',
    )  # fmt: skip
    return table(header, rows)


def main() -> None:
    """Measure, print, and write JSON and README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--reference', type=Path, help="keep OpenSim's solution in this file")
    parser.add_argument('--dry', action='store_true', help='print only')
    arguments = parser.parse_args()
    cases = [case for case in all_cases() if 'runn' not in case.group]
    theirs = references(arguments.reference)
    results = {'optimum': compare(cases, theirs), 'emg': heard(cases, theirs)}
    tables = {'muscles': optimum_table(results['optimum']), 'emg': emg_table(results['emg'])}
    for name, text in tables.items():
        print(text)
        if not arguments.dry:
            write_section(name, text)
    if not arguments.dry:
        RESULTS.write_text(json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    main()
