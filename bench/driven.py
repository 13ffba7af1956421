"""Whether an engine's torques make the motion that they were estimated from: HDyS, tables 5, 11.

    python -m bench.driven [--people 3]

Procedural people move; every engine streams their joint centres. From the state at a frame, an
engine's torques and forces under the feet drive a MuJoCo model of the person for k frames, and
joint angles are compared with those that were played. Beside the engines: the labels that networks
learn from, no torque at all, and the torques that the model itself needs under the labels' forces
(`exact`, what integration leaves). Results go to bench/results/driven.json and README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from scipy.interpolate import make_interp_spline

from bench.readme import table, write_section
from bench.simulated import COLUMNS
from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.estimator import Estimator, EstimatorConfig, with_lag
from humandyn_ros.learning.synthesis.driven import RATES_HZ, STEPS, Course, Driven
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labeller
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.learning.synthesis.touch import BALL_HEIGHT_PER_HEIGHT, floor_of
from humandyn_ros.mannequin import joint_centres
from humandyn_ros.quantities import CANONICAL, Array, Mask, SkeletonFrame
from humandyn_ros.synthetic import perform, plan

RESULTS = Path(__file__).parent / 'results' / 'driven.json'
KINDS = ('walk', 'squat', 'lunge', 'kick', 'bend')
RATE_HZ = 120.0
"""Of the columns that show every k."""
_FROM_S, _LONGEST_S = 1.2, 3.5  # before the first some engine does not answer
_HEIGHT_M, _BMI = (1.55, 1.9), (19.0, 30.0)


@dataclass(frozen=True, eq=False)
class Acting:
    """What acts on a person: torques (T, 17) N·m, and the ground on each foot, as in a Course."""

    torque: Array
    force: Array
    centre: Array
    free: Array

    @property
    def known(self) -> Mask:
        """Frames with an answer (T,)."""
        return np.asarray(np.isfinite(self.torque).all(axis=1))


def played(kind: str, seed: int, rate_hz: float) -> tuple[Body, Course, Array, Acting]:
    """Whose motion it is, the course, its joint centres (T, 24, 3) and the labels."""
    random = np.random.default_rng([seed, 4243])
    height = random.uniform(*_HEIGHT_M)
    body = Body(random.uniform(*_BMI) * height**2, height)
    made = plan(kind, None, seed, height, {kind: MOVES[kind]})
    spline = make_interp_spline(made.time, perform(made), k=5)
    at = np.arange(0.0, min(made.time[-1], _LONGEST_S), 1.0 / rate_hz)
    q, qd, qdd = (spline.derivative(k)(at) if k else spline(at) for k in range(3))
    points = joint_centres(q, height)
    moved = make_interp_spline(at, points, k=5)
    level, lift = floor_of(points, rate_hz)
    up = np.array([0.0, 0.0, BALL_HEIGHT_PER_HEIGHT * height - level])
    told = Labeller(body).label(
        Kinematics(rate_hz, points + up, moved.derivative(1)(at), moved.derivative(2)(at), lift)
    )
    acting = Acting(
        told.torque_rajagopal, told.ground_force, told.centre_of_pressure - up, told.free_moment
    )
    course = Course(rate_hz, q, qd, qdd, *_grounded(acting, slice(None)))
    return body, course, points, acting


def estimated(
    body: Body, rate_hz: float, points: Array, engine: str, lag_ms: float | None
) -> Acting:
    """What an engine says that acts, streamed; NaN where it did not answer."""
    config = EstimatorConfig(engine=engine)
    config = config if lag_ms is None else with_lag(config, 1e-3 * lag_ms)
    person = PersonConfig(body.mass_kg, body.height_m, body.sex)
    estimator = Estimator(CANONICAL.name, person, config)
    found = Acting(
        np.full((len(points), len(COORDINATES)), np.nan),
        *(np.full((len(points), 2, 3), np.nan) for _ in range(3)),
    )
    for row, centres in enumerate(points):
        stamp_ns = round(1e9 * (1.0 + row / rate_hz))
        frame = SkeletonFrame(stamp_ns, 'world', 1, CANONICAL, centres, np.ones(len(centres)))
        for told in estimator.push(frame):
            at = round((1e-9 * told.stamp_ns - 1.0) * rate_hz)
            found.torque[at] = told.dynamics.torque
            for side, foot in enumerate((told.ground.left, told.ground.right)):
                found.force[at, side] = foot.force
                found.centre[at, side] = foot.centre_of_pressure
                found.free[at, side] = foot.moment
    return found


def measure(kind: str, seed: int, rate_hz: float) -> list[dict[str, Any]]:
    """Every engine on one motion, over the frames for which all of them answered."""
    body, course, points, label = played(kind, seed, rate_hz)
    driven = Driven(body, seed)
    exact = dataclasses.replace(label, torque=driven.torques(course))
    nothing = dataclasses.replace(label, torque=np.zeros_like(label.torque))
    acting = {'exact': exact, 'label': label, 'no torque': nothing}
    for column, (engine, lag_ms) in COLUMNS.items():
        acting[column] = estimated(body, rate_hz, points, engine, lag_ms)
    known = np.all([told.known for told in acting.values()], axis=0)
    known[: round(_FROM_S * rate_hz)] = False
    frames = np.flatnonzero(known)
    if len(frames) <= max(STEPS) or frames[-1] - frames[0] >= len(frames):
        print(f'{kind}, person {seed}: no stretch that everybody answered')
        return []
    part = slice(frames[0], frames[-1] + 1)
    motion = [values[part] for values in (course.q, course.qd, course.qdd)]
    found = []
    for column, told in acting.items():
        pushed = Course(rate_hz, *motion, *_grounded(told, part))
        errors = driven.errors(pushed, told.torque[part])
        about = {'kind': kind, 'person': seed, 'rate_hz': rate_hz, 'column': column}
        found.append({**about, 'squared_error_rad2': [errors[k] for k in STEPS]})
    return found


def _grounded(told: Acting, part: slice) -> tuple[Array, Array, Array]:
    """Forces, centres of pressure and free moments of some frames, without NaN.

    In the air nothing acts, at the place that is nearest in time: else a force that comes or goes
    between two frames would act nowhere for half of it.
    """
    centre = told.centre[part]
    touches = np.isfinite(centre).all(axis=2)
    places = np.zeros_like(centre)
    for side in range(centre.shape[1]):
        known = np.flatnonzero(touches[:, side])
        if len(known):
            nearest = np.abs(np.arange(len(centre))[:, None] - known).argmin(axis=1)
            places[:, side] = centre[known[nearest], side]
    force, free = (
        np.where(touches[..., None], values[part], 0.0) for values in (told.force, told.free)
    )
    return force, places, free


def rows(results: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row per source of torques: mean over motions, spread over people at the longest k."""
    found = []
    for column in dict.fromkeys(r['column'] for r in results):
        cells = []
        for rate in (RATE_HZ, *(r for r in RATES_HZ if r != RATE_HZ)):
            mine = [r for r in results if (r['column'], r['rate_hz']) == (column, rate)]
            errors = np.array([r['squared_error_rad2'] for r in mine])
            people = [r['person'] for r in mine]
            each = [errors[np.array(people) == one].mean(axis=0) for one in dict.fromkeys(people)]
            mean, spread = np.mean(each, axis=0), np.std(each, axis=0)
            shown = range(len(STEPS)) if rate == RATE_HZ else (len(STEPS) - 1,)
            last = f' ± {spread[-1]:.1g}'
            cells += [f'{mean[k]:.2g}{last if k == len(STEPS) - 1 else ""}' for k in shown]
        found.append((column, *cells))
    return found


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--people', type=int, default=3, help='people of every kind')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    given = parser.parse_args()
    motions = list(product(KINDS, range(given.people), RATES_HZ))
    with ProcessPoolExecutor(given.jobs) as pool:
        answers = pool.map(measure, *zip(*motions, strict=True))
        told = track(answers, total=len(motions), description='driven')
        results = [result for some in told for result in some]
    others = [f'k = {max(STEPS)}, {rate:.0f} Hz' for rate in RATES_HZ if rate != RATE_HZ]
    header = ('torques of', *(f'k = {k}' for k in STEPS), *others)
    text = table(header, rows(results))
    print(text)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n')
    write_section('driven', text)


if __name__ == '__main__':
    main()
