import numpy as np
import pytest

from humandyn_ros.quantities import CANONICAL, SkeletonFrame
from humandyn_ros.tracking import Event, Tracker, TrackingConfig

STEP_NS = 33_333_333
SHAPE = np.random.default_rng(0).normal(size=(24, 3)) * [0.2, 0.2, 0.5]


def body(body_id, at, stamp_ns, size=1.0, noise_m=0.01):
    noise = np.random.default_rng(stamp_ns % 2**32).normal(size=(24, 3)) * noise_m
    points = SHAPE * size + noise + np.asarray(at)
    return SkeletonFrame(stamp_ns, 'camera', body_id, CANONICAL, points, np.ones(24))


def people_and_events(assignments):
    return [(a.person, a.event) for a in assignments]


def test_numbers_of_the_source_are_kept():
    tracker = Tracker()
    for i in range(20):
        frames = [body(7, [0, 0, 2], i * STEP_NS), body(9, [1, 0, 2], i * STEP_NS, 0.9)]
        event = Event.CONTINUED if i else Event.NEW
        result = tracker.update(frames)
        assert people_and_events(result) == [(7, event), (9, event)]
        assert [a.frame for a in result] == frames
    assert tracker.people == (7, 9) and tracker.ignored == 0


def test_a_new_number_near_a_lost_person_of_the_same_size_is_that_person():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    stamp = 20 * STEP_NS
    back = tracker.update([body(5, [0.6, 0, 2], stamp)])
    assert people_and_events(back) == [(1, Event.RETURNED)]
    again = tracker.update([body(5, [0.6, 0, 2], stamp + STEP_NS)])
    assert people_and_events(again) == [(1, Event.CONTINUED)]


@pytest.mark.parametrize(
    'at, size, frames_later',
    [([4.0, 0, 2], 1.0, 20), ([0.1, 0, 2], 1.4, 20), ([0.1, 0, 2], 1.0, 200)],
    ids=['too far', 'of another size', 'too late'],
)
def test_otherwise_it_is_a_new_person(at, size, frames_later):
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    result = tracker.update([body(5, at, frames_later * STEP_NS, size)])
    assert people_and_events(result) == [(5, Event.NEW)]


def test_a_person_who_is_present_is_never_taken_over():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    result = tracker.update([body(5, [0.1, 0, 2], STEP_NS), body(1, [0, 0, 2], STEP_NS)])
    assert dict(people_and_events(result)) == {1: Event.CONTINUED, 5: Event.NEW}


def test_two_lost_people_come_back_to_the_nearer_place():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0), body(2, [0.8, 0, 2], 0)])
    result = tracker.update([body(11, [0.7, 0, 2], STEP_NS), body(12, [0.05, 0, 2], STEP_NS)])
    assert {a.frame.body_id: a.person for a in result} == {11: 2, 12: 1}


def test_a_number_given_to_somebody_else_is_a_new_person():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    result = tracker.update([body(1, [3, 0, 2], STEP_NS, size=0.7)])
    assert people_and_events(result) == [(2, Event.NEW)]
    back = tracker.update(
        [body(1, [3, 0, 2], 2 * STEP_NS, size=0.7), body(8, [0, 0, 2], 2 * STEP_NS)]
    )
    assert dict(people_and_events(back)) == {2: Event.CONTINUED, 1: Event.CONTINUED}


def test_two_people_whose_numbers_are_swapped_stay_who_they_are():
    tracker = Tracker()
    for i in range(5):
        tracker.update([body(1, [0, 0, 2], i * STEP_NS), body(2, [1.5, 0, 2], i * STEP_NS)])
    stamp = 5 * STEP_NS
    swapped = tracker.update([body(2, [0, 0, 2], stamp), body(1, [1.5, 0, 2], stamp)])
    assert [(a.frame.body_id, a.person) for a in swapped] == [(2, 1), (1, 2)]
    assert {a.event for a in swapped} == {Event.CONTINUED}  # nobody's path has a break


def test_after_a_swap_nobody_keeps_a_number_that_is_anothers():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    for i in range(1, 5):
        tracker.update([body(2, [0, 0, 2], i * STEP_NS), body(1, [1.5, 0, 2], i * STEP_NS)])
    other = tracker.person_of(1)
    for i in range(5, 100):  # the other leaves; time makes its reach large
        result = tracker.update([body(1, [0, 0, 2], i * STEP_NS)])
        assert people_and_events(result) == [(1, Event.CONTINUED)]
    assert other != 1


def test_a_new_number_on_an_unbroken_path_is_no_return():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    result = tracker.update([body(9, [0.05, 0, 2], STEP_NS)])
    assert people_and_events(result) == [(1, Event.CONTINUED)]
    assert tracker.person_of(9) == 1


def test_memory_is_bounded_by_the_number_of_people():
    tracker = Tracker(TrackingConfig(max_people=3, left_s=1.0))
    for i in range(200):
        frames = [body(100 * i + k, [5.0 * k, 5.0 * i, 2], i * STEP_NS) for k in range(5)]
        tracker.update(frames)
        assert len(tracker.people) <= 3
    assert tracker.ignored > 100


def test_bodies_without_a_point_and_numbers_that_repeat_are_ignored():
    tracker = Tracker()
    nobody = body(1, [np.nan, 0, 0], 0)
    result = tracker.update([nobody, body(2, [0, 0, 2], 0), body(2, [3, 0, 2], 0)])
    assert people_and_events(result) == [(2, Event.NEW)]
    assert tracker.ignored == 2 and tracker.update([]) == []


def test_missing_joints_do_not_make_a_stranger():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 0)])
    half = body(4, [0.1, 0, 2], STEP_NS)
    half.points[12:] = np.nan
    result = tracker.update([half])
    assert people_and_events(result) == [(1, Event.CONTINUED)]


def test_a_reset_forgets_everybody():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 10**12)])
    tracker.reset()
    assert tracker.people == ()
    assert people_and_events(tracker.update([body(1, [0, 0, 2], 0)])) == [(1, Event.NEW)]


def test_a_clock_that_was_set_back_forgets_everybody():
    tracker = Tracker()
    tracker.update([body(1, [0, 0, 2], 10**12)])
    assert people_and_events(tracker.update([body(3, [0, 0, 2], 0)])) == [(3, Event.NEW)]
    assert tracker.people == (3,)
