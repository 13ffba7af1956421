"""Falling: backwards onto the seat and both hands, the knees up, as who loses balance does."""

from __future__ import annotations

import math

from humandyn_ros.choreography import MID_FOOT, Score
from humandyn_ros.mannequin import HEEL
from humandyn_ros.synthetic import HALF_STANCE


def fall(score: Score, start: float) -> float:
    """Lose balance backwards, land on seat and hands, and stay there."""
    height, habit = score.height_m, score.habit
    slow, back = float(habit.uniform(0.85, 1.05)), float(habit.uniform(0.25, 0.4))
    behind, deep = habit.uniform(0.2, 0.24) * height, float(habit.uniform(0.375, 0.395)) * height
    heading, ankles = score.last('yaw_r'), [score.last(f'forwards_{foot}') for foot in 'rl']
    sides = [score.last(f'outwards_{foot}') + HALF_STANCE * height for foot in 'rl']
    x, y = sum(ankles) / 2, (sides[1] - sides[0]) / 2
    score.prop = (x - behind * math.cos(heading), y - behind * math.sin(heading))
    begin = start + 0.1
    middle, land = begin + 0.5 * slow, begin + slow
    score.move('crouch', begin, land, -deep)
    score.move('lean', begin, land - 0.05, -back)
    score.move('reach', begin, middle, 0.9)
    score.move('reach', middle, land + 0.15, -0.5 - 0.6 * back)
    for foot in 'rl':
        score.move(f'elbow_flex_{foot}', middle, land + 0.15, 0.3)
        score.move(f'arm_add_{foot}', middle, land + 0.15, -0.3)
        score.move(f'heel_{foot}', begin + 0.35 * slow, begin + 0.6 * slow, 1.0)
        score.move(f'pitch_{foot}', middle, land, 0.5)
        score.move(f'pressure_{foot}', begin + 0.4 * slow, begin + 0.7 * slow, HEEL - MID_FOOT)
    score.move('prop', land - 0.3, land + 0.15, 0.86)
    return land + 1.2 + float(habit.uniform(0.0, 0.8))
