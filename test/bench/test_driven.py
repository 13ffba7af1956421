import numpy as np
import pytest

pytest.importorskip('mujoco')

from bench.driven import Acting, _grounded, rows


def acting():
    centre = np.full((6, 2, 3), np.nan)
    centre[:2, 0] = [1.0, 0.0, 0.0]
    centre[5, 0] = [2.0, 0.0, 0.0]
    force = np.full((6, 2, 3), 3.0)
    return Acting(np.zeros((6, 17)), force, centre, np.full((6, 2, 3), np.nan))


def test_in_the_air_nothing_acts_at_the_place_that_is_nearest_in_time():
    force, centre, free = _grounded(acting(), slice(None))
    assert force[:, 0, 2].tolist() == [3.0, 3.0, 0.0, 0.0, 0.0, 3.0]
    assert centre[:, 0, 0].tolist() == [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    assert np.isfinite(free[[2, 3, 4]]).all()


def test_a_foot_that_never_touches_carries_nothing():
    force, centre, _ = _grounded(acting(), slice(None))
    assert not force[:, 1].any() and not centre[:, 1].any()


def test_a_row_is_the_mean_over_people_of_the_mean_over_motions():
    errors = {0: (1.0, 3.0), 1: (6.0, 6.0)}
    results = [
        {'column': 'label', 'rate_hz': rate, 'person': person, 'squared_error_rad2': [value] * 5}
        for rate in (90.0, 120.0, 150.0)
        for person, values in errors.items()
        for value in values
    ]
    assert rows(results) == [('label', *['4'] * 4, *['4 ± 2'] * 3)]
