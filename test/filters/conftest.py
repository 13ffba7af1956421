"""Motions and stamps that the filters are tested with."""

from types import SimpleNamespace

import numpy as np
import pytest

JOINTS = 3
ALL = np.ones(JOINTS)


def drive(estimator, stamps_ns, motion, confidence=None):
    """Every state the estimator answers; `motion(t)` gives points (J, 3) at t in s."""
    states = []
    for i, stamp in enumerate(stamps_ns):
        weights = ALL if confidence is None else confidence[i]
        state = estimator.step(int(stamp), motion(stamp * 1e-9), weights)
        if state is not None:
            states.append(state)
    return states


def regular(rate_hz, seconds):
    return np.round(np.arange(int(rate_hz * seconds)) * 1e9 / rate_hz).astype(np.int64)


def jittered(rate_hz, seconds, seed=0):
    """Irregular stamps with one frame in ten dropped."""
    rng = np.random.default_rng(seed)
    stamps = regular(rate_hz, seconds)
    stamps = stamps + rng.uniform(-0.2e9 / rate_hz, 0.2e9 / rate_hz, len(stamps)).astype(int)
    return stamps[rng.random(len(stamps)) > 0.1]


def parabola(t):
    return np.array([[1.0, 2.0, -3.0], [0.5 * t, -t, 2.0 * t], [t * t, -3 * t * t, t + t * t]])


def parabola_rates(t):
    velocity = np.array([[0, 0, 0], [0.5, -1, 2], [2 * t, -6 * t, 1 + 2 * t]])
    return velocity, np.array([[0, 0, 0], [0, 0, 0], [2.0, -6, 2]])


def swing(t, hz=1.0):
    """A smooth motion of 0.3 m amplitude."""
    phase = 2 * np.pi * hz * t + np.arange(JOINTS)[:, None] + np.array([0.0, 0.5, 2.0])
    return 0.3 * np.sin(phase)


def noisy(motion, stddev_m, seed=0):
    rng = np.random.default_rng(seed)
    return lambda t: motion(t) + stddev_m * rng.normal(size=(JOINTS, 3))


@pytest.fixture(scope='session')
def take():
    """Everything above."""
    functions = (drive, regular, jittered, parabola, parabola_rates, swing, noisy)
    return SimpleNamespace(**{function.__name__: function for function in functions})
