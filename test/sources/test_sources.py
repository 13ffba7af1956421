import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Skeleton
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import SOURCES, marker_array, pose_array, source_for

TWO = dataclasses.replace(
    load_format('smpl_24'), name='two', skeleton=Skeleton('two', ('a', 'b'), (-1, 0)), width=2
)
HEADER = SimpleNamespace(stamp=SimpleNamespace(sec=3, nanosec=4), frame_id='camera')


def pose(x, y, z):
    return SimpleNamespace(position=SimpleNamespace(x=x, y=y, z=z))


def marker(number, x=1.0, action=0):
    return SimpleNamespace(header=HEADER, id=number, action=action, pose=pose(x, 2.0, 3.0))


@pytest.mark.parametrize('name', ['sensor_msgs/msg/PointCloud2', 'sensor_msgs/PointCloud2'])
def test_a_source_is_found_by_the_type_of_its_message(name):
    assert source_for(name).type_name == 'sensor_msgs/msg/PointCloud2'


@pytest.mark.parametrize('name', ['std_msgs/msg/String', 'nonsense', ''])
def test_an_unsupported_type_is_refused_with_the_list_of_supported_ones(name):
    with pytest.raises(StreamError) as caught:
        source_for(name)
    assert all(supported in str(caught.value) for supported in SOURCES)


@pytest.mark.parametrize('source', SOURCES.values(), ids=lambda source: source.type_name)
def test_every_source_has_a_usual_format_or_a_way_to_it(source):
    if source.format:
        assert load_format(source.format).name == source.format
    else:
        assert source.recognise or source.type_name == 'geometry_msgs/msg/PoseStamped'


def test_a_pose_array_is_one_body_whose_zeros_and_nans_are_not_seen():
    message = SimpleNamespace(header=HEADER, poses=[pose(1.0, 2.0, 3.0), pose(0.0, 0.0, 0.0)])
    (frame,) = pose_array.read(message, TWO)
    assert (frame.body_id, frame.stamp_ns, frame.frame_id) == (0, 3_000_000_004, 'camera')
    assert frame.points[0].tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(frame.points[1]).all()
    assert frame.confidence.tolist() == [1.0, 0.0]


def test_an_empty_pose_array_is_nobody():
    assert pose_array.read(SimpleNamespace(header=HEADER, poses=[]), TWO) == ()


def test_a_pose_array_of_another_length_is_refused():
    message = SimpleNamespace(header=HEADER, poses=[pose(1, 2, 3)] * 3)
    with pytest.raises(StreamError, match='3 points'):
        pose_array.read(message, TWO)


def test_markers_are_grouped_by_the_hundreds_of_their_number():
    message = SimpleNamespace(
        markers=[marker(700), marker(701, 5.0), marker(901), marker(2, 0, 2)]
    )
    first, second = marker_array.read(message, TWO)
    assert (first.body_id, second.body_id) == (7, 9)
    assert first.points[1].tolist() == [5.0, 2.0, 3.0]
    assert np.isnan(second.points[0]).all()
    assert second.confidence.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ('number', 'words'), [(105, 'joint 5 of body 1'), (-100, 'joint 0 of body -1')]
)
def test_a_marker_that_is_no_joint_of_the_format_is_refused(number, words):
    with pytest.raises(StreamError, match=words):
        marker_array.read(SimpleNamespace(markers=[marker(number)]), TWO)
