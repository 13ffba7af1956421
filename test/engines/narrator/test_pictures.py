"""The view that narrated motion is drawn from."""

import numpy as np
import pytest

from humandyn_ros.engines.narrator.pictures import FRAMES, INSTANTS, drawn, instants, optical
from humandyn_ros.errors import StreamError

SIDES = np.array([[0, 1]])


def person(heading=0.0):
    """Left and right hip and something above and before them, (1, 2, 3, 3), facing `heading`."""
    points = np.array([[0.0, 0.1, 1.0], [0.0, -0.1, 1.0], [0.3, 0.0, 1.5]])
    c, s = np.cos(heading), np.sin(heading)
    turned = points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    return np.tile(turned, (1, 2, 1, 1))


def test_the_view_is_the_same_whichever_way_a_person_faces():
    one, other = (optical(person(angle), SIDES) for angle in (0.0, 2.1))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_from_the_front_left_is_right_up_is_up_and_what_is_before_comes_nearer():
    seen = optical(person(0.7), SIDES, azimuth_deg=0.0, elevation_deg=0.0)[0, 0]
    left, right, before = seen
    assert left[0] == pytest.approx(right[0] + 0.2)
    assert before[1] == pytest.approx(left[1] - 0.5)
    assert before[2] == pytest.approx(left[2] - 0.3)


def test_the_same_person_with_y_up_looks_the_same():
    points = person(0.4)
    y_up = points[..., [1, 2, 0]]
    np.testing.assert_allclose(optical(points, SIDES), optical(y_up, SIDES, 'Y'), atol=1e-12)


def test_image_points_stay_where_they_are():
    flat = person()[..., 1:]
    np.testing.assert_allclose(optical(flat, SIDES, '-Y')[..., :2], flat)
    np.testing.assert_allclose(optical(flat, SIDES, 'Z')[..., 1], -flat[..., 1])


def test_velocities_are_per_second_whatever_the_rate():
    for rate in (15.0, 60.0):
        time = np.arange(int(2 * rate) + 1) / rate
        points = np.zeros((len(time), 1, 3))
        points[:, 0, 0] = 0.8 * time
        read, seconds = instants(points, rate)
        places, velocities = drawn(read[None], np.array([seconds]))
        assert read.shape == (INSTANTS, 1, 3)
        assert places.shape == (1, FRAMES, 1, 3)
        np.testing.assert_allclose(velocities[..., 0], 0.8, atol=1e-9)


@pytest.mark.parametrize('frames', [2, 600])
def test_too_short_and_too_long_is_refused(frames):
    with pytest.raises(StreamError, match='s of motion'):
        instants(np.zeros((frames, 3, 3)), 30.0)
