import numpy as np
import pytest

from humandyn_ros.filters.sides import Sides
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.synthetic import person

ONES = np.ones(24)
OTHER = [
    CANONICAL.index[name.replace('left', '?').replace('right', 'left').replace('?', 'right')]
    for name in CANONICAL.joints
]
LEGS = [
    k
    for k, name in enumerate(CANONICAL.joints)
    if name.split('_')[-1] in ('knee', 'ankle', 'foot')
]


def walk(rate_hz: float, noise_m: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    motion = person('walk', rate_hz=rate_hz, duration_s=6.0, noise_m=noise_m)
    return motion.stamps_ns, motion.points


def through(stamps: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, Sides]:
    sides = Sides()
    return np.array(
        [sides.step(int(s), p, ONES)[0] for s, p in zip(stamps, points, strict=True)]
    ), sides


@pytest.mark.parametrize('rate_hz', [15.0, 30.0, 100.0])
@pytest.mark.parametrize('joints', [LEGS, list(range(24))], ids=['legs', 'whole body'])
def test_sides_confused_for_a_tenth_of_a_second_are_put_right(rate_hz: float, joints: list[int]):
    stamps, points = walk(rate_hz)
    wrong = points.copy()
    for start in (1.0, 2.3, 3.1, 4.7):
        rows = np.flatnonzero((stamps >= 1e9 * start) & (stamps < 1e9 * (start + 0.1)))
        wrong[np.ix_(rows, joints)] = points[np.ix_(rows, np.array(OTHER)[joints])]
    assert np.abs(wrong - points).max() > 0.1
    righted, sides = through(stamps, wrong)
    # Where the legs pass each other, one is as good as the other to within a few centimetres.
    assert np.abs(righted - points).max() < 0.1
    assert sides.exchanged > 0


@pytest.mark.parametrize('rate_hz', [15.0, 30.0, 60.0, 200.0])
@pytest.mark.parametrize('kind', ['walk', 'squat', 'jump'])
def test_who_moves_with_the_noise_of_a_camera_is_left_alone(rate_hz: float, kind: str):
    motion = person(kind, rate_hz=rate_hz, noise_m=0.01)
    same, sides = through(motion.stamps_ns, motion.points)
    assert sides.exchanged == 0
    assert (same == motion.points).all()


def test_a_source_that_stays_with_the_other_side_is_believed_after_half_a_second():
    stamps, points = walk(30.0)
    wrong = points.copy()
    later = stamps >= 3_000_000_000
    wrong[later] = points[later][:, OTHER]
    righted, _ = through(stamps, wrong)
    apart = np.abs(righted - wrong).max(axis=(1, 2)) > 0.01
    assert apart[np.flatnonzero(later)[0]]
    assert not apart[stamps > 3_700_000_000].any()


def test_confidence_goes_with_its_point():
    stamps, points = walk(30.0)
    sides, confidence = Sides(), np.linspace(0.1, 1.0, 24)
    for stamp, point in zip(stamps[:40], points[:40], strict=True):
        sides.step(int(stamp), point, confidence)
    righted, weights = sides.step(int(stamps[40]), points[40][OTHER], confidence[OTHER])
    moved = (righted == points[40]).all(axis=1)
    assert moved[LEGS].all()
    assert (weights[LEGS] == confidence[LEGS]).all()


def test_the_callers_arrays_stay_as_they_are():
    stamps, points = walk(30.0)
    wrong = points.copy()
    wrong[40:70] = points[40:70][:, OTHER]
    before = wrong.copy()
    through(stamps, wrong)
    assert (wrong == before).all()


def test_after_a_gap_nothing_is_known_and_nothing_exchanged():
    stamps, points = walk(30.0)
    wrong = points.copy()
    wrong[60:] = points[60:][:, OTHER]
    stamps = stamps + np.where(np.arange(len(stamps)) >= 60, 200_000_000, 0)
    _, sides = through(stamps, wrong)
    assert sides.exchanged == 0


def test_unseen_joints_do_not_hinder_the_others():
    stamps, points = walk(30.0)
    unseen = [k for k, name in enumerate(CANONICAL.joints) if 'hip' in name or 'foot' in name]
    points[:, unseen] = np.nan
    wrong = points.copy()
    wrong[40:43] = points[40:43][:, OTHER]
    righted, _ = through(stamps, wrong)
    np.testing.assert_allclose(righted[40:43][:, LEGS], points[40:43][:, LEGS])
