import numpy as np
import pytest

from humandyn_ros.markers.hinge import beside, chord, foot_medial
from humandyn_ros.rotations import exp

RNG = np.random.default_rng(3)


def test_the_chord_finds_the_centre_of_a_constructed_joint():
    """Davis's geometry built forwards: the marker sees the hip and its centre at their angle."""
    half = 0.055
    for _ in range(20):
        centre, hip = RNG.normal(size=3), RNG.normal(size=3)
        line = (hip - centre) / np.linalg.norm(hip - centre)
        outward = np.cross(line, RNG.normal(size=3))
        outward /= np.linalg.norm(outward)
        marker = centre + half * outward  # at a right angle to the line from centre to hip
        wand = hip + 0.5 * (centre - hip) + 0.12 * outward
        np.testing.assert_allclose(chord(hip, wand, marker, np.array(half)), centre, atol=1e-9)


def test_a_centre_beside_its_marker_is_half_a_width_inward_across_the_segment():
    marker, along = np.array([0.0, 0.1, 0.5]), np.array([0.0, 0.0, 0.4])
    centre = beside(marker, along, np.array([0.0, -1.0, 5.0]), np.array(0.05))
    np.testing.assert_allclose(centre, [0.0, 0.05, 0.5], atol=1e-15)


def test_the_feet_show_inward_a_little_ahead_of_square():
    heel = np.array([[[0.0, 0.1, 0.03], [0.0, -0.1, 0.03]]])
    toe = heel + [0.2, 0.0, 0.0]
    shank = np.array([0.0, 0.0, 0.4])
    medial = foot_medial(heel, toe, shank)[0]
    six = np.deg2rad(6)
    np.testing.assert_allclose(
        medial, [[np.sin(six), -np.cos(six), 0], [np.sin(six), np.cos(six), 0]], atol=1e-15
    )


@pytest.mark.parametrize('function', [chord, beside])
def test_joint_centres_move_with_the_body(function):
    points = RNG.normal(size=(3, 3))
    turn, shift = exp(RNG.normal(size=3)), RNG.normal(size=3)
    if function is chord:
        moved = points @ turn.T + shift
        still = chord(*points, np.array(0.05))
        found = chord(*moved, np.array(0.05))
    else:
        still = beside(*points, np.array(0.05))
        found = beside(turn @ points[0] + shift, *(points[1:] @ turn.T), np.array(0.05))
    np.testing.assert_allclose(found, turn @ still + shift, atol=1e-12)
