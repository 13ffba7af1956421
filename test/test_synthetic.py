import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.mannequin import INDEX, centre_of_mass
from humandyn_ros.quantities import CANONICAL, GRAVITY
from humandyn_ros.synthetic import FINE_HZ, KINDS, perform, person, plan

FEET = [CANONICAL.index['left_foot'], CANONICAL.index['right_foot']]
LEGS = [('left_hip', 'left_knee'), ('left_knee', 'left_ankle'), ('right_knee', 'right_ankle')]


@pytest.mark.parametrize('kind', KINDS)
def test_a_person_is_a_canonical_recording_of_the_asked_length(kind):
    recording = person(kind, rate_hz=60, duration_s=2.5)
    assert recording.points.shape == (150, 24, 3)
    assert np.isfinite(recording.points).all()
    assert recording.names == CANONICAL.joints and recording.up == 'Z'
    assert np.diff(recording.stamps_ns) == pytest.approx(1e9 / 60, abs=1)


@pytest.mark.parametrize('kind', KINDS)
def test_segments_keep_their_length(kind):
    points = person(kind).points
    for a, b in LEGS:
        between = points[:, CANONICAL.index[a]] - points[:, CANONICAL.index[b]]
        length = np.linalg.norm(between, axis=1)
        assert np.ptp(length) < 1e-4  # what interpolation from 200 Hz leaves


@pytest.mark.parametrize('kind', KINDS)
def test_no_leg_is_ever_asked_to_reach_too_far(kind):
    for seed in range(3):
        coordinates = perform(plan(kind, None, seed, 1.75))
        for letter in 'rl':
            assert coordinates[:, INDEX[f'knee_angle_{letter}']].min() > 0.05


@pytest.mark.parametrize('kind', KINDS)
def test_the_centre_of_mass_is_where_the_plan_wants_it(kind):
    score = plan(kind, None, 1, 1.6)
    reached = centre_of_mass(perform(score), 1.6)
    assert np.abs(reached - score.centre_of_mass).max() < 1e-4


def test_the_planned_path_obeys_the_pendulum_over_the_planned_pressure():
    score = plan('demo', None, 0, 1.75)
    path = score.centre_of_mass
    acceleration = np.diff(path, 2, axis=0) * FINE_HZ**2
    pressure = sum(foot.share[:, None] * foot.pressure for foot in score.feet.values())[1:-1]
    arm = path[1:-1, :2] - pressure[:, :2]
    expected = (score.support[1:-1] / path[1:-1, 2])[:, None] * arm
    assert np.abs(acceleration[:, :2] - expected).max() < 1e-6
    assert np.abs(acceleration[:, 2] + GRAVITY - score.support[1:-1]).max() < 0.05


def test_a_jump_leaves_the_ground_and_falls_freely():
    score = plan('demo', None, 0, 1.75)
    points = person('demo', rate_hz=FINE_HZ).points
    air = score.support < 1e-6
    assert 0.68 < air.sum() / FINE_HZ < 0.76  # two flights of 0.36 s
    lowest = points[: len(air), FEET, 2].min(axis=1)
    assert lowest[air].max() > 0.1
    assert lowest[score.support > 2.0].min() > 0.013  # the ball rolls over its tip


def test_a_planted_foot_does_not_slide():
    points = person('walk', rate_hz=FINE_HZ).points
    score = plan('walk', None, 0, 1.75)
    flat = (score.feet['l'].share > 0.999) & (np.abs(score.feet['l'].axes[:, 2, 0]) < 1e-9)
    speed = np.abs(np.gradient(points[:, FEET[0]], 1 / FINE_HZ, axis=0))[: len(flat)]
    inside = flat & np.roll(flat, 3) & np.roll(flat, -3)
    assert inside.sum() > 200
    assert speed[inside].max() < 1e-3


def test_jerk_is_continuous():
    def largest_step(rate_hz):
        points = person('demo', rate_hz=rate_hz).points
        return np.abs(np.diff(points, 4, axis=0)).max() * rate_hz**3

    assert largest_step(1000) < 0.6 * largest_step(500)  # a jump in jerk would not shrink


def test_seeds_make_different_people_and_the_same_seed_the_same():
    first, again, other = (person('walk', duration_s=3, seed=seed).points for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_noise_has_the_asked_size():
    clean = person('stand', duration_s=4).points
    noisy = person('stand', duration_s=4, noise_m=0.01).points
    assert (noisy - clean).std() == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize(
    'arguments',
    [
        {'kind': 'fly'},
        {'kind': 'walk', 'duration_s': 0.0},
        {'kind': 'walk', 'height_m': -1.0},
        {'kind': 'walk', 'rate_hz': 0.0},
        {'kind': 'walk', 'noise_m': float('nan')},
    ],
)
def test_impossible_wishes_are_refused(arguments):
    with pytest.raises(ConfigError):
        person(**arguments)
