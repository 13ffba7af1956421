"""The hybrid engine: its inputs, its answers, and physics beside it where there is look-ahead."""

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.coordinates import COORDINATES
from humandyn_ros.engines.hybrid import FEATURES, LAGS_S, HybridEngine
from humandyn_ros.engines.physics import PhysicsEngine
from humandyn_ros.errors import ModelError
from humandyn_ros.filters import FilterConfig, make_filter
from humandyn_ros.quantities import GRAVITY, Dynamics
from humandyn_ros.synthetic import person

FIELDS = {'features': FEATURES, 'torque_stddev_nm_per_kg': [0.1] * len(COORDINATES)}
COUNT = len(LAGS_S)


class Half:
    """A model that says: half the weight on each foot now, less at every instant before."""

    def __init__(self, seat=0.0):
        self.inputs = []
        self.seat = seat

    def run(self, inputs):
        self.inputs.append(inputs['features'])
        forces = np.zeros((1, COUNT, 3, 3), np.float32)
        forces[:, :, :2, 2] = 0.5 - 0.05 * np.arange(COUNT)[:, None]
        forces[:, :, 2, 2] = self.seat
        return {
            'forces': forces,
            'contact': np.ones((1, COUNT, 2), np.float32),
            'ball': np.full((1, COUNT, 2), 0.75, np.float32),
            'torque': np.full((1, COUNT, len(COORDINATES)), 0.1, np.float32),
        }


def answers(lag_s, offset=(0.0, 0.0, 0.0), seconds=2.5, noise_m=0.0, seat=0.0):
    engine = HybridEngine(FIELDS, session := Half(seat), PersonConfig(70.0, 1.75))
    random = np.random.default_rng(1)
    now = make_filter(FilterConfig(lag_s=lag_s))
    found = []
    for frame in person('walk', rate_hz=60.0, duration_s=seconds).frames():
        points = frame.points + np.asarray(offset)
        points = points + noise_m * random.standard_normal(points.shape)
        engine.see(frame.stamp_ns, points, frame.confidence)
        state = now.step(frame.stamp_ns, points, frame.confidence)
        if state is not None:
            found.append((state, engine.step(state)))
    return engine, session, found


def test_forces_and_torques_come_from_the_model_in_the_persons_units():
    _, session, found = answers(0.0)
    told = [answer for _, answer in found if isinstance(answer, Dynamics)]
    assert len(told) > 50
    assert session.inputs[0].shape == (1, FEATURES)
    assert session.inputs[0].dtype == np.float32
    early = told[1]  # nothing was remembered yet
    state = next(state for state, answer in found if answer is early)
    for side, foot in (('left', early.ground.left), ('right', early.ground.right)):
        np.testing.assert_allclose(foot.force, [0.0, 0.0, 35.0 * GRAVITY], atol=1e-3)
        ankle, ball = (
            state.positions[state_row] for state_row in _rows(side)
        )  # three quarters of the way from the heel, which is a third behind the ankle
        expected = ankle + (ball - ankle) * (-1 / 3 + 0.75 * 4 / 3)
        np.testing.assert_allclose(foot.centre_of_pressure[:2], expected[:2], atol=1e-6)
    torque = early.inverse_dynamics.torque
    assert np.ptp(torque) < 1e-3
    assert 50.0 < torque[0] < 75.0  # 0.1 body weights times leg length


def _rows(side):
    from humandyn_ros.quantities import CANONICAL

    return CANONICAL.index[f'{side}_ankle'], CANONICAL.index[f'{side}_foot']


def test_it_says_why_it_does_not_answer_yet():
    _, _, found = answers(0.0)
    assert 'of motion are known yet' in found[0][1]


def test_where_one_walks_makes_no_difference():
    (_, here, _), (_, there, _) = answers(0.0), answers(0.0, (3.0, -2.0, 0.0))
    np.testing.assert_allclose(here.inputs[-1], there.inputs[-1], atol=2e-4)


def test_an_older_instant_is_asked_for_where_the_filter_lags():
    """A lag shorter than physics needs: the answer lies between those of two instants."""
    _, _, found = answers(1.0 / 60.0)
    answer = next(answer for _, answer in found if isinstance(answer, Dynamics))
    expected = 70.0 * GRAVITY * (0.5 - 0.05 * 0.5)
    assert answer.ground.left.force[2] == pytest.approx(expected, rel=0.01)


def test_with_look_ahead_the_answer_lies_between_network_and_physics():
    _, session, found = answers(0.1)
    assert session.inputs
    physics = PhysicsEngine(PersonConfig(70.0, 1.75))
    for state, _ in found:
        expected = physics.step(state)
    answer = found[-1][1]
    network = 0.1 * 70.0 * GRAVITY * 0.92  # torque: body weight times a leg of about 0.92 m
    torque = answer.inverse_dynamics.torque
    np.testing.assert_allclose(
        torque, 0.7 * expected.inverse_dynamics.torque + 0.3 * network, atol=0.3 * 6.0
    )
    np.testing.assert_array_equal(
        answer.ground.left.centre_of_pressure, expected.ground.left.centre_of_pressure
    )


def test_what_physics_corrects_is_remembered():
    """A model that never lifts a foot is put right after a few steps."""
    _, _, found = answers(0.0, seconds=5.0)
    physics, late = PhysicsEngine(PersonConfig(70.0, 1.75)), make_filter(FilterConfig(lag_s=0.1))
    truth = {}
    for frame in person('walk', rate_hz=60.0, duration_s=5.0).frames():
        if state := late.step(frame.stamp_ns, frame.points, frame.confidence):
            truth[state.stamp_ns] = physics.step(state).ground.left.force[2]
    told = [
        (answer.ground.left.force[2], truth[state.stamp_ns])
        for state, answer in found
        if isinstance(answer, Dynamics) and state.stamp_ns in truth
    ]
    later = np.array(told[-90:])
    off = np.abs(later[:, 0] - later[:, 1]).mean()
    assert off < 0.4 * np.abs(35.0 * GRAVITY - later[:, 1]).mean()


def test_beside_noisy_physics_the_network_is_put_right_by_the_steps_before():
    """A model that never lifts a foot, and yet nearer to the truth than a plain mean with it."""
    clean, noisy = PhysicsEngine(PersonConfig(70.0, 1.75)), PhysicsEngine(PersonConfig(70.0, 1.75))
    found = answers(0.1, seconds=8.0, noise_m=0.01)[2]
    truth = [clean.step(state).ground.left.force for state, _ in answers(0.1, seconds=8.0)[2]]
    half = np.array([0.0, 0.0, 35.0 * GRAVITY])
    plain = [0.7 * noisy.step(state).ground.left.force + 0.3 * half for state, _ in found]
    both = [answer.ground.left.force for _, answer in found]
    last = slice(-120, None)
    off = [np.linalg.norm(np.subtract(one, truth)[last], axis=1).mean() for one in (both, plain)]
    assert off[0] < 0.7 * off[1]


def test_physics_answers_alone_where_the_network_sits_a_walker_down():
    _, _, found = answers(0.1, seat=0.4)
    physics = PhysicsEngine(PersonConfig(70.0, 1.75))
    for state, _ in found:
        expected = physics.step(state)
    ground = found[-1][1].ground
    np.testing.assert_allclose(ground.left.force, expected.ground.left.force, atol=1e-9)
    np.testing.assert_allclose(ground.right.force, expected.ground.right.force, atol=1e-9)


def test_a_model_of_other_features_is_refused():
    with pytest.raises(ModelError, match='export it again'):
        HybridEngine({**FIELDS, 'features': 3}, Half(), PersonConfig())


def test_after_a_reset_the_past_is_unknown():
    engine, _, found = answers(0.0)
    state = found[-1][0]
    engine.reset()
    assert isinstance(engine.step(state), str)


def test_what_was_said_with_little_past_is_not_held_against_the_network():
    _, _, found = answers(0.0, seconds=0.9)
    told = [a.ground.left.force[2] for _, a in found if isinstance(a, Dynamics)]
    assert len(told) > 20 and np.ptp(told) < 1e-6 * max(told)
