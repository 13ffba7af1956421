"""The last second of motion as spline coefficients, and what a network sees of it."""

import numpy as np
import pytest

from humandyn_ros.engines.footing import FEATURES as FOOTING
from humandyn_ros.engines.momentum import FEATURES as MOMENTUM
from humandyn_ros.engines.past import (
    COEFFICIENTS,
    FEATURES,
    JOINTS,
    SPAN_S,
    coefficients,
    features,
    noise,
    pace,
    spline_map,
)
from humandyn_ros.synthetic import person

PLACES = FEATURES - FOOTING - MOMENTUM
SPEEDS = FEATURES - MOMENTUM


def walk(rate_hz, seconds=3.0):
    frames = list(person('walk', rate_hz=rate_hz, duration_s=seconds).frames())
    points = np.array([frame.points for frame in frames])
    count = int(SPAN_S * rate_hz) + 1
    return np.arange(count - 1, -1, -1) / rate_hz, points[-count:, JOINTS]


def seen_of(ago, points, offset=0.0, confidence=None):
    weights = np.ones(points.shape[:2]) if confidence is None else confidence
    found, seen = coefficients(ago, (points + offset) / 0.86, weights)
    around = noise(ago, (points + offset) / 0.86, weights, (found, seen))
    return features(found[None], seen[None], float(ago[0]), around)


def test_a_parabola_is_kept():
    ago = np.arange(60, -1, -1) / 60.0
    values = 1.0 - 2.0 * ago + 3.0 * ago**2
    found = spline_map(ago) @ values
    assert found[-1] == pytest.approx(1.0, abs=1e-3)
    assert found[0] == pytest.approx(2.0, abs=1e-2)


def test_noise_of_a_faster_camera_averages_out():
    spread = [
        float(np.sqrt((spline_map(np.arange(round(rate), -1, -1) / rate) ** 2).sum(axis=1).mean()))
        for rate in (30.0, 120.0)
    ]
    assert spread[1] == pytest.approx(0.5 * spread[0], rel=0.15)


def test_the_frame_rate_hardly_matters():
    ago, points = walk(100.0)
    slow, fast = (seen_of(ago[::every], points[::every])[0] for every in (2, 1))
    assert slow.shape == (1, FEATURES)
    np.testing.assert_allclose(slow[:, :PLACES], fast[:, :PLACES], atol=0.02)
    np.testing.assert_allclose(slow[:, :SPEEDS], fast[:, :SPEEDS], atol=0.03)  # legs/s
    np.testing.assert_allclose(slow[:, SPEEDS:-1], fast[:, SPEEDS:-1], atol=0.1)  # body weights


def test_place_belt_and_heading_make_no_difference():
    ago, points = walk(60.0)
    here, axes = seen_of(ago, points)
    belt = np.array([0.9, -0.4, 0.0]) * ago[:, None, None] + np.array([3.0, 2.0, 0.7])
    moved, _ = seen_of(ago, points, belt)
    np.testing.assert_allclose(moved[:, :PLACES], here[:, :PLACES], atol=1e-3)
    # legs/s: the spline's end is held
    np.testing.assert_allclose(moved[:, :SPEEDS], here[:, :SPEEDS], atol=0.03)
    np.testing.assert_allclose(moved[:, SPEEDS:-1], here[:, SPEEDS:-1], atol=0.05)
    angle = 1.1
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    turned, turned_axes = seen_of(ago, points @ turn.T)
    np.testing.assert_allclose(turned, here, atol=1e-5)
    np.testing.assert_allclose(turned_axes[0], turn @ axes[0], atol=1e-6)


def test_a_joint_that_hides_for_a_moment_is_bridged_and_one_unseen_is_told():
    ago, points = walk(60.0)
    whole, _ = seen_of(ago, points)
    confidence = np.ones(points.shape[:2])
    confidence[30:36, 4] = 0.0
    bridged, _ = seen_of(ago, points, confidence=confidence)
    np.testing.assert_allclose(bridged[:, :PLACES], whole[:, :PLACES], atol=0.02)
    confidence[:, 12] = 0.0
    hidden, _ = seen_of(ago, points, confidence=confidence)
    flags = hidden[0, COEFFICIENTS * len(JOINTS) * 3 : PLACES - 1]
    assert flags[12] == 0.0
    assert flags.sum() == len(JOINTS) - 1


def test_the_pace_of_the_small_is_faster():
    assert pace(0.86) == 1.0
    assert pace(0.215) == pytest.approx(0.5)
