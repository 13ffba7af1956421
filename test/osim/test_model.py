import os
from pathlib import Path

import numpy as np
import pytest

from humandyn_ros.errors import RecordingError
from humandyn_ros.osim import Coupler, Joint, Model, coordinate_name, read_model
from humandyn_ros.recordings.trc import read_trc
from humandyn_ros.rotations import exp

X, Y, Z = np.eye(3)


def same(at):
    return at


def at(*place: float):
    return np.eye(3), np.array(place)


def pin(name: str, parent: str, child: str, where) -> Joint:
    return Joint(name, parent, child, where, at(0, 0, 0), ((Z, (name,), same),), ())


ARM = Model(
    'arm',
    (
        pin('shoulder', 'ground', 'upper', at(0.0, 1.0, 0.0)),
        pin('elbow', 'upper', 'lower', at(0.0, -0.3, 0.0)),
    ),
    {'shoulder': 0.0, 'elbow': 0.5},
    frozenset({'shoulder', 'elbow'}),
    (),
    {'hand': ('lower', np.array([0.0, -0.25, 0.0]))},
    {},
)


def test_two_pins_in_a_row_turn_as_in_the_plane():
    first, second = np.array([0.0, 0.4, -1.2]), np.array([0.3, 1.0, 0.1])
    values = ARM.values({'shoulder': first, 'elbow': second}, degrees=False)
    elbow = np.stack([0.3 * np.sin(first), 1 - 0.3 * np.cos(first), 0 * first], -1)
    both = first + second
    hand = elbow + 0.25 * np.stack([np.sin(both), -np.cos(both), 0 * both], -1)
    np.testing.assert_allclose(ARM.joint_centres(values)['elbow'], elbow, atol=1e-15)
    np.testing.assert_allclose(ARM.marker_positions(values)['hand'], hand, atol=1e-15)


def test_rotations_about_three_axes_are_made_in_order_and_moved_after():
    names = ('a', 'b', 'c', 'd')
    joint = Joint(
        'ball',
        'ground',
        'body',
        at(1.0, 0.0, 0.0),
        at(0.0, 0.0, 0.0),
        ((X, ('a',), same), (Y, ('b',), same), (Z, ('c',), same)),
        ((Y, ('d',), lambda q: 2 * q),),
    )
    model = Model(
        'ball', (joint,), dict.fromkeys(names, 0.0), frozenset('abc'), (),
        {'m': ('body', np.array([0.1, 0.2, 0.3]))}, {},
    )  # fmt: skip
    values = model.values({'a': [0.3], 'b': [-0.7], 'c': [1.1], 'd': [0.25]}, degrees=False)
    turned = exp(0.3 * X) @ exp(-0.7 * Y) @ exp(1.1 * Z) @ np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(model.marker_positions(values)['m'][0], turned + [1.0, 0.5, 0.0])


def test_degrees_turn_angles_but_not_lengths():
    model = Model('slide', (), {'turn': 0.0, 'slide': 0.0}, frozenset({'turn'}), (), {}, {})
    values = model.values({'turn': [180.0], 'slide': [0.5]}, degrees=True)
    np.testing.assert_allclose([values['turn'][0], values['slide'][0]], [np.pi, 0.5])


def test_a_coordinate_without_a_column_follows_its_coupler_or_keeps_its_default():
    model = Model(
        'knee',
        (),
        {'knee': 0.0, 'patella': 0.0, 'toe': 0.125},
        frozenset({'knee', 'patella', 'toe'}),
        (Coupler('patella', 'knee', lambda q: 0.5 * q),),
        {},
        {},
    )
    values = model.values({'knee': np.array([0.2, 0.4])}, degrees=False)
    np.testing.assert_allclose(values['patella'], [0.1, 0.2])
    np.testing.assert_allclose(values['toe'], 0.125)
    values = model.values({'knee': [0.2], 'patella': [0.9]}, degrees=False)
    np.testing.assert_allclose(values['patella'], [0.9])


@pytest.mark.parametrize(
    ('label', 'name'),
    [
        ('knee_angle_r', 'knee_angle_r'),
        ('/jointset/walker_knee_r/knee_angle_r/value', 'knee_angle_r'),
        ('walker_knee_r/knee_angle_r/value', 'knee_angle_r'),
        ('/jointset/walker_knee_r/knee_angle_r/speed', ''),
        ('/forceset/soleus_r/activation', ''),
    ],
)
def test_columns_are_understood_in_every_way_opensim_writes_them(label: str, name: str):
    assert coordinate_name(label) == name


def test_columns_of_another_model_are_an_error_that_lists_the_coordinates():
    with pytest.raises(RecordingError, match='shoulder, elbow'):
        ARM.values({'knee_angle_r': [0.0]}, degrees=False)


def test_a_torso_without_markers_is_not_seen():
    torso = pin('back', 'ground', 'torso', at(0.0, 1.0, 0.0))
    arm = pin('acromial_r', 'torso', 'arm', at(0.0, 0.4, 0.2))
    parts = ((torso, arm), {'back': 0.0, 'acromial_r': 0.0}, frozenset({'back'}), ())
    for body, seen in (('ground', False), ('arm', True)):
        model = Model('trunk', *parts, {'m': (body, np.zeros(3))}, {'torso': np.ones(3)})
        names, points = model.skeleton_points(model.values({'back': [0.0]}, degrees=False))
        found = dict(zip(names, np.isfinite(points[0, :, 0]), strict=True))
        assert found['back']
        assert [found[n] for n in ('acromial_r', 'neck', 'head')] == [seen] * 3


@pytest.mark.recordings
@pytest.mark.skipif('HUMANDYN_DATA' not in os.environ, reason='HUMANDYN_DATA is not set')
def test_inverse_kinematics_puts_the_models_markers_where_the_recorded_ones_are():
    folder = Path(os.environ['HUMANDYN_DATA']) / 'walk_camargo2021'
    model = read_model(folder / 'Models' / 'optimized_scale_and_markers.osim.gz')
    trial = 'levelground_ccw_fast_01_01'
    table = np.genfromtxt(
        folder / 'IK' / f'{trial}_ik.mot.gz', skip_header=10, names=True, deletechars=''
    )
    columns = {name: table[name] for name in table.dtype.names or ()}
    placed = model.marker_positions(model.values(columns, degrees=False))
    recording = read_trc(folder / 'MarkerData' / f'{trial}.trc.gz')
    stamps = recording.stamps_ns / 1e9
    rows = np.searchsorted(stamps, table['time'] - 1e-4)
    errors = [
        np.nanmean(np.linalg.norm(placed[name] - recording.points[rows, i], axis=-1))
        for i, name in enumerate(recording.names)
    ]
    assert len(errors) == 28
    assert np.mean(errors) < 0.008  # m; what the authors' own fit leaves
