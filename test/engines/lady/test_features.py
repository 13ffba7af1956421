"""Inputs of LaDy from joint centres."""

import numpy as np
import pytest

from humandyn_ros.engines.lady import Layout, Tree
from humandyn_ros.engines.lady.features import BACKWARD
from humandyn_ros.errors import StreamError
from humandyn_ros.learning.readers.lady_features import load_preset

TREE = Tree((-1, 0, 1, 1), (0, 1, 2, 3))


def motion(frames: int = 6, persons: int = 1) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(frames, persons, 4, 3)) + 5.0


def test_channels_are_displacement_then_position_relative_to_the_root():
    values = motion()
    x = Layout(TREE).inputs(values)
    assert x.shape == (6, 4, 6)
    np.testing.assert_allclose(x[:-1, :, :3], np.diff(values[:, 0], axis=0))
    assert not x[-1, :, :3].any()
    np.testing.assert_allclose(x[..., 3:], values[:, 0] - values[:, 0, :1])


def test_a_stream_looks_back():
    values = motion()
    x = Layout(TREE, displacement=BACKWARD).inputs(values)
    np.testing.assert_allclose(x[1:, :, :3], np.diff(values[:, 0], axis=0))
    assert not x[0, :, :3].any()


def test_people_stand_side_by_side_and_absent_ones_are_zero():
    values = motion(persons=2)
    values[3:, 1] = 0.0
    layout = Layout(TREE, persons=2)
    x = layout.inputs(values)
    assert x.shape == (6, 4, 12)
    alone = Layout(TREE).inputs(values[:, :1])
    np.testing.assert_allclose(x[..., :6], alone)
    assert not x[3:, :, 6:].any()
    assert not x[2, :, 6:9].any()  # no jump where the person leaves
    q = layout.coordinates(x)
    assert q.shape == (6, 2, TREE.size)
    assert q[:3, 1].any() and not q[3:, 1].any()


def test_an_unseen_joint_is_zero_in_every_channel():
    values = motion()
    values[2, 0, 3] = np.nan
    x = Layout(TREE).inputs(values)
    assert not x[2, 3].any() and not x[1, 3, :3].any()
    assert np.isfinite(x).all() and x[2, 2].all()


def test_an_unseen_root_leaves_nothing_to_be_relative_to():
    values = motion()
    values[2, 0, 0] = np.nan
    x = Layout(TREE).inputs(values)
    assert not x[2].any() and np.isfinite(Layout(TREE).coordinates(x)).all()


def test_heading_free_inputs_ignore_turns_about_the_vertical():
    values = motion()
    c, s = np.cos(0.8), np.sin(0.8)
    turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    free, plain = Layout(TREE, heading_free=True), Layout(TREE)
    np.testing.assert_allclose(free.inputs(values @ turn), free.inputs(values), atol=1e-12)
    assert np.abs(plain.inputs(values @ turn) - plain.inputs(values)).max() > 0.1
    lengths = [np.linalg.norm(x.inputs(values).reshape(-1, 3), axis=-1) for x in (free, plain)]
    np.testing.assert_allclose(*lengths, atol=1e-12)


@pytest.mark.parametrize(
    ('name', 'channels'),
    [
        ('pku_sub', 12),
        ('lara', 12),
        ('mcfs_22', 2),
        ('tcg_15', 6),
        ('smpl_24', 6),
        ('uiprmd_24', 6),
    ],
)
def test_presets_have_their_published_channels(name, channels):
    assert load_preset(name).layout().channels == channels


def test_another_shape_is_refused():
    with pytest.raises(StreamError, match='wanted'):
        Layout(TREE, persons=2).inputs(motion())
