"""Strange streams: an estimate is finite, or there is none and it is said why."""

import dataclasses

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.estimator import Estimator
from humandyn_ros.people import People, PeopleConfig
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.synthetic import person

PERSON = PersonConfig(mass_kg=70.0, height_m=1.75)
RATE_HZ = 100


def frames(kind='walk', seconds=3.0, rate_hz=float(RATE_HZ)):
    return list(person(kind, rate_hz=rate_hz, duration_s=seconds, seed=0).frames())


def push_all(estimator, them):
    return [estimate for frame in them for estimate in estimator.push(frame)]


def finite(estimates):
    return all(
        np.isfinite(numbers).all()
        for e in estimates
        for numbers in (
            e.dynamics.torque, e.dynamics.stddev, e.dynamics.power, e.dynamics.position,
            e.ground.left.force, e.ground.right.force, e.residual, [e.age_ms],
        )
    )  # fmt: skip


GROUPS = {
    'feet': ('foot',),
    'left leg': ('left_hip', 'left_knee', 'left_ankle', 'left_foot'),
    'arms': ('shoulder', 'elbow', 'wrist', 'hand', 'collar'),
    'trunk': ('spine', 'neck'),
    'head': ('head',),
    'all but the legs': (
        'pelvis', 'spine', 'neck', 'head', 'collar', 'shoulder', 'elbow', 'wrist', 'hand',
    ),
    'everything': ('',),
}  # fmt: skip
NEEDED = ('left leg', 'everything')


def hidden(them, group, start, end):
    lost = [
        i for name, i in CANONICAL.index.items() if any(part in name for part in GROUPS[group])
    ]
    for frame in them[start:end]:
        frame.points[lost] = np.nan
    return them


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_one_frame_are_bridged(group):
    estimates = push_all(Estimator('smpl_24', PERSON), hidden(frames(), group, 150, 151))
    assert finite(estimates)
    assert all(e.valid for e in estimates[5:])


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_a_second_are_assumed_or_the_estimate_stops(group):
    estimator = Estimator('smpl_24', PERSON)
    them = hidden(frames(seconds=4.0), group, 150, 250)
    estimates = push_all(estimator, them)
    assert finite(estimates)
    assert estimates[-1].valid, 'it comes back'
    blind = [e for e in estimates if them[185].stamp_ns < e.stamp_ns < them[235].stamp_ns]
    assert any(e.valid for e in blind) == (group not in NEEDED)


@pytest.mark.parametrize('group', GROUPS)
def test_joints_missing_for_ever_are_said(group):
    estimator = Estimator('smpl_24', PERSON)
    estimates = push_all(estimator, hidden(frames(), group, 0, None))
    assert finite(estimates)
    if group in NEEDED:
        assert estimates == []
        assert 'not seen' in estimator.reason
    elif group in ('feet', 'arms', 'all but the legs'):
        assert any('not seen' in note for note in estimates[-1].notes)
    assert estimates == [] or estimates[-1].valid


@pytest.mark.parametrize('factor', [1000.0, 100.0, 39.37, 0.001])
def test_another_unit_is_said_and_gives_no_estimate(factor):
    estimator = Estimator('smpl_24', PERSON)
    them = [dataclasses.replace(f, points=f.points * factor) for f in frames('stand', 1.5)]
    assert not any(e.valid for e in push_all(estimator, them))
    assert estimator.reason


@pytest.mark.parametrize(
    ('name', 'turn'),
    [
        ('Y', [[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
        ('-Z', [[1, 0, 0], [0, -1, 0], [0, 0, -1]]),
        ('-X', [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    ],
)
def test_a_person_who_does_not_stand_upwards_is_told_which_axis_does(name, turn):
    them = [dataclasses.replace(f, points=f.points @ np.array(turn)) for f in frames('stand')]
    estimates = push_all(Estimator('smpl_24', PERSON), them)
    assert finite(estimates)
    assert any(f'set up to {name}' in note for note in estimates[-1].notes)


def stamped(them, stamps_ns):
    return [dataclasses.replace(f, stamp_ns=int(s)) for f, s in zip(them, stamps_ns, strict=True)]


@pytest.mark.parametrize(
    ('name', 'change'),
    [
        ('all the same', lambda s: s * 0),
        ('backwards', lambda s: s[::-1]),
        ('the largest there is', lambda s: np.full_like(s, 2**63 - 1)),
        ('nanoseconds apart', lambda s: np.arange(len(s))),
    ],
)
def test_stamps_that_tell_no_time_give_no_estimate_and_a_reason(name, change):
    them = frames()
    estimator = Estimator('smpl_24', PERSON)
    stamps = np.array([f.stamp_ns for f in them])
    assert push_all(estimator, stamped(them, change(stamps))) == []
    assert estimator.reason
    assert name == 'nanoseconds apart' or estimator.dropped > 200
    assert name == 'nanoseconds apart' or 'stamp' in estimator.reason


def test_one_stamp_from_the_future_costs_less_than_a_second_and_a_half():
    them = frames(seconds=5.0)
    for jump_ns in (300_000_000, 900_000_000, 3_600_000_000_000):
        wrong = list(them)
        wrong[150] = dataclasses.replace(them[150], stamp_ns=them[150].stamp_ns + jump_ns)
        estimates = push_all(Estimator('smpl_24', PERSON), wrong)
        assert finite(estimates)
        assert [e for e in estimates if e.stamp_ns > them[300].stamp_ns][-1].valid
        assert any(e.valid and them[290].stamp_ns < e.stamp_ns < 2**61 for e in estimates)


def test_jittered_stamps_are_taken():
    them = frames()
    jitter = np.random.default_rng(0).integers(-3_000_000, 3_000_000, len(them))
    estimates = push_all(
        Estimator('smpl_24', PERSON), stamped(them, [f.stamp_ns for f in them] + jitter)
    )
    assert finite(estimates)
    assert all(e.valid for e in estimates[5:])


def test_one_frame_a_second_is_named_as_what_is_wrong():
    estimator = Estimator('smpl_24', PERSON)
    assert push_all(estimator, frames(seconds=20.0, rate_hz=1.0)) == []
    assert '1 s apart' in estimator.reason


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -1.0])
def test_a_confidence_that_is_none_is_not_seen(value):
    them = [dataclasses.replace(f, confidence=np.full_like(f.confidence, value)) for f in frames()]
    assert push_all(Estimator('smpl_24', PERSON), them) == []


def test_people_leave_return_and_change_their_number_without_mixing():
    them = frames(seconds=6.0)
    people = People('smpl_24', PERSON, config=PeopleConfig(left_s=1.0))
    answers = {7: [], 9: []}
    for k, frame in enumerate(them):
        beside = dataclasses.replace(frame, points=frame.points + [2.0, 0.0, 0.0])
        seen = [dataclasses.replace(beside, body_id=9 if k < 450 else 11)]
        seen += [] if 200 <= k < 400 else [dataclasses.replace(frame, body_id=7)]
        for estimate in (*people.push(seen), *people.tick(k * 10_000_000)):
            answers[estimate.body_id].append(estimate)
        if k == 350:
            assert people.bodies == (9,)
            assert people.wearer == 9
    assert set(people.bodies) == {7, 9}  # who stands where 9 stood is 9, whatever the source says
    for body, offset in ((7, 0.0), (9, 2.0)):
        valid = [e for e in answers[body] if e.valid]
        assert len(valid) > 80
        assert finite(answers[body])
        for e in valid:
            there = min(them, key=lambda f: abs(f.stamp_ns - e.stamp_ns)).points[0, 0] + offset
            assert e.state.positions[0, 0] == pytest.approx(there, abs=0.05)
