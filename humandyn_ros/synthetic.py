"""A procedural person: stands, walks, squats and jumps as smooth joint centres.

The score of the choreography says where the feet are, how they share the weight and how high the
centre of mass is. Its horizontal path is then the bounded solution of the linear inverted
pendulum over that centre of pressure (Kajita et al. 2001, equation 4, here with height and
vertical force varying), and the mannequin is placed around it, feet where the score puts them.
Angular momentum is left as it comes: the motion is close to, not exactly, what forces allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_banded

from humandyn_ros.choreography import (
    MID_FOOT,
    Score,
    jump,
    jump_push,
    squat,
    stand,
    walk,
)
from humandyn_ros.errors import ConfigError
from humandyn_ros.mannequin import (
    ANKLE_HEIGHT,
    BALL,
    COORDINATES,
    HEEL,
    INDEX,
    RIGHT,
    SHANK,
    THIGH,
    UP,
    centre_of_mass,
    joint_centres,
    reach_ankle,
    turn,
)
from humandyn_ros.quantities import CANONICAL, GRAVITY, Array, Mask
from humandyn_ros.recordings.recording import Recording

FINE_HZ = 200.0  # rate the motion is made at; others are interpolated
FORMAT = 'smpl_24'
HALF_STANCE = 0.058  # of height, ankles from the midline when standing
_STRAIGHT = 0.992  # hip to ankle of a standing leg, of thigh and shank: knees a little bent

Activity = Callable[[Score, float], float]
MassCentre = Callable[[Array, float], Array]


def _demo(score: Score, start: float) -> float:
    """Walk eight steps, squat twice, jump twice."""
    start = squat(score, walk(score, start + 0.8) + 0.4)
    start = jump(score, squat(score, start) + 0.3)
    return jump(score, start + 0.2) + 1.2


KINDS: dict[str, Activity] = {
    'stand': stand,
    'walk': lambda score, start: walk(score, start + 0.5, 24) + 0.5,
    'squat': lambda score, start: squat(score, start + 0.5),
    'jump': lambda score, start: jump(score, start + 0.5),
    'demo': _demo,
}


@dataclass(frozen=True, eq=False)
class Foot:
    """What one foot does."""

    ankle: Array  # (T, 3) m
    axes: Array  # (T, 3, 3) forwards, left, up of the sole as columns
    pressure: Array  # (T, 3) m, where its share of the force is meant to act
    share: Array  # (T,) of the vertical force, 0-1


@dataclass(frozen=True, eq=False)
class Plan:
    """A score, played: everything known before the body is placed."""

    time: Array  # (T,) s
    height_m: float
    centre_of_mass: Array  # (T, 3) m
    support: Array  # (T,) m/s², vertical ground reaction per mass
    feet: dict[str, Foot]  # 'r' and 'l'
    coordinates: Array  # (T, N) trunk and arms set, the rest 0
    prop: Array  # (T,) share of the vertical force that a prop such as a seat takes


def plan(
    kind: str,
    duration_s: float | None,
    seed: int,
    height_m: float,
    kinds: Mapping[str, Activity] = KINDS,
) -> Plan:
    """Play an activity, over and over while it fits into the duration.

    Args:
        kind: One of `kinds`.
        duration_s: Length; None: as long as the activity takes once.
        seed: Fixes step length, depth and sway.
        height_m: Standing height.
        kinds: Activities by name.

    Raises:
        ConfigError: Unknown kind, or a length or height that is not positive.
    """
    if kind not in kinds:
        raise ConfigError(f'synthetic motion {kind!r}: choose one of {", ".join(kinds)}')
    if not height_m > 0 or (duration_s is not None and not duration_s > 0):
        raise ConfigError(f'height {height_m} m and duration {duration_s} s must be positive')
    score, end = Score(seed, height_m), 0.0
    while end < (duration_s or 1e-3):
        end = kinds[kind](score, end)
    # One second more at either end, cut away later: the pendulum forgets its ends in that time.
    time = np.arange(-1.0, end + 1.0, 1 / FINE_HZ)
    feet = {letter: _foot(score, letter, time) for letter in 'rl'}
    prop = score.play('prop', time, edge=0.25)
    support, height = _vertical(score, time)
    right, left = feet['r'], feet['l']
    pressure = right.share[:, None] * right.pressure + left.share[:, None] * left.pressure
    pressure += prop[:, None] * [*score.prop, 0.0]
    goal = np.concatenate([_pendulum(pressure, support / height), height[:, None]], axis=1)
    upper = _upper_body(score, time, feet)
    keep = (time > -1e-9) & (time < (duration_s or end) - 1e-9)
    return cut(Plan(time, height_m, goal, support, feet, upper, prop), keep)


def cut(full: Plan, keep: Mask) -> Plan:
    """The frames of a plan where `keep` (T,) holds."""
    feet = {
        letter: Foot(foot.ankle[keep], foot.axes[keep], foot.pressure[keep], foot.share[keep])
        for letter, foot in full.feet.items()
    }
    return Plan(
        full.time[keep],
        full.height_m,
        full.centre_of_mass[keep],
        full.support[keep],
        feet,
        full.coordinates[keep],
        full.prop[keep],
    )


def _foot(score: Score, letter: str, time: Array) -> Foot:
    """Turn the channels of one foot into its path, rolling over heel or ball."""
    height, side = score.height_m, -1.0 if letter == 'r' else 1.0
    heading = turn(UP, score.play(f'yaw_{letter}', time))
    axes = heading @ turn(RIGHT, score.play(f'pitch_{letter}', time))
    heel = score.play(f'heel_{letter}', time)[:, None]
    ground = np.zeros((len(time), 3))
    ground[:, 0] = score.play(f'forwards_{letter}', time)
    ground[:, 1] = side * (HALF_STANCE * height + score.play(f'outwards_{letter}', time))
    ground[:, 2] = score.play(f'lift_{letter}', time)

    def about(ahead: float) -> Array:
        """Ankle above the ground while the foot turns about a point of its sole."""
        pivot = heading @ (height * np.array([ahead, 0.0, 0.0]))
        arm = height * np.array([-ahead, 0.0, ANKLE_HEIGHT])
        rolled: Array = pivot + axes @ arm
        return rolled

    ankle = ground + heel * about(HEEL) + (1 - heel) * about(BALL)
    pressure = ground * [1.0, 1.0, 0.0] + _sway(score, time)
    ahead = height * (MID_FOOT + score.play(f'pressure_{letter}', time))
    pressure += heading[:, :, 0] * ahead[:, None]
    share = 0.5 - side * score.play('share_r', time, edge=0.25)
    return Foot(ankle, axes, pressure, share * (1.0 - score.play('prop', time, edge=0.25)))


def _sway(score: Score, time: Array) -> Array:
    """Quiet sway of the centre of pressure, some millimetres below 1 Hz (Winter 1995)."""
    habit = np.random.default_rng(score.seed)
    sway = np.zeros((len(time), 3))
    for frequency in (0.17, 0.31, 0.53):
        phase = habit.uniform(0, 2 * np.pi, 2)
        sway[:, :2] += 0.0025 * np.sin(2 * np.pi * frequency * time[:, None] + phase)
    return sway


def _vertical(score: Score, time: Array) -> tuple[Array, Array]:
    """Vertical ground reaction per mass (T,) m/s² and height of the centre of mass (T,) m."""
    height = score.play('crouch', time) + _standing(score.height_m)[1]
    for shape in score.heights:
        height = height + shape(time)
    support = GRAVITY + np.gradient(np.gradient(height, time), time)
    for start in score.jumps:
        push, rise = jump_push(score, start, time)
        support, height = support + push, height + rise
    floor: Array = np.maximum(support, 0.0)
    return floor, height


def _standing(height_m: float) -> tuple[float, float]:
    """Heights (m) of pelvis and centre of mass of the person standing still."""
    hip = height_m * (ANKLE_HEIGHT + (THIGH + SHANK) * _STRAIGHT)
    rest = np.zeros((1, len(COORDINATES)))
    rest[0, INDEX['pelvis_tz']] = hip
    return hip, float(centre_of_mass(rest, height_m)[0, 2])


def _pendulum(pressure: Array, stiffness: Array) -> Array:
    """Solve ẍ = k (x - p) for x (T, 2), at rest over the centre of pressure at both ends.

    Args:
        pressure: Centre of pressure (T, 3) m.
        stiffness: Vertical force per mass and height, k (T,) 1/s²; 0 in flight.
    """
    curve = stiffness / FINE_HZ**2
    curve[[0, -1]] = 1e9  # the ends are nailed down
    bands = np.ones((3, len(curve)))
    bands[1] = -2 - curve
    path: Array = solve_banded((1, 1), bands, -curve[:, None] * pressure[:, :2])
    return path


def _upper_body(score: Score, time: Array, feet: dict[str, Foot]) -> Array:
    """Trunk and arms (T, N): they follow the feet in walking and their channels otherwise."""
    heading = 0.5 * (score.play('yaw_r', time) + score.play('yaw_l', time))
    apart = (feet['r'].ankle - feet['l'].ankle) / score.height_m
    stride = np.cos(heading) * apart[:, 0] + np.sin(heading) * apart[:, 1]
    lean, reach = score.play('lean', time), score.play('reach', time)
    swing = 1.1 * stride  # arm against leg
    values = {
        'pelvis_rotation': heading + 0.25 * stride,
        'lumbar_rotation': -0.45 * stride,
        'pelvis_tilt': -0.03 - 0.6 * lean,
        'lumbar_extension': 0.01 - 0.4 * lean,
        'arm_flex_r': reach - swing,
        'arm_flex_l': reach + swing,
        **{f'arm_add_{letter}': np.full_like(time, -0.12) for letter in 'rl'},
        'elbow_flex_r': 0.3 + 0.15 * reach - 0.4 * swing,
        'elbow_flex_l': 0.3 + 0.15 * reach + 0.4 * swing,
    }
    coordinates = np.zeros((len(time), len(COORDINATES)))
    for name, value in values.items():
        coordinates[:, INDEX[name]] = value
    for name in score.moves.keys() & INDEX.keys():
        coordinates[:, INDEX[name]] += score.play(name, time)
    return coordinates


def perform(score: Plan, mass_centre: MassCentre = centre_of_mass, *, passes: int = 12) -> Array:
    """Place the mannequin (T, N): centre of mass on the path, feet where they should be.

    Args:
        score: What to do.
        mass_centre: Centre of mass (T, 3) m of coordinates (T, N) and standing height.
        passes: Each leaves a third of the error: the legs do not follow the pelvis.
    """
    coordinates: Array = score.coordinates.copy()
    coordinates[:, :3] = score.centre_of_mass
    for _ in range(passes):
        reach(coordinates, score)
        missing = score.centre_of_mass - mass_centre(coordinates, score.height_m)
        coordinates[:, :3] += missing
    reach(coordinates, score)
    return coordinates


def reach(coordinates: Array, score: Plan) -> None:
    """Set the legs' columns so that both feet are where the plan has them."""
    for letter, foot in score.feet.items():
        reach_ankle(coordinates, letter, foot.ankle, foot.axes, score.height_m)


def person(
    kind: str,
    *,
    rate_hz: float = 100.0,
    duration_s: float | None = None,
    seed: int = 0,
    height_m: float = 1.75,
    noise_m: float = 0.0,
) -> Recording:
    """Return a procedural person as canonical joint centres.

    Args:
        kind: 'stand', 'walk', 'squat', 'jump' or 'demo' (walk, squat and jump in one take).
        rate_hz: Frames per second.
        duration_s: Length; None: as long as the activity takes once.
        seed: Fixes habits and noise.
        height_m: Standing height.
        noise_m: Standard deviation of Gaussian noise per axis.

    Raises:
        ConfigError: Unknown kind, or a number out of range.
    """
    if not 0 < rate_hz <= 10_000 or not noise_m >= 0:
        raise ConfigError(f'rate {rate_hz} Hz and noise {noise_m} m: must be positive')
    from scipy.interpolate import make_interp_spline  # noqa: PLC0415 - slow to import

    score = plan(kind, duration_s, seed, height_m)
    centres = joint_centres(perform(score), height_m)
    frames = int((score.time[-1] - score.time[0]) * rate_hz + 1e-6) + 1
    stamps = np.round(np.arange(frames) / rate_hz * 1e9).astype(np.int64)
    points = make_interp_spline(score.time - score.time[0], centres, k=5)(stamps * 1e-9)
    points = points + np.random.default_rng(seed).normal(0.0, noise_m, points.shape)
    return Recording(
        name=f'synthetic_{kind}',
        stamps_ns=stamps,
        points=points,
        confidence=np.ones(points.shape[:2]),
        names=CANONICAL.joints,
        rate_hz=rate_hz,
        up='Z',
        format=FORMAT,
        kind='joints',
        parents=CANONICAL.parents,
    )
