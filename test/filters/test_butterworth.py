import numpy as np

from humandyn_ros.filters import Butterworth

JOINTS = 3
ALL = np.ones(JOINTS)


def test_butterworth_recovers_constant_velocity_once_it_settled(take):
    estimator = Butterworth(joints=JOINTS)
    states = take.drive(
        estimator, take.jittered(60, 5.0), lambda t: take.parabola(t) * [[1], [1], [0]]
    )
    for state in states[-30:]:
        line = take.parabola(state.stamp_ns * 1e-9) * [[1], [1], [0]]
        np.testing.assert_allclose(state.positions, line, atol=1e-5)
        np.testing.assert_allclose(state.velocities[1], [0.5, -1, 2], atol=1e-5)
        np.testing.assert_allclose(state.accelerations, 0, atol=1e-3)


def test_changing_the_cutoff_of_butterworth_leaves_no_jump(take):
    fixed, changed = Butterworth(joints=JOINTS), Butterworth(joints=JOINTS)
    for i, stamp in enumerate(take.regular(100, 3.0)):
        changed.cutoff_hz = 4.0 if i < 250 else 4.5
        a = fixed.step(int(stamp), take.swing(stamp * 1e-9), ALL)
        b = changed.step(int(stamp), take.swing(stamp * 1e-9), ALL)
        if i == 250:
            np.testing.assert_allclose(b.positions, a.positions, atol=1e-4)
            np.testing.assert_allclose(b.velocities, a.velocities, atol=0.01)
            assert changed.lag_ns < fixed.lag_ns and b.stamp_ns > a.stamp_ns
