import dataclasses

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import ConfigError
from humandyn_ros.people import People, PeopleConfig
from humandyn_ros.synthetic import person

TICK_NS = 20_000_000
RATE_HZ = 50.0


@pytest.fixture(scope='module')
def walker():
    return list(person('walk', rate_hz=RATE_HZ, duration_s=6.0).frames())


def run(people, frames, start_ns=0, bodies=(1,)):
    """Push frames of some bodies at their own pace, ticking in between."""
    estimates = []
    for frame in frames:
        now_ns = start_ns + frame.stamp_ns
        copies = [dataclasses.replace(frame, body_id=body, stamp_ns=now_ns) for body in bodies]
        estimates += people.push(copies)
        estimates += people.tick(now_ns)
    return estimates


def silence(people, now_ns, seconds):
    """Tick without any frame."""
    estimates = []
    for step in range(int(seconds * 1e9 / TICK_NS)):
        estimates += people.tick(now_ns + (step + 1) * TICK_NS)
    return estimates


def test_two_people_get_the_numbers_that_each_would_get_alone(walker):
    together = run(People(person=PersonConfig(70.0)), walker, bodies=(1, 5))
    alone = run(People(person=PersonConfig(70.0)), walker, bodies=(5,))
    fifth = [estimate for estimate in together if estimate.body_id == 5]
    assert {estimate.body_id for estimate in together} == {1, 5}
    assert len(fifth) == len(alone) > 200
    last = fifth[-1].dynamics.torque
    np.testing.assert_allclose(last, alone[-1].dynamics.torque, atol=1e-6)


def test_the_first_seen_is_the_wearer_and_stays_it_while_others_come(walker):
    people = People()
    run(people, walker[:20], bodies=(4,))
    run(people, walker[20:60], bodies=(1, 4))
    assert people.wearer == 4


def test_a_named_wearer_is_waited_for(walker):
    people = People(config=PeopleConfig(wearer=9))
    run(people, walker[:20], bodies=(4,))
    assert people.wearer is None
    run(people, walker[20:40], bodies=(4, 9))
    assert people.wearer == 9


def test_a_wearer_who_left_is_replaced_by_somebody_present_who_starts_from_zero(walker):
    people = People(config=PeopleConfig(left_s=0.5))
    run(people, walker[:50], bodies=(4, 6))
    after = run(people, walker[50:150], bodies=(6,))
    assert people.wearer == 6
    assert people.bodies == (6,)
    valid = [estimate.valid for estimate in after if estimate.body_id == 6]
    took_over = valid.index(False)
    assert all(valid[:took_over])
    assert valid[-1]


def test_a_wearer_who_left_an_empty_room_goes_on_as_an_invalid_estimate(walker):
    people = People(config=PeopleConfig(left_s=0.5))
    run(people, walker[:100])
    faded = silence(people, walker[99].stamp_ns, 3.0)
    assert faded[-1].body_id == people.wearer == 1
    assert not faded[-1].valid
    assert {estimate.stamp_ns for estimate in faded} == {faded[0].stamp_ns}


def test_somebody_else_who_left_is_forgotten_and_may_come_back(walker):
    people = People(config=PeopleConfig(left_s=0.5))
    run(people, walker[:50], bodies=(1, 2))
    run(people, walker[50:100], bodies=(1,))
    assert people.bodies == (1,)
    again = run(people, walker[100:], bodies=(1, 2))
    assert people.bodies == (1, 2)
    assert [e for e in again if e.body_id == 2][-1].valid


def test_more_bodies_than_allowed_are_ignored_and_counted(walker):
    people = People(config=PeopleConfig(max_people=2))
    estimates = run(people, walker[:40], bodies=(1, 2, 3))
    assert {estimate.body_id for estimate in estimates} == {1, 2}
    assert people.ignored == 40


def test_a_crowd_that_appears_at_once_is_let_in_by_and_by(walker):
    people = People()
    run(people, walker[:10])
    crowd = [
        dataclasses.replace(
            walker[10], body_id=n, points=walker[10].points + [0, 1.5 * (n - 1), 0]
        )
        for n in range(1, 11)
    ]
    people.push(crowd)
    assert people.bodies == (1, 2, 3)
    for k in range(11, 15):
        stamp = walker[k].stamp_ns
        people.push([dataclasses.replace(one, stamp_ns=stamp) for one in crowd])
    assert set(people.bodies) == set(range(1, 11))


def test_a_stream_of_ever_new_numbers_does_not_grow_without_bound(walker):
    people = People(config=PeopleConfig(left_s=0.5, max_people=10))
    for number, frame in enumerate(walker):
        run(people, [frame], bodies=(number,))
    assert len(people.bodies) <= 10


def test_everybody_follows_a_change_of_body_mass(walker):
    people = People(person=PersonConfig(60.0))
    before = run(people, walker[:150], bodies=(1, 2))
    people.set_person(PersonConfig(90.0))
    after = run(people, walker[150:], bodies=(1, 2))

    def heaviest(estimates):
        return max(e.ground.left.force[2] + e.ground.right.force[2] for e in estimates if e.valid)

    assert heaviest(after) > 1.2 * heaviest(before)


def moved(frame, number, away_m):
    points = frame.points + np.array([away_m, 0.0, 0.0])
    return dataclasses.replace(frame, body_id=number, points=points)


def test_swapped_numbers_change_nobodys_torque(walker):
    steady, swapped = People(person=PersonConfig(70.0)), People(person=PersonConfig(70.0))
    for k, frame in enumerate(walker[:150]):
        one, other = (2, 1) if k >= 100 else (1, 2)
        expected = steady.push([moved(frame, 1, 0.0), moved(frame, 2, 2.0)])
        given = swapped.push([moved(frame, one, 0.0), moved(frame, other, 2.0)])
        assert len(given) == len(expected)
        for got, wanted in zip(given, expected, strict=True):
            assert got.body_id == wanted.body_id
            np.testing.assert_array_equal(got.dynamics.torque, wanted.dynamics.torque)


def test_somebody_with_a_new_number_goes_on_as_the_same_person(walker):
    people = People()
    run(people, walker[:100], bodies=(3,))
    after = run(people, walker[100:150], bodies=(8,))
    assert people.bodies == (3,)
    assert {estimate.body_id for estimate in after} == {3}
    assert all(estimate.valid for estimate in after)


def test_the_nearest_is_the_wearer_where_that_is_asked_for(walker):
    people = People(config=PeopleConfig(choose='nearest'))
    people.push([moved(walker[0], 1, 9.0), moved(walker[0], 2, 1.0)])
    assert people.wearer == 2
    people.push([moved(walker[1], 1, 0.1), moved(walker[1], 2, 1.0)])
    assert people.wearer == 2


def test_nobody_is_the_wearer_before_somebody_arms_where_that_is_asked_for(walker):
    people = People(config=PeopleConfig(choose='armed'))
    people.push([moved(walker[0], 1, 9.0), moved(walker[0], 2, 1.0)])
    assert people.wearer is None
    assert people.lock_nearest() == 2
    people.push([moved(walker[1], 1, 0.1), moved(walker[1], 2, 1.0)])
    assert people.lock_nearest() == 2
    people.unlock()
    assert people.lock_nearest() == 1


def test_a_person_of_whom_nothing_is_seen_is_said_so(walker):
    people = People()
    run(people, walker[:50])
    nobody = np.full((24, 3), np.nan)
    run(people, [dataclasses.replace(frame, points=nobody) for frame in walker[50:80]])
    assert 'not seen' in people.reason(1)


@pytest.mark.parametrize(
    'changes', [{'max_people': 0}, {'left_s': 0.0}, {'wearer': -2}, {'choose': 'anybody'}]
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(ConfigError):
        PeopleConfig(**changes)
