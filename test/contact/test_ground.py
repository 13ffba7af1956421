"""Standing, flight, friction, belt, boxes and seats."""

import numpy as np
import pytest

from humandyn_ros.body import BodyModel
from humandyn_ros.contact import ContactConfig, Ground
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.upper_body import Completion

HEIGHT = 1.75
LEG = 0.491 * HEIGHT
INDEX = CANONICAL.index
STILL = np.zeros((24, 3))


def standing():
    """A person of 1.75 m on the floor z = 0, made from the pelvis alone."""
    points = np.full((24, 3), np.nan)
    points[0] = [0.0, 0.0, (0.491 + 0.039) * HEIGHT]
    return Completion(HEIGHT).step(points, points * 0.0, points * 0.0)[0]


def moving(velocity):
    return np.tile(velocity, (24, 1)).astype(float)


def ground(**settings):
    return Ground(HEIGHT, LEG, ContactConfig(**settings))


def step(floor, positions, velocities=STILL, accelerations=STILL, dt=0.01):
    loads = BodyModel().loads(positions, velocities, accelerations)
    return floor.step((positions, velocities), loads, dt, 0.0)


def settle(floor, positions, velocities=STILL, accelerations=STILL, frames=120):
    for _ in range(frames):
        found = step(floor, positions, velocities, accelerations)
    return found


def sitting():
    """Hips at knee height, knees and feet in front, trunk upright."""
    points = np.full((24, 3), np.nan)
    hips = np.array([0.0, 0.0, 0.26 * HEIGHT])
    for side, y in (('left', 0.09), ('right', -0.09)):
        for part, place in (
            ('hip', (0.0, y, 0.0)),
            ('knee', (0.245 * HEIGHT, y, 0.02)),
            ('ankle', (0.245 * HEIGHT, y, 0.039 * HEIGHT - hips[2])),
        ):
            points[INDEX[f'{side}_{part}']] = hips + place
    return Completion(HEIGHT).step(points, points * 0.0, points * 0.0)[0]


def test_a_standing_person_has_half_the_weight_under_each_foot():
    found = settle(ground(), standing())
    np.testing.assert_allclose(found.force[:, 2], GRAVITY / 2, rtol=0.01)
    assert found.contact.min() > 0.9
    assert found.seat_contact < 1e-3


def test_leaning_sideways_shifts_the_weight_by_the_lever_rule():
    positions = standing()
    width = positions[INDEX['left_ankle'], 1] - positions[INDEX['right_ankle'], 1]
    above = positions[:, 2] > 0.6
    before = BodyModel().centre_weights @ positions
    positions[above, 1] += 0.02
    shift = (BodyModel().centre_weights @ positions - before)[1]
    found = settle(ground(), positions)
    share = found.force[0, 2] / found.force[:, 2].sum()
    assert share == pytest.approx(0.5 + shift / width, abs=0.06)


def test_a_body_in_free_flight_touches_nothing():
    positions = standing()
    floor = ground()
    settle(floor, positions)
    falling = np.tile([0.0, 0.0, -GRAVITY], (24, 1))
    found = step(floor, positions + [0.0, 0.0, 0.4], moving([0.0, 0.0, -1.0]), falling)
    assert np.abs(found.force).max() < 1e-6
    assert found.contact.max() < 0.01


def test_the_foot_in_the_air_carries_nothing():
    positions = standing()
    for part in ('knee', 'ankle', 'foot'):
        positions[INDEX[f'left_{part}']] += [0.1, 0.0, 0.15]
    positions[:, 1] -= np.where(positions[:, 2] > 0.8, 0.09, 0.0)  # over the right foot
    floor = ground()
    settle(floor, standing())
    found = step(floor, positions)
    assert found.force[0, 2] < 0.02 * GRAVITY
    assert found.force[1, 2] == pytest.approx(GRAVITY, rel=0.02)


def test_forces_stay_within_the_friction_cone_and_push():
    rng = np.random.default_rng(0)
    floor = ground(friction=0.5)
    for _ in range(200):
        second = rng.normal(size=(24, 3)) * 8.0
        found = step(floor, standing(), rng.normal(size=(24, 3)), second)
        assert (found.force[:, 2] >= 0.0).all()
        across = np.hypot(*found.force[:, :2].T)
        # Edges along x and y; pendular forces lie steeper than the cone of a standing person.
        assert (across <= 0.5 * found.force[:, 2] + 1e-9).all()


def test_the_centre_of_pressure_stays_under_the_sole():
    rng = np.random.default_rng(1)
    floor = ground()
    for _ in range(100):
        found = step(floor, standing(), STILL, rng.normal(size=(24, 3)) * 5.0)
        centre = found.centre + standing()[0]
        ankles = standing()[[INDEX['left_ankle'], INDEX['right_ankle']]]
        assert (np.abs(centre[:, 1] - ankles[:, 1]) < 0.055 * HEIGHT).all()
        assert (centre[:, 0] > ankles[:, 0] - 0.06 * HEIGHT).all()
        assert (centre[:, 0] < ankles[:, 0] + 0.14 * HEIGHT).all()


def test_the_height_of_the_floor_does_not_matter():
    low, high = (settle(ground(), standing() + [0.0, 0.0, z]) for z in (0.0, 12.3))
    np.testing.assert_allclose(low.force, high.force, atol=1e-6)


def test_a_box_becomes_the_floor_of_who_steps_on_it():
    floor = ground()
    settle(floor, standing())
    found = settle(floor, standing() + [0.0, 0.0, 0.4], frames=300)
    assert found.contact.min() > 0.9
    np.testing.assert_allclose(found.force[:, 2], GRAVITY / 2, rtol=0.01)


def test_the_belt_of_a_treadmill_is_found_from_the_feet():
    floor = ground()
    found = settle(floor, standing(), moving([-1.3, 0.0, 0.0]), frames=150)
    np.testing.assert_allclose(floor.belt.velocity(LEG), [-1.3, 0.0, 0.0], atol=1e-6)
    assert found.contact.min() > 0.9


def test_a_floor_at_rest_is_no_belt():
    floor = ground()
    settle(floor, standing(), moving([0.05, 0.0, 0.0]))
    assert not floor.belt.velocity(LEG).any()


def test_a_belt_and_a_floor_taken_from_one_bad_frame_are_given_up():
    """Every foot seems to slide high in the air: until something carries, nothing is learned."""
    floor = ground()
    step(floor, standing())
    floor.soles.levels -= 0.1
    floor.belt.reset()
    floor.belt.learn([-10.0, -1.0, 0.0], 1.0, 0.01)
    assert step(floor, standing()).force[:, 2].sum() < 0.1 * GRAVITY
    assert settle(floor, standing()).force[:, 2].sum() == pytest.approx(GRAVITY, rel=0.02)


def test_a_seated_person_is_carried_by_a_seat():
    found = settle(ground(), sitting())
    assert found.seat_contact > 0.9
    assert found.seat[2] > 0.5 * GRAVITY
    total = found.force[:, 2].sum() + found.seat[2]
    assert total == pytest.approx(GRAVITY, rel=0.01)
    assert np.abs(found.unexplained[:3]).max() < 0.1


def test_a_squatting_person_needs_no_seat():
    positions = sitting()
    above = np.ones(24, dtype=bool)
    for side in ('left', 'right'):
        above[[INDEX[f'{side}_ankle'], INDEX[f'{side}_foot']]] = False
    positions[above, 0] += 0.245 * HEIGHT - 0.1
    positions[12:, 0] += 0.2  # the trunk leans forward over the feet
    found = settle(ground(), positions)
    assert found.seat_contact < 0.01
    assert found.force[:, 2].sum() == pytest.approx(GRAVITY, rel=0.01)


def raised(points, side, height):
    """The same person with one foot on something of this height, m."""
    higher = points.copy()
    for part in ('ankle', 'foot'):
        higher[INDEX[f'{side}_{part}'], 2] += height
    return higher


def over(points, side):
    """The same person with the body's weight over one foot."""
    foot = points[INDEX[f'{side}_ankle'], :2] + [0.04, 0.0]
    there = points.copy()
    for name, row in INDEX.items():
        if not name.endswith(('ankle', 'foot')):
            there[row, :2] += foot - points[0, :2]
    return there


def test_a_foot_that_rests_high_carries_as_soon_as_the_other_leaves_its_step():
    floor, points = ground(), standing()
    settle(floor, points)
    stepping = over(raised(points, 'left', 0.2), 'left')
    both_up = raised(stepping, 'right', 0.35)
    found = settle(floor, both_up, frames=15)
    assert found.force[0, 2] == pytest.approx(GRAVITY, rel=0.02)
    assert found.force[1, 2] < 0.02 * GRAVITY


def test_a_foot_that_comes_to_rest_beside_the_other_on_a_step_shares_the_load():
    floor, points = ground(), standing()
    settle(floor, points)
    on_step = raised(over(raised(points, 'left', 0.2), 'left'), 'right', 0.35)
    settle(floor, on_step, frames=60)
    found = settle(floor, raised(raised(points, 'left', 0.2), 'right', 0.2), frames=60)
    np.testing.assert_allclose(found.force[:, 2], GRAVITY / 2, rtol=0.05)


def test_a_foot_held_high_at_rest_carries_nothing():
    floor, points = ground(), standing()
    settle(floor, points)
    found = settle(floor, over(raised(points, 'left', 0.2), 'right'), frames=300)
    assert found.force[0, 2] < 0.02 * GRAVITY
