"""The picture itself, drawn with NumPy; test/learning/nets/draction compares it with torch."""

import numpy as np
import pytest

from humandyn_ros.drawing import Drawing, Style, strokes
from humandyn_ros.errors import ModelError, SkeletonError
from humandyn_ros.quantities import CANONICAL, Skeleton

RED, BLUE = (6.0, -6.0, -6.0), (-6.0, -6.0, 6.0)


def plain(style=None, skeleton=CANONICAL, ink=8.0, width=0.05, colour=(6.0, 6.0, 6.0)):
    """A drawing whose strokes are all alike: no modulation, no colours of depth."""
    parameters = {
        'ink': np.tile(np.array([*colour, ink, np.log(width)], np.float32), (6, 2, 1)),
        'person': np.zeros((2, 5), np.float32),
        'modulation.0.weight': np.zeros((4, 12), np.float32),
        'modulation.0.bias': np.zeros(4, np.float32),
        'modulation.2.weight': np.zeros((5, 4), np.float32),
        'modulation.2.bias': np.zeros(5, np.float32),
        'mix': np.float32(-20.0),
        'speed_gain': np.float32(0.0),
    }
    style = style or Style(height=48, width=48, heading='world', azimuth_deg=0, elevation_deg=0)
    return Drawing(strokes(skeleton), style, parameters)


DOTS = Skeleton('dots', ('a', 'b', 'c'), (-1, -1, -1))


def placed(*points):
    return np.array(points, float)[None, None, None]


def test_the_picture_has_the_size_asked_for_and_is_black_where_nobody_is(points):
    pictures = plain(Style(height=40, width=56)).draw(points)
    assert pictures.shape == (1, 4, 40, 56, 3)
    assert 0 < pictures.max() <= 1
    assert np.all(pictures[:, :, 0, 0] == 0)


def test_nobody_is_a_black_picture(points):
    assert np.all(plain().draw(np.full_like(points, np.nan)) == 0)


def test_a_person_fills_the_picture_up_to_the_margin(points):
    drawing = plain(width=0.005)
    rows, columns = np.nonzero(drawing.draw(points).max(axis=(0, 1, 4)) > 0.2)
    extent = max(np.ptp(rows), np.ptp(columns)) / 48
    assert 1 - 0.12 - 0.03 < extent < 1 - 0.12 + 0.06


def test_where_and_how_large_a_person_is_does_not_change_the_picture(points):
    drawing = plain(Style(height=48, width=48))
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1.0]])
    moved = 1.3 * points @ turn.T + [5.0, -3.0, 1.0]
    assert np.abs(drawing.draw(points) - drawing.draw(moved)).max() < 2e-3


@pytest.mark.parametrize('up', ['Y', '-Y', 'X', '-Z'])
def test_a_person_seen_from_the_front_looks_alike_whatever_axis_is_up(points, up):
    axis, sign = 'XYZ'.index(up[-1]), -1.0 if up[0] == '-' else 1.0
    turn = np.zeros((3, 3))  # a right-handed frame whose row `axis` is the old z
    turn[axis, 2] = sign
    turn[(axis + 1) % 3, 0] = 1.0
    turn[(axis + 2) % 3, 1] = sign
    assert np.linalg.det(turn) == pytest.approx(1)
    here = plain(Style(height=48, width=48)).draw(points)
    there = plain(Style(height=48, width=48, up=up)).draw(points @ turn.T)
    assert np.abs(here - there).max() < 2e-3


def test_the_left_hand_is_on_the_right_of_a_picture_from_the_front(points):
    style = Style(height=48, width=48, azimuth_deg=0, elevation_deg=0)
    drawing = plain(style, colour=(-9.0, -9.0, -9.0))
    drawing.parameters['ink'][2, :, :3] = RED  # left arm
    columns = np.nonzero(drawing.draw(points)[0, 0, :, :, 0].max(0) > 0.5)[0]
    assert columns.min() >= 20
    assert columns.max() > 40


def test_the_nearer_stroke_hides_the_farther_one():
    style = Style(
        height=48, width=48, heading='world', azimuth_deg=0, elevation_deg=0, hue='depth'
    )
    drawing = plain(style, DOTS)
    drawing.parameters['mix'] = np.float32(20.0)  # colours of depth: near blue, far red
    near_last = placed([0, 2.0, 0], [0, -2.0, 0], [1.0, 0, 0])
    near_first = placed([0, -2.0, 0], [0, 2.0, 0], [1.0, 0, 0])
    for points in (near_last, near_first):  # z up: y runs into the picture
        middle = drawing.draw(points)[0, 0, :, :24].reshape(-1, 3)
        assert middle[:, 2].max() > 0.9
        assert middle[middle[:, 2].argmax(), 0] < 0.01


def test_thin_ink_lets_the_farther_stroke_through_by_beer_and_lamberts_law():
    drawing = plain(skeleton=DOTS, ink=np.log(np.expm1(0.7)), width=0.2)
    alone = drawing.draw(placed([0, 0, 0], [np.nan] * 3, [1.0, 0, 0])).max()
    both = drawing.draw(placed([0, 0, 0], [0, 0.1, 0], [1.0, 0, 0])).max()
    colour = 1 / (1 + np.exp(-6.0))
    assert alone == pytest.approx(colour * (1 - np.exp(-0.7)), abs=0.01)
    assert both == pytest.approx(colour * (1 - np.exp(-1.4)), abs=0.01)


def test_joints_not_seen_or_without_confidence_draw_nothing_and_move_nothing(points):
    drawing = plain()
    confidence = np.ones(points.shape[:-1])
    confidence[..., 22] = 0.0
    hidden = points.copy()
    hidden[..., 22, :] = np.nan
    absurd = points.copy()
    absurd[..., 22, :] = 1e3
    seen = drawing.draw(points)
    without = drawing.draw(hidden)
    assert np.abs(seen - without).max() > 0.3
    assert np.array_equal(without, drawing.draw(absurd, confidence))
    assert np.isfinite(without).all()


def test_doubt_fades_a_stroke(points):
    drawing = plain()
    doubt = drawing.draw(points, np.full(points.shape[:-1], 0.05)).sum()
    assert 0.1 < doubt / drawing.draw(points).sum() < 0.7


def test_speed_widens_strokes_where_learnt_so(points):
    drawing = plain(width=0.02)
    drawing.parameters['speed_gain'] = np.float32(1.0)
    slow, fast = (drawing.draw(points, velocity=np.full_like(points, v)) for v in (0.0, 5.0))
    assert fast.sum() > 1.5 * slow.sum()


def test_image_points_are_drawn_as_they_lie_in_the_image(points):
    image = np.stack([points[..., 0], -points[..., 2]], axis=-1) * 200 + 300  # y down, pixels
    flat = plain(Style(height=48, width=48, up='-Y', azimuth_deg=0, elevation_deg=0))
    seen_from_behind = plain()  # right is x, as in the image
    assert np.abs(flat.draw(image) - seen_from_behind.draw(points)).max() < 2e-3


def test_two_people_are_drawn_into_one_picture(two):
    drawing = plain()
    together = drawing.draw(two)
    one = two.copy()
    one[:, :, 1] = np.nan
    assert np.count_nonzero(together) > np.count_nonzero(drawing.draw(one))


def test_a_batch_gives_the_pictures_of_its_clips(two):
    drawing = plain()
    single = np.concatenate([drawing.draw(clip[None]) for clip in two])
    assert np.abs(drawing.draw(two) - single).max() < 1e-6


def test_following_keeps_a_travelling_person_in_the_middle(points):
    travelling = points + np.linspace(0, 4, 4)[:, None, None, None] * np.array([1.0, 0, 0])
    style = Style(height=48, width=48, framing='follow')
    here, there = plain(style).draw(points), plain(style).draw(travelling)
    assert np.abs(here - there).max() < 2e-3


@pytest.mark.parametrize(
    'shape', [(4, 1, 24, 3), (1, 4, 1, 23, 3), (1, 0, 1, 24, 3), (1, 4, 1, 24, 4)]
)
def test_a_wrong_shape_is_named(shape):
    with pytest.raises(SkeletonError, match='24 joints'):
        plain().draw(np.zeros(shape), velocity=np.zeros(shape))


def test_a_drawing_is_the_same_after_saving(tmp_path, points):
    drawing = plain()
    drawing.save(tmp_path / 'pen.npz')
    again = Drawing.load(tmp_path / 'pen.npz', drawing.layout)
    assert again.style == drawing.style
    assert np.array_equal(again.draw(points), drawing.draw(points))


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 not really', b'\x80\x04N.'])
def test_a_damaged_drawing_is_refused(tmp_path, content):
    (tmp_path / 'pen.npz').write_bytes(content)
    with pytest.raises(ModelError, match=r'pen\.npz'):
        Drawing.load(tmp_path / 'pen.npz', strokes(CANONICAL))
