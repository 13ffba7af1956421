"""`make accuracy`: replays every real recording and writes the accuracy tables.

First the physics engine in full, then all engines side by side (bench/engines.py). Results
go to bench/results and, as tables, into README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from bench.engines import report
from bench.readme import table, write_section
from bench.sets import Case, all_cases
from humandyn_ros.evaluation import answer, judge

RESULTS = Path(__file__).parent / 'results' / 'accuracy.json'

SHIFT_MS = {
    'gait_children, straight': 10.0,
    'rbds_running, 2.5 m/s': -6.0,
    'rbds_running, 3.5 m/s': -6.0,
    'rbds_running, 4.5 m/s': -6.0,
    'walk_camargo2021': 10.0,
}
"""Markers and plates of these sets are not in time: forces lag the motion by this, ms."""

NOISE_SEEDS = range(5)
WALKS = ('walk_rajagopal2016, model and IK', 'walk_treadmill_60s, model and IK')


Changes = dict[str, Any]


def measure(case: Case, changes: Changes) -> list[dict[str, Any]]:
    """Replay one case with changed options; judged raw and, where it has one, with its shift."""
    options = dataclasses.replace(case.options, **changes)
    motion, run = answer(options)
    shifts = [0.0, SHIFT_MS[case.group]] if case.group in SHIFT_MS else [0.0]
    found = []
    for shift in shifts:
        shifted = dataclasses.replace(options, shift_ms=shift)
        figures = judge(shifted, motion, run).figures
        about = {'group': case.group, 'person': case.person, 'tuned': case.tuned}
        found.append({**about, 'rate_hz': changes.get('rate_hz'), **figures})
    return found


def jobs(cases: list[Case], *, quick: bool = False) -> list[tuple[Case, Changes]]:
    """Every case clean; the two walks with noise, at 30 Hz and offline too."""
    found: list[tuple[Case, Changes]] = []
    for case in cases:
        found.append((case, {}))
        if case.group in WALKS and not quick:
            found += [(case, {'offline': True}), (case, {'rate_hz': 30.0})]
            for noise in (5.0, 10.0, 20.0):
                found += [(case, {'noise_mm': noise, 'seed': seed}) for seed in NOISE_SEEDS]
            found += [
                (case, {'noise_mm': 10.0, 'rate_hz': 30.0, 'seed': seed}) for seed in NOISE_SEEDS
            ]
    return found


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per set, tuned people and the others apart."""
    found = []
    groups = list(dict.fromkeys(r['group'] for r in results))
    for group in groups:
        for tuned in (True, False):
            mine = [r for r in results if r['group'] == group and r['tuned'] == tuned]
            clean = [r for r in mine if not _changed(r) and not r['shift_ms']]
            if clean:
                shifted = [r for r in mine if r['shift_ms']]
                found.append(_row(group, tuned, clean, shifted))
    return found


def _changed(result: dict[str, Any]) -> bool:
    return bool(result['noise_mm'] or result['rate_hz'] or result['mode'] == 'offline')


def _row(
    group: str, tuned: bool, clean: list[dict[str, Any]], shifted: list[dict[str, Any]]
) -> tuple[object, ...]:
    raw = [r['grf_mpje_n_per_kg']['mean'] for r in clean]
    guesses = [_mean(r['baselines_grf_mpje_n_per_kg'][g] for r in clean) for g in GUESSES]
    moments = [r['moment_rmse_nm_per_kg'] for r in clean if 'moment_rmse_nm_per_kg' in r]
    joints = ' / '.join(f'{_mean(m[j] for m in moments):.2f}' for j in JOINTS) if moments else '-'
    return (
        group + (' (tuned on)' if tuned else ''),
        len(clean),
        f'**{np.mean(raw):.2f}**',
        f'{max(raw):.2f}',
        f'{_mean(r["grf_mpje_n_per_kg"]["mean"] for r in shifted):.2f}' if shifted else '-',
        *(f'{g:.2f}' for g in guesses),
        f'{100 * _mean(r["vertical_grf_rmse_bw"]["mean"] for r in clean):.1f}',
        joints,
    )


GUESSES = ('zero', 'half', 'split')
JOINTS = ('hip', 'knee', 'ankle')
HEADER = (
    'set', 'people', 'GRF error, N/kg', 'worst person', "with the set's time constant",
    'zero', 'BW/2', 'BW split', 'vertical, % BW', 'hip / knee / ankle, N·m/kg',
)  # fmt: skip


def noise_rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """The two walks under noise, at a lower rate and offline: mean over seeds."""
    found = []
    for group in WALKS:
        mine = [r for r in results if r['group'] == group and _changed(r)]
        kinds = dict.fromkeys((r['mode'], r['noise_mm'], r['rate_hz']) for r in mine)
        for mode, noise, rate in kinds:
            these = [
                r for r in mine if (r['mode'], r['noise_mm'], r['rate_hz']) == (mode, noise, rate)
            ]
            errors = [r['grf_mpje_n_per_kg']['mean'] for r in these]
            found.append(
                (
                    group,
                    mode,
                    f'{noise:.0f} mm',
                    f'{rate:.0f} Hz' if rate else 'as recorded',
                    f'{_mean(r["age_ms"]["mean"] for r in these):.0f} ms',
                    f'**{np.mean(errors):.2f}** ± {np.std(errors):.2f}',
                )
            )
    return found


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def main() -> None:
    """Measure, print, and write JSON and README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', default='', help='measure the sets whose name contains this')
    parser.add_argument('--quick', action='store_true', help='without noise; writes nothing')
    arguments = parser.parse_args()
    cases = [case for case in all_cases() if arguments.only in case.group]
    results = [
        result
        for case, changes in track(jobs(cases, quick=arguments.quick), description='replaying')
        for result in measure(case, changes)
    ]
    text = table(HEADER, rows(results))
    print(text)
    for result in results:
        if not _changed(result) and not result['shift_ms']:
            error = result['grf_mpje_n_per_kg']['mean']
            print(f'{result["group"]}, {result["person"]}: {error:.3f} N/kg')
    if arguments.quick or arguments.only:
        return
    noisy = table(('walk', 'mode', 'noise', 'rate', 'age', 'GRF error, N/kg'), noise_rows(results))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section('accuracy', text)
    write_section('noise', noisy)
    report()


if __name__ == '__main__':
    main()
