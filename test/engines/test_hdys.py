import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.engines.hdys import HdysEngine, differences
from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import MotionWindow
from humandyn_ros.synthetic import person

FIELDS = {
    'input': 'keypoints', 'points': 24, 'latent': 8, 'frames': 4, 'look_ahead': 1,
    'backward': False, 'rate_hz': 30.0, 'coordinates': ['knee_angle_r'],
    'labels': {'muscles': ['soleus_r', 'soleus_l'], 'emg': ['R quad']},
    'torque_stddev_nm_per_kg': [0.1] * 17,
    'outputs': ['latent', 'refined', 'torque', 'muscles', 'emg', 'feet'],
}  # fmt: skip
MASS = 70.0


class Counting:
    """A model whose latent is the number of the frame."""

    def __init__(self):
        self.asked = []

    def run(self, inputs):
        self.asked.append({name: value.copy() for name, value in inputs.items()})
        return {
            'latent': np.full((1, 8), float(len(self.asked))), 'refined': np.ones((1, 8)),
            'torque': np.full((1, 1), 0.5), 'muscles': np.array([[0.3, -0.2]]),
            'emg': np.array([[40.0]]), 'feet': np.array([[0, 0, 9.0, 0, 0, 0.2]]),
        }  # fmt: skip


@pytest.fixture(scope='module')
def motion():
    return person('walk', rate_hz=30.0, duration_s=3.0, seed=0)


def windows(motion, count, start=40):
    for frame in range(start, start + count):
        rows = slice(frame - 1, frame + 2)
        yield MotionWindow(
            motion.stamps_ns[rows], 30.0, motion.points[rows], np.ones((3, 24), bool)
        )


def run(motion, count=5, **changes):
    session = Counting()
    engine = HdysEngine(FIELDS | changes, session, PersonConfig(MASS, 1.75))
    return engine, session, [engine.answer(window) for window in windows(motion, count)]


def test_latents_of_the_frames_before_are_kept_oldest_first(motion):
    _, session, _ = run(motion)
    assert session.asked[0]['known'].tolist() == [[0.0, 0.0, 0.0]]
    assert session.asked[2]['known'].tolist() == [[0.0, 1.0, 1.0]]
    assert session.asked[4]['past'][0, :, 0].tolist() == [2.0, 3.0, 4.0]


def test_answers_are_about_the_frame_before_the_look_ahead(motion):
    engine, _, answers = run(motion)
    assert answers[0] is None
    assert answers[4].stamp_ns == motion.stamps_ns[43]
    assert engine.look_ahead_s == pytest.approx(2 / 30)


def test_muscles_emg_torques_and_forces_become_nouns(motion):
    _, _, answers = run(motion)
    answer = answers[-1]
    assert answer.muscles.names == ('soleus_r', 'soleus_l')
    assert answer.muscles.activation.tolist() == [0.3, 0.0]
    assert answer.emg.activation.tolist() == [40.0]
    assert answer.latent.tolist() == [1.0] * 8
    assert answer.dynamics.ground.left.force[2] == pytest.approx(9.0 * MASS)
    assert answer.dynamics.ground.right.force[2] == 0.0
    assert np.isfinite(answer.dynamics.residual).all()


def test_forgetting_starts_afresh(motion):
    engine, session, _ = run(motion)
    engine.reset()
    assert engine.answer(next(windows(motion, 1))) is None
    assert not session.asked[-1]['known'].any()


def test_differences_of_a_parabola_are_exact():
    t = np.array([-1, 0, 1])[:, None] / 50.0
    values = 2.0 + 3.0 * t + 2.0 * t**2
    np.testing.assert_allclose(differences(values, 50.0), [2.0, 3.0, 4.0])
    assert differences(values, 50.0, backward=True)[0] == values[2, 0]


def test_windows_that_do_not_fit_are_refused(motion):
    engine, _, _ = run(motion, 1)
    six = MotionWindow(motion.stamps_ns[:6], 30.0, motion.points[:6], np.ones((6, 24), bool))
    with pytest.raises(StreamError, match=r'expected \(3, 24, 3\)'):
        engine.answer(six)
    three = MotionWindow(motion.stamps_ns[:3], 50.0, motion.points[:3], np.ones((3, 24), bool))
    with pytest.raises(StreamError, match='the model was trained at'):
        engine.answer(three)
