import dataclasses

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import StreamError
from humandyn_ros.estimator import Estimator, EstimatorConfig, with_lag
from humandyn_ros.limits import Limits
from humandyn_ros.quantities import CANONICAL, GRAVITY, Estimate, SkeletonFrame
from humandyn_ros.recordings import in_order, read_motion
from humandyn_ros.skeleton import load_format
from humandyn_ros.synthetic import person

PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)
RATE_HZ = 100


def frames(kind: str = 'squat', seconds: float = 3.0, rate_hz: float = RATE_HZ, body: int = 1):
    motion = person(kind, rate_hz=rate_hz, duration_s=seconds, seed=0, height_m=1.75, noise_m=0.0)
    form = dataclasses.replace(CANONICAL)
    return [
        SkeletonFrame(int(s), 'world', body, form, p, c)
        for s, p, c in zip(motion.stamps_ns, motion.points, motion.confidence, strict=True)
    ]


def push_all(estimator: Estimator, them) -> list[Estimate]:
    return [estimate for frame in them for estimate in estimator.push(frame)]


def numbers(estimates: list[Estimate]) -> np.ndarray:
    return np.array(
        [
            [*e.dynamics.torque, *e.dynamics.stddev, *e.ground.left.force, *e.ground.right.force]
            for e in estimates
        ]
    )


def test_a_standing_person_is_carried_by_both_feet():
    last = push_all(Estimator('smpl_24', PERSON), frames('stand'))[-1]
    weight = last.ground.left.force[2] + last.ground.right.force[2]
    assert last.valid
    assert weight == pytest.approx(70.0 * GRAVITY, rel=0.02)
    assert min(last.ground.left.force[2], last.ground.right.force[2]) > 0.35 * weight


def test_the_stamp_is_the_evaluated_instant_and_the_age_is_the_declared_lag():
    estimator = Estimator('smpl_24', PERSON, with_lag(EstimatorConfig(), 0.1))
    them = frames()
    for frame in them:
        for estimate in estimator.push(frame):
            assert estimate.stamp_ns == frame.stamp_ns - estimator.lag_ns
            assert estimate.age_ms == pytest.approx(100.0)
    assert estimator.lag_ns == 100_000_000


def test_the_same_frames_give_the_same_numbers_twice():
    them = frames()
    one = numbers(push_all(Estimator('smpl_24', PERSON), them))
    two = numbers(push_all(Estimator('smpl_24', PERSON), them))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize('rate_hz', [15, 30, 60, 100, 250])
def test_every_supported_rate_gives_valid_finite_estimates(rate_hz: int):
    estimates = push_all(Estimator('smpl_24', PERSON), frames(rate_hz=rate_hz))
    assert np.isfinite(numbers(estimates)).all()
    assert sum(e.valid for e in estimates) > 1.5 * rate_hz


def test_input_at_one_hertz_gives_nothing_and_says_why():
    estimator = Estimator('smpl_24', PERSON)
    assert push_all(estimator, frames(seconds=20, rate_hz=100)[::100]) == []
    assert estimator.reason


def test_a_kilohertz_is_thinned_not_refused():
    estimates = push_all(Estimator('smpl_24', PERSON), frames(seconds=1.5, rate_hz=1000))
    assert estimates[-1].valid
    assert len(estimates) <= 1.5 * 260


def test_a_wrong_number_of_joints_is_named():
    frame = frames()[0]
    short = dataclasses.replace(frame, points=frame.points[:17], confidence=frame.confidence[:17])
    with pytest.raises(StreamError, match=r'\(17, 3\).*smpl_24 has 24 joints'):
        Estimator('smpl_24', PERSON).push(short)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 1e30])
def test_no_bad_coordinate_ever_reaches_an_estimate(bad: float):
    rng = np.random.default_rng(0)
    them = frames()
    for frame in them[50:]:
        joint = rng.integers(24, size=rng.integers(0, 12))
        frame.points[joint] = bad
    estimates = push_all(Estimator('smpl_24', PERSON), them)
    assert np.isfinite(numbers(estimates)).all()


def test_repeated_and_late_stamps_are_counted_and_change_nothing():
    them = frames()
    clean = numbers(push_all(Estimator('smpl_24', PERSON), them))
    estimator = Estimator('smpl_24', PERSON)
    doubled = [copy for frame in them for copy in (frame, frame)]
    np.testing.assert_array_equal(numbers(push_all(estimator, doubled)), clean)
    assert estimator.dropped == len(them)


def test_a_clock_that_is_set_back_restarts_instead_of_stopping():
    estimator = Estimator('smpl_24', PERSON)
    them = frames()
    late = [dataclasses.replace(f, stamp_ns=f.stamp_ns + 10**12) for f in them]
    push_all(estimator, late)
    again = push_all(estimator, them)
    assert again[-1].valid
    assert again[-1].stamp_ns < 10**12


def test_a_leg_out_of_sight_for_a_second_is_not_guessed():
    them = frames(seconds=4)
    for frame in them[150:250]:
        frame.points[CANONICAL.index['left_knee']] = np.nan
    estimates = push_all(Estimator('smpl_24', PERSON), them)
    blind = [e for e in estimates if 1.8e9 < e.stamp_ns - them[0].stamp_ns < 2.3e9]
    assert not any(e.valid for e in blind)
    assert estimates[-1].valid, 'it comes back'


def test_a_source_that_hangs_is_said_and_gives_no_estimate():
    them = frames('walk', seconds=4)
    held = [dataclasses.replace(f, points=them[199].points) for f in them[200:]]
    estimator = Estimator('smpl_24', PERSON)
    push_all(estimator, them[:200])
    estimator.tick(0)
    assert push_all(estimator, held) == []
    assert 'hangs' in estimator.reason
    faded = [e for k in range(100) for e in estimator.tick(k * 20_000_000)]
    assert not faded[-1].valid
    assert 'hangs' in faded[-1].reason


def test_frames_sent_twice_give_what_they_give_once():
    once = frames('walk', seconds=4, rate_hz=30.0)
    twice = [
        dataclasses.replace(frame, stamp_ns=frame.stamp_ns + late)
        for frame in once
        for late in (0, 16_000_000)
    ]
    stamped = {e.stamp_ns: e for e in push_all(Estimator('smpl_24', PERSON), twice)}
    alone = push_all(Estimator('smpl_24', PERSON), once)
    pairs = [(stamped[e.stamp_ns], e) for e in alone if e.stamp_ns in stamped][-60:]
    assert len(pairs) == 60
    ours, theirs = (numbers(list(them)) for them in zip(*pairs, strict=True))
    assert np.abs(ours - theirs).mean() < 0.05 * np.abs(theirs).mean()


@pytest.mark.parametrize('engine', ['physics', 'hybrid', 'imdys'])
def test_legs_that_are_exchanged_for_two_frames_change_nothing(engine: str):
    clean = frames('walk', seconds=4, rate_hz=30.0)
    wrong = frames('walk', seconds=4, rate_hz=30.0)
    legs = [k for k, n in enumerate(CANONICAL.joints) if n.split('_')[-1] in _LEG]
    swapped = [CANONICAL.index[_other(CANONICAL.joints[k])] for k in legs]
    for frame in wrong[70:72]:
        frame.points[legs] = frame.points[swapped]
    assert np.abs(wrong[70].points - clean[70].points).max() > 0.1
    config = EstimatorConfig(engine=engine)
    ours, theirs = (
        numbers(push_all(Estimator('smpl_24', PERSON, config), them)) for them in (wrong, clean)
    )
    np.testing.assert_allclose(ours, theirs)


_LEG = ('knee', 'ankle', 'foot')


def _other(name: str) -> str:
    return name.replace('left', '?').replace('right', 'left').replace('?', 'right')


@pytest.mark.parametrize('engine', ['physics', 'hybrid', 'imdys'])
def test_a_point_that_is_anywhere_for_one_frame_is_one_that_was_not_seen(engine: str):
    wild, unseen = (frames('walk', seconds=4, rate_hz=30.0) for _ in range(2))
    ankle = CANONICAL.index['right_ankle']
    wild[70].points[ankle] += 1.5
    unseen[70].points[ankle] = np.nan
    config = EstimatorConfig(engine=engine)
    ours, theirs = (
        numbers(push_all(Estimator('smpl_24', PERSON, config), them)) for them in (wild, unseen)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_one_frame_without_a_joint_is_bridged():
    them = frames()
    clean = push_all(Estimator('smpl_24', PERSON), frames())
    them[200].points[:] = np.nan
    bridged = push_all(Estimator('smpl_24', PERSON), them)
    assert all(e.valid for e in bridged[-90:])
    change = np.abs(numbers(bridged)[-90:] - numbers(clean)[-90:]).max()
    assert change < 0.1 * 70 * GRAVITY


def test_silence_fades_the_torques_to_zero_and_freezes_the_stamp():
    estimator = Estimator('smpl_24', PERSON)
    last = push_all(estimator, frames())[-1]
    ticks = [estimator.tick(t * 20_000_000) for t in range(60)]
    faded = [e for step in ticks for e in step]
    assert ticks[0] == ()
    assert all(e.stamp_ns == last.stamp_ns for e in faded)
    sizes = [float(np.abs(e.dynamics.torque).max()) for e in faded]
    assert sizes == sorted(sizes, reverse=True)
    assert not faded[-1].valid
    assert sizes[-1] == 0.0


def test_torques_never_change_faster_than_the_slew_limit():
    them = frames()
    for frame in them[150:]:
        frame.points[:, :2] += 0.3  # everything jumps sideways at once
    estimates = push_all(Estimator('smpl_24', PERSON), them)
    torque = np.array([e.dynamics.torque for e in estimates])
    elapsed = np.diff([e.stamp_ns for e in estimates]) * 1e-9
    allowed = Limits.load().slew_nm_per_kg_s * 70.0 * elapsed
    assert (np.abs(np.diff(torque, axis=0)) <= allowed[:, None] + 1e-9).all()


def test_a_new_body_mass_in_flight_scales_the_forces():
    estimator = Estimator('smpl_24', PERSON)
    them = frames('stand', seconds=4)
    before = push_all(estimator, them[:200])[-1]
    estimator.set_person(PersonConfig(mass_kg=140.0, height_m=1.75))
    later = push_all(estimator, them[200:])
    assert all(e.valid for e in later)
    after = later[-1]
    ratio = after.ground.left.force[2] / before.ground.left.force[2]
    assert ratio == pytest.approx(2.0, rel=0.15)


def test_without_mass_and_height_both_are_assumed_and_noted():
    estimates = push_all(Estimator('smpl_24'), frames())
    notes = ' '.join(estimates[-1].notes)
    assert 'mass' in notes
    assert 'height' in notes
    assert 40 < Estimator('smpl_24').mass_kg < 100


def test_an_axis_that_is_not_up_is_said_with_the_one_that_is():
    them = [
        dataclasses.replace(f, points=f.points @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]))
        for f in frames('stand')  # y up, given as z up
    ]
    wrong, right = (
        push_all(Estimator('smpl_24', PERSON), given)[-1].notes
        for given in (them, frames('stand'))
    )
    assert any('set up to' in note for note in wrong)
    assert not any('set up to' in note for note in right)


def test_millimetres_given_as_metres_are_said_and_give_no_estimate():
    estimator = Estimator('smpl_24', PERSON)
    them = [dataclasses.replace(f, points=f.points * 1000) for f in frames('stand')]
    assert push_all(estimator, them) == []
    assert 'not in metres' in estimator.reason


def markers(recordings) -> list[SkeletonFrame]:
    """A walk with markers, without medial ones, as a topic or bag of the whole set has it."""
    form = load_format('rajagopal')
    walk = read_motion(recordings / 'walk_rajagopal2016' / 'markers_walk.trc.gz')
    return list(in_order(walk, form.bind(walk.names)).frames())


def test_a_marker_set_of_which_not_all_is_placed_is_answered(recordings):
    them = markers(recordings)
    live = Estimator(dataclasses.replace(load_format('rajagopal'), unit='m'), PERSON)
    estimates = push_all(live, them)
    assert len(estimates) > 0.8 * len(them)
    assert np.isfinite(numbers(estimates)).all()
    known = dataclasses.replace(load_format('rajagopal'), unit='m').seen(
        np.stack([frame.points for frame in them])
    )
    whole = push_all(Estimator(known, PERSON), them)
    np.testing.assert_array_equal(numbers(estimates), numbers(whole))


def test_a_marker_that_shows_late_is_used_from_then_on(recordings):
    them = markers(recordings)
    sacrum = [i for i, n in enumerate(them[0].skeleton.joints) if n == 'S2']
    for frame in them[:100]:
        frame.points[sacrum] = np.nan
    estimates = push_all(Estimator(load_format('rajagopal'), PERSON), them)
    stamps = np.array([e.stamp_ns for e in estimates])
    assert np.isfinite(numbers(estimates)).all()
    assert stamps[-1] > them[220].stamp_ns
    assert np.diff(stamps).max() < 0.5e9  # the filter starts anew, and no longer
