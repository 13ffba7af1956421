import dataclasses

import numpy as np
import pytest

from humandyn_ros.bags import write_skeletons
from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.motion import MotionOptions, load_motion, read_source
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.synthetic import person


@pytest.fixture(scope='module')
def walk():
    return person('walk', rate_hz=50.0, duration_s=1.0)


@pytest.fixture(scope='module')
def bag(walk, tmp_path_factory):
    path = tmp_path_factory.mktemp('motion') / 'walk'
    write_skeletons(path, [walk])
    return path


def test_a_bag_is_read_from_its_folder_and_from_its_file(bag, walk):
    for source in (bag, bag / 'walk.mcap'):
        (found,) = read_source(source)
        np.testing.assert_allclose(found.points, walk.points, atol=1e-6)  # float32 on the wire


def test_an_upward_axis_that_is_named_holds_for_bags_as_for_files(bag):
    assert read_source(bag)[0].up == 'Z'
    assert read_source(bag, up='-y')[0].up == '-Y'


def test_joint_centres_of_a_bag_are_those_that_were_written(bag, walk):
    motion = load_motion(MotionOptions(bag))
    np.testing.assert_array_equal(motion.stamps_ns, walk.stamps_ns)
    np.testing.assert_allclose(motion.points, walk.points, atol=1e-6)


def test_a_format_is_laid_over_the_names_in_a_bag_whatever_their_order(walk, tmp_path):
    turned = dataclasses.replace(
        walk,
        points=walk.points[:, ::-1],
        names=walk.names[::-1],
        parents=(-1,) * len(walk.names),
        format=None,
    )
    write_skeletons(tmp_path / 'turned', [turned])
    motion = load_motion(MotionOptions(tmp_path / 'turned', format=CANONICAL.name))
    np.testing.assert_allclose(motion.points, walk.points, atol=1e-6)


def test_a_lower_rate_keeps_frames_as_they_are(bag):
    full, thin = load_motion(MotionOptions(bag)), load_motion(MotionOptions(bag, rate_hz=10.0))
    kept = np.isin(full.stamps_ns, thin.stamps_ns)
    assert set(np.diff(thin.stamps_ns)) == {100_000_000}
    np.testing.assert_array_equal(thin.points, full.points[kept])


def test_noise_is_as_large_as_asked_and_the_same_for_the_same_seed(bag):
    clean = load_motion(MotionOptions(bag)).points
    first, again, other = (
        load_motion(MotionOptions(bag, noise_mm=10.0, seed=seed)).points for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # 3600 samples know their standard deviation to 1.2 %.
    assert (first - clean).std() == pytest.approx(0.01, rel=0.05)


def test_the_joint_centres_make_a_recording_of_their_own(bag):
    motion = load_motion(MotionOptions(bag))
    recording = motion.recording()
    assert (recording.format, recording.names, recording.up) == ('smpl_24', CANONICAL.joints, 'Z')
    assert recording.rate_hz == pytest.approx(50.0)


def test_several_bodies_are_not_replayed_as_one(walk, tmp_path):
    write_skeletons(tmp_path / 'two', [walk, dataclasses.replace(walk, body_id=8)])
    assert [body.body_id for body in read_source(tmp_path / 'two')] == [1, 8]
    with pytest.raises(RecordingError, match='bodies 1, 8'):
        load_motion(MotionOptions(tmp_path / 'two'))


@pytest.mark.parametrize(
    'change', [{'noise_mm': -1.0}, {'noise_mm': float('nan')}, {'rate_hz': 0.0}, {'seed': -1}]
)
def test_options_out_of_range_are_named(bag, change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        MotionOptions(bag, **change)
