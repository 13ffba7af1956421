"""What a procedural person does, as smooth moves of named channels.

Every move is built from seventh-order steps, so every channel has four continuous derivatives.
Channels per foot ('_r', '_l'): forwards m, outwards m, lift m, pitch rad (toes up positive), heel
(1 turns about the heel, 0 about the ball), pressure (centre of pressure ahead of mid-foot, of
height), yaw rad. Channels of the body: share_r (of the feet's weight, from one half), crouch m
(height of the centre of mass), gait (0-1), lean rad (trunk forwards), reach rad (arms forwards),
prop (share of the weight on a prop such as a seat), and every coordinate of the mannequin's trunk
and arms by its own name, rad, added to the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from humandyn_ros.mannequin import BALL, HEEL
from humandyn_ros.quantities import GRAVITY, Array

MID_FOOT = 0.03  # of height, ahead of the ankle: where pressure 0 is
_STEP_S, _BOTH_S = 0.62, 0.19  # walking: step, double support
_FLIGHT_S = 0.36  # jumping


def smooth_step(s: Array, edge: float = 0.4) -> Array:
    """Rise from 0 to 1 over 0..1: the speed rises and falls along seventh-order steps.

    Args:
        s: Progress (T,).
        edge: Share of the time in which the speed rises, and falls; between, it is constant, so
            that a swinging foot keeps pace with the body.
    """
    speeding = _integrated_step(s / edge) - _integrated_step((s - 1 + edge) / edge)
    result: Array = speeding * edge / (1 - edge)
    return result


def _integrated_step(s: Array) -> Array:
    """Integral from 0 to s of the seventh-order step 35s⁴ - 84s⁵ + 70s⁶ - 20s⁷."""
    inside = np.clip(s, 0.0, 1.0)
    result: Array = inside**5 * (7 - 14 * inside + 10 * inside**2 - 2.5 * inside**3)
    return result + np.maximum(s - 1.0, 0.0)


@dataclass
class Score:
    """The moves of one take.

    Attributes:
        seed: Fixes the person's small habits.
        height_m: Standing height.
        moves: Channel name to (start s, end s, value at the end), in order of time.
        heights: Functions of time (T,) s that add to the height of the centre of mass (T,) m.
        jumps: Instants (s) at which a jump begins.
        prop: Where on the ground a prop carries, forwards and left, m.
    """

    seed: int
    height_m: float
    moves: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    heights: list[Callable[[Array], Array]] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    prop: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        self.habit = np.random.default_rng(self.seed)

    def move(self, channel: str, start: float, end: float, value: float) -> None:
        """Move a channel to `value` between two instants."""
        self.moves.setdefault(channel, []).append((start, end, value))

    def last(self, channel: str) -> float:
        """Return the value a channel has after everything written so far."""
        moves = self.moves.get(channel)
        return moves[-1][2] if moves else 0.0

    def play(self, channel: str, time: Array, edge: float = 0.4) -> Array:
        """Return a channel's values (T,) at instants (T,) s; it starts at 0."""
        value, result = 0.0, np.zeros_like(time)
        for start, end, target in self.moves.get(channel, ()):
            result += (target - value) * smooth_step((time - start) / (end - start), edge)
            value = target
        return result

    def about(self, value: float, spread: float = 0.05) -> float:
        """Return a value that differs a little from person to person."""
        return value * (1 + spread * float(self.habit.uniform(-1, 1)))


def stand(score: Score, start: float) -> float:
    """Stand quietly for a second; return the instant it ends, as every activity does."""
    return start + 1.0


def walk(score: Score, start: float, steps: int = 8) -> float:
    """Walk some steps, feet together at the end."""
    first, length = start + 0.8, score.about(0.28, 0.03) * score.height_m
    end, half = first + steps * _STEP_S, _BOTH_S / 2
    score.move('share_r', start + 0.3, first + half, -0.5)
    score.move('crouch', start, first, -0.019 * score.height_m)
    score.move('gait', first - half, first + _STEP_S, 1.0)
    for k in range(steps):
        foot, other = ('r', 'l') if k % 2 == 0 else ('l', 'r')
        lift, land = first + k * _STEP_S + half, first + (k + 1) * _STEP_S - half
        ends = k == steps - 1
        ahead = {0: 0.55, steps - 3: 0.85, steps - 2: 0.7, steps - 1: 0.0}.get(k, 1.0) * length
        _swing(score, foot, lift, land, score.last(f'forwards_{other}') + ahead)
        narrow = 0.0 if k >= steps - 2 else -0.024 * score.height_m
        score.move(f'outwards_{foot}', lift, land, narrow)
        share = 0.0 if ends else (0.5 if foot == 'r' else -0.5)
        score.move('share_r', land, land + (half + 0.4 if ends else _BOTH_S), share)
    score.move('gait', end - _STEP_S, end + half, 0.0)
    score.move('crouch', end - half, end + 0.6, 0.0)
    score.heights.append(lambda time: _bounce(score, time, first))
    return end + 0.7


def _bounce(score: Score, time: Array, first: float) -> Array:
    """Rise and fall of the centre of mass in walking: lowest in mid double support."""
    inside = (time > first - _STEP_S) & (time < first + 60 * _STEP_S)
    phase = np.cos(2 * np.pi * (time - first) / _STEP_S)
    return np.where(inside, -0.011 * score.height_m * score.play('gait', time) * phase, 0.0)


def _swing(score: Score, foot: str, lift: float, land: float, forwards: float) -> None:
    """One step of one foot: over the ball, through the air, onto the heel, flat."""
    middle = lift + 0.45 * (land - lift)
    score.move(f'pitch_{foot}', lift - 0.26, lift + 0.03, score.about(-0.85))
    score.move(f'pitch_{foot}', lift + 0.03, land - 0.02, 0.28)
    score.move(f'pitch_{foot}', land, land + 0.13, 0.0)
    score.move(f'forwards_{foot}', lift, land, forwards)
    score.move(f'lift_{foot}', lift, middle, 0.04 * score.height_m)
    score.move(f'lift_{foot}', middle, land, 0.0)
    score.move(f'heel_{foot}', lift + 0.1, land, 1.0)
    score.move(f'heel_{foot}', land + 0.14, land + 0.4, 0.0)
    score.move(f'pressure_{foot}', lift - 0.52, lift - 0.24, BALL - MID_FOOT)
    score.move(f'pressure_{foot}', lift, land, HEEL - MID_FOOT)
    score.move(f'pressure_{foot}', land + 0.08, land + 0.22, 0.0)


def squat(score: Score, start: float) -> float:
    """Go down and up again once, heels on the ground, arms forwards."""
    depth = score.about(0.19) * score.height_m
    for channel, value in {'crouch': -depth, 'lean': 0.75, 'reach': 1.3}.items():
        score.move(channel, start, start + 1.1, value)
        score.move(channel, start + 1.3, start + 2.4, 0.0)
    return start + 2.6


def jump(score: Score, start: float) -> float:
    """Jump on the spot once: dip, push, flight of 0.36 s, landing on the balls of the feet."""
    times = jump_times(start)
    score.jumps.append(start)
    for value, begin, end in (
        (0.45, start, times[3]),
        (0.15, times[3] - 0.05, times[5] + 0.2),
        (0.35, times[6] - 0.1, times[8]),
        (0.0, times[8] - 0.05, times[9]),
    ):
        score.move('lean', begin, end, value)
    for value, begin, end in (
        (-0.6, 0.0, 0.5),
        (0.9, 0.5, 0.95),
        (0.3, 1.0, 1.4),
        (0.0, 1.4, 2.1),
    ):
        score.move('reach', start + begin, start + end, value)
    leave, land = times[5], times[6]
    for foot in 'rl':
        score.move(f'pitch_{foot}', leave - 0.24, leave + 0.05, -0.8)
        score.move(f'pitch_{foot}', leave + 0.1, land - 0.02, -0.62)
        score.move(f'pitch_{foot}', land, land + 0.14, 0.0)
        score.move(f'pressure_{foot}', leave - 0.45, leave - 0.14, BALL - MID_FOOT)
        score.move(f'pressure_{foot}', land + 0.04, land + 0.2, 0.0)
        score.move(f'lift_{foot}', leave, leave + 0.16, 0.085 * score.height_m)
        score.move(f'lift_{foot}', land - 0.17, land, 0.0)
    return times[-1] + 0.2


def jump_times(start: float) -> tuple[float, ...]:
    """Instants between which the vertical acceleration of a jump moves from level to level.

    Free, dip reached, dip left, push reached, push left, take-off, touch-down, landing reached,
    landing left, free.
    """
    leave = 0.74
    land = leave + _FLIGHT_S
    marks = (0.0, 0.18, 0.24, 0.46, 0.60, leave, land, land + 0.12, land + 0.16, land + 0.7)
    return tuple(start + mark for mark in marks)


def jump_push(score: Score, start: float, time: Array) -> tuple[Array, Array]:
    """Vertical acceleration (T,) m/s² of one jump and the height (T,) m it gives.

    The levels of dip, push, landing and settling follow from take-off speed, take-off height, and
    rest at the old height in the end; the flight between is ballistic.
    """
    t = jump_times(start)
    settle = (t[8], (t[8] + t[9]) / 2)
    windows = ((t[0], t[1], t[2], t[3]), (t[2], t[3], t[4], t[5]), (t[6], t[7], t[8], settle[1]),
               (t[8], settle[1], settle[1], t[9]))  # fmt: skip
    shapes = [_pulse(time, *window) for window in windows]
    air = -GRAVITY * _pulse(time, t[4], t[5], t[6], t[7])
    step = time[1] - time[0]
    leave = int(np.searchsorted(time, t[5]))

    def integrals(shape: Array) -> tuple[Array, Array]:
        speed = np.cumsum(shape) * step
        return speed, (np.cumsum(speed) - speed) * step

    def conditions(shape: Array) -> list[float]:
        speed, height = integrals(shape)
        return [speed[leave], height[leave], speed[-1], height[-1]]

    matrix = np.array([conditions(shape) for shape in shapes]).T
    wanted = np.array([GRAVITY * _FLIGHT_S / 2, 0.006 * score.height_m, 0.0, 0.0])
    levels = np.linalg.solve(matrix, wanted - conditions(air))
    push: Array = air + sum(level * shape for level, shape in zip(levels, shapes, strict=True))
    return push, integrals(push)[1]


def _pulse(time: Array, a: float, b: float, c: float, d: float) -> Array:
    """Rise from 0 to 1 between a and b, fall back between c and d."""
    fall = smooth_step((time - c) / (d - c))
    rise = smooth_step((time - a) / (b - a))
    result: Array = rise - fall
    return result
