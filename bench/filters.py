"""RMSE of velocity and acceleration of every filter, and what a step costs.

    python -m bench.filters

A 1 Hz motion with six harmonics, scaled to 1.09 m/s and 11.4 m/s² RMS, with white noise, is
filtered live at several rates. Every filter gets the cut-off frequency that is best for its
acceleration, and the same lag as the first prototype had; answers are judged at the instant that
they are stamped with. The prototype's motion had the same RMS but is not known otherwise (with
four harmonics instead of six our figures fall by a fifth): compare the filters with each other,
and with the prototype only roughly. Results go to bench/results/filters.json.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from humandyn_ros.filters import Filter, FilterConfig, make_filter

RESULTS = Path(__file__).parent / 'results' / 'filters.json'
JOINTS = 24
SECONDS, SETTLE_S = 16.0, 2.0
HARMONICS = np.arange(1, 7)
SPEEDS = 1.2744 * 0.5632 ** (HARMONICS - 1.0)  # m/s, gives the RMS of the docstring
CUTOFFS_HZ = np.geomspace(2.0, 12.0, 19)
KINDS = ('kalman', 'savitzky_golay', 'butterworth')
# Prototype: constant-acceleration Kalman, fixed lag: (rate, noise) -> m/s, m/s², lag in ms.
PROTOTYPE = {
    (30, 5): (0.084, 2.2, 76), (30, 15): (0.16, 4.1, 92),
    (60, 5): (0.067, 2.0, 72), (60, 15): (0.13, 3.6, 92),
    (100, 5): (0.058, 1.9, 72), (100, 15): (0.12, 3.3, 104),
}  # fmt: skip

Array = NDArray[np.float64]


def motion(t: Array, phases: Array) -> tuple[Array, Array, Array]:
    """Position, velocity and acceleration (T, J, 3) at t (T,)."""
    omega = 2 * np.pi * HARMONICS
    angle = omega[:, None, None, None] * t[:, None, None] + phases[:, None]
    speed = SPEEDS[:, None, None, None]
    omega = omega[:, None, None, None]
    return (
        (-speed / omega * np.cos(angle)).sum(axis=0),
        (speed * np.sin(angle)).sum(axis=0),
        (speed * omega * np.cos(angle)).sum(axis=0),
    )


def errors(estimator: Filter, rate_hz: int, noise_mm: float) -> tuple[float, float]:
    """RMSE of velocity (m/s) and acceleration (m/s²)."""
    rng = np.random.default_rng(0)
    phases = rng.uniform(0, 2 * np.pi, (len(HARMONICS), JOINTS, 3))
    stamps = np.round(np.arange(int(SECONDS * rate_hz)) * 1e9 / rate_hz).astype(np.int64)
    points = motion(stamps * 1e-9, phases)[0]
    points += 1e-3 * noise_mm * rng.normal(size=points.shape)
    seen = np.ones(JOINTS)
    answers = [estimator.step(int(s), p, seen) for s, p in zip(stamps, points, strict=True)]
    states = [state for state in answers if state is not None and state.stamp_ns > SETTLE_S * 1e9]
    _, velocity, acceleration = motion(np.array([s.stamp_ns * 1e-9 for s in states]), phases)
    return (
        float(np.sqrt(np.mean((np.array([s.velocities for s in states]) - velocity) ** 2))),
        float(np.sqrt(np.mean((np.array([s.accelerations for s in states]) - acceleration) ** 2))),
    )


def best(kind: str, rate_hz: int, noise_mm: float, lag_ms: float) -> dict[str, Any]:
    """The figures of one filter at the cut-off frequency that suits it best."""
    tried = []
    for cutoff_hz in CUTOFFS_HZ:
        config = FilterConfig(kind=kind, cutoff_hz=float(cutoff_hz), lag_s=lag_ms * 1e-3)
        estimator = make_filter(config, JOINTS)
        velocity, acceleration = errors(estimator, rate_hz, noise_mm)
        tried.append((acceleration, velocity, cutoff_hz, estimator.lag_ns * 1e-6))
    acceleration, velocity, cutoff_hz, lag = min(tried)
    return {
        'kind': kind,
        'rate_hz': rate_hz,
        'noise_mm': noise_mm,
        'velocity_rmse': round(velocity, 4),
        'acceleration_rmse': round(acceleration, 3),
        'cutoff_hz': round(float(cutoff_hz), 2),
        'lag_ms': round(lag, 1),
    }


def cost(kind: str, rate_hz: int, confidence: str, cutoff: str) -> dict[str, Any]:
    """Microseconds of one step of 24 joints."""
    rng = np.random.default_rng(0)
    estimator = make_filter(FilterConfig(kind=kind), JOINTS)
    taken = []
    for i in range(6 * rate_hz + 300):
        points = rng.normal(size=(JOINTS, 3)) * 0.005
        seen = np.ones(JOINTS) if confidence == 'alike' else rng.uniform(0.3, 1.0, JOINTS)
        if cutoff == 'adapting':
            estimator.cutoff_hz = 4.0 + np.sin(i / rate_hz)
        before = time.perf_counter()
        estimator.step(round(i * 1e9 / rate_hz), points, seen)
        taken.append(time.perf_counter() - before)
    half = np.array(taken[len(taken) // 2 :]) * 1e6
    return {
        'kind': kind,
        'rate_hz': rate_hz,
        'confidence': confidence,
        'cutoff': cutoff,
        'p50_us': round(float(np.percentile(half, 50)), 1),
        'p99_us': round(float(np.percentile(half, 99)), 1),
    }


def accuracy_table(rows: list[dict[str, Any]]) -> Table:
    """Velocity and acceleration RMSE beside the prototype's."""
    table = Table(title='RMSE at the stamped instant: m/s, m/s² (cut-off Hz) @ lag ms')
    table.add_column('filter')
    for rate_hz, noise_mm in PROTOTYPE:
        table.add_column(f'{rate_hz} Hz {noise_mm} mm')
    table.add_row('prototype', *(f'{v:.3f}, {a:.1f} @{d}' for v, a, d in PROTOTYPE.values()))
    for kind in KINDS:
        cells = [row for row in rows if row['kind'] == kind]
        table.add_row(
            kind,
            *(
                f'{c["velocity_rmse"]:.3f}, {c["acceleration_rmse"]:.2f} '
                f'({c["cutoff_hz"]:.1f}) @{c["lag_ms"]:.0f}'
                for c in cells
            ),
        )
    return table


def cost_table(rows: list[dict[str, Any]]) -> Table:
    """Time of a step."""
    table = Table(*rows[0], title='One step of 24 joints, µs')
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


def main() -> None:
    """Measure, print and write."""
    accuracy = [
        best(kind, rate_hz, noise_mm, lag_ms)
        for kind in KINDS
        for (rate_hz, noise_mm), (_, _, lag_ms) in PROTOTYPE.items()
    ]
    costs = [
        cost(kind, rate_hz, confidence, cutoff)
        for kind, confidence, cutoff in (
            ('kalman', 'alike', 'fixed'),
            ('kalman', 'alike', 'adapting'),
            ('kalman', 'differing', 'fixed'),
            ('savitzky_golay', 'alike', 'fixed'),
            ('savitzky_golay', 'differing', 'fixed'),
            ('butterworth', 'alike', 'fixed'),
        )
        for rate_hz in (30, 100, 250)
    ]
    console = Console(width=160)
    console.print(accuracy_table(accuracy))
    console.print(cost_table(costs))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({'accuracy': accuracy, 'cost': costs}, indent=1) + '\n')


if __name__ == '__main__':
    main()
