"""What a network is shown of the body's acceleration and of where the ground pushes."""

import numpy as np
import pytest

from humandyn_ros.engines.momentum import FEATURES, SHOWN
from humandyn_ros.engines.past import (
    COEFFICIENTS,
    JOINTS,
    LEG_M,
    NAMES,
    Noise,
    coefficients,
    features,
    gains,
    noise,
    spline_map,
)
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.synthetic import person

AGO = np.arange(100, -1, -1) / 100.0
WIDE = slice(2, None, 3)  # the widest span of every end
UPPER = [k for k, name in enumerate(NAMES) if name.split('_')[-1] in
         ('neck', 'head', 'shoulder', 'elbow', 'wrist')]  # fmt: skip


def standing():
    (frame,) = list(person('stand', rate_hz=1.0, duration_s=1.0).frames())[:1]
    return frame.points[JOINTS] / LEG_M


def shown(points, size=1e-4, seen=None):
    """Accelerations (S, 3), from either foot to where the ground pushes (S, 2, 2), and surety."""
    found, there = coefficients(AGO, points, np.ones(points.shape[:2]))
    there = there if seen is None else seen
    around = Noise(np.array([size]), gains(spline_map(AGO)))
    row = features(found[None], there[None], 1.0, around)[0][0, -FEATURES:]
    parts = row[:-1].reshape(SHOWN, 7)
    return parts[:, :3], parts[:, 3:].reshape(SHOWN, 2, 2), row[-1]


def moved(acceleration):
    """The standing person, accelerated as a whole by some of gravity's (3,)."""
    fall = 0.5 * np.asarray(acceleration) * (GRAVITY / LEG_M) * (1.0 - AGO[:, None]) ** 2
    return standing() + fall[:, None]


def test_a_body_that_is_accelerated_shows_by_how_much():
    pulled, _, _ = shown(moved([0.0, 0.0, 0.1]))
    np.testing.assert_allclose(pulled[WIDE], np.tile([0.0, 0.0, 0.1], (5, 1)), atol=0.01)
    resting, _, _ = shown(moved([0.0, 0.0, 0.0]))
    np.testing.assert_allclose(resting, 0.0, atol=1e-3)


def test_who_stands_still_is_pushed_from_between_the_feet():
    _, apart, _ = shown(moved([0.0, 0.0, 0.0]))
    left, right = apart[:, 0], apart[:, 1]
    np.testing.assert_allclose(left[:, 1], -right[:, 1], atol=0.02)  # the middle, sideways
    assert (left[:, 1] < -0.03).all()
    assert np.abs(left[:, 0]).max() < 0.2


def test_who_is_pushed_forward_is_pushed_from_behind():
    _, still, _ = shown(moved([0.0, 0.0, 0.0]))
    pulled, pushed, _ = shown(moved([0.1, 0.0, 0.0]))
    forward = pulled[WIDE, 0].mean()
    assert forward == pytest.approx(0.1, abs=0.01)
    back = (pushed - still)[WIDE, :, 0]
    height = 1.05  # of the centre of mass, legs
    np.testing.assert_allclose(back, -forward * height, atol=0.025)


def test_an_unseen_upper_body_goes_with_the_pelvis():
    seen = np.ones(len(JOINTS), bool)
    seen[UPPER] = False
    points = moved([0.05, 0.0, 0.1])
    points[:, UPPER] += 7.0  # nothing that is there counts
    whole, _, _ = shown(moved([0.05, 0.0, 0.1]))
    part, apart, _ = shown(points, seen=seen)
    np.testing.assert_allclose(part, whole, atol=1e-3)
    assert np.abs(apart).max() < 0.5


def test_the_more_noise_the_less_is_shown():
    points = moved([0.0, 0.0, 0.2])
    strength = [shown(points, size)[0][WIDE, 2].mean() for size in (1e-4, 0.01, 0.1)]
    assert strength[0] > strength[1] > 2 * strength[2]
    surety = [shown(points, size)[2] for size in (1e-4, 0.01, 0.1)]
    assert surety == sorted(surety)


def test_gains_tell_what_noise_makes_of_accelerations():
    random = np.random.default_rng(0)
    size = 1e-4  # so small that nothing is held back
    told = np.array([
        shown(standing() + size * random.normal(size=(len(AGO), len(JOINTS), 3)))[0][:, 2]
        for _ in range(200)
    ])  # fmt: skip
    by_mass = told.std(axis=0) / (size * gains(spline_map(AGO)))
    assert by_mass == pytest.approx(np.full(SHOWN, by_mass.mean()), rel=0.2)
    assert 0.25 < by_mass.mean() < 0.45  # as seventeen points of a body's masses average


@pytest.mark.parametrize('size', [0.003, 0.01, 0.02])
@pytest.mark.parametrize('every', [1, 3])
def test_noise_is_measured_at_any_rate(size, every):
    random = np.random.default_rng(1)
    frames = list(person('walk', rate_hz=100.0, duration_s=3.0).frames())
    points = np.array([frame.points for frame in frames])[-101:, JOINTS][::-1][::every][::-1]
    points = points / LEG_M + size * random.normal(size=points.shape)
    ago, weights = AGO[::-1][::every][::-1], np.ones(points.shape[:2])
    found = coefficients(ago, points, weights)
    assert found[0].shape[0] == COEFFICIENTS
    assert noise(ago, points, weights, found).size[0] == pytest.approx(size, rel=0.15)


def test_what_is_not_seen_is_no_noise():
    points, weights = moved([0.0, 0.0, 0.0]), np.ones((len(AGO), len(JOINTS)))
    points[::2, 3], weights[::2, 3] = 5.0, 0.0
    found = coefficients(AGO, points, weights)
    assert noise(AGO, points, weights, found).size[0] < 1e-4
