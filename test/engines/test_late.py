"""Physics a tenth of a second late: its answers, and those between two of them."""

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.late import AGO_S, Late
from humandyn_ros.engines.physics import PhysicsEngine
from humandyn_ros.filters import FilterConfig, make_filter
from humandyn_ros.quantities import GRAVITY
from humandyn_ros.synthetic import person

PERSON = PersonConfig(70.0, 1.75)
UPRIGHT = np.eye(3)


def heard(rate_hz=60.0, duration_s=2.0):
    late, told = Late(PERSON), []
    for frame in person('walk', rate_hz=rate_hz, duration_s=duration_s).frames():
        said = late.see(frame.stamp_ns, frame.points, frame.confidence)
        if said is not None:
            told.append(said)
    return late, told, frame.stamp_ns


def test_it_says_what_the_physics_engine_says_a_tenth_of_a_second_later():
    _, told, newest_ns = heard()
    assert newest_ns - told[-1].stamp_ns == pytest.approx(1e8, abs=1e6)
    engine, now = PhysicsEngine(PERSON), make_filter(FilterConfig(lag_s=0.1))
    for frame in person('walk', rate_hz=60.0, duration_s=2.0).frames():
        state = now.step(frame.stamp_ns, frame.points, frame.confidence)
        if state is not None:
            expected = engine.step(state)
            now.cutoff_hz = engine.cutoff_hz
    left = expected.ground.left.force / (70.0 * GRAVITY)
    np.testing.assert_allclose(told[-1].feet[0], left, atol=1e-9)


def test_between_two_answers_lies_a_straight_line():
    late, told, _ = heard()
    one, other = told[-5], told[-4]
    assert late.at(one.stamp_ns) is one
    middle = late.at((one.stamp_ns + other.stamp_ns) // 2)
    np.testing.assert_allclose(middle.feet, (one.feet + other.feet) / 2, atol=1e-6)
    np.testing.assert_allclose(middle.torque, (one.torque + other.torque) / 2, atol=1e-6)


def test_before_the_first_answer_after_the_last_and_in_a_gap_it_says_nothing():
    late, told, newest_ns = heard()
    assert late.at(newest_ns) is None
    assert late.at(told[0].stamp_ns - 400_000_000) is None
    slow, few, _ = heard(rate_hz=5.0, duration_s=4.0)
    assert slow.at(few[-1].stamp_ns) is few[-1]
    assert slow.at(few[-1].stamp_ns - 90_000_000) is None


def test_the_network_is_told_what_was_said_and_what_was_not():
    late, told, newest_ns = heard()
    features = late.features(newest_ns, UPRIGHT, 1.0)
    known = features[6 * len(AGO_S) : 7 * len(AGO_S)]
    assert known.all()
    feet = features[: 6 * len(AGO_S)].reshape(len(AGO_S), 2, 3)
    apart = [abs(newest_ns - said.stamp_ns - 1e9 * AGO_S[2]) for said in told]
    np.testing.assert_array_equal(feet[2], told[int(np.argmin(apart))].feet)
    late.reset()
    assert not late.features(newest_ns, UPRIGHT, 1.0).any()
    assert len(features) == 7 * len(AGO_S) + len(COORDINATES)
