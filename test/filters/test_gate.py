import numpy as np

from humandyn_ros.filters import FilterConfig
from humandyn_ros.filters.gate import OutlierGate


def test_the_gate_judges_joints_together_as_it_does_one_by_one(take):
    rng = np.random.default_rng(0)
    together, apart = OutlierGate(FilterConfig(), 2), OutlierGate(FilterConfig(), 3)
    unseen = np.array([True, True, False])  # so that the second never judges all together
    found = 0
    for stamp in take.jittered(100, 5.0):
        points = take.swing(stamp * 1e-9)
        points[:2] += 0.3 * (rng.random((2, 1)) < 0.05) + 0.003 * rng.normal(size=(2, 3))
        a, _ = together.check(int(stamp), points[:2], np.ones(2, bool), np.full(2, 0.003))
        b, _ = apart.check(int(stamp), points, unseen, np.full(3, 0.003))
        assert (a == b[:2]).all() and not b[2]
        found += a.sum()
    assert 20 < found < 100
