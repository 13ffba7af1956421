"""The simulated test set: kinds, references, and windows as LabelledMotion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis import mocap
from humandyn_ros.learning.synthesis.angles import many_coordinates
from humandyn_ros.learning.synthesis.clip import OWN
from humandyn_ros.learning.synthesis.correction import corrected
from humandyn_ros.learning.synthesis.fit import fitted
from humandyn_ros.learning.synthesis.human import SEAT_BELOW, STEP_HZ, build
from humandyn_ros.learning.synthesis.labelled import ACTIONS, LabelledMotion, Origin
from humandyn_ros.learning.synthesis.labels import (
    JOINT_ROWS_24,
    Body,
    Kinematics,
    Labeller,
    Labels,
)
from humandyn_ros.learning.synthesis.motion import smooth_motion
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.learning.synthesis.simulated import (
    RECORD_HZ,
    SETTLE_S,
    WINDOW_S,
    Recorded,
    Simulation,
    reference,
)
from humandyn_ros.learning.synthesis.stream import assemble
from humandyn_ros.learning.synthesis.touch import LEGS
from humandyn_ros.mannequin import INDEX, joint_centres
from humandyn_ros.quantities import GRAVITY, Array
from humandyn_ros.synthetic import perform, plan

KINDS = ('walk', 'turn', 'squat', 'sit_to_stand', 'jump', 'kick', 'run')
LOST_M = 0.1  # mean distance of joint centres from the reference at which a window has lost it
HARDEST_BW = 6.0  # ground reaction beyond which soles have hit the floor, not stepped on it
_HEIGHT_M, _BMI = (1.55, 1.9), (19.0, 30.0)
_TOUCHES_N = 2.0
_RUNNING_S = 0.6  # windows of running: flight cannot be steered, so it is lost sooner


@dataclass(frozen=True)
class Tally:
    """How much of one kind passed."""

    kind: str
    windows: int
    passed: int


def simulated(
    kind: str, seed: int, data: Path | None = None, *, most: int | None = None
) -> tuple[tuple[LabelledMotion, ...], Tally]:
    """One person doing one thing: the windows that kept to the reference, and how many did.

    Args:
        kind: One of KINDS; 'run' needs recordings.
        seed: Fixes body and motion.
        data: Folder of the recordings; running is taken from people of the test split.
        most: Windows to play at most.

    Raises:
        ConfigError: Unknown kind, or 'run' without recordings.
    """
    if kind not in KINDS:
        raise ConfigError(f'simulated kind {kind!r}: choose one of {", ".join(KINDS)}')
    random = np.random.default_rng([seed, 4242])
    height = random.uniform(*_HEIGHT_M)
    body = Body(random.uniform(*_BMI) * height**2, height)
    person, licence, seat = f'procedural-{seed}', OWN, None
    if kind == 'run':
        time, q, person, licence = _running(random, data, body)
    else:
        time, q, seat = _procedural(kind, seed, body)
    origin = Origin('simulated', kind, person, 'test', licence, seed)
    simulation = Simulation(build(body, seed, seat))
    goal = reference(time, q)
    steps = int((_RUNNING_S if kind == 'run' else WINDOW_S) * STEP_HZ)
    found, count = [], 0
    for start in range(0, len(goal.q) - steps + 1, steps)[:most]:
        count += 1
        played = simulation.play(goal, start, steps)
        if usable(played, body):
            found.append(_labelled(played, body, origin))
    return tuple(found), Tally(kind, count, len(found))


def simulated_set(
    seed: int = 0, each: int = 2, kinds: tuple[str, ...] = KINDS, data: Path | None = None
) -> Iterator[tuple[tuple[LabelledMotion, ...], Tally]]:
    """Yield `each` people of every kind; the same arguments give the same set.

    Without recordings, kinds that need them are left out.
    """
    for kind in kinds:
        if kind == 'run' and data is None:
            continue
        for person in range(each):
            yield simulated(kind, 1000 * seed + person, data)


def usable(played: Recorded, body: Body) -> bool:
    """Whether a window kept to its reference without hitting the floor."""
    late = played.error_m[round(SETTLE_S * RECORD_HZ) :]
    hardest = played.contact_force.sum(1)[round(SETTLE_S * RECORD_HZ) :, 2].max()
    kept = np.isfinite(late).all() and late.max() < LOST_M
    return bool(kept and hardest < HARDEST_BW * body.mass_kg * GRAVITY)


def _procedural(
    kind: str, seed: int, body: Body
) -> tuple[Array, Array, tuple[float, float, float] | None]:
    height = body.height_m
    played = plan(kind, None, seed, height, {kind: lambda s, t: MOVES[kind](s, t + 0.3) + 0.3})
    q = perform(played)
    on = played.prop > 0.5
    if not on.any():
        return played.time, q, None
    low = float(q[on, INDEX['pelvis_tz']].min())
    return played.time, q, (*q[on, :2].mean(0).tolist(), low - SEAT_BELOW * height)


def _running(
    random: np.random.Generator, data: Path | None, body: Body
) -> tuple[Array, Array, str, str]:
    if data is None:
        raise ConfigError("simulated kind 'run' needs the folder of the recordings")
    runs = [s for s in mocap.sources(data, 'test') if mocap.theme(s.description) == 'run']
    source = runs[int(random.integers(len(runs)))]
    clip = mocap.load(source)
    while clip is None:  # too short to serve
        source = runs[int(random.integers(len(runs)))]
        clip = mocap.load(source)
    motion, _ = smooth_motion(clip, 200.0)
    scale = body.height_m / clip.height_m
    motion = corrected(_short(motion, 5.0, scale), Labeller(body))
    q = fitted(motion.points, body.height_m, motion.lift_m)
    return np.arange(len(q)) / 200.0, q, source.person, source.licence


def _short(motion: Kinematics, seconds: float, scale: float) -> Kinematics:
    """The beginning of a motion, by a person of another size."""
    frames = int(seconds * motion.rate_hz)
    return Kinematics(
        motion.rate_hz, scale * motion.points[:frames], scale * motion.velocities[:frames],
        scale * motion.accelerations[:frames], scale * motion.lift_m,
    )  # fmt: skip


def _labelled(played: Recorded, body: Body, origin: Origin) -> LabelledMotion:
    """What MuJoCo did as LabelledMotion; torques are NaN where the model has no joint."""
    cut = slice(round(SETTLE_S * RECORD_HZ), None)
    time = np.arange(len(played.q)) / RECORD_HZ
    spline = make_interp_spline(time, joint_centres(played.q, body.height_m), k=5)
    motion = Kinematics(
        RECORD_HZ, spline(time)[cut], spline.derivative(1)(time)[cut],
        spline.derivative(2)(time)[cut], 0.0,
    )  # fmt: skip
    angle, rate, axes = many_coordinates(motion.points, motion.velocities)
    moment, force = played.moment[cut], played.contact_force[cut]
    at = played.contact_moment[cut]
    feet = [force[:, rows].sum(1) for rows in LEGS[:, 1:]]
    turning = [at[:, rows].sum(1) for rows in LEGS[:, 1:]]
    ground, about = np.stack(feet, 1), np.stack(turning, 1)
    touches = ground[..., 2] > _TOUCHES_N
    load = np.where(touches, ground[..., 2], 1.0)
    centre = np.stack([-about[..., 1] / load, about[..., 0] / load, 0 * load], 2)
    free = np.where(touches[..., None], about - np.cross(centre, ground), 0.0)
    labels = Labels(
        angle, rate, (axes * moment[:, JOINT_ROWS_24]).sum(2), moment, ground,
        np.where(touches[..., None], centre, np.nan), free, force, touches.astype(float),
        np.zeros((len(angle), 6)),
    )  # fmt: skip
    frames = len(angle)
    action = np.full(frames, ACTIONS.index(origin.name))
    return assemble(motion, labels, body, (action, np.ones(frames, bool)), origin)
