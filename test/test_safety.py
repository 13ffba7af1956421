import dataclasses

import numpy as np
import pytest

from humandyn_ros.limits import Limits
from humandyn_ros.quantities import (
    CANONICAL,
    ContactForce,
    Dynamics,
    GroundReaction,
    InverseDynamics,
    KinematicState,
)
from humandyn_ros.safety import Gate, SafetyConfig

MASS = 70.0
STEP_NS = 10_000_000


def state(stamp_ns: int) -> KinematicState:
    still, places = np.zeros((24, 3)), np.zeros((24, 3))
    places[[CANONICAL.index[f'{side}_knee'] for side in ('left', 'right')], 2] = -0.4
    return KinematicState(stamp_ns, places, still, still, np.ones(24, bool), np.zeros(24))


def answer(torque: float = 50.0) -> Dynamics:
    one = np.ones(1)
    contact = ContactForce('left_foot', np.array([0, 0, 300.0]), np.zeros(3), np.zeros(3), 1.0)
    joints = InverseDynamics(('knee_angle_r',), one, one, torque * one, one, torque * one)
    right = dataclasses.replace(contact, segment='right_foot')
    return Dynamics(joints, GroundReaction(contact, right), np.zeros(6))


def gate(**times: float) -> Gate:
    return Gate(SafetyConfig(**times), Limits.load(), MASS)


def feed(it: Gate, count: int, start: int = 0, torque: float = 50.0):
    return [
        it.admit(1, state((start + k) * STEP_NS), answer(torque), 0.0, ()) for k in range(count)
    ]


def test_torques_become_valid_only_after_input_was_good_for_the_settling_time():
    valid = [e.valid for e in feed(gate(settle_s=0.1), 20)]
    assert valid == [False] * 10 + [True] * 10


def test_torques_are_zero_while_settling_and_rise_within_the_slew_limit():
    torques = [float(e.dynamics.torque[0]) for e in feed(gate(settle_s=0.1), 20, torque=400.0)]
    assert torques[:10] == [0.0] * 10
    allowed = Limits.load().slew_nm_per_kg_s * MASS * STEP_NS * 1e-9
    assert max(np.diff(torques)) <= allowed + 1e-9
    assert torques[-1] == pytest.approx(400.0)


def test_a_short_silence_changes_nothing_and_a_long_one_fades_then_invalidates():
    it = gate(settle_s=0.0, stale_s=0.2, ramp_s=0.2)
    last = feed(it, 3)[-1]
    assert it.fade(0.19, 'silence') is None
    half = it.fade(0.3, 'silence')
    gone = it.fade(0.5, 'silence')
    assert half is not None
    assert gone is not None
    assert half.valid
    assert half.dynamics.torque == pytest.approx(last.dynamics.torque / 2)
    assert half.ground.left.force == pytest.approx(last.ground.left.force / 2)
    assert not gone.valid
    assert gone.dynamics.torque == pytest.approx([0.0])


def test_a_faded_estimate_keeps_its_stamp_and_grows_old():
    it = gate(settle_s=0.0)
    last = feed(it, 3)[-1]
    faded = it.fade(1.5, 'occluded')
    assert faded is not None
    assert faded.stamp_ns == last.stamp_ns
    assert faded.age_ms == pytest.approx(1500.0)
    assert 'occluded' in faded.reason


def test_after_a_fade_validity_has_to_be_earned_again():
    it = gate(settle_s=0.05)
    feed(it, 10)
    it.fade(1.0, 'silence')
    valid = [e.valid for e in feed(it, 10, start=100)]
    assert valid == [False] * 5 + [True] * 5


def test_nothing_fades_before_anything_was_admitted():
    assert gate().fade(10.0, 'silence') is None


def test_an_unseen_leg_a_wild_acceleration_and_a_nan_are_problems():
    it, good = gate(), state(0)
    assert it.problem(good) == ''
    assert it.flaw(answer()) == ''
    seen = good.seen.copy()
    seen[CANONICAL.index['left_knee']] = False
    assert 'left_knee' in it.problem(dataclasses.replace(good, seen=seen))
    collapsed = dataclasses.replace(good, positions=np.zeros((24, 3)))
    assert 'not a person' in it.problem(collapsed)
    large = dataclasses.replace(good, positions=1000.0 * good.positions)
    assert 'not in metres' in it.problem(large)
    wild = np.zeros((24, 3))
    wild[5, 2] = 1e4
    assert 'tracker jumped' in it.problem(dataclasses.replace(good, accelerations=wild))
    assert 'finite' in it.flaw(answer(torque=float('nan')))


def test_forgetting_starts_from_zero_again():
    it = gate(settle_s=0.05)
    feed(it, 10)
    it.forget()
    assert it.last is None
    assert not feed(it, 1, start=10)[0].valid
