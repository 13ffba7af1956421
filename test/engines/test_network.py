import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES, coordinates
from humandyn_ros.engines.network import (
    TORQUE_ROWS,
    Floor,
    NetworkBody,
    field,
    output,
    state_of,
)
from humandyn_ros.engines.physics import PhysicsEngine
from humandyn_ros.errors import ModelError
from humandyn_ros.quantities import CANONICAL, GRAVITY, KinematicState, MotionWindow
from humandyn_ros.synthetic import person

MASS = 70.0
STDDEV = np.full(len(COORDINATES), 0.1)


@pytest.fixture(scope='module')
def standing():
    points = person('stand', rate_hz=30.0, duration_s=1.0, seed=0).points[10]
    return KinematicState(
        10**9, points, np.zeros((24, 3)), np.zeros((24, 3)), np.ones(24, bool), np.zeros(24)
    )


def body(names=COORDINATES):
    return NetworkBody(PersonConfig(MASS, 1.75), names, STDDEV)


def test_every_coordinate_projects_the_torque_of_its_joint():
    joints = [CANONICAL.joints[row] for row in TORQUE_ROWS]
    assert dict(zip(COORDINATES, joints, strict=True)) == {
        'hip_flexion_r': 'right_hip', 'hip_adduction_r': 'right_hip',
        'knee_angle_r': 'right_knee', 'ankle_angle_r': 'right_ankle',
        'hip_flexion_l': 'left_hip', 'hip_adduction_l': 'left_hip',
        'knee_angle_l': 'left_knee', 'ankle_angle_l': 'left_ankle',
        'lumbar_extension': 'spine1', 'lumbar_bending': 'spine1', 'lumbar_rotation': 'spine1',
        'arm_flex_r': 'right_shoulder', 'arm_add_r': 'right_shoulder',
        'elbow_flex_r': 'right_elbow', 'arm_flex_l': 'left_shoulder',
        'arm_add_l': 'left_shoulder', 'elbow_flex_l': 'left_elbow',
    }  # fmt: skip


def test_torque_vectors_are_projected_on_the_axes_of_the_coordinates(standing):
    person_ = body()
    torques = np.random.default_rng(0).normal(size=(24, 3))
    feet = person_.feet(standing.positions, np.zeros((2, 3)), np.zeros(2))
    found = person_.dynamics(standing, None, torques, feet).inverse_dynamics
    axes = coordinates(standing.positions, standing.velocities).axes
    knee = COORDINATES.index('knee_angle_r')
    expected = MASS * axes[knee] @ torques[CANONICAL.index['right_knee']]
    assert found.torque[knee] == pytest.approx(expected)
    np.testing.assert_allclose(found.stddev, 0.1 * MASS)
    np.testing.assert_allclose(found.power, found.torque * found.velocity)


def test_torques_in_coordinates_go_before_projected_ones(standing):
    person_ = body(('knee_angle_l',))
    feet = person_.feet(standing.positions, np.zeros((2, 3)), np.zeros(2))
    found = person_.dynamics(standing, np.array([0.5]), np.ones((24, 3)), feet)
    torque = found.inverse_dynamics.torque
    assert torque[COORDINATES.index('knee_angle_l')] == pytest.approx(0.5 * MASS)
    assert np.abs(np.delete(torque, COORDINATES.index('knee_angle_l'))).min() > 0.0


def test_half_the_weight_under_each_foot_leaves_little_unexplained(standing):
    person_ = body()
    person_.look(standing)
    half = np.tile([0.0, 0.0, GRAVITY / 2], (2, 1))
    feet = person_.feet(standing.positions, half, np.ones(2))
    found = person_.dynamics(standing, None, np.zeros((24, 3)), feet)
    np.testing.assert_allclose(found.residual[:3], 0.0, atol=1e-6)
    assert np.abs(found.residual[3:]).max() < 1.0
    reference = PhysicsEngine(PersonConfig(MASS, 1.75)).step(standing)
    for ours, theirs in zip(
        (found.ground.left, found.ground.right),
        (reference.ground.left, reference.ground.right),
        strict=True,
    ):
        assert np.abs(ours.centre_of_pressure - theirs.centre_of_pressure).max() < 0.08


def test_a_foot_is_its_heel_and_ball_and_other_bodies_are_named(standing):
    forces, contact = np.zeros((24, 3)), np.zeros(24)
    ball = CANONICAL.index['left_foot']
    forces[ball] = [0.0, 0.0, GRAVITY]
    forces[CANONICAL.index['right_knee']] = [0.0, 0.0, 3.0]
    contact[[ball, CANONICAL.index['right_knee']]] = 0.9
    left, right, knee = body().bodies(standing.positions, forces, contact)
    assert (left.segment, right.segment, knee.segment) == ('left_foot', 'right_foot', 'right_knee')
    np.testing.assert_allclose(left.force, [0, 0, MASS * GRAVITY])
    np.testing.assert_allclose(left.centre_of_pressure[:2], standing.positions[ball, :2])
    assert np.isnan(right.centre_of_pressure).all()
    assert knee.force[2] == pytest.approx(3.0 * MASS)


def test_missing_joints_are_completed_and_noted(standing):
    positions = standing.positions.copy()
    positions[[CANONICAL.index['left_elbow'], CANONICAL.index['left_wrist']]] = np.nan
    hidden = KinematicState(10**9, positions, standing.velocities, standing.accelerations,
                            standing.seen, standing.stddev)  # fmt: skip
    person_ = body()
    feet = person_.feet(positions, np.zeros((2, 3)), np.zeros(2))
    found = person_.dynamics(hidden, np.zeros(17), None, feet)
    assert np.isfinite(found.inverse_dynamics.torque).all()
    assert any('not seen' in note for note in found.notes)


def test_the_floor_sinks_at_once_and_rises_slowly(standing):
    floor = Floor(rise_s=5.0)
    level = floor.step(standing.positions, 1.75, 0.0)
    assert abs(level) < 0.03
    lower = standing.positions - [0, 0, 0.5]
    assert floor.step(lower, 1.75, 0.03) == pytest.approx(level - 0.5)
    assert floor.step(standing.positions, 1.75, 0.05) == pytest.approx(level - 0.495)
    nobody = np.full((24, 3), np.nan)
    assert floor.step(nobody, 1.75, 0.1) == pytest.approx(level - 0.495)


def test_states_of_a_window_are_its_differences():
    t = np.arange(6) / 30.0
    points = np.zeros((6, 24, 3))
    points[..., 0] = (2.0 * t + 0.5 * 3.0 * t**2)[:, None]
    window = MotionWindow((t * 1e9).astype(np.int64), 30.0, points, np.ones((6, 24), bool))
    for index in (2, 5):
        state = state_of(window, index)
        np.testing.assert_allclose(state.accelerations[:, 0], 3.0, rtol=1e-9)
    np.testing.assert_allclose(state_of(window, 2).velocities[:, 0], 2.0 + 3.0 * t[2], rtol=1e-9)


def test_what_a_model_lacks_or_breaks_is_named():
    with pytest.raises(ModelError, match="no field 'window'"):
        field({}, 'window')
    with pytest.raises(ModelError, match="gave no 'feet', only torque"):
        output({'torque': np.zeros((1, 3))}, 'feet', (3,))
    with pytest.raises(ModelError, match=r'torque has shape \(1, 3\): expected \(1, 4\)'):
        output({'torque': np.zeros((1, 3))}, 'torque', (4,))
    with pytest.raises(ModelError, match='not finite'):
        output({'torque': np.full((1, 3), np.nan)}, 'torque', (3,))
    with pytest.raises(ModelError, match='unknown coordinates elbow'):
        body(('elbow',))
