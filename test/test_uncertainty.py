"""Standard deviations of torques grow with everything that makes them less certain."""

import numpy as np
import pytest

from humandyn_ros.contact import GroundForces
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.uncertainty import torque_stddev

HIP, ELBOW = COORDINATES.index('hip_flexion_r'), COORDINATES.index('elbow_flex_r')


def ground(left=1.0, right=0.0):
    two = np.zeros((2, 3))
    force = np.array([[0.0, 0.0, 5.0], [0.0, 0.0, 5.0]])
    return GroundForces(
        force, two, two, two, np.array([left, right]), np.zeros(3), np.zeros(3), 0.0, np.zeros(6)
    )


def stddev(torque=0.0, noise_m=0.001, touching=(1.0, 0.0), missing=(), mass_kg=70.0):
    return torque_stddev(
        np.full(17, torque), (noise_m, 5.0), ground(*touching), missing, (mass_kg, 0.86)
    )


@pytest.mark.parametrize(
    'worse',
    [
        {'torque': 50.0},
        {'noise_m': 0.005},
        {'touching': (1.0, 1.0)},
        {'touching': (0.5, 0.0)},
        {'missing': ('feet',)},
    ],
)
def test_each_cause_of_doubt_widens_the_hip(worse):
    assert stddev(**worse)[HIP] > 1.02 * stddev()[HIP]


def test_arms_do_not_care_about_the_floor():
    assert stddev(touching=(1.0, 1.0))[ELBOW] == stddev()[ELBOW]
    assert stddev(missing=('feet',))[ELBOW] == stddev()[ELBOW]


def test_they_are_positive_and_scale_with_mass():
    assert (stddev() > 0.0).all()
    np.testing.assert_allclose(stddev(mass_kg=35.0), stddev() / 2)
