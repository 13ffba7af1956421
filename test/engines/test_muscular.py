"""Muscles beside any engine's answer, live."""

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.estimator import Estimator, EstimatorConfig
from humandyn_ros.synthetic import person

PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)


def answers(muscles, someone=PERSON):
    estimator = Estimator('smpl_24', someone, EstimatorConfig(muscles=muscles))
    frames = person('walk', rate_hz=50.0, duration_s=3.0).frames()
    return [estimate for frame in frames for estimate in estimator.push(frame)]


@pytest.fixture(scope='module')
def walk():
    return answers(True)


def test_torques_stay_as_they_are_and_muscles_are_added(walk):
    plain = answers(False)
    assert len(plain) == len(walk) > 100
    for bare, full in zip(plain, walk, strict=True):
        assert bare.extras is None
        assert full.dynamics.torque == pytest.approx(bare.dynamics.torque, abs=0)
        assert len(full.extras.muscles.names) == len(full.extras.muscles.activation) == 80


def test_activations_lie_in_their_bounds(walk):
    activation = np.array([estimate.extras.muscles.activation for estimate in walk])
    assert activation.min() >= 0.01
    assert activation.max() <= 1.0
    assert activation.std(axis=0).max() > 0.1


def test_the_calf_drives_the_stance_leg_and_the_shin_lifts_the_swinging_foot(walk):
    names = walk[0].extras.muscles.names
    activation = np.array([estimate.extras.muscles.activation for estimate in walk])
    load = np.array([estimate.ground.left.force[2] for estimate in walk]) / (70.0 * 9.81)
    stance, swing = load > 0.9, load < 0.02
    soleus, shin = activation[:, names.index('soleus_l')], activation[:, names.index('tibant_l')]
    assert soleus[stance].mean() > 3 * soleus[swing].mean()
    assert shin[swing].mean() > shin[stance].mean()


def test_a_child_is_not_taken_for_an_adult():
    small = answers(True, PersonConfig(mass_kg=25.0, height_m=1.25))
    activation = np.array([estimate.extras.muscles.activation for estimate in small])
    assert 0.02 < activation.mean() < 0.3
