from types import SimpleNamespace

import numpy as np
import pytest

from humandyn_ros.errors import ConfigError, StreamError
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import SOURCES, SkeletonReader, available_maps, source_for
from humandyn_ros.sources.field_map import getter, load_sources

PLAIN = """
format: smpl_24
header: header
points: joints
x: x
y: y
z: z
"""
HEADER = SimpleNamespace(stamp=SimpleNamespace(sec=1, nanosec=2), frame_id='camera')


@pytest.fixture
def mapped(tmp_path):
    def make(text):
        path = tmp_path / 'mine.yaml'
        path.write_text(text)
        return path

    return make


def points(count, **more):
    return [SimpleNamespace(x=1.0 * i, y=2.0, z=3.0, **more) for i in range(count)]


@pytest.mark.parametrize('name', available_maps())
def test_every_map_that_is_shipped_loads_and_is_found(name):
    for source in load_sources(name):
        assert source.read is not None
        assert not source.type_name or SOURCES[source.type_name].read is not None
    assert source_for(name).type_name == load_sources(name)[0].type_name


def test_a_map_of_ones_own_reads_a_private_message(mapped):
    source = source_for(str(mapped(PLAIN)))
    message = SimpleNamespace(header=HEADER, joints=points(24))
    (frame,) = SkeletonReader(source).read(message)
    assert frame.stamp_ns == 1_000_000_002
    assert frame.frame_id == 'camera'
    assert frame.points[5].tolist() == [5.0, 2.0, 3.0]


def test_without_a_header_the_time_of_receipt_counts(mapped):
    source = source_for(str(mapped(PLAIN.replace('header: header\n', ''))))
    (frame,) = SkeletonReader(source).read(SimpleNamespace(joints=points(24)), '', 77)
    assert frame.stamp_ns == 77


def test_axes_turn_scale_and_index(mapped):
    text = PLAIN.replace('x: x', 'x: real.2').replace('y: y', 'y: -real.0').replace('z: z', 'z: h')
    source = source_for(str(mapped(text + 'scale: 0.001\n')))
    listed = [SimpleNamespace(real=[10.0, 20.0, 30.0], h=1000.0)] * 24
    (frame,) = SkeletonReader(source).read(SimpleNamespace(header=HEADER, joints=listed))
    np.testing.assert_allclose(frame.points[0], [0.03, -0.01, 1.0])


def test_bodies_are_numbered_by_their_field_and_names_stay_the_same_number(mapped):
    source = source_for(str(mapped(PLAIN + 'bodies: people\nnumber: id\n')))
    people = [SimpleNamespace(id=name, joints=points(24)) for name in ('12', 'ann', '12')]
    message = SimpleNamespace(header=HEADER, people=people)
    reader = SkeletonReader(source)
    numbers = [frame.body_id for frame in reader.read(message)]
    assert numbers[0] == 12
    assert len(numbers) == 2  # the first of a repeated number wins
    assert numbers == [frame.body_id for frame in reader.read(message)]


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        (('points: joints', 'points: joint'), "has no 'joint'"),
        (('x: x', 'x: position.x'), "has no 'position'"),
    ],
)
def test_a_field_that_is_not_there_is_named(mapped, change, told):
    source = source_for(str(mapped(PLAIN.replace(*change))))
    with pytest.raises(StreamError, match=told):
        SkeletonReader(source).read(SimpleNamespace(header=HEADER, joints=points(24)))


def test_another_number_of_points_is_refused(mapped):
    source = source_for(str(mapped(PLAIN)))
    with pytest.raises(StreamError, match='17 points'):
        SkeletonReader(source).read(SimpleNamespace(header=HEADER, joints=points(17)))


def test_a_joint_number_outside_the_format_is_refused(mapped):
    source = source_for(str(mapped(PLAIN + 'joint: id\nfirst: 1\n')))
    with pytest.raises(StreamError, match='joint 25'):
        SkeletonReader(source).read(SimpleNamespace(header=HEADER, joints=points(1, id=25)))


def test_a_flat_list_that_does_not_divide_is_refused():
    form = load_format('mediapipe_33')
    source = source_for('mediapipe_array')
    with pytest.raises(StreamError, match='do not divide by 4'):
        source.read(SimpleNamespace(data=np.zeros(33 * 3)), form, '')


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('[]', 'must hold keys'),
        ('format: smpl_24', 'points = None'),
        (PLAIN + 'colour: red\n', "colour = 'red'"),
        (PLAIN + 'up: W\n', "up = 'W'"),
        (PLAIN + 'zeros: maybe\n', 'choose unseen or seen'),
        (PLAIN + 'scale: big\n', 'must be a number'),
        (PLAIN.replace('smpl_24', 'nothing'), "skeleton format 'nothing' is not known"),
        ('{', 'cannot be read'),
    ],
)
def test_a_map_that_breaks_a_rule_is_refused_by_file_key_and_remedy(mapped, text, told):
    with pytest.raises(ConfigError, match=told) as caught:
        load_sources(mapped(text))
    assert 'mine.yaml' in str(caught.value)


def test_an_unknown_map_lists_the_known_ones():
    with pytest.raises(ConfigError, match='yolo'):
        load_sources('nonsense')


def test_an_empty_path_is_the_thing_itself():
    assert getter('')(5) == 5
