"""Angles, rates and axes in Rajagopal's names and signs."""

import numpy as np
import pytest

from humandyn_ros.coordinates import COORDINATES, coordinates
from humandyn_ros.quantities import CANONICAL

INDEX = CANONICAL.index
STILL = np.zeros((24, 3))


def standing():
    """Facing x, arms hanging, feet flat."""
    p = np.zeros((24, 3))
    for side, y in (('left', 1), ('right', -1)):
        for part, place in (
            ('hip', (0, 0.09, 0.95)), ('knee', (0, 0.09, 0.52)), ('ankle', (0, 0.09, 0.08)),
            ('foot', (0.12, 0.09, 0.0264)), ('shoulder', (0, 0.18, 1.45)),
            ('collar', (0, 0.1, 1.45)),
            ('elbow', (0, 0.18, 1.15)), ('wrist', (0, 0.18, 0.9)), ('hand', (0, 0.18, 0.82)),
        ):  # fmt: skip
            p[INDEX[f'{side}_{part}']] = np.array(place) * [1, y, 1]
    for name, z in (('pelvis', 0.95), ('spine1', 1.1), ('spine2', 1.2), ('spine3', 1.3)):
        p[INDEX[name], 2] = z
    p[INDEX['neck'], 2], p[INDEX['head'], 2] = 1.5, 1.6
    return p


def beyond(joint, names, angle, axis, p):
    """Turn everything beyond a joint about an axis through it, right-handed."""
    centre, axis = p[INDEX[joint]].copy(), np.array(axis, float)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    for name in names:
        p[INDEX[name]] = centre + turn @ (p[INDEX[name]] - centre)
    return p


def value(name, p):
    return coordinates(p, STILL).angle[COORDINATES.index(name)]


def leg(side, *parts):
    return [f'{side}_{part}' for part in parts]


RIGHT, LEFT, FORWARD, UP = (0, -1, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)
TRUNK = ['neck', 'head', *(f'{s}_{j}' for s in ('left', 'right') for j in ('collar', 'shoulder'))]


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize('angle', [0.3, -0.4])
def test_hips_and_shoulders_flex_forward_and_adduct_inward(side, angle):
    s, inward = side[0], FORWARD if side == 'right' else (-1, 0, 0)
    thigh, arm = leg(side, 'knee', 'ankle', 'foot'), leg(side, 'elbow', 'wrist', 'hand')
    for joint, names, flexion, adduction in (
        ('hip', thigh, 'hip_flexion', 'hip_adduction'),
        ('shoulder', arm, 'arm_flex', 'arm_add'),
    ):
        p = beyond(f'{side}_{joint}', names, angle, RIGHT, standing())
        assert value(f'{flexion}_{s}', p) == pytest.approx(angle)
        assert value(f'{adduction}_{s}', p) == pytest.approx(0.0, abs=1e-9)
        p = beyond(f'{side}_{joint}', names, angle, inward, standing())
        assert value(f'{adduction}_{s}', p) == pytest.approx(angle)


@pytest.mark.parametrize('side', ['left', 'right'])
def test_knees_and_elbows_bend_and_feet_rise(side):
    s = side[0]
    p = beyond(f'{side}_knee', leg(side, 'ankle', 'foot'), 0.8, LEFT, standing())
    assert value(f'knee_angle_{s}', p) == pytest.approx(0.8)
    p = beyond(f'{side}_elbow', leg(side, 'wrist', 'hand'), 0.8, RIGHT, standing())
    assert value(f'elbow_flex_{s}', p) == pytest.approx(0.8)
    flat = value(f'ankle_angle_{s}', standing())
    assert flat == pytest.approx(0.0, abs=0.02)
    p = beyond(f'{side}_ankle', leg(side, 'foot'), 0.2, RIGHT, standing())
    assert value(f'ankle_angle_{s}', p) - flat == pytest.approx(0.2)


def test_the_back_extends_backward_bends_right_and_turns_left():
    for name, axis in (
        ('lumbar_extension', RIGHT), ('lumbar_bending', FORWARD), ('lumbar_rotation', UP)
    ):  # fmt: skip
        p = beyond('spine1', TRUNK, 0.25, axis, standing())
        for other in ('lumbar_extension', 'lumbar_bending', 'lumbar_rotation'):
            expected = 0.25 if other == name else 0.0
            assert value(other, p) == pytest.approx(expected, abs=1e-9)


def test_axes_are_unit_and_rates_are_derivatives_of_angles():
    rng = np.random.default_rng(0)
    p, v = standing() + 0.05 * rng.normal(size=(24, 3)), rng.normal(size=(24, 3))
    found = coordinates(p, v)
    np.testing.assert_allclose(np.linalg.norm(found.axes, axis=1), 1.0, atol=2e-3)
    h = 1e-6
    numeric = (coordinates(p + h * v, v).angle - coordinates(p - h * v, v).angle) / (2 * h)
    np.testing.assert_allclose(found.rate, numeric, rtol=1e-4, atol=1e-4)


def test_the_power_of_a_moment_is_torque_times_rate():
    """A knee that turns about its axis: angular velocity along the axis is the rate."""
    p, rate = standing(), 2.0
    v = np.zeros((24, 3))
    beyond('right_knee', leg('right', 'ankle', 'foot'), 0.7, LEFT, p)
    for name in leg('right', 'ankle', 'foot'):
        v[INDEX[name]] = np.cross(rate * np.array(LEFT), p[INDEX[name]] - p[INDEX['right_knee']])
    found = coordinates(p, v)
    at = COORDINATES.index('knee_angle_r')
    assert found.rate[at] == pytest.approx(rate, rel=1e-6)
    np.testing.assert_allclose(found.axes[at], LEFT, atol=1e-9)


def test_degenerate_skeletons_give_finite_numbers():
    for p in (np.zeros((24, 3)), np.ones((24, 3)), standing() * [1, 0, 1]):
        found = coordinates(p, STILL)
        assert all(np.isfinite(x).all() for x in (found.angle, found.rate, found.axes))
