"""What became of the papers' directions on motion of our own, as tables of the README.

HDyS: Liu et al. 2025 (CVPR), Tables 1, 2, 3, 9 and 10; ImDyS: Liu et al. 2025 (ICLR), Tables
5 and 6.
Procedural motion stands for ImDy, motion capture for AddBiomechanics, force plates for MiA.
A direction counts as reproduced where it holds in the mean over seeds and in every single seed, as
not reproduced where the mean goes the other way, else as undecided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.readme import table, write_section

Runs = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Figures by variant and seed."""


@dataclass(frozen=True)
class Direction:
    """The paper says that `better` has less error than `worse`."""

    claim: str
    better: tuple[str, str]  # variant, figure
    worse: tuple[str, str]
    paper: str  # how much more error, and where it stands


ALL, HALF = 'all sources', 'half of mocap, as much of the others'
TARGETS = {'procedural': 'procedural, average', 'mocap': 'mocap, average',
           'plates': 'plates, average'}  # fmt: skip


def _hdys() -> Iterator[Direction]:
    """Directions of HDyS's tables."""
    ours = tuple(TARGETS)
    alone = dict(zip(ours, ('+18.9 %', '+42.6 %', '+15.3 %'), strict=True))
    for name, paper in alone.items():
        yield _than(f'{name} alone', name, f'{paper} (1)')
    dropped = {
        ('procedural', 'mocap'): '+2.1 %', ('procedural', 'plates'): '+33.9 %',
        ('mocap', 'procedural'): '+0.4 %', ('mocap', 'plates'): '+44.9 %',
        ('plates', 'procedural'): '+2.2 %', ('plates', 'mocap'): '+0.9 %',
    }  # fmt: skip
    for (name, target), paper in dropped.items():
        yield _than(f'without {name}', target, f'{paper} (1)')
    parts = {
        'without alignment': ('+14.0 % (1)', '+6.8 % (1)', '+16.1 % (1)'),
        'without FDAE': ('+0.2 % (1)', '+0.8 % (1)', '+15.3 % (1)'),
        'without temporal refinement': ('+21.5 % (9)', '+17.2 % (9)', '+30.5 % (9)'),
    }
    for variant, papers in parts.items():
        for name, paper in zip(ours, papers, strict=True):
            yield _than(variant, name, paper)
    mocap = TARGETS['mocap']
    for better, worse, paper in (
        (HALF, 'half of mocap alone', '+32.9 % (2)'),
        (HALF, 'mocap alone', '+32.0 % (2)'),
        ('mocap alone', 'half of mocap alone', '+0.7 % (2)'),
    ):
        yield Direction(f'mocap: {better} < {worse}', (better, mocap), (worse, mocap), paper)
    for name, better, worse, paper in (
        ('procedural', 'smpl', 'keypoints', '+73 % (3)'),
        ('procedural', 'keypoints', 'markers', '+1.0 % (3)'),
        ('mocap', 'angles', 'keypoints', '+6.5 % (3)'),
        ('mocap', 'keypoints', 'markers', '+9.9 % (3)'),
    ):
        claim = f'{name}: {SHOWN.get(better, better)} < {worse}'
        yield Direction(claim, (ALL, f'{name}, {better}'), (ALL, f'{name}, {worse}'), paper)
    for variant, paper in (
        ('markers alone', '+31 to 34 % (10, feet)'),
        ('keypoints alone', '+14 to 51 % (10, feet)'),
        ('angles or smpl alone', '+6 to 15 % (10, feet)'),
    ):
        for name in ('procedural', 'mocap'):
            figure, claim = TARGETS[name], f'{name}: all representations < {variant}'
            yield Direction(claim, ('without plates', figure), (variant, figure), paper)


SHOWN = {'smpl': 'rotations'}


def _than(variant: str, target: str, paper: str) -> Direction:
    figure = TARGETS[target]
    return Direction(f'{target}: {ALL} < {variant}', (ALL, figure), (variant, figure), paper)


def _imdys() -> Iterator[Direction]:
    """Directions of ImDyS's Tables 5 and 6."""
    for metric, shown, papers in (
        (TORQUE, 'torque', ('+91 %', '+50 %', '+27 %', '+9.5 %', '+4.8 %', '+4.5 %')),
        (GROUND, 'ground', ('+6.3 %', '+5.9 %', '+0.4 %', '+4.5 %', '+1.7 %', '+2.7 %')),
    ):
        pairs = (
            ('rotations', 'markers'), ('joints', 'markers'), ('rotations', 'joints'),
            ('markers', 'without L_FD'), ('markers', 'without L_cls'),
            ('without L_cls', 'without L_FD'),
        )  # fmt: skip
        for (better, worse), paper in zip(pairs, papers, strict=True):
            name = 'both losses' if better == 'markers' else better
            claim = f'{shown}: {name} < {worse}'
            yield Direction(claim, (better, metric), (worse, metric), f'{paper} (5)')
    for metric, shown, papers in (
        (TORQUE, 'torque', ('+3.9 %', '+5.8 %')),
        (GROUND, 'ground', ('+3.4 %', '+3.7 %')),
    ):
        for width, paper in zip(('w = 1', 'w = 3'), papers, strict=True):
            claim = f'{shown}: w = 2 < {width}'
            yield Direction(claim, ('markers', metric), (width, metric), f'{paper} (6)')


TORQUE, GROUND = 'torque_mpje_nm_per_kg', 'grf_mpje_n_per_kg'
DIRECTIONS = {'hdys': tuple(_hdys()), 'imdys': tuple(_imdys())}


def judged(direction: Direction, runs: Runs) -> tuple[list[float], str]:
    """How much more error `worse` has in each seed, per cent, and the verdict."""
    (better, low), (worse, high) = direction.better, direction.worse
    seeds = sorted(set(runs.get(better, {})) & set(runs.get(worse, {})))
    gains = [100.0 * (runs[worse][s][high] / runs[better][s][low] - 1.0) for s in seeds]
    if len(gains) < 2:
        return gains, 'undecided, one seed'
    verdict = 'reproduced' if min(gains) > 0 else 'undecided'
    if np.mean(gains) < 0:
        verdict = 'not reproduced'
    return gains, verdict if len(gains) > 2 else f'{verdict}, two seeds'


def directions_table(name: str, runs: Runs) -> str:
    """Every direction with the paper's figure, ours and the verdict."""
    rows = []
    for direction in DIRECTIONS[name]:
        gains, verdict = judged(direction, runs)
        if gains:
            each = ', '.join(f'{gain:+.1f}' for gain in gains)
            mean = f'{np.mean(gains):+.1f} % ({each})'
            rows.append((direction.claim, direction.paper, mean, verdict))
    return table(('error in the paper', 'more on the right, paper (table)',
                  'here (seeds)', 'verdict'), rows)  # fmt: skip


def spread(figures: list[float], digits: int = 3) -> str:
    """Mean and standard deviation over seeds; how many these are, if less than three."""
    if not figures:
        return '-'
    deviation = f' ± {np.std(figures, ddof=1):.{digits}f}' if len(figures) > 1 else ''
    few = f' ({len(figures)} of 3 seeds)' if len(figures) < 3 else ''
    return f'{np.mean(figures):.{digits}f}{deviation}{few}'


def scores_table(first: str, runs: Runs, columns: Mapping[str, str]) -> str:
    """Mean and spread over seeds of some figures of every variant."""
    rows = [
        (variant, *(spread([s[key] for s in seeds.values() if key in s]) for key in columns))
        for variant, seeds in runs.items()
    ]
    return table((first, *columns.values()), rows)


def representations_table(runs: Runs) -> str:
    """The network of all sources, asked through each representation alone."""
    names = ('markers', 'keypoints', 'angles', 'smpl', 'average')
    seeds = runs.get(ALL, {}).values()
    rows = [
        (name, *(spread([s[key] for s in seeds if (key := f'{name}, {how}') in s])
                 for how in names))
        for name in TARGETS
    ]  # fmt: skip
    return table(('source', *(SHOWN.get(name, name) for name in names)), rows)


def joints_table(shipped: Mapping[str, Any]) -> str:
    """Error of every coordinate of the shipped ImDyS."""
    rows = [
        (f'`{name}`', f'{row["mae_nm_per_kg"]:.3f} ± {row["people_stddev"]:.3f}',
         f'{row["label_size_nm_per_kg"]:.3f}')
        for name, row in shipped['per_joint'].items()
    ]  # fmt: skip
    return table(('coordinate', 'mean absolute error, N·m/kg', 'mean size of the label'), rows)


def residual_table(shipped: Mapping[str, Any]) -> str:
    """Error of the shipped ImDyS by what contacts leave unexplained in the label."""
    rows = []
    for row in shipped['by_residual']['classes']:
        low, high = 100 * row['from_bw'], row['to_bw']
        bounds = f'{low:g} or more' if high is None else f'{low:g} to {100 * high:g}'
        rows.append((bounds, row['windows'], f'{row["joint_torque_mae_nm_per_kg"]:.3f}',
                     f'{row["feet_mpje_n_per_kg"]:.2f}'))  # fmt: skip
    header = ('residual of the label, % BW', 'windows', 'joint torque, N·m/kg',
              'force of a foot, N/kg')  # fmt: skip
    return table(header, rows)


def write_tables(results: Mapping[str, Any]) -> None:
    """Write whatever has been measured into the README."""
    parts = []
    if 'hdys' in results:
        columns = {TARGETS['procedural']: 'procedural: torque of 23 joints, N·m/kg',
                   TARGETS['mocap']: 'mocap: joint torque, N·m/kg',
                   TARGETS['plates']: 'plates: force of a foot, N/kg'}  # fmt: skip
        parts += [
            scores_table('HDyS, error', results['hdys'], columns),
            'HDyS of all sources, asked through one representation alone, and the mean of all:',
            representations_table(results['hdys']),
            directions_table('hdys', results['hdys']),
        ]
    if 'imdys' in results:
        columns = {TORQUE: 'torque of 23 joints, N·m/kg', GROUND: 'force on 24 bodies, N/kg',
                   'left_foot_mpje_n_per_kg': 'left foot, N/kg',
                   'right_foot_mpje_n_per_kg': 'right foot, N/kg'}  # fmt: skip
        parts += [
            scores_table('ImDyS, error', results['imdys'], columns),
            directions_table('imdys', results['imdys']),
        ]
    if 'shipped' in results:
        shipped = results['shipped']
        ranks = shipped['by_residual']
        parts += [
            'The shipped `imdys` joint by joint on held-out clips, ± between people:',
            joints_table(shipped),
            'The same beside the residual of its labels; rank correlation within a person '
            f'{spread(ranks["spearman_joint_torque"], 2)} for torques, '
            f'{spread(ranks["spearman_feet"], 2)} for feet:',
            residual_table(shipped),
        ]
    write_section('ablation models', '\n\n'.join(parts))
