import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.imdys import ImdysEngine, default_stddev, point_states
from humandyn_ros.errors import ModelError, StreamError
from humandyn_ros.quantities import CANONICAL, GRAVITY, MotionWindow
from humandyn_ros.synthetic import person

FIELDS = {
    'input': 'joints', 'points': 24, 'window': {'before': 2, 'after': 3}, 'rate_hz': 30.0,
    'heading': True, 'coordinates': [], 'torque_stddev_nm_per_kg': [0.1] * 17,
    'outputs': ['torque', 'ground', 'contact', 'plausibility'],
}  # fmt: skip
MASS = 70.0


class Fixed:
    """A model that always says the same, and remembers what it was asked."""

    def __init__(self, **changes):
        ground = np.zeros((1, 2, 24, 3))
        ground[0, :, CANONICAL.index['left_foot']] = [1.0, 0.0, GRAVITY]
        contact = (ground[..., 2] > 0).astype(float)
        self.outputs = {
            'torque': np.zeros((1, 23, 3)), 'ground': ground, 'contact': contact,
            'plausibility': np.array([0.75]), 'joint_torque': np.full((1, 1), 0.5),
            'feet': np.full((1, 2, 2, 3), 2.0), 'feet_contact': np.array([[[0.9, 0.1]] * 2]),
        } | changes  # fmt: skip

    def run(self, inputs):
        self.inputs = inputs
        return self.outputs


@pytest.fixture(scope='module')
def window():
    motion = person('walk', rate_hz=30.0, duration_s=3.0, seed=0)
    return MotionWindow(
        motion.stamps_ns[40:46], 30.0, motion.points[40:46], np.ones((6, 24), bool)
    )


def engine(session=None, **changes):
    return ImdysEngine(FIELDS | changes, session or Fixed(), PersonConfig(MASS, 1.75))


def test_the_answer_is_about_the_frame_before_the_look_ahead(window):
    answer = engine().answer(window)
    assert answer.stamp_ns == window.stamps_ns[2]
    assert engine().look_ahead_s == pytest.approx(0.1)
    assert answer.plausibility == 0.75
    assert answer.torques.shape == (24, 3)


def test_forces_come_back_in_the_axes_of_the_world(window):
    answer = engine().answer(window)
    force = answer.dynamics.ground.left.force
    assert np.linalg.norm(force[:2]) == pytest.approx(MASS)
    ahead = window.points[5, 0, :2] - window.points[0, 0, :2]
    assert force[:2] @ ahead / np.linalg.norm(ahead) > 0.9 * MASS  # walks where it faces
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    turned = MotionWindow(window.stamps_ns, 30.0, window.points @ turn.T, window.seen)
    other = engine().answer(turned).dynamics.ground.left.force
    np.testing.assert_allclose(other, turn @ force, atol=1e-6)


def test_without_contact_there_is_no_force(window):
    contact = np.full((1, 2, 24), 0.4)
    answer = engine(Fixed(contact=contact)).answer(window)
    assert np.linalg.norm(answer.dynamics.ground.left.force) == 0.0


def test_a_head_for_feet_and_joint_torques_goes_first(window):
    names = ['torque', 'ground', 'contact', 'joint_torque', 'feet', 'feet_contact']
    answer = engine(outputs=names, coordinates=['knee_angle_r']).answer(window)
    knee = COORDINATES.index('knee_angle_r')
    assert answer.dynamics.inverse_dynamics.torque[knee] == pytest.approx(0.5 * MASS)
    assert answer.dynamics.ground.left.force[2] == pytest.approx(2.0 * MASS)
    assert np.linalg.norm(answer.dynamics.ground.right.force) == 0.0
    assert answer.plausibility is None


def test_joints_that_are_not_seen_are_masked(window):
    points = window.points.copy()
    points[3, CANONICAL.index['left_wrist']] = np.nan
    session = Fixed()
    answer = engine(session).answer(MotionWindow(window.stamps_ns, 30.0, points, window.seen))
    wrist = CANONICAL.index['left_wrist']
    assert session.inputs['seen'][0, wrist] == 0.0
    assert (session.inputs['states'][0, wrist] == 0.0).all()
    assert np.isfinite(answer.dynamics.inverse_dynamics.torque).all()


def test_velocities_are_per_frame_and_one_sided_at_the_ends():
    points = np.zeros((3, 1, 3))
    points[:, 0, 0] = [0.0, 1.0, 4.0]
    states, seen = point_states(points)
    np.testing.assert_allclose(states[0, :, 3], [1.0, 2.0, 3.0])
    assert seen.tolist() == [1.0]


def test_windows_that_do_not_fit_are_refused(window):
    with pytest.raises(StreamError, match=r'window of shape \(5, 24, 3\): the model takes'):
        engine().answer(
            MotionWindow(window.stamps_ns[:5], 30.0, window.points[:5], window.seen[:5])
        )
    with pytest.raises(StreamError, match='the model was trained at'):
        engine().answer(MotionWindow(window.stamps_ns, 60.0, window.points, window.seen))
    with pytest.raises(StreamError, match='30 markers at most'):
        engine(input='markers', points=30).answer(window, markers=np.zeros((6, 31, 3)))


def test_models_that_do_not_fit_are_refused(window):
    with pytest.raises(ModelError, match=r'torque has shape \(1, 22, 3\)'):
        engine(Fixed(torque=np.zeros((1, 22, 3)))).answer(window)
    with pytest.raises(ModelError, match='neither ground nor feet'):
        engine(outputs=['torque']).answer(window)
    with pytest.raises(ModelError, match="no field 'rate_hz'"):
        ImdysEngine({k: v for k, v in FIELDS.items() if k != 'rate_hz'}, Fixed(), PersonConfig())


def test_coordinates_without_a_figure_get_the_worst_one():
    found = default_stddev(np.array([0.2, 0.9]), ('knee_angle_r', 'hip_flexion_r'))
    assert found[COORDINATES.index('knee_angle_r')] == 0.2
    assert found[COORDINATES.index('elbow_flex_l')] == 0.9
