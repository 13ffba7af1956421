import dataclasses

import numpy as np
import pytest

from humandyn_ros.command import Command, CommandConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.errors import ConfigError
from humandyn_ros.exoskeleton import load_exoskeleton
from humandyn_ros.quantities import (
    ContactForce,
    Estimate,
    GroundReaction,
    InverseDynamics,
    KinematicState,
)

MS = 1_000_000
STEP_NS = 10 * MS
DEVICE = load_exoskeleton('corc_x2')
_STILL = np.zeros((24, 3))
_FOOT = ContactForce('left_foot', np.zeros(3), np.zeros(3), np.zeros(3), 0.0)


def estimate(torque=100.0, *, valid=True, body=1):
    n = len(COORDINATES)
    joints = InverseDynamics(
        COORDINATES, np.zeros(n), np.zeros(n), np.full(n, torque), np.zeros(n), np.zeros(n)
    )
    state = KinematicState(0, _STILL, _STILL, _STILL, np.ones(24, bool), np.zeros(24))
    ground = GroundReaction(_FOOT, _FOOT)
    return Estimate(body, 0, 100.0, valid, '', state, joints, ground, np.zeros(6))


class Rig:
    """A command fed at 100 Hz on a clock of its own; remembers what was commanded."""

    def __init__(self, **config):
        self.command = Command(DEVICE, CommandConfig(**config))
        self.now_ns = 10**10
        self.given = []

    def run(self, seconds, made=estimate, age_ms=100.0):
        for _ in range(round(seconds * 100)):
            self.now_ns += STEP_NS
            if made is not None:
                self.command.see(made(), age_ms, self.now_ns)
            self.given.append(self.command.step(self.now_ns))

    def armed(self):
        self.run(1.0)
        assert self.command.arm(self.now_ns) == ''
        self.run(1.0)
        return self

    def steps(self):
        spoken = [torque for torque in self.given if torque is not None]
        return np.abs(np.diff(np.array([np.zeros(4), *spoken]), axis=0)).max()


def test_nothing_is_said_before_somebody_arms():
    rig = Rig()
    rig.run(3.0)
    assert rig.given == [None] * 300


def test_arming_needs_good_input_for_a_while():
    rig = Rig()
    assert 'no valid estimate' in rig.command.arm(rig.now_ns)
    rig.run(0.3)
    assert 'no valid estimate' in rig.command.arm(rig.now_ns)
    rig.run(0.3)
    assert rig.command.arm(rig.now_ns) == ''


def test_torque_rises_along_the_slew_limit_to_the_scaled_torque():
    rig = Rig().armed()
    np.testing.assert_allclose(rig.given[-1], 20.0)
    assert rig.steps() <= DEVICE.slew_nm_per_s * 0.01 + 1e-9


def test_the_devices_limit_is_never_passed():
    rig = Rig().armed()
    rig.run(2.0, lambda: estimate(1e4))
    assert np.abs(rig.given[-1]).max() == 30.0


def test_on_silence_torque_goes_to_zero_then_it_disarms_and_falls_silent():
    rig = Rig().armed()
    before = len(rig.given)
    rig.run(3.0, None)
    gone = rig.given[before:]
    zero = next(k for k, torque in enumerate(gone) if not torque.any())
    assert zero * 10 <= 100 + 200 + 20  # stale_s, then ramp_s, and a step or two
    assert not rig.command.armed
    assert gone[-1] is None
    last = [torque for torque in gone if torque is not None][-1]
    assert not last.any()
    rig.run(2.0)
    assert rig.given[-1] is None  # good input does not arm


def test_after_a_short_loss_torque_returns_only_once_input_was_good_for_a_while():
    rig = Rig().armed()
    rig.run(0.5, None)
    before = len(rig.given)
    rig.run(1.5)
    back = [torque.any() for torque in rig.given[before:]]
    assert 0.45 <= back.index(True) * 0.01 <= 0.55
    assert rig.steps() <= DEVICE.slew_nm_per_s * 0.01 + 1e-9


@pytest.mark.parametrize(
    'bad',
    [lambda: estimate(valid=False), lambda: estimate(np.nan), lambda: estimate(np.inf)],
    ids=['invalid', 'nan', 'inf'],
)
def test_bad_estimates_count_as_silence(bad):
    rig = Rig().armed()
    rig.run(0.5, bad)
    assert not rig.given[-1].any()
    assert all(np.isfinite(torque).all() for torque in rig.given if torque is not None)


def test_an_estimate_about_the_past_counts_as_silence():
    rig = Rig().armed()
    rig.run(0.5, age_ms=400.0)
    assert not rig.given[-1].any()


def test_another_wearer_disarms():
    rig = Rig().armed()
    rig.run(1.5, lambda: estimate(-100.0, body=2))
    assert rig.given[-1] is None
    assert 'b2' in rig.command.reason
    assert rig.command.arm(rig.now_ns) == ''
    rig.run(1.0, lambda: estimate(-100.0, body=2))
    np.testing.assert_allclose(rig.given[-1], -20.0)
    assert rig.steps() <= DEVICE.slew_nm_per_s * 0.01 + 1e-9


def test_disarming_goes_down_to_zero_and_ends_in_silence():
    rig = Rig().armed()
    rig.command.disarm()
    rig.run(1.0)
    assert rig.given[-1] is None
    assert rig.steps() <= DEVICE.slew_nm_per_s * 0.01 + 1e-9


def test_a_tare_takes_the_present_for_zero():
    rig = Rig()
    assert 'too few' in rig.command.tare()
    rig.armed()
    assert rig.command.tare() == ''
    rig.run(1.0)
    np.testing.assert_allclose(rig.given[-1], 0.0, atol=1e-12)
    rig.run(1.0, lambda: estimate(150.0))
    np.testing.assert_allclose(rig.given[-1], 10.0)


def test_a_stall_of_the_loop_is_no_step():
    rig = Rig().armed()
    rig.now_ns += 50 * MS
    rig.run(0.5, lambda: estimate(-150.0))
    assert rig.steps() <= DEVICE.slew_nm_per_s * 0.02 + 1e-9


@pytest.mark.parametrize('field', [f.name for f in dataclasses.fields(CommandConfig)])
def test_settings_out_of_range_are_refused(field):
    with pytest.raises(ConfigError, match=field):
        CommandConfig(**{field: -1.0})
