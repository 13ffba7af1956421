import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

pytest.importorskip('mujoco')

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis.driven import Course, Driven
from humandyn_ros.learning.synthesis.fit import fitted
from humandyn_ros.learning.synthesis.human import build
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labeller
from humandyn_ros.learning.synthesis.simulated import Simulation, reference
from humandyn_ros.learning.synthesis.simulated_set import simulated
from humandyn_ros.learning.synthesis.touch import BALL_HEIGHT_PER_HEIGHT, floor_of
from humandyn_ros.mannequin import joint_centres
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.synthetic import perform, plan

BODY = Body(72.0, 1.75)


@pytest.fixture(scope='module')
def squats():
    return simulated('squat', 0, most=2)


def test_all_windows_of_a_squat_pass(squats):
    windows, tally = squats
    assert tally.passed == tally.windows == len(windows) == 2


def test_the_root_is_free_and_contacts_carry_the_body(squats):
    for window in squats[0]:
        assert np.abs(window.torque_smpl[:, 0]).max() < 1e-3
        np.testing.assert_allclose(
            window.contact_force.sum(1), window.ground_force.sum(1), atol=1e-6
        )
        spline = make_interp_spline(np.arange(len(window)) / window.rate_hz, window.points[:, 0])
        rise = spline.derivative(2)(np.arange(len(window)) / window.rate_hz)[:, 2].mean()
        load = window.ground_force.sum(1)[:, 2].mean() / window.mass_kg
        assert load == pytest.approx(GRAVITY + rise, abs=1.0)


def test_the_physics_labels_come_near_the_simulated_truth(squats):
    window = squats[0][0]
    level, lift = floor_of(window.points, window.rate_hz)
    up = [0.0, 0.0, BALL_HEIGHT_PER_HEIGHT * window.height_m - level]
    motion = Kinematics(
        window.rate_hz, window.points + up, window.velocities, window.accelerations, lift
    )
    labels = Labeller(Body(window.mass_kg, window.height_m)).label(motion)
    inner = slice(10, -10)
    knee = COORDINATES.index('knee_angle_r')
    truth, answer = window.torque_rajagopal[inner, knee], labels.torque_rajagopal[inner, knee]
    assert np.sqrt(np.mean((answer - truth) ** 2)) < 0.2 * window.mass_kg
    apart = labels.ground_force[inner] - window.ground_force[inner]
    assert np.linalg.norm(apart, axis=2).mean() < 0.6 * window.mass_kg


def test_the_same_window_plays_the_same_again():
    played = plan('squat', None, 0, BODY.height_m)
    goal = reference(played.time, perform(played))
    first, second = (Simulation(build(BODY, 0)).play(goal, 0, 160) for _ in range(2))
    np.testing.assert_array_equal(first.contact_force, second.contact_force)
    np.testing.assert_array_equal(first.q, second.q)


def test_people_weigh_what_they_should_and_differ_from_seed_to_seed():
    masses = [build(BODY, seed).model.body('thigh_r').mass[0] for seed in (0, 1)]
    assert build(BODY, 0).model.body_mass.sum() == pytest.approx(BODY.mass_kg)
    assert abs(masses[0] - masses[1]) > 0.05


def test_unknown_kinds_and_running_without_recordings_are_refused():
    with pytest.raises(ConfigError, match='squat'):
        simulated('swim', 0)
    with pytest.raises(ConfigError, match='recordings'):
        simulated('run', 0)


def test_coordinates_fitted_to_the_mannequin_are_its_own():
    played = plan('walk', 4.0, 0, 1.75)
    points = joint_centres(perform(played), 1.75)
    level, lift = floor_of(points, 200.0)
    risen = points + [0.0, 0.0, BALL_HEIGHT_PER_HEIGHT * 1.75 - level]
    back = joint_centres(fitted(risen, 1.75, lift), 1.75)
    error = np.linalg.norm(back - points, axis=2)
    knees = [CANONICAL.index[f'{s}_knee'] for s in ('left', 'right')]
    assert error[:, knees].mean() < 0.015 and error.mean() < 0.01


def course(rate_hz=120.0):
    played = plan('squat', None, 0, BODY.height_m)
    spline = make_interp_spline(played.time, perform(played), k=5)
    at = np.arange(60) / rate_hz + 0.8
    half = np.zeros((60, 2, 3))
    half[..., 2] = BODY.mass_kg * GRAVITY / 2
    centre = np.stack([np.interp(at, played.time, played.feet[s].pressure[:, k])
                       for s in 'lr' for k in range(3)], 1).reshape(60, 2, 3)  # fmt: skip
    return Course(
        rate_hz, spline(at), spline.derivative(1)(at), spline.derivative(2)(at), half, centre,
        np.zeros((60, 2, 3)),
    )  # fmt: skip


@pytest.mark.parametrize('rate_hz', [90.0, 150.0])
def test_exact_torques_drive_the_motion_they_belong_to(rate_hz):
    driven, motion = Driven(BODY), course(rate_hz)
    exact = driven.torques(motion)
    errors = driven.errors(motion, exact, every=12)
    wrong = driven.errors(motion, exact + 0.1 * BODY.mass_kg, every=12)
    assert list(errors) == [1, 2, 3, 4, 5]
    assert errors[5] < 1e-6 and wrong[5] > 100 * errors[5]
    assert wrong[1] < wrong[3] < wrong[5]


def test_torques_of_another_length_are_refused():
    with pytest.raises(ConfigError, match='frames'):
        Driven(BODY).errors(course(), np.zeros((3, len(COORDINATES))))
