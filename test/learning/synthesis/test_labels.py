import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import coordinates
from humandyn_ros.engines.physics import PhysicsEngine
from humandyn_ros.learning.synthesis.angles import many_coordinates
from humandyn_ros.learning.synthesis.correction import antiderivative, corrected, trusted
from humandyn_ros.learning.synthesis.labels import Body, Kinematics, Labeller
from humandyn_ros.learning.synthesis.loads import BEYOND, WholeBody
from humandyn_ros.quantities import CANONICAL, GRAVITY, KinematicState
from humandyn_ros.synthetic import person

RATE_HZ, MASS_KG, HEIGHT_M = 100.0, 70.0, 1.75


def motion_of(kind, seed=1):
    recording = person(kind, rate_hz=RATE_HZ, seed=seed)
    time = recording.stamps_ns * 1e-9
    spline = make_interp_spline(time, recording.points, k=5)
    return Kinematics(
        RATE_HZ, recording.points, spline.derivative(1)(time), spline.derivative(2)(time), 0.0473
    )


@pytest.fixture(scope='module')
def walk():
    return motion_of('walk')


@pytest.fixture(scope='module')
def squat():
    return motion_of('squat')


def test_many_coordinates_are_those_of_one_instant_at_a_time(walk):
    angle, rate, axes = many_coordinates(walk.points, walk.velocities)
    for k in range(0, len(angle), 97):
        one = coordinates(walk.points[k], walk.velocities[k])
        np.testing.assert_allclose(angle[k], one.angle, atol=1e-9)
        np.testing.assert_allclose(rate[k], one.rate, atol=1e-4)
        np.testing.assert_allclose(axes[k], one.axes, atol=1e-9)


def test_every_joint_lies_beyond_the_pelvis_and_nothing_beyond_a_hand():
    assert BEYOND[0].all()
    assert BEYOND[CANONICAL.index['left_hand']].sum() == 1


def test_the_whole_body_needs_its_weight_and_its_momentum(walk):
    loads = WholeBody('average').loads(walk.points, walk.velocities, walk.accelerations)
    spline = make_interp_spline(np.arange(len(walk.points)) / RATE_HZ, loads.origin + loads.centre)
    lifted = spline.derivative(2)(np.arange(len(walk.points)) / RATE_HZ)
    inner = slice(50, -50)
    assert np.abs(loads.force[inner, 0] - lifted[inner] - [0, 0, GRAVITY]).max() < 0.8


def test_labels_of_a_quiet_motion_agree_with_the_live_engine(squat):
    labels = Labeller(Body(MASS_KG, HEIGHT_M), slack=1.0).label(squat)
    engine = PhysicsEngine(PersonConfig(MASS_KG, HEIGHT_M))
    seen, unsure = np.ones(24, bool), np.zeros(24)
    live = [
        engine.step(KinematicState(int(1e7 * k), p, v, a, seen, unsure))
        for k, (p, v, a) in enumerate(
            zip(squat.points, squat.velocities, squat.accelerations, strict=True)
        )
    ]
    torque = np.array([d.inverse_dynamics.torque for d in live])
    force = np.array([[d.ground.left.force, d.ground.right.force] for d in live])
    assert np.abs(labels.ground_force - force)[20:].mean() < 0.01 * MASS_KG
    assert np.abs(labels.torque_rajagopal - torque)[20:].mean() < 0.01 * MASS_KG


def test_contact_forces_of_all_joints_are_those_of_the_feet(walk):
    labels = Labeller(Body(MASS_KG, HEIGHT_M)).label(walk)
    np.testing.assert_allclose(labels.contact_force.sum(1), labels.ground_force.sum(1), atol=0.05)
    mean = labels.ground_force.sum(1)[:, 2].mean()
    assert mean == pytest.approx(MASS_KG * GRAVITY, rel=0.02)


def test_the_torque_at_the_pelvis_is_what_contacts_leave_unexplained(squat):
    labels = Labeller(Body(MASS_KG, HEIGHT_M)).label(squat)
    loads = WholeBody('average').loads(squat.points, squat.velocities, squat.accelerations)
    force, moment = MASS_KG * labels.residual[:, :3], MASS_KG * labels.residual[:, 3:]
    about_pelvis = moment + np.cross(loads.centre, force)
    np.testing.assert_allclose(labels.torque_smpl[:, 0], about_pelvis, atol=1e-6)


def test_free_fall_needs_no_contact():
    drop = 3.0 - 0.5 * GRAVITY * (np.arange(40) / RATE_HZ) ** 2
    rest = person('stand', rate_hz=RATE_HZ).points[:40]
    rest = np.broadcast_to(rest[:1], rest.shape) + drop[:, None, None] * [0, 0, 1]
    falling = np.broadcast_to([0.0, 0.0, -GRAVITY], rest.shape)
    speed = -GRAVITY * np.arange(40)[:, None, None] / RATE_HZ * np.array([0.0, 0.0, 1.0])
    motion = Kinematics(RATE_HZ, rest, np.broadcast_to(speed, rest.shape), falling, 0.047)
    labels = Labeller(Body(MASS_KG, HEIGHT_M)).label(motion)
    assert np.abs(labels.contact_force).max() < 1e-6
    assert np.abs(labels.torque_smpl).max() < 1e-6


def test_who_lies_is_carried_by_the_back_and_not_by_the_feet():
    rest = person('stand', rate_hz=RATE_HZ).points[:30] * 1.0
    lying = np.stack([rest[..., 2], rest[..., 1], -rest[..., 0]], -1)  # on the back
    lying[..., 2] += 0.095
    still = np.zeros_like(lying)
    labels = Labeller(Body(MASS_KG, HEIGHT_M)).label(
        Kinematics(RATE_HZ, lying, still, still, 0.047)
    )
    feet = [CANONICAL.index[f'{s}_{j}'] for s in ('left', 'right') for j in ('ankle', 'foot')]
    carried = labels.contact_force.sum(1)[:, 2] / (MASS_KG * GRAVITY)
    assert carried.mean() > 0.9
    assert labels.contact_force[:, feet, 2].sum(1).mean() < 0.35 * MASS_KG * GRAVITY


def test_the_correction_has_the_second_derivative_that_was_wanted():
    time = np.arange(400) / RATE_HZ
    wanted = np.stack([np.sin(2 * np.pi * 3 * time), np.cos(2 * np.pi * 5 * time)], 1)
    found = antiderivative(wanted, RATE_HZ, 0.3)
    second = (found[2:] - 2 * found[1:-1] + found[:-2]) * RATE_HZ**2
    assert np.abs(second - wanted[1:-1])[20:-20].max() < 0.05


def test_root_correction_lowers_the_residual_and_opens_the_gate(walk):
    labeller = Labeller(Body(MASS_KG, HEIGHT_M))
    before, after = (labeller.label(m).residual for m in (walk, corrected(walk, labeller)))
    force = [np.median(np.linalg.norm(r[:, :3], axis=1)) / GRAVITY for r in (before, after)]
    assert force[1] < 0.5 * force[0] and force[1] < 0.01
    assert trusted(after, RATE_HZ).mean() > trusted(before, RATE_HZ).mean() + 0.3


def test_the_gate_closes_around_a_bad_frame():
    residual = np.zeros((100, 6))
    residual[50, 2] = 0.2 * GRAVITY
    gate = trusted(residual, RATE_HZ, 0.03)
    assert not gate[47:54].any() and gate[:47].all() and gate[54:].all()
