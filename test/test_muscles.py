"""Muscle activation from joint torques: geometry, force, and the sharing among muscles."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ResourceError
from humandyn_ros.muscles import (
    LEAST,
    LEG,
    MOST,
    least_squares_activation,
    load_muscles,
    of_legs,
    strength,
)

MUSCLES = load_muscles()
ROW = {name: k for k, name in enumerate(MUSCLES.names)}
STANDING = np.radians([5.0, 0.0, 0.0, 5.0, 0.0])


def some_legs(count, seed=0):
    random = np.random.default_rng(seed)
    angle = random.uniform(0.6 * MUSCLES.low, 0.6 * MUSCLES.high, (count, len(LEG)))
    return angle, random.normal(0.0, 2.0, angle.shape), random.normal(0.0, 40.0, angle.shape)


def test_moment_arms_are_the_slopes_of_the_lengths():
    angle, _, _ = some_legs(5)
    _, arms = MUSCLES.geometry(angle)
    for j in range(len(LEG)):
        step = np.zeros(len(LEG))
        step[j] = 1e-5
        slope = MUSCLES.geometry(angle + step)[0] - MUSCLES.geometry(angle - step)[0]
        assert arms[..., j] == pytest.approx(-slope / 2e-5, abs=1e-7)


@pytest.mark.parametrize(
    ('muscle', 'coordinate', 'sign', 'arm_m'),
    [
        ('soleus', 'ankle_angle', -1, (0.035, 0.055)),
        ('tibant', 'ankle_angle', 1, (0.03, 0.055)),
        ('vaslat', 'knee_angle', -1, (0.03, 0.055)),
        ('bflh', 'knee_angle', 1, (0.01, 0.05)),
        ('glmax2', 'hip_flexion', -1, (0.03, 0.08)),
        ('psoas', 'hip_flexion', 1, (0.01, 0.06)),
        ('glmed1', 'hip_adduction', -1, (0.03, 0.08)),
    ],
)
def test_muscles_pull_the_way_anatomy_says(muscle, coordinate, sign, arm_m):
    _, arms = MUSCLES.geometry(STANDING)
    arm = sign * arms[ROW[muscle], LEG.index(coordinate)]
    assert arm_m[0] < arm < arm_m[1]


def test_muscles_are_as_strong_as_people():
    """Isometric torques: knee extension at least 2, plantar flexion at least 1.5 N·m/kg."""
    angle = np.radians([60.0, 0.0, 0.0, 60.0, 0.0])
    capacity = MUSCLES.capacity(angle, np.zeros(len(LEG)))
    knee = capacity[[ROW[n] for n in ('vasint', 'vaslat', 'vasmed', 'recfem')], 3].sum()
    assert 2.0 < -knee / 75.3 < 7.0
    assert (capacity[:, 4].clip(max=0)).sum() / 75.3 < -1.5


def test_shortening_muscles_are_weaker_and_lengthening_ones_stronger():
    rate = np.zeros((3, len(LEG)))
    rate[:, 3] = [-4.0, 0.0, 4.0]  # extending, still, flexing
    capacity = -MUSCLES.capacity(np.broadcast_to(STANDING, (3, 5)), rate)[:, ROW['vaslat'], 3]
    assert capacity[0] < capacity[1] < capacity[2]


def test_muscles_and_reserves_make_the_torque():
    angle, rate, torque = some_legs(40)
    activation, left = MUSCLES.activation(angle, rate, torque)
    made = (activation[..., None] * MUSCLES.capacity(angle, rate)).sum(1)
    assert made + left == pytest.approx(torque, abs=1e-5)
    assert activation.min() >= LEAST
    assert activation.max() <= MOST


def test_no_other_sharing_costs_less():
    angle, rate, torque = some_legs(3, seed=3)
    capacity = MUSCLES.capacity(angle, rate)[:, :12]
    reserve = np.array([2.0, 3.0, 10.0, 2.0, 2.0])
    found, left = least_squares_activation(capacity, torque, reserve)
    for ours, rest, arms, goal in zip(found, left, capacity, torque, strict=True):

        def cost(a, arms=arms, goal=goal):
            return (a**2).sum() + (((goal - a @ arms) / reserve) ** 2).sum()

        least = minimize(
            cost, np.full(12, 0.2), bounds=[(LEAST, MOST)] * 12, options={'maxfun': 10**5}
        )
        assert cost(ours) <= least.fun * (1 + 1e-6)
        assert goal - ours @ arms == pytest.approx(rest, abs=1e-5)


def test_a_known_neighbour_changes_nothing_but_the_way_there():
    angle, rate, torque = some_legs(20)
    alone, left = MUSCLES.activation(angle, rate, torque)
    near, _ = MUSCLES.activation(angle, rate, torque, near=left + 3.0)
    assert near == pytest.approx(alone, abs=1e-6)


def test_impossible_torques_give_full_activation_and_a_reserve():
    torque = np.array([0.0, 0.0, 0.0, 0.0, -5000.0])
    activation, left = MUSCLES.activation(STANDING, np.zeros(5), torque)
    assert activation[ROW['soleus']] == MOST
    assert left[4] < -4000.0
    assert np.isfinite(activation).all()


def test_bigger_people_have_stronger_muscles():
    torque = np.array([0.0, 0.0, 0.0, 0.0, -60.0])
    weak, _ = MUSCLES.activation(STANDING, np.zeros(5), torque, strength(40.0, 1.4))
    strong, _ = MUSCLES.activation(STANDING, np.zeros(5), torque, strength(95.0, 1.95))
    assert strong[ROW['soleus']] < 0.6 * weak[ROW['soleus']]
    assert strength(75.337, 1.70) == pytest.approx(1.0)


def test_coordinates_are_dealt_to_the_legs():
    values = np.arange(17.0)
    right, left = of_legs(values)
    for side, row in (('r', right), ('l', left)):
        for name, value in zip(LEG, row, strict=True):
            known = f'{name}_{side}' in COORDINATES
            assert value == (values[COORDINATES.index(f'{name}_{side}')] if known else 0.0)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / 'muscles.json'
    path.write_text(json.dumps({'muscles': {}}))
    with pytest.raises(ResourceError, match=r'muscles\.json'):
        load_muscles(path)
