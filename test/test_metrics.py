import numpy as np
import pytest

from humandyn_ros import metrics
from humandyn_ros.quantities import GRAVITY

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(50, 2, 3)) * 100
ALL = np.ones((50, 2), bool)


def test_a_constant_offset_of_one_foot_is_the_error_of_that_foot():
    estimate = REFERENCE.copy()
    estimate[:, 0] += [30.0, 0.0, 40.0]
    assert metrics.grf_mpje_n_per_kg(estimate, REFERENCE, 50.0, ALL) == pytest.approx((1.0, 0.0))


def test_frames_that_are_not_judged_do_not_count():
    estimate = REFERENCE.copy()
    estimate[10:, :] = np.nan
    judged = ALL.copy()
    judged[10:] = False
    assert metrics.grf_mpje_n_per_kg(estimate, REFERENCE, 50.0, judged) == (0.0, 0.0)


def test_no_judged_frame_gives_nan_not_zero():
    left, right = metrics.grf_mpje_n_per_kg(REFERENCE, REFERENCE, 50.0, ~ALL)
    assert np.isnan(left)
    assert np.isnan(right)


def test_vertical_error_is_in_body_weights():
    estimate = REFERENCE + [1e6, 1e6, 0.1 * 50 * GRAVITY]
    assert metrics.vertical_rmse_bw(estimate, REFERENCE, 50.0, ALL) == pytest.approx((0.1, 0.1))


def test_centre_of_pressure_error_ignores_height_and_unloaded_frames():
    estimate = REFERENCE + [0.03, 0.04, 9.0]
    estimate[5:20, 1] = np.nan
    assert metrics.centre_of_pressure_error_m(estimate, REFERENCE, ALL) == pytest.approx(0.05)


def test_rmse_of_a_sine_against_zero_is_its_effective_value():
    wave = np.sin(np.linspace(0, 2 * np.pi, 1001)[:-1])
    judged = np.ones(1000, bool)
    assert metrics.rmse(wave, np.zeros(1000), judged) == pytest.approx(2**-0.5)


def test_the_baselines_carry_what_their_names_say():
    reference = np.zeros((3, 2, 3))
    reference[0, :, 2] = 400.0  # both feet
    reference[1, 0, 2] = 800.0  # left only; frame 2: flight
    guess = metrics.baselines(reference, 80.0)
    weight = 80.0 * GRAVITY
    assert (guess['zero'] == 0).all()
    assert guess['half'][:, :, 2] == pytest.approx(weight / 2)
    assert guess['split'][..., 2] == pytest.approx(
        np.array([[weight / 2, weight / 2], [weight, 0], [0, 0]])
    )
