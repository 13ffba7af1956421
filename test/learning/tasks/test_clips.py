import dataclasses

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.tasks.clips import Clip, clip_source, from_labelled, shuffled


class Labelled:
    """Motion as synthesis gives it: only what `from_labelled` reads."""

    def __init__(self, frames=12, rate_hz=60.0):
        self.rate_hz, self.mass_kg = rate_hz, 70.0
        self.seen = np.arange(frames * 72.0).reshape(frames, 24, 3)
        self.markers = self.activation = None
        self.angle = self.torque_rajagopal = np.zeros((frames, 17))
        self.angular_momentum = np.ones((frames, 24, 3))
        self.contact_force = np.zeros((frames, 24, 3))
        self.ground_force = np.zeros((frames, 2, 3))
        self.keep = np.ones(frames, bool)
        self.origin = type('Origin', (), {'kind': 'procedural'})

    def __len__(self):
        return len(self.seen)


def test_a_slower_rate_takes_every_other_frame_and_adds_up_momentum():
    clip = from_labelled(Labelled(), 30.0)
    assert len(clip) == 6
    np.testing.assert_array_equal(clip.joints[1], Labelled().seen[2])
    np.testing.assert_allclose(clip.torque_smpl, 2.0 * 30.0)


def test_a_rate_that_does_not_divide_is_refused():
    with pytest.raises(ConfigError, match='not a whole multiple of the'):
        from_labelled(Labelled(), 25.0)


def test_batches_are_mixed_complete_and_the_same_for_the_same_seed():
    pieces = [{'x': np.arange(10.0, dtype=np.float32) + 10 * n} for n in range(5)]
    first = [b['x'].tolist() for b in shuffled(pieces, 10, np.random.default_rng(0))]
    again = [b['x'].tolist() for b in shuffled(pieces, 10, np.random.default_rng(0))]
    assert first == again
    assert sorted(x for batch in first for x in batch) == list(range(50))
    assert len({int(x) // 10 for x in first[0]}) > 1


def test_pieces_with_other_labels_are_never_mixed():
    pieces = [{'x': np.zeros(4, np.float32)}, {'y': np.zeros(4, np.float32)}]
    for batch in shuffled(pieces, 2, np.random.default_rng(0)):
        assert len(batch) == 1


def test_an_unknown_source_is_refused_with_the_choice():
    with pytest.raises(ConfigError, match="no source 'mocap': choose one of synthesis"):
        clip_source('mocap', None, 30.0, 1)
    with pytest.raises(ConfigError, match='no source'):
        clip_source('humandyn_ros.nowhere:clips', None, 30.0, 1)


def test_an_epoch_has_as_many_clips_as_asked_for():
    assert len(list(clip_source('point_masses', None, 30.0, 3)('train', 0))) == 3


def test_clips_without_joint_centres_stand_where_their_markers_are():
    markers = np.random.default_rng(0).normal(size=(5, 9, 3))
    clip = Clip('x', 30.0, 70.0, markers=markers)
    np.testing.assert_allclose(clip.where()[:, 0], markers.mean(axis=1))
    assert clip.only('markers').markers is markers
    assert dataclasses.replace(clip, joints=np.zeros((5, 24, 3))).only('markers').joints is None
    with pytest.raises(ConfigError, match='neither joints nor markers'):
        len(Clip('x', 30.0, 70.0))
