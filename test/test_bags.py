import random
import shutil

import numpy as np
import pytest
from rosbags.rosbag2 import Reader, Writer

from humandyn_ros import bags
from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import CANONICAL
from humandyn_ros.recordings import Recording, to_z_up
from humandyn_ros.ros.dds.message_types import message_type, store

FRAMES = 30


def moving(body_id=1, up='Z', names=CANONICAL.joints, format='smpl_24', start_ns=5):
    points = np.random.default_rng(body_id).normal(size=(FRAMES, len(names), 3))
    points[3, 2] = np.nan
    confidence = np.where(np.isfinite(points).all(-1), 0.75, 0.0)
    stamps = start_ns + 10_000_000 * np.arange(FRAMES)
    return Recording(
        'x', stamps, points, confidence, tuple(names), 100.0, up, format, 'joints', body_id=body_id
    )


def other_bag(path, kind, topic, fields, nanoseconds=(0, 1, 2)):
    """A bag of one foreign topic."""
    with Writer(path, version=8) as writer:
        connection = writer.add_connection(topic, kind, typestore=store())
        for k, nanosec in enumerate(nanoseconds):
            stamp = {'sec': 7, 'nanosec': nanosec}
            header = {'header': {'stamp': stamp, 'frame_id': 'f'}} if 'header' in fields else {}
            message = message_type(kind).new(fields | header)
            writer.write(connection, 7_000_000_000 + k, bytes(message_type(kind).encode(message)))
    return path


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_what_is_written_comes_back(tmp_path, storage):
    sent = moving()
    bags.write_skeletons(tmp_path / 'bag', [sent], topic='people', storage=storage)
    (got,) = bags.read_skeletons(tmp_path / 'bag')
    np.testing.assert_allclose(got.points, sent.points, rtol=1e-6)
    np.testing.assert_array_equal(got.confidence, sent.confidence)
    np.testing.assert_array_equal(got.stamps_ns, sent.stamps_ns)
    assert (got.names, got.format, got.body_id) == (sent.names, 'smpl_24', 1)
    assert got.parents == CANONICAL.parents
    assert (got.up, got.kind, got.frame_id) == ('Z', 'joints', 'world')
    assert got.rate_hz == pytest.approx(100.0)
    assert bags.topics(tmp_path / 'bag') == {'/people': 'sensor_msgs/msg/PointCloud2'}


def test_points_are_turned_upright(tmp_path):
    sent = moving(up='Y')
    bags.write_skeletons(tmp_path / 'bag', [sent])
    (got,) = bags.read_skeletons(tmp_path / 'bag')
    np.testing.assert_allclose(got.points, to_z_up(sent.points, 'Y'), rtol=1e-6)


def test_two_people_share_a_message_and_come_back_apart(tmp_path):
    first, second = moving(3), moving(8, start_ns=10_000_005)
    bags.write_skeletons(tmp_path / 'bag', [first, second])
    messages = list(bags.read_messages(tmp_path / 'bag', ['/skeletons']))
    assert [m.content.height for m in messages] == [1] + [2] * (FRAMES - 1) + [1]
    got = bags.read_skeletons(tmp_path / 'bag')
    assert [r.body_id for r in got] == [3, 8]
    np.testing.assert_allclose(got[1].points, second.points, rtol=1e-6)


def test_points_of_no_known_format_keep_their_names(tmp_path):
    bags.write_skeletons(tmp_path / 'bag', [moving(names=('a', 'b', 'c'), format=None)])
    (got,) = bags.read_skeletons(tmp_path / 'bag')
    assert (got.names, got.format) == (('a', 'b', 'c'), None)


def test_markers_are_told_from_joints_by_their_format(tmp_path):
    from humandyn_ros.skeleton import load_format

    names = load_format('rajagopal').skeleton.joints
    bags.write_skeletons(tmp_path / 'bag', [moving(names=names, format='rajagopal')])
    assert bags.read_skeletons(tmp_path / 'bag')[0].kind == 'markers'


def test_the_metadata_say_what_ros2_bag_play_needs(tmp_path):
    bags.write_skeletons(tmp_path / 'bag', [moving()])
    with Reader(tmp_path / 'bag') as reader:
        (connection,) = reader.connections
        (qos,) = connection.ext.offered_qos_profiles
        assert connection.ext.serialization_format == 'cdr'
        assert connection.digest.startswith('RIHS01_')
        assert qos.reliability.name == 'RELIABLE'
        assert reader.message_count == FRAMES
        assert reader.duration == 10_000_000 * (FRAMES - 1) + 1
    assert sorted(p.name for p in (tmp_path / 'bag').iterdir()) == ['bag.mcap', 'metadata.yaml']


def test_the_single_file_of_a_bag_is_read_too(tmp_path):
    bags.write_skeletons(tmp_path / 'bag', [moving()])
    (got,) = bags.read_skeletons(tmp_path / 'bag' / 'bag.mcap')
    assert len(got.stamps_ns) == FRAMES


def test_motion_before_zero_is_moved_to_where_bags_begin(tmp_path):
    bags.write_skeletons(tmp_path / 'bag', [moving(start_ns=-400)])
    assert bags.read_skeletons(tmp_path / 'bag')[0].stamps_ns[0] == 0


def test_an_existing_bag_is_left_alone(tmp_path):
    bags.write_skeletons(tmp_path / 'bag', [moving()])
    before = (tmp_path / 'bag' / 'metadata.yaml').read_bytes()
    with pytest.raises(RecordingError, match='exists already'):
        bags.write_skeletons(tmp_path / 'bag', [moving()])
    assert (tmp_path / 'bag' / 'metadata.yaml').read_bytes() == before


def test_a_failed_run_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Writer, 'write', fail)
    with pytest.raises(RecordingError, match='No space left'):
        bags.write_skeletons(tmp_path / 'bag', [moving()])
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, 'write', interrupt)
    with pytest.raises(KeyboardInterrupt):
        bags.write_skeletons(tmp_path / 'bag', [moving()])
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(RecordingError, match='mcap, sqlite3'):
        bags.write_skeletons(tmp_path / 'bag', [moving()], storage='zip')
    with pytest.raises(RecordingError, match='one skeleton, not 2'):
        bags.write_skeletons(tmp_path / 'bag', [moving(), moving(2, names='abc')])
    (tmp_path / 'file').touch()
    with pytest.raises(RecordingError, match='cannot be written'):
        bags.write_skeletons(tmp_path / 'file' / 'bag', [moving()])


def test_a_bag_without_skeletons_lists_its_topics(tmp_path):
    bag = other_bag(tmp_path / 'bag', 'std_msgs/msg/String', '/caption', {'data': 'hello'})
    told = r'no skeleton topic; there are: /caption \(std_msgs/msg/String\)'
    with pytest.raises(RecordingError, match=told):
        bags.read_skeletons(bag)
    with pytest.raises(RecordingError, match=r'no topic people; there are: /caption'):
        bags.read_skeletons(bag, topic='people')
    with pytest.raises(RecordingError, match='cannot be read from /caption'):
        bags.read_skeletons(bag, topic='/caption')
    with pytest.raises(RecordingError, match='no topic /x; there are: /caption'):
        list(bags.read_messages(bag, ['/x']))


def test_another_estimator_s_topic_is_read_with_its_format(tmp_path):
    joint = {'position': {'x': 1.0, 'y': 2.0, 'z': 3.0}}
    bag = other_bag(
        tmp_path / 'bag',
        'geometry_msgs/msg/PoseArray',
        '/poses',
        {'header': None, 'poses': [joint] * 24},
    )
    (got,) = bags.read_skeletons(bag, format='smpl_24')
    assert got.stamps_ns.tolist() == [7_000_000_000, 7_000_000_001, 7_000_000_002]
    np.testing.assert_array_equal(got.points[0, 5], [1.0, 2.0, 3.0])


def test_joint_states_and_wrenches_are_read_for_evaluation(tmp_path):
    bag = other_bag(
        tmp_path / 'bag',
        'sensor_msgs/msg/JointState',
        '/joint_torques',
        {'header': None, 'name': ['hip'], 'effort': [12.5]},
    )
    messages = list(bags.read_messages(bag, ['/joint_torques']))
    assert [m.content.effort.tolist() for m in messages] == [[12.5]] * 3
    assert messages[1].recorded_ns == 7_000_000_001
    assert messages[0].type_name == 'sensor_msgs/msg/JointState'


def test_repeated_stamps_are_left_out_and_said(tmp_path):
    joint = {'position': {'x': 1.0, 'y': 2.0, 'z': 3.0}}
    bag = other_bag(
        tmp_path / 'bag',
        'geometry_msgs/msg/PoseArray',
        '/poses',
        {'header': None, 'poses': [joint] * 24},
        nanoseconds=(0, 20, 20, 10),
    )
    (got,) = bags.read_skeletons(bag)
    assert (got.stamps_ns - 7_000_000_000).tolist() == [0, 10, 20]
    assert got.notes == ('1 repeated stamps left out',)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_damaged_bag_is_read_or_refused_and_never_crashes(tmp_path, storage):
    bags.write_skeletons(tmp_path / 'bag', [moving()], storage=storage)
    (file,) = (p for p in (tmp_path / 'bag').iterdir() if p.suffix in ('.mcap', '.db3'))
    whole = file.read_bytes()
    generator = random.Random(1)
    refused = 0
    for trial in range(40):
        mutated = bytearray(whole)
        if trial % 2:
            mutated = mutated[: generator.randrange(len(mutated))]
        else:
            for _ in range(generator.choice((1, 10, 50))):
                mutated[generator.randrange(len(mutated))] = generator.randrange(256)
        file.write_bytes(mutated)
        try:
            bags.read_skeletons(tmp_path / 'bag')
        except RecordingError as error:
            assert 'bag' in str(error)
            refused += 1
    assert refused >= 20


def test_a_folder_that_is_no_bag_and_a_bag_without_its_file_are_refused(tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(RecordingError, match='not a readable bag'):
        bags.read_skeletons(tmp_path / 'empty')
    bags.write_skeletons(tmp_path / 'bag', [moving()])
    (tmp_path / 'bag' / 'bag.mcap').unlink()
    with pytest.raises(RecordingError, match='missing'):
        bags.topics(tmp_path / 'bag')
    shutil.rmtree(tmp_path / 'bag')
    with pytest.raises(RecordingError, match='does not exist'):
        bags.topics(tmp_path / 'bag')
