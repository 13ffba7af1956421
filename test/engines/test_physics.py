"""The physics engine as a whole: signs, sums, missing joints, streams."""

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.physics import PhysicsConfig, PhysicsEngine
from humandyn_ros.quantities import CANONICAL, GRAVITY, KinematicState
from humandyn_ros.upper_body import Completion

INDEX = CANONICAL.index
PERSON = PersonConfig(mass_kg=80.0, height_m=1.8, sex='male')
LEGS = [i for name, i in INDEX.items() if any(k in name for k in ('hip', 'knee', 'ankle'))]


def standing(height=1.8):
    points = np.full((24, 3), np.nan)
    points[0] = [0.0, 0.0, 0.53 * height]
    return Completion(height).step(points, points * 0.0, points * 0.0)[0]


def state(positions, velocities=None, accelerations=None, stamp_ns=0):
    zero = np.where(np.isfinite(positions), 0.0, np.nan)
    return KinematicState(
        stamp_ns,
        positions,
        zero if velocities is None else velocities,
        zero if accelerations is None else accelerations,
        np.isfinite(positions).all(1),
        np.where(np.isfinite(positions[:, 0]), 0.001, np.nan),
    )


def swaying(count=60, rate_hz=100.0, seed=0):
    """States of somebody who shifts from foot to foot, bows and swings the arms."""
    rng = np.random.default_rng(seed)
    size, phase = 0.02 * rng.uniform(size=(24, 3)), rng.uniform(size=(24, 3)) * 6
    size[[INDEX[f'{s}_{j}'] for s in ('left', 'right') for j in ('ankle', 'foot')]] *= 0.1
    w = 2 * np.pi
    for k in range(count):
        t = k / rate_hz
        yield state(
            standing() + size * np.sin(w * t + phase),
            w * size * np.cos(w * t + phase),
            -(w**2) * size * np.sin(w * t + phase),
            stamp_ns=round(t * 1e9),
        )


def torque(dynamics, name):
    found = dynamics.inverse_dynamics
    return found.torque[found.joint_names.index(name)]


def numbers(dynamics):
    feet = (dynamics.ground.left, dynamics.ground.right, *dynamics.ground.others)
    parts = [
        dynamics.residual,
        *(getattr(dynamics.inverse_dynamics, k) for k in ('position', 'velocity', 'torque')),
        *(getattr(dynamics.inverse_dynamics, k) for k in ('stddev', 'power')),
        *(np.concatenate([f.force, f.moment, f.centre_of_pressure, [f.contact]]) for f in feet),
    ]
    return np.concatenate(parts)


def test_feet_carry_the_weight_of_a_standing_person():
    engine = PhysicsEngine(PERSON)
    for k in range(100):
        found = engine.step(state(standing(), stamp_ns=k * 10**7))
    for foot in (found.ground.left, found.ground.right):
        assert foot.force[2] == pytest.approx(40 * GRAVITY, rel=0.01)
    assert np.abs(found.residual).max() < 0.1
    assert not found.notes


def test_contacts_and_residual_together_are_the_wrench_that_the_motion_needs():
    engine = PhysicsEngine(PERSON)
    for given in swaying():
        found = engine.step(given)
        held = (found.ground.left.force + found.ground.right.force) / 80.0
        needed = engine._body.loads(given.positions, given.velocities, given.accelerations).force[
            0
        ]
        np.testing.assert_allclose(held + found.residual[:3], needed, atol=1e-6)


def test_a_bent_knee_that_carries_weight_needs_an_extension_moment():
    positions = standing()
    for side in ('left', 'right'):
        positions[INDEX[f'{side}_knee'], 0] += 0.2
    engine = PhysicsEngine(PERSON)
    for k in range(50):
        found = engine.step(state(positions, stamp_ns=k * 10**7))
    for side in ('r', 'l'):
        assert torque(found, f'knee_angle_{side}') < -10.0
        at = COORDINATES.index(f'knee_angle_{side}')
        assert found.inverse_dynamics.position[at] > 0.5


def test_weight_on_the_balls_needs_a_plantarflexion_moment():
    positions = standing()
    positions[[i for i in range(24) if positions[i, 2] > 0.2], 0] += 0.08
    engine = PhysicsEngine(PERSON)
    for k in range(50):
        found = engine.step(state(positions, stamp_ns=k * 10**7))
    assert torque(found, 'ankle_angle_r') < -10.0
    assert torque(found, 'ankle_angle_l') < -10.0


def test_a_trunk_bent_forward_needs_hip_and_back_extension():
    positions = standing()
    high = positions[:, 2] > 0.53 * 1.8 + 0.01
    rise = positions[high, 2] - 0.53 * 1.8
    positions[high, 0] += 0.7 * rise
    positions[high, 2] -= 0.29 * rise
    engine = PhysicsEngine(PERSON)
    for k in range(50):
        found = engine.step(state(positions, stamp_ns=k * 10**7))
    assert torque(found, 'hip_flexion_r') < -10.0
    assert torque(found, 'lumbar_extension') > 30.0


@pytest.mark.parametrize('side', ['left', 'right'])
def test_an_arm_held_out_needs_abduction_and_one_held_forward_flexion(side):
    for direction, name, sign in (((0, 1, 0), 'arm_add', -1), ((1, 0, 0), 'arm_flex', 1)):
        positions = standing()
        out = np.array(direction, float) * (1 if side == 'left' else (1 if direction[0] else -1))
        shoulder = positions[INDEX[f'{side}_shoulder']]
        for part, distance in (('elbow', 0.3), ('wrist', 0.55), ('hand', 0.63)):
            positions[INDEX[f'{side}_{part}']] = shoulder + distance * out
        found = PhysicsEngine(PERSON).step(state(positions))
        assert sign * torque(found, f'{name}_{side[0]}') > 5.0


def test_mirrored_motion_has_mirrored_torques():
    mirror = [
        INDEX[n.replace('left', '@').replace('right', 'left').replace('@', 'right')]
        for n in CANONICAL.joints
    ]
    flip = np.array([1.0, -1.0, 1.0])
    swap = [
        COORDINATES.index(n[:-1] + {'r': 'l', 'l': 'r'}[n[-1]] if n.endswith(('_r', '_l')) else n)
        for n in COORDINATES
    ]
    sign = np.array(
        [-1.0 if n in ('lumbar_bending', 'lumbar_rotation') else 1.0 for n in COORDINATES]
    )
    one, other = PhysicsEngine(PERSON), PhysicsEngine(PERSON)
    for s in swaying():
        a = one.step(s).inverse_dynamics
        mirrored = state(
            *((x * flip)[mirror] for x in (s.positions, s.velocities, s.accelerations))
        )
        b = other.step(
            KinematicState(
                s.stamp_ns,
                *(getattr(mirrored, k) for k in ('positions', 'velocities', 'accelerations')),
                mirrored.seen,
                mirrored.stddev,
            )
        ).inverse_dynamics
        np.testing.assert_allclose(sign * a.torque[swap], b.torque, atol=1e-6)
        np.testing.assert_allclose(sign * a.position[swap], b.position, atol=1e-9)


def test_torques_scale_with_body_mass():
    light = PhysicsEngine(PersonConfig(mass_kg=40.0, height_m=1.8, sex='male'))
    heavy = PhysicsEngine(PERSON)
    for s in swaying(20):
        np.testing.assert_allclose(
            2 * light.step(s).inverse_dynamics.torque, heavy.step(s).inverse_dynamics.torque
        )


def missing_patterns():
    rng = np.random.default_rng(3)
    yield np.ones(24, dtype=bool)
    yield np.zeros(24, dtype=bool)
    for name in CANONICAL.joints:
        gaps = np.zeros(24, dtype=bool)
        gaps[INDEX[name]] = True
        yield gaps
    for _ in range(40):
        yield rng.uniform(size=24) < rng.uniform()


def test_every_number_is_finite_whatever_is_missing():
    engine = PhysicsEngine(PersonConfig())
    states = list(swaying(70))
    for s, gaps in zip(states, missing_patterns(), strict=False):
        values = [
            np.where(gaps[:, None], np.nan, x)
            for x in (s.positions, s.velocities, s.accelerations)
        ]
        given = KinematicState(s.stamp_ns, *values, ~gaps, np.where(gaps, np.nan, 0.001))
        assert np.isfinite(numbers(engine.step(given))).all()


def test_what_is_assumed_is_said_and_makes_torques_less_certain():
    whole, lower = PhysicsEngine(PERSON), PhysicsEngine(PERSON)
    for s in swaying(10):
        full = whole.step(s)
        gaps = ~np.isin(np.arange(24), [0, *LEGS])
        values = [
            np.where(gaps[:, None], np.nan, x)
            for x in (s.positions, s.velocities, s.accelerations)
        ]
        part = lower.step(KinematicState(s.stamp_ns, *values, ~gaps, s.stddev))
    assert not any('not seen' in note for note in full.notes)
    assert {'trunk not seen: assumed', 'feet not seen: assumed'} <= set(part.notes)
    at = COORDINATES.index('hip_flexion_r')
    assert part.inverse_dynamics.stddev[at] > 1.5 * full.inverse_dynamics.stddev[at]


def test_without_mass_and_height_they_are_measured_or_assumed_and_said():
    engine = PhysicsEngine(PersonConfig())
    for s in swaying(30):
        found = engine.step(s)
    assert any('height measured' in note for note in found.notes)
    assert any('mass assumed' in note for note in found.notes)
    assert engine.mass_kg == pytest.approx(23 * 1.8**2, rel=0.05)


def test_a_fresh_or_reset_engine_gives_the_same_numbers_again():
    engine = PhysicsEngine(PERSON)
    first = [numbers(engine.step(s)) for s in swaying()]
    engine.reset()
    again = [numbers(engine.step(s)) for s in swaying()]
    fresh = PhysicsEngine(PERSON)
    other = [numbers(fresh.step(s)) for s in swaying()]
    np.testing.assert_array_equal(first, other)
    np.testing.assert_allclose(first, again, rtol=1e-6, atol=1e-6)


def test_a_given_cutoff_is_kept_and_otherwise_follows_activity():
    assert PhysicsEngine(PERSON, PhysicsConfig(cutoff_hz=6.5)).cutoff_hz == 6.5
    quiet = PhysicsEngine(PERSON)
    for k in range(200):
        quiet.step(state(standing(), stamp_ns=k * 10**7))
    assert 1.5 < quiet.cutoff_hz < 3.0
