"""Size and mass of a person: given, measured or assumed."""

import numpy as np
import pytest

from humandyn_ros.anthropometry import LEG_PER_HEIGHT
from humandyn_ros.config import PersonConfig
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.stature import ASSUMED_BMI, Stature

INDEX = CANONICAL.index


def standing(height=1.6):
    points = np.zeros((24, 3))
    for side, y in (('left', 0.1), ('right', -0.1)):
        for part, z in (('hip', 0.53), ('knee', 0.285), ('ankle', 0.039)):
            points[INDEX[f'{side}_{part}']] = [0.0, y, z * height]
    return points


def test_height_and_mass_follow_from_the_legs_when_absent():
    stature = Stature(PersonConfig())
    for _ in range(10):
        assert stature.learn(standing())
    assert stature.height_m == pytest.approx(1.6)
    assert stature.mass_kg == pytest.approx(ASSUMED_BMI * 1.6**2)
    assert len(stature.notes) == 2


def test_what_is_given_is_kept():
    stature = Stature(PersonConfig(mass_kg=70.0, height_m=1.8))
    stature.learn(standing())
    assert (stature.mass_kg, stature.height_m, stature.notes) == (70.0, 1.8, ())
    assert stature.leg_m == pytest.approx(1.6 * LEG_PER_HEIGHT)


def test_one_visible_leg_is_enough_and_none_is_not():
    stature = Stature(PersonConfig())
    points = standing()
    points[INDEX['left_knee']] = np.nan
    assert stature.learn(points)
    assert stature.leg_m == pytest.approx(1.6 * LEG_PER_HEIGHT)
    points[INDEX['right_hip']] = np.nan
    assert not stature.learn(points)


def test_the_size_settles():
    stature = Stature(PersonConfig())
    for _ in range(1000):
        stature.learn(standing())
    assert not stature.learn(standing(2.0))
    assert stature.height_m == pytest.approx(1.6)


def test_a_skeleton_of_impossible_size_teaches_nothing():
    assert not Stature(PersonConfig()).learn(standing(30.0))


def test_reset_forgets_what_was_measured():
    stature = Stature(PersonConfig())
    stature.learn(standing())
    stature.reset()
    assert stature.height_m == Stature(PersonConfig()).height_m


def test_another_mass_leaves_what_was_measured():
    stature = Stature(PersonConfig(60.0))
    positions = standing()
    for _ in range(5):
        stature.learn(positions)
    leg, height = stature.leg_m, stature.height_m
    stature.set_person(PersonConfig(90.0))
    assert (stature.mass_kg, stature.leg_m, stature.height_m) == (90.0, leg, height)
    stature.set_person(PersonConfig(90.0, 1.5))
    assert (stature.height_m, stature.leg_m) == (1.5, leg)
    assert stature.notes == ()
