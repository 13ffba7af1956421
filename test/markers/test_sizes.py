import numpy as np
import pytest

from humandyn_ros.markers.sizes import MARKER_RADIUS, read_sizes

HEIGHT = np.full((1, 1, 1), 1.7018)


def test_plug_in_gait_parameters_become_metres_per_side():
    sizes = read_sizes(
        {'LKneeWidth': 104.0, 'RKneeWidth': 105.0, 'MarkerDiameter': 10.0, 'Height': 1605.0}, None
    )
    np.testing.assert_allclose(sizes.half_width('knee', HEIGHT)[:, 0], [0.057, 0.0575])
    assert sizes.height == 1.605
    assert sizes.notes == ()


def test_widths_nobody_measured_follow_from_the_height():
    half = read_sizes({}, 1.7018).half_width('knee', HEIGHT)
    assert half.item() == pytest.approx(0.0952 / 2 + MARKER_RADIUS)  # Ross & Wilson 1974


def test_one_measured_side_serves_for_both():
    sizes = read_sizes({'LAnkleWidth': 62.0}, None)
    np.testing.assert_allclose(sizes.widths['ankle'], [0.062, 0.062])


def test_the_callers_height_wins_over_the_files():
    assert read_sizes({'Height': 1605.0}, 1.63).height == 1.63


def test_an_empty_parameter_is_left_out_in_silence_and_an_impossible_one_is_said():
    sizes = read_sizes({'LKneeWidth': 0.0, 'RKneeWidth': 0.105, 'InterAsisDistance': 240.0}, None)
    assert 'knee' not in sizes.widths
    assert sizes.asis_distance == 0.24
    assert sizes.notes == ('RKneeWidth = 0.105 mm is no size of a person and was left out',)
