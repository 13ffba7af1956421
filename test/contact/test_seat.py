"""When a seat is likely."""

from dataclasses import replace

import numpy as np

from humandyn_ros.body import BodyModel
from humandyn_ros.contact.seat import seat_point, seat_probability
from humandyn_ros.quantities import GRAVITY

LEG = 0.86


def loads(pelvis_height, centre_forward):
    """A person at rest whose centre of mass lies this far before the pelvis."""
    found = BodyModel().loads(*np.zeros((3, 24, 3)))
    weight, at = np.array([0.0, 0.0, GRAVITY]), np.array([centre_forward, 0.0, 0.2])
    force, moment = found.force.copy(), found.moment.copy()
    force[0], moment[0] = weight, np.cross(at, weight)
    soles = np.zeros((2, 7, 3))
    soles[:, :, 0] = 0.4 + np.linspace(-0.05, 0.2, 7)
    soles[:, :, 2] = -pelvis_height
    return replace(found, force=force, moment=moment), soles


def probability(pelvis_height=0.45, centre_forward=0.1, speed=0.0, touching=(1.0, 1.0)):
    return seat_probability(*loads(pelvis_height, centre_forward), np.array(touching), speed, LEG)


def test_a_low_still_pelvis_behind_the_feet_sits():
    assert probability() > 0.95


def test_who_stands_moves_or_balances_over_the_feet_does_not():
    assert probability(pelvis_height=0.9) < 0.01
    assert probability(speed=1.5) < 0.01
    assert probability(centre_forward=0.45) < 0.05


def test_a_foot_in_the_air_is_neither_floor_nor_reach():
    on_rung, soles = loads(0.8, 0.1)
    soles[0, :, 2] += 0.25  # one foot on a rung, the other hangs over a deeper floor
    assert seat_probability(on_rung, soles, np.array([1.0, 0.0]), 0.0, LEG) > 0.8
    assert seat_probability(on_rung, soles, np.array([1.0, 1.0]), 0.0, LEG) < 0.5


def test_the_seat_is_under_the_hips():
    assert seat_point(np.zeros(3), LEG)[2] < 0.0
