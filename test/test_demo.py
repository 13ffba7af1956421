import numpy as np
import pytest

from humandyn_ros.quantities import GRAVITY
from humandyn_ros.recordings import read_forces, read_moments, read_motion, to_z_up
from humandyn_ros.resources import resource

MASS_KG = 72.0
# Second difference of sixth order at 100 Hz.
STENCIL = np.array([1 / 90, -3 / 20, 3 / 2, -49 / 18, 3 / 2, -3 / 20, 1 / 90]) * 100.0**2


@pytest.fixture(scope='module')
def truth():
    motion = read_motion(resource('config', 'demo', 'motion.trc.gz'))
    forces = read_forces(resource('config', 'demo', 'forces.mot.gz'))
    feet = {plate.foot: plate for plate in forces.plates}
    centre = to_z_up(motion.points[:, motion.names.index('centre_of_mass')], 'Y')
    total = feet['left'].force + feet['right'].force
    return motion, feet, centre, total


def test_the_stored_forces_are_the_bodys_mass_times_its_acceleration(truth):
    _, _, centre, total = truth
    acceleration = np.stack([np.convolve(x, STENCIL, 'valid') for x in centre.T], axis=1)
    expected = MASS_KG * (acceleration + [0.0, 0.0, GRAVITY])
    error = total[3:-3] - expected
    assert np.sqrt((error**2).mean()) < 1.5  # N, of 706: what rounding to a micrometre leaves
    assert np.abs(error).max() < 40.0  # 100 Hz differences at the corners of the jumps


def test_the_stored_flight_is_a_free_fall_without_force(truth):
    _, _, centre, total = truth
    air = np.linalg.norm(total, axis=1) == 0
    assert 0.6 < air.sum() / 100 < 0.9
    inside = np.convolve(air, np.ones(7), 'valid') == 7  # the whole stencil in the air
    fall = np.convolve(centre[:, 2], STENCIL, 'valid')[inside]
    assert len(fall) > 50
    assert np.abs(fall + GRAVITY).max() < 0.1


def test_the_stored_feet_neither_pull_nor_slip(truth):
    _, feet, _, _ = truth
    for foot in feet.values():
        loaded = foot.force[:, 2] > 20.0
        assert foot.force[:, 2].min() >= 0.0
        slope = np.linalg.norm(foot.force[loaded, :2], axis=1) / foot.force[loaded, 2]
        assert slope.max() < 0.4


def test_the_stored_moments_belong_to_the_stored_forces(truth):
    motion, feet, _, _ = truth
    moments = read_moments(resource('config', 'demo', 'moments.sto.gz'))
    # Quiet stance at the start: the ankle holds the ground reaction about itself.
    ankle = to_z_up(motion.points[0, motion.names.index('left_ankle')], 'Y')
    foot = feet['left']
    arm = (foot.centre_of_pressure[0] - ankle)[0]
    expected = -arm * foot.force[0, 2]
    found = moments.values[0, moments.names.index('ankle_angle_l')]
    assert found == pytest.approx(expected, abs=2.0)
