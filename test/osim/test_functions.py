from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from humandyn_ros.errors import RecordingError
from humandyn_ros.osim.functions import read_function, spline

AT = np.linspace(-1.0, 3.0, 41)


def function(text: str):
    return read_function(ElementTree.fromstring(f'<holder>{text}</holder>'), 'axis')


def test_a_cubic_is_reproduced_exactly_by_its_spline():
    x = np.array([-1.0, 0.0, 0.7, 1.5, 3.0])
    cubic = np.array([0.3, -1.0, 0.5, 2.0])
    np.testing.assert_allclose(spline(x, np.polyval(cubic, x))(AT), np.polyval(cubic, AT))


def test_a_spline_is_smooth_inside_and_meets_its_knots():
    x = np.array([0.0, 0.4, 1.0, 1.7, 2.0])
    y = np.array([0.0, 1.0, 0.5, 0.8, -0.2])
    value = spline(x, y)
    np.testing.assert_allclose(value(x), y, atol=1e-15)
    # Two cubics that agree at five knots and in both end slopes are the same spline.
    h = 1e-6
    slopes = (
        float((value(x[:1] + h) - y[0])[0] / h),
        float((y[-1] - value(x[-1:] - h))[0] / h),
    )
    same = CubicSpline(x, y, bc_type=((1, slopes[0]), (1, slopes[1])))
    inside = np.linspace(0.0, 2.0, 50)
    np.testing.assert_allclose(value(inside), same(inside), atol=1e-5)


def test_beyond_its_ends_a_spline_goes_on_straight():
    value = spline(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 8.0, 27.0]))
    outside = value(np.array([3.0, 4.0, 5.0]))
    np.testing.assert_allclose(np.diff(outside), 27.0)  # slope of x³ at 3


def test_two_knots_make_a_line_and_three_a_parabola():
    np.testing.assert_allclose(spline(np.array([0.0, 2.0]), np.array([1.0, 5.0]))(AT), 1 + 2 * AT)
    x = np.array([-1.0, 0.0, 3.0])
    np.testing.assert_allclose(spline(x, x**2)(AT), AT**2, atol=1e-12)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('<Constant><value>2.5</value></Constant>', np.full_like(AT, 2.5)),
        ('<LinearFunction><coefficients>2 1</coefficients></LinearFunction>', 2 * AT + 1),
        (
            '<PolynomialFunction><coefficients>1 0 -3</coefficients></PolynomialFunction>',
            AT**2 - 3,
        ),
        (
            '<MultiplierFunction><function><LinearFunction><coefficients>1 0</coefficients>'
            '</LinearFunction></function><scale>0.5</scale></MultiplierFunction>',
            0.5 * AT,
        ),
        (
            '<PiecewiseLinearFunction><x>0 1 2</x><y>0 1 0</y></PiecewiseLinearFunction>',
            np.interp(AT, [0, 1, 2], [0, 1, 0]),
        ),
        (
            '<Sine><amplitude>2</amplitude><omega>3</omega><phase>1</phase><offset>4</offset>'
            '</Sine>',
            2 * np.sin(3 * AT + 1) + 4,
        ),
        (
            '<function><Constant><value>1</value></Constant></function>',
            np.ones_like(AT),
        ),
    ],
)
def test_each_kind_of_function_gives_its_formula(text: str, expected):
    np.testing.assert_allclose(function(text)(AT), expected, atol=1e-12)


def test_an_unknown_function_is_named_with_the_known_ones():
    with pytest.raises(RecordingError, match=r'axis: no function.*StepFunction.*SimmSpline'):
        function('<StepFunction><x>0</x></StepFunction>')


def test_a_function_with_broken_numbers_is_an_error():
    with pytest.raises(RecordingError, match='SimmSpline cannot be read'):
        function('<SimmSpline><x>0 one 2</x><y>0 1 2</y></SimmSpline>')
    with pytest.raises(RecordingError, match='increasing x'):
        function('<SimmSpline><x>0 2 1</x><y>0 1 2</y></SimmSpline>')
