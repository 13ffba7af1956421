"""What physics says must not matter, through the whole Estimator: place, heading, clock, side."""

import dataclasses

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.estimator import Estimator
from humandyn_ros.motion import MotionOptions, load_motion
from humandyn_ros.quantities import CANONICAL, GRAVITY, SkeletonFrame
from humandyn_ros.synthetic import person

PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)
WEIGHT = 70.0 * GRAVITY
TINY = 1e-6  # N·m, N, m, rad

MIRRORED = [
    CANONICAL.index[name.replace('left', '#').replace('right', 'left').replace('#', 'right')]
    for name in CANONICAL.joints
]


def frames(kind, seconds=2.5, noise_m=0.0):
    return list(person(kind, rate_hz=60.0, duration_s=seconds, seed=1, noise_m=noise_m).frames())


def moved(them, change):
    return [dataclasses.replace(frame, points=change(frame.points)) for frame in them]


def answer(them, who=PERSON):
    estimator = Estimator('smpl_24', who)
    return [estimate for frame in them for estimate in estimator.push(frame)]


def table(estimates):
    """Torques, angles, both feet's forces and centres of pressure, validity, of every answer."""
    return {
        'torque': np.array([e.dynamics.torque for e in estimates]),
        'position': np.array([e.dynamics.position for e in estimates]),
        'left': np.array([e.ground.left.force for e in estimates]),
        'right': np.array([e.ground.right.force for e in estimates]),
        'left_at': np.array([e.ground.left.centre_of_pressure for e in estimates]),
        'right_at': np.array([e.ground.right.centre_of_pressure for e in estimates]),
        'valid': np.array([e.valid for e in estimates], float),
    }


def assert_alike(one, two, tolerance=TINY):
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=0, atol=tolerance, err_msg=name)


def turned(one, turn, shift=(0.0, 0.0, 0.0)):
    """What a table must be after the person was turned, then shifted."""
    result = dict(one)
    for side in ('left', 'right'):
        result[side] = one[side] @ turn.T
        result[f'{side}_at'] = one[f'{side}_at'] @ turn.T + shift
    return result


def about_vertical(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope='module', params=['walk', 'jump'])
def motion(request):
    them = frames(request.param)
    return them, table(answer(them))


def test_the_number_of_the_body_does_not_matter(motion):
    them, expected = motion
    other = [dataclasses.replace(frame, body_id=2**32 - 1) for frame in them]
    assert_alike(table(answer(other)), expected, 0.0)


@pytest.mark.parametrize('later_ns', [7, 10**9, 1_700_000_000 * 10**9, -(10**15)])
def test_the_time_of_day_does_not_matter(motion, later_ns):
    them, expected = motion
    later = [dataclasses.replace(frame, stamp_ns=frame.stamp_ns + later_ns) for frame in them]
    assert_alike(table(answer(later)), expected, 0.0)


@pytest.mark.parametrize('shift', [(30.0, -40.0, 0.0), (0.0, 0.0, 1.3), (3.0, 2.0, -25.0)])
def test_the_place_and_the_height_of_the_floor_do_not_matter(motion, shift):
    them, expected = motion
    there = table(answer(moved(them, lambda points: points + shift)))
    assert_alike(there, turned(expected, np.eye(3), shift))


@pytest.mark.parametrize('degrees', [90, 180, -90])
def test_a_quarter_turn_does_not_matter(motion, degrees):
    them, expected = motion
    turn = about_vertical(degrees)
    assert_alike(table(answer(moved(them, lambda p: p @ turn.T))), turned(expected, turn))


@pytest.mark.parametrize('noise_m', [0.0, 0.005])
@pytest.mark.parametrize('degrees', [30, 137])
def test_the_heading_does_not_matter(degrees, noise_m):
    them, turn = frames('walk', noise_m=noise_m), about_vertical(degrees)
    there = table(answer(moved(them, lambda p: p @ turn.T)))
    assert_alike(there, turned(table(answer(them)), turn))


def test_a_mirrored_person_has_mirrored_torques_and_forces(motion):
    them, expected = motion
    mirror = np.array([1.0, -1.0, 1.0])
    estimates = answer(moved(them, lambda points: points[MIRRORED] * mirror))
    there = table(estimates)
    names = estimates[0].dynamics.joint_names
    other = {'_r': '_l', '_l': '_r'}
    order = [names.index(n[:-2] + other.get(n[-2:], n[-2:])) for n in names]
    sign = np.array([-1.0 if n in ('lumbar_bending', 'lumbar_rotation') else 1.0 for n in names])
    for quantity in ('torque', 'position'):
        there[quantity] = there[quantity][:, order] * sign
    for field, same in (('left', 'right'), ('left_at', 'right_at')):
        there[field], there[same] = there[same] * mirror, there[field] * mirror
    assert_alike(there, expected)


def test_forces_and_torques_are_in_proportion_to_mass(motion):
    them, expected = motion
    heavy = table(answer(them, dataclasses.replace(PERSON, mass_kg=140.0)))
    for name in ('torque', 'left', 'right'):
        np.testing.assert_allclose(heavy[name], 2.0 * expected[name], rtol=1e-9, atol=TINY)


def test_in_quiet_stance_the_floor_carries_body_weight():
    estimates = answer(frames('stand', 4.0))[60:]
    carried = [e.ground.left.force[2] + e.ground.right.force[2] for e in estimates]
    assert np.mean(carried) == pytest.approx(WEIGHT, rel=1e-3)


def test_in_flight_nothing_pushes():
    them = frames('jump', 4.0)
    toes = [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]
    lowest = np.array([frame.points[toes, 2].min() for frame in them])
    high = lowest > np.median(lowest) + 0.1
    up = {frame.stamp_ns for frame, is_high in zip(them, high, strict=True) if is_high}
    flying = [e for e in answer(them) if e.stamp_ns in up]
    assert len(flying) >= 5
    pushes = [np.abs([e.ground.left.force, e.ground.right.force]).max() for e in flying]
    assert max(pushes) < 0.01 * WEIGHT


def standing_on_the_left(seconds=4.0):
    """Somebody who moves over the left foot and lifts the right one."""
    them = frames('stand', seconds)
    at = CANONICAL.index
    fixed = [at['left_ankle'], at['left_foot']]
    over = them[0].points[at['left_ankle'], 1] - them[0].points[at['pelvis'], 1]
    for k, frame in enumerate(them):
        share = np.clip((k / 60.0 - 1.2) / 0.8, 0.0, 1.0)
        share = share * share * (3.0 - 2.0 * share)
        stays = frame.points[fixed].copy()
        frame.points[:, 1] += over * share
        frame.points[fixed] = stays
        frame.points[[at['right_ankle'], at['right_foot']], 2] += 0.25 * share
        frame.points[at['right_knee'], 2] += 0.12 * share
        frame.points[at['left_knee'], 1] -= 0.5 * over * share
    return them


def test_standing_on_one_leg_puts_the_weight_on_it():
    last = answer(standing_on_the_left())[-30:]
    assert all(e.valid for e in last)
    assert np.mean([e.ground.left.force[2] for e in last]) == pytest.approx(WEIGHT, rel=0.02)
    assert max(abs(e.ground.right.force[2]) for e in last) < 0.02 * WEIGHT


def test_a_seat_carries_those_who_sit_and_nobody_who_stands(recordings):
    source = recordings / 'video_keypoints' / 'sit_to_stand.trc.gz'
    points = load_motion(MotionOptions(source, person=PERSON))
    estimates = answer(points.frames())
    seat = np.array([sum(c.force[2] for c in e.ground.others) for e in estimates])
    feet = np.array([e.ground.left.force[2] + e.ground.right.force[2] for e in estimates])
    hips = np.array([e.state.positions[1:3, 2].mean() for e in estimates])
    low, high = np.percentile(hips, [20, 80])
    assert np.mean(seat + feet) == pytest.approx(WEIGHT, rel=0.03)
    assert np.median(seat[hips < low]) > 0.3 * WEIGHT
    assert np.median(seat[hips > high]) < 0.05 * WEIGHT


def test_a_frame_is_not_changed_by_being_pushed():
    them = frames('walk', 0.5)
    before = [(frame.points.copy(), frame.confidence.copy()) for frame in them]
    answer(them)
    for frame, (points, confidence) in zip(them, before, strict=True):
        assert isinstance(frame, SkeletonFrame)
        np.testing.assert_array_equal(frame.points, points)
        np.testing.assert_array_equal(frame.confidence, confidence)
