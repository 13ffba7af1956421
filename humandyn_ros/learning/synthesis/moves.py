"""Activities of the procedural person: scores for `synthetic.plan`, each varied by its seed.

Speeds and sizes: walk ratio .0065 m/(step/min) (Sekiya et al. 1996); double support from 38 % of
a step when slow to 18 % when fast (Murray 1967); the rest are plain choices of amplitude and time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from humandyn_ros.choreography import MID_FOOT, Score, jump, squat
from humandyn_ros.learning.synthesis.falls import fall
from humandyn_ros.mannequin import BALL, HEEL, SHANK, THIGH
from humandyn_ros.quantities import Array
from humandyn_ros.synthetic import HALF_STANCE, Activity

_WALK_RATIO = 0.0065 * 60  # m·s per step²
_LEG = THIGH + SHANK  # of height
_OTHER = {'r': 'l', 'l': 'r'}
_SIDE = {'r': -1.0, 'l': 1.0}


@dataclass(frozen=True)
class Gait:
    """Timing and size of stepping."""

    step_s: float  # from one mid double support to the next
    both_s: float  # double support
    length_m: float  # of a full step
    roll: float = 1.0  # over heel and ball: 1 as in walking, 0 flat-footed


def gait_of(speed: float, height_m: float) -> Gait:
    """Timing and step length of steady walking at a speed (m/s) of a person of 1.75 m."""
    scale = height_m / 1.75
    length = math.sqrt(_WALK_RATIO * speed)
    share = float(np.clip(0.42 - 0.14 * speed, 0.18, 0.4))
    step_s = length / speed * math.sqrt(scale)
    return Gait(step_s, share * step_s, length * scale)


def tread(
    score: Score,
    start: float,
    goals: list[tuple[float, float, float]],
    gait: Gait,
    first: str = 'r',
) -> float:
    """Step through body places, feet together at the last; return the instant it ends.

    Args:
        score: Where it is written.
        start: Instant, s.
        goals: Forwards m, left m and heading rad of the body after each step.
        gait: Timing.
        first: Foot that steps first.
    """
    height, half = score.height_m, gait.both_s / 2
    begin, steps = start + 0.6 + half, len(goals)
    end = begin + steps * gait.step_s
    longest = max(gait.length_m, 0.05)
    reach = _LEG * height
    drop = reach - math.sqrt(max(reach**2 - (0.5 * longest) ** 2, 0.01))
    score.move('share_r', start + 0.2, begin + half, -0.5 if first == 'r' else 0.5)
    score.move('crouch', start, begin, -0.9 * drop - 0.006 * height)
    score.move('gait', begin - half, begin + gait.step_s, 1.0)
    narrow = 0.024 * height * min(1.0, gait.length_m / (0.25 * height)) * gait.roll
    foot = first
    for k, (x, y, heading) in enumerate(goals):
        lift, land = begin + k * gait.step_s + half, begin + (k + 1) * gait.step_s - half
        last = k >= steps - 2
        apart = _SIDE[foot] * (HALF_STANCE * height - (0.0 if last else narrow))
        there = x - apart * math.sin(heading), y + apart * math.cos(heading)
        place_foot(score, foot, (lift, land), *there)
        score.move(f'yaw_{foot}', lift, land, heading)
        _swing(score, foot, (lift, land), gait)
        share = 0.0 if k == steps - 1 else (0.5 if foot == 'r' else -0.5)
        score.move('share_r', land, land + (half + 0.4 if k == steps - 1 else gait.both_s), share)
        foot = _OTHER[foot]
    score.move('gait', end - gait.step_s, end + half, 0.0)
    score.move('crouch', end - half, end + 0.5, 0.0)
    rise = 0.011 * height * min((gait.length_m / (0.28 * height)) ** 2, 2.0)
    score.heights.append(_bounce(score, begin, end, gait.step_s, rise))
    return end + 0.6


def _bounce(
    score: Score, begin: float, end: float, step_s: float, rise: float
) -> Callable[[Array], Array]:
    def height(time: Array) -> Array:
        inside = (time > begin - step_s) & (time < end + step_s)
        wave = np.cos(2 * np.pi * (time - begin) / step_s)
        return np.where(inside, -rise * score.play('gait', time) * wave, 0.0)

    return height


def _swing(
    score: Score,
    foot: str,
    when: tuple[float, float],
    gait: Gait,
) -> None:
    """Lift a foot, roll it over heel and ball, and put it down."""
    (lift, land), height = when, score.height_m
    middle = lift + 0.45 * (land - lift)
    score.move(f'lift_{foot}', lift, middle, score.about(0.04, 0.2) * height)
    score.move(f'lift_{foot}', middle, land, 0.0)
    if gait.roll <= 0.0:
        return
    size, quick = gait.roll, gait.step_s / 0.62
    score.move(f'pitch_{foot}', lift - 0.26 * quick, lift + 0.03, score.about(-0.85) * size)
    score.move(f'pitch_{foot}', lift + 0.03, land - 0.02, 0.28 * size)
    score.move(f'pitch_{foot}', land, land + 0.13 * quick, 0.0)
    score.move(f'heel_{foot}', lift + 0.1 * quick, land, 1.0)
    score.move(f'heel_{foot}', land + 0.14 * quick, land + 0.4 * quick, 0.0)
    score.move(f'pressure_{foot}', lift - 0.5 * quick, lift - 0.22 * quick, BALL - MID_FOOT)
    score.move(f'pressure_{foot}', lift, land, HEEL - MID_FOOT)
    score.move(f'pressure_{foot}', land + 0.07 * quick, land + 0.2 * quick, 0.0)


def place_foot(score: Score, foot: str, when: tuple[float, float], x: float, y: float) -> None:
    """Move a foot over the ground to a point of the world, m."""
    score.move(f'forwards_{foot}', *when, x)
    score.move(f'outwards_{foot}', *when, _SIDE[foot] * y - HALF_STANCE * score.height_m)


def _path(
    score: Score, gait: Gait, steps: int, bend: float, aside: float = 0.0
) -> list[tuple[float, float, float]]:
    """Body places along an arc: heading changes by `bend` a step; `aside` m to the left a step."""
    x, y, heading = _here(score)
    goals = []
    for k in range(steps):
        share = 0.0 if k == steps - 1 else {0: 0.55, steps - 2: 0.6, steps - 3: 0.85}.get(k, 1.0)
        heading += bend if k < steps - 1 else 0.0
        length = share * gait.length_m
        x += length * math.cos(heading) - aside * math.sin(heading)
        y += length * math.sin(heading) + aside * math.cos(heading)
        goals.append((x, y, heading))
    return goals


def _here(score: Score) -> tuple[float, float, float]:
    """Where the body stands: between the feet."""
    x = np.mean([score.last(f'forwards_{s}') for s in 'rl'])
    y = np.mean([_SIDE[s] * score.last(f'outwards_{s}') for s in 'rl'])
    return float(x), float(y), score.last('yaw_r')


def _any(score: Score, low: float, high: float) -> float:
    return float(score.habit.uniform(low, high))


def _foot(score: Score) -> str:
    return 'rl'[int(score.habit.integers(2))]


def walk(score: Score, start: float) -> float:
    """Walk straight at some speed between .6 and 1.9 m/s."""
    gait = gait_of(_any(score, 0.6, 1.9), score.height_m)
    steps = max(6, round(7.0 / gait.step_s))
    return tread(score, start, _path(score, gait, steps, 0.0), gait, _foot(score))


def turn(score: Score, start: float) -> float:
    """Walk along an arc, or turn on the spot."""
    way = 1.0 if score.habit.uniform() < 0.5 else -1.0
    if score.habit.uniform() < 0.4:
        gait = Gait(_any(score, 0.5, 0.7), 0.18, 0.0, 0.0)
        goals = _path(score, gait, int(score.habit.integers(3, 8)), way * _any(score, 0.3, 0.55))
        return tread(score, start, goals, gait, 'l' if way > 0 else 'r')
    gait = gait_of(_any(score, 0.6, 1.3), score.height_m)
    goals = _path(score, gait, int(score.habit.integers(8, 14)), way * _any(score, 0.1, 0.35))
    return tread(score, start, goals, gait, _foot(score))


def side_step(score: Score, start: float) -> float:
    """Steps to one side, the other foot drawn up."""
    way, gait = _foot(score), Gait(_any(score, 0.45, 0.75), 0.16, 0.0, 0.0)
    x, y, heading = _here(score)
    length = _SIDE[way] * _any(score, 0.1, 0.2) * score.height_m
    goals = []
    for k in range(1, int(score.habit.integers(3, 6))):
        there = (x - k * length * math.sin(heading), y + k * length * math.cos(heading), heading)
        goals += [there, there]
    return tread(score, start, goals, gait, way)


def step(score: Score, start: float) -> float:
    """One step forwards or backwards, and the other foot beside it."""
    length = _any(score, 0.12, 0.3) * score.height_m * (1 if score.habit.uniform() < 0.7 else -1)
    gait = Gait(_any(score, 0.6, 0.85), 0.22, abs(length), 0.4 if length > 0 else 0.0)
    x, y, heading = _here(score)
    goal = (x + length * math.cos(heading), y + length * math.sin(heading), heading)
    return tread(score, start, [goal, goal], gait, _foot(score))


def _shift(score: Score, start: float, end: float, foot: str) -> None:
    """Put the weight on one foot."""
    score.move('share_r', start, end, 0.5 if foot == 'r' else -0.5)


def lunge(score: Score, start: float) -> float:
    """A long step, down, up, and back."""
    foot, height = _foot(score), score.height_m
    x0, y0, heading = score.last(f'forwards_{foot}'), _y(score, foot), score.last('yaw_r')
    length, deep = _any(score, 0.32, 0.45) * height, _any(score, 0.08, 0.15) * height
    t = start + 0.1
    _shift(score, t, t + 0.5, _OTHER[foot])
    lift, land = t + 0.5, t + 1.15
    there = (x0 + length * math.cos(heading), y0 + length * math.sin(heading))
    place_foot(score, foot, (lift, land), *there)
    _raise(score, foot, lift, land, 0.05 * height)
    back = _OTHER[foot]
    score.move(f'pitch_{back}', land - 0.25, land + 0.5, -0.7)
    score.move(f'pressure_{back}', land - 0.3, land + 0.1, BALL - MID_FOOT)
    score.move('share_r', land - 0.02, land + 0.6, 0.12 if foot == 'r' else -0.12)
    score.move('crouch', lift, land + 0.5, -deep - 0.03 * height)
    score.move('lean', lift, land + 0.5, _any(score, 0.0, 0.3))
    away = land + 0.9 + _any(score, 0.0, 0.4)
    _shift(score, away, away + 0.5, back)
    score.move('crouch', away, away + 0.7, -0.03 * height)
    score.move('lean', away, away + 0.7, 0.0)
    score.move(f'pitch_{back}', away, away + 0.5, 0.0)
    score.move(f'pressure_{back}', away + 0.2, away + 0.5, 0.0)
    place_foot(score, foot, (away + 0.55, away + 1.25), x0, y0)
    _raise(score, foot, away + 0.55, away + 1.25, 0.05 * height)
    score.move('crouch', away + 0.8, away + 1.5, 0.0)
    score.move('share_r', away + 1.25, away + 1.8, 0.0)
    return away + 1.9


def _y(score: Score, foot: str) -> float:
    return _SIDE[foot] * (score.last(f'outwards_{foot}') + HALF_STANCE * score.height_m)


def _raise(score: Score, foot: str, lift: float, land: float, height: float) -> None:
    middle = (lift + land) / 2
    score.move(f'lift_{foot}', lift, middle, height)
    score.move(f'lift_{foot}', middle, land, 0.0)


def kick(score: Score, start: float) -> float:
    """Swing one foot back, then forwards and up, and put it down again."""
    foot, height = _foot(score), score.height_m
    x0, y0 = score.last(f'forwards_{foot}'), _y(score, foot)
    t, quick = start + 0.1, _any(score, 0.3, 0.5)
    _shift(score, t, t + 0.6, _OTHER[foot])
    marks = (t + 0.6, t + 1.0, t + 1.0 + quick, t + 1.15 + quick, t + 2.0 + quick)
    back, far, up = -0.15 * height, _any(score, 0.25, 0.4) * height, _any(score, 0.12, 0.25)
    for k, (x, z) in enumerate(((back, 0.09), (far, up), (far, up), (0.0, 0.0))):
        if k == 2:
            continue
        place_foot(score, foot, (marks[k], marks[k + 1]), x0 + x, y0)
        score.move(f'lift_{foot}', marks[k], marks[k + 1], z * height)
    score.move(f'pitch_{foot}', marks[0], marks[1], -0.7)
    score.move(f'pitch_{foot}', marks[1], marks[2], 0.4)
    score.move(f'pitch_{foot}', marks[3], marks[4] - 0.1, 0.0)
    arms = {'arm_flex_r': 0.5 * _SIDE[foot], 'arm_flex_l': -0.5 * _SIDE[foot]}
    for name, value in (arms | {'lumbar_extension': -0.1, 'crouch': -0.02 * height}).items():
        score.move(name, marks[0], marks[2], value)
        score.move(name, marks[3], marks[4], 0.0)
    score.move('share_r', marks[4], marks[4] + 0.6, 0.0)
    return marks[4] + 0.8


def _arms(score: Score, moves: list[tuple[float, float, dict[str, float]]], letters: str) -> None:
    """Write arm coordinates of one or both sides: start, end, values."""
    for begin, end, values in moves:
        for name, value in values.items():
            for letter in letters:
                score.move(f'{name}_{letter}', begin, end, value)


def reach(score: Score, start: float) -> float:
    """Reach forwards, up or aside with one arm or both."""
    letters = ('r', 'l', 'rl')[int(score.habit.integers(3))]
    flex, aside = _any(score, 0.6, 2.6), _any(score, -0.8, 0.1)
    slow = _any(score, 0.7, 1.2)
    out = {'arm_flex': flex, 'arm_add': aside, 'elbow_flex': -0.2}
    home = dict.fromkeys(out, 0.0)
    hold = start + slow + _any(score, 0.1, 0.5)
    _arms(score, [(start, start + slow, out), (hold, hold + slow, home)], letters)
    for name, value in {'lean': _any(score, 0.0, 0.35), 'lumbar_rotation': 0.0}.items():
        twist = 0.35 * (-_SIDE[letters]) if name != 'lean' and len(letters) == 1 else value
        score.move(name, start, start + slow, twist)
        score.move(name, hold, hold + slow, 0.0)
    return hold + slow + 0.2


def wave(score: Score, start: float) -> float:
    """Raise one hand and wave it."""
    letter, beat = _foot(score), _any(score, 0.3, 0.5)
    up = {'arm_flex': 1.2, 'arm_add': -1.0, 'elbow_flex': 1.4, 'arm_rot': -0.4}
    _arms(score, [(start, start + 0.7, up)], letter)
    t = start + 0.7
    for k in range(int(score.habit.integers(3, 7))):
        sway = 0.55 if k % 2 else -0.55
        _arms(score, [(t, t + beat, {'elbow_flex': 1.4 + sway, 'arm_add': -1.0 - 0.2 * sway})],
              letter)  # fmt: skip
        t += beat
    _arms(score, [(t, t + 0.8, dict.fromkeys(up, 0.0))], letter)
    return t + 1.0


def throw(score: Score, start: float) -> float:
    """Wind up with a twist and throw overarm."""
    letter, quick = _foot(score), _any(score, 0.28, 0.45)
    twist = -_SIDE[letter]
    t = (start, start + 0.7, start + 0.7 + quick, start + 1.5 + quick)
    _arms(
        score,
        [
            (t[0], t[1], {'arm_flex': 1.0, 'arm_add': -1.2, 'elbow_flex': 1.5, 'arm_rot': -0.8}),
            (t[1], t[2], {'arm_flex': 1.5, 'arm_add': -0.2, 'elbow_flex': 0.1, 'arm_rot': 0.3}),
            (t[2], t[3], {'arm_flex': 0.0, 'arm_add': 0.0, 'elbow_flex': 0.0, 'arm_rot': 0.0}),
        ],
        letter,
    )
    for begin, end, turned, lean in ((0, 1, -0.5, -0.1), (1, 2, 0.5, 0.25), (2, 3, 0.0, 0.0)):
        score.move('lumbar_rotation', t[begin], t[end], twist * turned)
        score.move('lean', t[begin], t[end], lean)
    return t[3] + 0.3


def box(score: Score, start: float) -> float:
    """Fists up, some punches with either hand."""
    guard = {'arm_flex': 0.9, 'elbow_flex': 1.9, 'arm_add': -0.1}
    _arms(score, [(start, start + 0.6, guard)], 'rl')
    score.move('crouch', start, start + 0.6, -0.02 * score.height_m)
    t = start + 0.7
    for _ in range(int(score.habit.integers(3, 7))):
        letter, quick = _foot(score), _any(score, 0.22, 0.36)
        out = {'arm_flex': _any(score, 1.3, 1.6), 'elbow_flex': 0.0, 'arm_add': 0.15}
        _arms(score, [(t, t + quick, out), (t + quick, t + 2.2 * quick, guard)], letter)
        score.move('lumbar_rotation', t, t + quick, -_SIDE[letter] * 0.35)
        score.move('lumbar_rotation', t + quick, t + 2.2 * quick, 0.0)
        t += 2.2 * quick + _any(score, 0.02, 0.3)
    _arms(score, [(t, t + 0.7, dict.fromkeys(guard, 0.0))], 'rl')
    score.move('crouch', t, t + 0.7, 0.0)
    return t + 0.9


def bend(score: Score, start: float) -> float:
    """Bend down with nearly straight knees, arms hanging, and up again."""
    low, slow = _any(score, 0.7, 1.25), _any(score, 0.8, 1.4)
    hold = start + slow + _any(score, 0.1, 0.5)
    down = {'lean': low, 'reach': 0.8 * low, 'crouch': -(0.05 + 0.05 * low) * score.height_m}
    for name, value in down.items():
        score.move(name, start, start + slow, value)
        score.move(name, hold, hold + slow, 0.0)
    return hold + slow + 0.2


def lift(score: Score, start: float) -> float:
    """Squat down to something low, stand up with the forearms raised, put it down again."""
    deep, slow = _any(score, 0.13, 0.2) * score.height_m, _any(score, 0.9, 1.3)
    t = start
    for up in (True, False):
        for name, value in {'crouch': -deep, 'lean': 0.9, 'reach': 1.0}.items():
            score.move(name, t, t + slow, value)
            score.move(name, t + slow + 0.2, t + 2 * slow + 0.2, 0.0)
        rise = t + slow + 0.2
        _arms(score, [(rise, rise + slow, {'elbow_flex': 1.1 if up else 0.0})], 'rl')
        t += 2 * slow + 0.4
    return t + 0.2


def sit_to_stand(score: Score, start: float) -> float:
    """Sit down on a seat, rest, and stand up again."""
    height, slow = score.height_m, _any(score, 1.2, 1.7)
    behind, deep = _any(score, 0.19, 0.23) * height, _any(score, 0.2, 0.24) * height
    x, y, heading = _here(score)
    score.prop = (x - behind * math.cos(heading), y - behind * math.sin(heading))
    touch, rest = start + 0.75 * slow, start + slow + 0.5 + _any(score, 0.4, 1.2)
    score.move('crouch', start, start + slow, -deep)
    score.move('lean', start, start + 0.8 * slow, 0.75)
    score.move('reach', start, start + 0.8 * slow, 0.5)
    score.move('prop', touch, start + slow + 0.6, 0.82)
    score.move('lean', start + 0.9 * slow, start + slow + 0.7, 0.1)
    off = rest + 0.9
    score.move('lean', rest, off, 0.8)
    score.move('prop', rest + 0.35, off + 0.15, 0.0)
    score.move('crouch', off - 0.1, off + slow, 0.0)
    score.move('lean', off, off + slow, 0.0)
    score.move('reach', off, off + slow, 0.0)
    return off + slow + 0.3


def kneel(score: Score, start: float) -> float:
    """Step back with one foot, down on that knee, and up again."""
    foot, height = _foot(score), score.height_m
    front = _OTHER[foot]
    x0, y0 = score.last(f'forwards_{foot}'), _y(score, foot)
    back = x0 - 0.33 * height
    t = start + 0.1
    _shift(score, t, t + 0.5, front)
    place_foot(score, foot, (t + 0.5, t + 1.1), back, y0)
    _raise(score, foot, t + 0.5, t + 1.1, 0.04 * height)
    score.move(f'pitch_{foot}', t + 0.6, t + 1.1, -0.9)
    score.move(f'pressure_{foot}', t + 0.6, t + 1.1, BALL - MID_FOOT)
    score.move('share_r', t + 1.1, t + 1.7, 0.1 if front == 'r' else -0.1)
    score.prop = (x0 - 0.06 * height, y0)
    down = t + 2.4
    score.move('crouch', t + 0.6, down, -0.24 * height)
    score.move('prop', down - 0.3, down + 0.2, 0.45)
    up = down + 0.6 + _any(score, 0.2, 0.8)
    score.move('prop', up - 0.2, up + 0.3, 0.0)
    score.move('crouch', up, up + 1.5, 0.0)
    _shift(score, up + 0.6, up + 1.4, front)
    place_foot(score, foot, (up + 1.5, up + 2.2), x0, y0)
    _raise(score, foot, up + 1.5, up + 2.2, 0.04 * height)
    score.move(f'pitch_{foot}', up + 1.5, up + 2.0, 0.0)
    score.move(f'pressure_{foot}', up + 1.5, up + 2.0, 0.0)
    score.move('share_r', up + 2.2, up + 2.8, 0.0)
    return up + 3.0


def stand(score: Score, start: float) -> float:
    """Stand still."""
    return start + _any(score, 2.0, 4.0)


MOVES: Mapping[str, Activity] = {
    'walk': walk, 'turn': turn, 'squat': squat, 'sit_to_stand': sit_to_stand, 'lunge': lunge,
    'step': step, 'side_step': side_step, 'jump': jump, 'kick': kick, 'reach': reach,
    'wave': wave, 'throw': throw, 'box': box, 'bend': bend, 'lift': lift, 'kneel': kneel,
    'stand': stand, 'fall': fall,
}  # fmt: skip
"""Activities by name; each is also an action label."""
