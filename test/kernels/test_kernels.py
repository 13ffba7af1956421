import os
import subprocess
import sys

import numpy as np
import pytest

from humandyn_ros import kernels
from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import ConfigError
from humandyn_ros.estimator import Estimator
from humandyn_ros.kernels import Kernel, store
from humandyn_ros.synthetic import person


@pytest.fixture
def restored():
    """Whatever served before serves again."""
    before = kernels.choose()
    yield
    kernels.use(before)


def answers(frames, which):
    kernels.use(which)
    estimator = Estimator('smpl_24', PersonConfig(75.0, 1.75))
    return [estimate for frame in frames for estimate in estimator.push(frame)]


def numbers(estimate):
    state, joints, ground = estimate.state, estimate.dynamics, estimate.ground
    feet = (ground.left, ground.right, *ground.others)
    return np.concatenate(
        [
            *(a.ravel() for a in (state.positions, state.velocities, state.accelerations)),
            *(joints.position, joints.torque, joints.stddev, joints.power, estimate.residual),
            *(np.concatenate([c.force, c.moment, c.centre_of_pressure]) for c in feet),
            [contact.contact for contact in feet],
        ]
    )


@pytest.mark.parametrize(('noise_m', 'faint'), [(0.0, False), (0.01, True)])
def test_twins_give_the_numbers_of_the_functions_they_replace(restored, noise_m, faint):
    pytest.importorskip('numba')
    motion = person('demo', rate_hz=100.0, duration_s=10.0, seed=1, noise_m=noise_m)
    if faint:  # every joint at a confidence of its own
        motion.confidence[:] *= np.linspace(0.5, 1.0, motion.confidence.shape[1])
    frames = list(motion.frames())
    plain, twin = answers(frames, 'numpy'), answers(frames, 'numba')
    assert len(plain) == len(twin) > 500
    for one, other in zip(plain, twin, strict=True):
        np.testing.assert_allclose(numbers(other), numbers(one), rtol=1e-9, atol=1e-9)
        assert other.valid == one.valid


def test_every_kernel_has_a_twin_and_every_twin_a_kernel(restored):
    pytest.importorskip('numba')
    from humandyn_ros.kernels.compiled import TWINS

    assert {one.name for one in kernels._kernels} == set(TWINS)


def test_a_function_serves_until_its_twin_does():
    made = Kernel(abs)
    assert made(-2) == 2
    made.serve(lambda x: 7)
    assert made(-2) == 7
    made.serve(None)
    assert made(-2) == 2


def chosen(tmp_path, **environment):
    code = 'from humandyn_ros import kernels; print(kernels.choose())'
    known = {k: v for k, v in os.environ.items() if k not in ('HUMANDYN_KERNELS',)}
    return subprocess.run(
        [sys.executable, '-c', code],
        env=known | {'NUMBA_CACHE_DIR': str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_numpy_serves_where_nothing_is_compiled_yet(tmp_path):
    assert chosen(tmp_path).stdout == 'numpy\n'


def test_a_wrong_choice_names_the_right_ones(tmp_path):
    assert 'auto, numpy, numba' in chosen(tmp_path, HUMANDYN_KERNELS='cython').stderr


def test_without_numba_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(store, 'installed', lambda: False)
    with pytest.raises(ConfigError, match=r'pip install'):
        kernels.use('numba')
