import dataclasses

import numpy as np
import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.joint_centres import JointCentres
from humandyn_ros.motion import MotionOptions, load_motion
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings import read_motion
from humandyn_ros.skeleton import Adapter, MarkerMemory, available_formats, load_format, recognise

INDEX = CANONICAL.index
HIPS = [INDEX['left_hip'], INDEX['right_hip']]
STEP_NS = 10_000_000


@pytest.fixture
def walk(recordings):
    return read_motion(recordings / 'walk_rajagopal2016' / 'markers_walk.trc.gz')


def hidden(walk, marker: str, first: int = 100, last: int = 140):
    points = walk.points.copy()
    points[first:last, walk.names.index(marker)] = np.nan
    return dataclasses.replace(walk, points=points)


def centres(walk):
    """Joint centres and confidence, converted live, and what was noted."""
    stream = JointCentres(recognise(walk.names, walk.format), PersonConfig())
    found = []
    for stamp, points, sure in zip(
        walk.stamps_ns.tolist(), walk.points, walk.confidence, strict=True
    ):
        stream.see(points)
        found.append(stream.convert(stamp, points, sure))
    return np.stack([f[0] for f in found]), np.stack([f[1] for f in found]), stream.notes


@pytest.mark.recordings
@pytest.mark.parametrize('marker', ['L.PSIS', 'R.PSIS', 'S2', 'R.ASIS'])
def test_hips_go_on_while_a_marker_of_the_pelvis_is_hidden(walk, marker):
    truth, _, _ = centres(walk)
    found, sure, notes = centres(hidden(walk, marker))
    error = (found - truth)[:, HIPS]
    assert np.isfinite(found[:, HIPS]).all()
    assert np.linalg.norm(error, axis=-1).max() < 0.025
    assert np.linalg.norm(np.diff(error, axis=0), axis=-1).max() < 0.006
    np.testing.assert_array_equal(found[:100], truth[:100])
    needed = marker != 'S2'  # the depth comes from the two rear spines where both are there
    assert sure[100:140, HIPS].max() == (0.5 if needed else 1.0)
    assert sure[:100].max() == sure[160:, HIPS].min() == 1.0
    assert any('rebuilt' in note and marker in note for note in notes)


@pytest.mark.recordings
def test_a_recording_as_a_whole_and_live_give_the_same(walk, recordings):
    gap = hidden(walk, 'L.PSIS')
    memory = MarkerMemory(recognise(walk.names, walk.format))
    whole = memory.complete_all(gap.stamps_ns, gap.points, gap.confidence)
    again = MarkerMemory(recognise(walk.names, walk.format))
    for k, stamp in enumerate(gap.stamps_ns.tolist()):
        points, sure = again.complete(stamp, gap.points[k], gap.confidence[k])
        np.testing.assert_array_equal(points, whole[0][k])
        np.testing.assert_array_equal(sure, whole[1][k])
    clean = load_motion(
        MotionOptions(source=recordings / 'walk_rajagopal2016' / 'markers_walk.trc.gz')
    )
    assert not any('rebuilt' in note for note in clean.notes)


@pytest.mark.recordings
def test_a_reset_forgets_the_segments(walk):
    form = recognise(walk.names, walk.format)
    memory = MarkerMemory(form)
    gap = hidden(walk, 'L.PSIS')
    for k in range(100):
        memory.complete(k * STEP_NS, gap.points[k], gap.confidence[k])
    memory.reset()
    points, _ = memory.complete(100 * STEP_NS, gap.points[100], gap.confidence[100])
    assert np.isnan(points[walk.names.index('L.PSIS')]).all()


@pytest.mark.recordings
def test_markers_hidden_by_confidence_are_rebuilt_too(walk):
    memory = MarkerMemory(recognise(walk.names, walk.format))
    place = walk.names.index('R.PSIS')
    sure = walk.confidence.copy()
    sure[100:140, place] = 0.0
    points, trust = memory.complete_all(walk.stamps_ns, walk.points, sure)
    assert (trust[100:140, place] == 0.5).all()
    assert np.linalg.norm(points - walk.points, axis=-1)[:, place].max() < 0.03


def test_joint_centres_have_no_segments_and_pass_untouched():
    for name in available_formats():
        form = load_format(name)
        if form.kind == 'joints' and not form.segments:
            points = np.zeros((form.width, 3))
            assert MarkerMemory(form).complete(0, points, np.ones(form.width))[0] is points


def test_a_joint_is_as_sure_as_the_least_sure_marker_it_needs():
    form = load_format('camargo')
    points = np.random.default_rng(4).normal(size=(form.width, 3))
    sure = np.ones(form.width)
    sure[form.skeleton.index['R_Ankle_Lat']] = 0.3
    _, confidence = Adapter(form).convert(points, sure)
    assert confidence[INDEX['right_ankle']] == 0.3
    assert confidence[INDEX['left_ankle']] == confidence[INDEX['left_hip']] == 1.0
