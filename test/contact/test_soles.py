"""Contact points of the soles, the floor under them and where feet roll."""

import numpy as np
import pytest

from humandyn_ros.contact.soles import BALLS, POINTS, Soles
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.upper_body import Completion

HEIGHT = 1.75
INDEX = CANONICAL.index
STILL = np.zeros((24, 3))


def standing():
    points = np.full((24, 3), np.nan)
    points[0] = [0.0, 0.0, 0.53 * HEIGHT]
    return Completion(HEIGHT).step(points, points, points)[0]


def test_a_flat_foot_lies_on_the_floor_with_all_its_points():
    found = Soles(HEIGHT).step(standing(), STILL)
    assert np.abs(found.clearance).max() < 0.002
    assert np.abs(found.positions[:, :, 2]).max() < 0.002
    heel, toe = found.positions[0, 0, 0], found.positions[0, 5, 0]
    assert 0.2 < toe - heel < 0.3  # a foot of 1.75 m measures 0.27 m


def test_a_raised_heel_keeps_the_ball_on_the_floor():
    soles, points = Soles(HEIGHT), standing()
    soles.step(points, STILL)
    ball, ankle = points[INDEX['left_foot']], points[INDEX['left_ankle']]
    c, s = np.cos(0.6), np.sin(0.6)
    arm = ankle - ball
    points[INDEX['left_ankle']] = ball + [c * arm[0] + s * arm[2], 0.0, -s * arm[0] + c * arm[2]]
    found = soles.step(points, STILL)
    assert found.clearance[0, :2].min() > 0.05
    assert np.abs(found.clearance[0, 2:4]).max() < 0.01
    assert np.abs(found.clearance[1]).max() < 0.002


def test_points_move_as_the_rigid_foot_does():
    """Velocities of the points are the differences of their places, the floor aside."""
    rng = np.random.default_rng(2)
    points, velocities = standing(), 0.5 * rng.normal(size=(24, 3))
    for side in ('left', 'right'):  # the foot keeps its length
        ankle, ball = INDEX[f'{side}_ankle'], INDEX[f'{side}_foot']
        arm, apart = points[ball] - points[ankle], velocities[ball] - velocities[ankle]
        # No roll about the long axis: that cannot be seen, so it is taken as none.
        velocities[ball] -= arm * (arm @ apart) / (arm @ arm)
        velocities[ball, 1] = velocities[ankle, 1]
    soles, h = Soles(HEIGHT), 1e-6
    soles.step(points, STILL)
    after, before = (soles.step(points + t * velocities, velocities) for t in (h, -h))
    numeric = (after.positions - before.positions)[:, :POINTS] / (2 * h)
    found = soles.step(points, velocities)
    np.testing.assert_allclose(found.velocities[:, :, :2], numeric[:, :, :2], atol=1e-5)
    rise = (after.clearance - before.clearance) / (2 * h)
    np.testing.assert_allclose(found.velocities[:, :, 2], rise, atol=1e-5)


def test_the_load_rolls_forward_as_the_shank_leans():
    places = []
    for lean in (-0.3, 0.0, 0.3):
        points = standing()
        points[INDEX['left_knee'], 0] = points[INDEX['left_ankle'], 0] + 0.42 * lean
        found = Soles(HEIGHT).step(points, STILL)
        places.append(found.positions[0, POINTS, 0] - points[INDEX['left_ankle'], 0])
    assert places[0] < 0.0 < places[1] < places[2] < 0.15


def test_the_floor_sinks_with_any_foot_and_rises_only_under_load():
    soles, points = Soles(HEIGHT), standing()
    soles.step(points, STILL)
    lower = points - [0.0, 0.0, 0.1]
    for _ in range(50):
        soles.learn(lower, [0.0, 0.0], [0.0, 0.0], 0.01)
    np.testing.assert_allclose(soles.levels, lower[BALLS, 2], atol=1e-3)
    for _ in range(200):
        soles.learn(points, [1.0, 0.0], [0.0, 0.0], 0.01)
    assert soles.levels[0] == pytest.approx(points[BALLS[0], 2], abs=2e-3)
    assert soles.levels[1] == pytest.approx(lower[BALLS[1], 2], abs=1e-3)


def test_the_height_of_the_ankle_marker_is_learnt_where_the_foot_stands_flat():
    soles, points = Soles(HEIGHT), standing()
    for side in ('left', 'right'):
        points[INDEX[f'{side}_ankle'], 2] += 0.03
    first = soles.step(points, STILL).clearance[:, :2].max()
    for _ in range(400):
        soles.learn(points, [0.5, 0.5], [0.0, 0.0], 0.01)
    assert soles.step(points, STILL).clearance[:, :2].max() < 0.2 * first
