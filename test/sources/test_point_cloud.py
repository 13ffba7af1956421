import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Skeleton, SkeletonFrame
from humandyn_ros.skeleton import load_format
from humandyn_ros.sources import point_cloud

TWO = dataclasses.replace(
    load_format('smpl_24'), name='two', skeleton=Skeleton('two', ('a', 'b'), (-1, 0)), width=2
)


def message(cloud, **changes):
    """A PointCloud2 of structured points (height, width), as either handle gives it."""
    fields = {
        'header': SimpleNamespace(stamp=SimpleNamespace(sec=3, nanosec=4), frame_id='camera'),
        'height': cloud.shape[0],
        'width': cloud.shape[1],
        'fields': [
            SimpleNamespace(name=name, offset=at, datatype=code, count=1)
            for name, at, code in point_cloud.fields_of(cloud.dtype)
        ],
        'is_bigendian': False,
        'point_step': cloud.dtype.itemsize,
        'row_step': cloud.dtype.itemsize * cloud.shape[1],
        'data': np.frombuffer(cloud.tobytes(), np.uint8),
    }
    return SimpleNamespace(**{**fields, **changes})


def cloud_of(*bodies):
    cloud = np.zeros((len(bodies), 2), point_cloud.LAYOUT)
    for row, body in zip(cloud, bodies, strict=True):
        row['x'], row['y'], row['z'] = [1, 4], [2, 5], [3, 6]
        row['confidence'], row['body'] = 0.5, body
    return cloud


def test_each_row_is_a_body_with_the_stamp_and_frame_of_the_message():
    first, second = point_cloud.read(message(cloud_of(4, 9)), TWO)
    assert (first.body_id, second.body_id) == (4, 9)
    assert (first.stamp_ns, first.frame_id) == (3_000_000_004, 'camera')
    assert first.points.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert first.confidence.tolist() == [0.5, 0.5]


def test_packing_and_reading_are_inverse():
    points = np.array([[1.5, 2.5, -3.5], [np.nan] * 3])
    frame = SkeletonFrame(1, 'world', 12, TWO.skeleton, points, np.array([0.25, 0.0]))
    (back,) = point_cloud.read(message(point_cloud.pack([frame])), TWO)
    np.testing.assert_array_equal(back.points, points)
    np.testing.assert_array_equal(back.confidence, frame.confidence)


def test_a_point_that_is_not_finite_is_not_seen():
    cloud = cloud_of(1)
    cloud['y'][0, 0] = np.inf
    cloud['confidence'][0, 1] = np.nan
    (frame,) = point_cloud.read(message(cloud), TWO)
    assert np.isnan(frame.points[0]).all()
    assert frame.confidence.tolist() == [0.0, 0.0]


def test_confidence_and_body_may_be_absent():
    cloud = np.zeros((2, 2), [('x', '<f8'), ('y', '<f8'), ('z', '<f8')])
    cloud['z'][1, 0] = np.nan
    first, second = point_cloud.read(message(cloud), TWO)
    assert (first.body_id, second.body_id) == (0, 1)
    assert second.confidence.tolist() == [0.0, 1.0]


def test_padding_big_endian_and_any_field_order_are_understood():
    layout = np.dtype(
        {'names': ['body', 'z', 'y', 'x'], 'formats': ['>u2', '>f4', '>f8', '>f4'],
         'offsets': [0, 4, 8, 20], 'itemsize': 32}
    )  # fmt: skip
    cloud = np.zeros((1, 2), layout)
    cloud['x'], cloud['y'], cloud['z'], cloud['body'] = 1, 2, 3, 300
    padded = cloud.tobytes() + bytes(8)
    big = message(cloud, is_bigendian=True, row_step=72, data=np.frombuffer(padded, np.uint8))
    (frame,) = point_cloud.read(big, TWO)
    assert frame.body_id == 300
    assert frame.points[1].tolist() == [1, 2, 3]


def test_a_wrong_joint_count_is_refused_with_both_numbers_and_the_remedy():
    with pytest.raises(StreamError, match=r'2 points.*smpl_24 has 24.*`format`'):
        point_cloud.read(message(cloud_of(1)), load_format('smpl_24'))


def test_a_cloud_without_x_is_refused():
    cloud = np.zeros((1, 2), [('rgb', '<f4')])
    with pytest.raises(StreamError, match="no field 'x'"):
        point_cloud.read(message(cloud), TWO)


@pytest.mark.parametrize(
    'changes',
    [
        {'data': np.zeros(3, np.uint8)},
        {'height': 10**6},
        {'point_step': 0},
        {'row_step': 1},
        {'point_step': 2},
    ],
)
def test_a_message_that_contradicts_itself_is_refused(changes):
    with pytest.raises(StreamError, match='cannot be read'):
        point_cloud.read(message(cloud_of(1), **changes), TWO)


def test_an_unknown_field_type_is_refused():
    broken = message(cloud_of(1))
    broken.fields[0].datatype = 99
    with pytest.raises(StreamError, match='cannot be read'):
        point_cloud.read(broken, TWO)


def test_a_body_number_that_is_repeated_counts_once():
    assert len(point_cloud.read(message(cloud_of(3, 3)), TWO)) == 1


@given(
    height=st.integers(0, 5), width=st.integers(0, 5), step=st.integers(0, 40),
    row=st.integers(0, 200), size=st.integers(0, 400),
)  # fmt: skip
def test_no_header_whatever_makes_it_do_anything_but_read_or_refuse(
    height, width, step, row, size
):
    wild = message(
        cloud_of(1), height=height, width=width, point_step=step, row_step=row,
        data=np.full(size, 200, np.uint8),
    )  # fmt: skip
    try:
        frames = point_cloud.read(wild, TWO)
    except StreamError:
        return
    assert all(frame.points.shape == (2, 3) for frame in frames)
