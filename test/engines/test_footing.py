"""What a network is shown of the feet: heights above their own level, and slip on the ground."""

import numpy as np
import pytest

from humandyn_ros.engines.footing import FEATURES, POINTS, footing
from humandyn_ros.engines.past import FEET, JOINTS, SPAN_S, coefficients, knots
from humandyn_ros.synthetic import person

SHOWN = (FEATURES - POINTS - 2) // 3
AHEAD = np.eye(3)[None]


def walk(seconds, rate_hz=60.0):
    """The last second of a walk that has gone on for some seconds, and who bears whom."""
    frames = list(person('walk', rate_hz=rate_hz, duration_s=seconds).frames())
    points = np.array([frame.points for frame in frames])[-int(rate_hz * SPAN_S) - 1 :]
    return np.arange(len(points) - 1, -1, -1) / rate_hz, points[:, JOINTS] / 0.86


def shown(ago, points):
    found, _ = coefficients(ago, points, np.ones(points.shape[:2]))
    feet = found[None][:, :, FEET]
    (row,) = footing(feet, np.array([ago[0]]), AHEAD, *knots())
    parts = np.split(row, [SHOWN, 2 * SHOWN, 3 * SHOWN, 3 * SHOWN + POINTS])
    height, rise, slip = (part.reshape(-1, POINTS) for part in parts[:3])
    return height, rise, slip, parts[3], parts[4]


@pytest.mark.parametrize('seconds', [3.0, 3.2, 3.4, 3.6])
def test_a_foot_that_stands_is_at_its_level_and_does_not_slip(seconds):
    height, rise, slip, _, _ = shown(*walk(seconds))
    standing = (np.abs(height) < 0.01) & (np.abs(rise) < 0.05)
    assert standing.any()
    assert np.abs(slip[standing]).max() < 0.35
    assert np.abs(slip).max() > 1.0 or height.max() > 0.03  # and the other swings


def test_where_a_source_places_a_point_changes_its_level_only():
    ago, points = walk(3.2)
    moved = points.copy()
    moved[:, FEET[2], 2] += 0.03
    before, after = shown(ago, points), shown(ago, moved)
    for was, now in zip(before[:3], after[:3], strict=True):
        np.testing.assert_allclose(now, was, atol=1e-3)
    assert np.ptp(after[3] - before[3]) == pytest.approx(0.03, abs=0.01)


def test_a_belt_makes_no_difference():
    ago, points = walk(3.2)
    on_belt = points + np.array([1.3, -0.2, 0.0]) * ago[:, None, None]
    for was, now in zip(shown(ago, points), shown(ago, on_belt), strict=True):
        np.testing.assert_allclose(now, was, atol=0.05)  # of 1.3: the spline's end is held


def test_the_ground_is_as_fast_as_the_walker():
    ago, points = walk(3.0)
    speed = (points[-1, 0, 0] - points[0, 0, 0]) / ago[0]
    *_, ground = shown(ago, points)
    assert ground[0] == pytest.approx(-speed, abs=0.35 * speed)
    assert abs(ground[1]) < 0.3


def test_what_is_not_known_is_no_level():
    """A foot that is in the air all the time that is known is at its level, not below."""
    ago, points = walk(3.2)
    late = ago <= 0.4
    height, *_ = shown(ago[late], points[late])
    assert height.min() > -0.02
