import numpy as np
import pytest

from humandyn_ros.filters import NoiseLevel

JOINTS = 3
ALL = np.ones(JOINTS)


@pytest.mark.parametrize('rate_hz', [30, 100])
@pytest.mark.parametrize('stddev_m', [0.0005, 0.005, 0.02])
def test_the_noise_level_is_measured_in_spite_of_motion_and_spikes(rate_hz, stddev_m, take):
    level = NoiseLevel(JOINTS)
    motion = take.noisy(lambda t: take.swing(t, 0.8), stddev_m)
    for i, stamp in enumerate(take.jittered(rate_hz, 400.0 / rate_hz * 3)):
        points = motion(stamp * 1e-9) + (1.0 if i % 50 == 0 else 0.0)
        level.step(int(stamp), points.ravel(), ALL)
    np.testing.assert_allclose(level.stddev, stddev_m, rtol=0.5)
