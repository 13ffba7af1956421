"""Message definitions, building, CDR and hashes."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humandyn_ros.errors import WireError
from humandyn_ros.ros.dds.message_types import (
    load,
    message_type,
    packages,
    service_types,
    store,
)

JOINTS = message_type('sensor_msgs/msg/JointState')
# Published by genuine Jazzy nodes (`ros2 topic info -v`).
HASHES = {
    'sensor_msgs/msg/JointState': (
        'a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e'
    ),
    'std_msgs/msg/String': 'df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18',
}


@pytest.mark.parametrize('package', packages())
def test_every_shipped_definition_round_trips_with_defaults(package):
    load(package)
    names = [name for name in store().fielddefs if name.startswith(f'{package}/')]
    assert names
    for name in names:
        kind = message_type(name)
        raw = bytes(kind.encode(kind.new({})))
        again = kind.encode(kind.decode(raw))
        assert bytes(again) == raw, name
        assert len(raw) % 4 == 0


@pytest.mark.parametrize('name', HASHES)
def test_type_hashes_are_those_of_ros(name):
    assert message_type(name).hash == f'RIHS01_{HASHES[name]}'


def test_char_counts_as_uint8_in_hashes():
    # rmw_dds_common/msg/Gid is `char[16]`; its hash is the one of `uint8[16]`.
    assert message_type('rmw_dds_common/msg/Gid').hash != store().hash_rihs01(
        'rmw_dds_common/msg/Gid'
    )


def test_nested_messages_may_be_mappings_or_messages():
    place = message_type('geometry_msgs/msg/PoseStamped')
    header = message_type('std_msgs/msg/Header').new({'frame_id': 'w'})
    made = place.new({'header': header, 'pose': {'position': {'y': 2.0}}})
    assert made.header.frame_id == 'w'
    assert (made.pose.position.x, made.pose.position.y) == (0.0, 2.0)
    assert made.pose.orientation.w == 1.0


def test_lists_become_arrays_of_the_right_type():
    made = JOINTS.new({'effort': [1, 2], 'position': np.arange(4.0)[::2], 'name': ('a', 'b')})
    assert made.effort.dtype == np.float64
    assert made.position.tolist() == [0.0, 2.0]
    assert made.name == ['a', 'b']
    assert made.velocity.size == 0
    cloud = message_type('sensor_msgs/msg/PointCloud2').new({'data': b'\x01\xff'})
    assert cloud.data.tolist() == [1, 255]
    fixed = message_type('zed_msgs/msg/Object').new({'position': (1, 2, 3)})
    assert fixed.position.dtype == np.float32
    assert len(fixed.skeleton_3d.keypoints) == 70


@pytest.mark.parametrize(
    ('name', 'fields'),
    [
        ('sensor_msgs/msg/JointState', {'torque': [1.0]}),
        ('sensor_msgs/msg/JointState', {'effort': ['a']}),
        ('sensor_msgs/msg/JointState', {'header': {'frame': 'w'}}),
        ('zed_msgs/msg/Object', {'position': [1.0, 2.0]}),
        ('zed_msgs/msg/Skeleton3D', {'keypoints': [{}]}),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_type(name, fields):
    with pytest.raises(WireError, match=r'has no field|position|keypoints|could not convert'):
        message_type(name).new(fields)


def test_a_wrong_scalar_is_an_error_when_sent():
    kind = message_type('std_msgs/msg/String')
    with pytest.raises(WireError, match='cannot be encoded'):
        kind.encode(kind.new({'data': 3}))


@pytest.mark.parametrize('name', ['String', 'std_msgs/String', 'std_msgs/msg/No', 'no/msg/No'])
def test_unknown_types_are_errors_that_name_them(name):
    with pytest.raises(WireError, match=name):
        message_type(name)


def test_services_have_request_and_response():
    request, response = service_types('std_srvs/srv/SetBool')
    assert [name for name, _ in request.fields] == ['data']
    assert [name for name, _ in response.fields] == ['success', 'message']


def test_the_header_of_a_service_keeps_the_alignment():
    request, _ = service_types('rcl_interfaces/srv/ListParameters')
    message = request.new({'prefixes': ['a'], 'depth': 7})
    raw = bytes(request.encode(message, prefix=bytes(range(16))))
    assert raw[4:20] == bytes(range(16))
    assert request.decode(raw, skip=16).depth == 7


def test_big_endian_peers_are_understood():
    message = JOINTS.new({'name': ['hip'], 'effort': [1.5]})
    raw = bytes(store().serialize_cdr(message, JOINTS.name, little_endian=False))
    assert JOINTS.decode(raw).effort.tolist() == [1.5]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_bytes_are_a_message_or_a_wire_error(data):
    message = JOINTS.new({'name': ['hip', 'knee'], 'effort': [1.0, 2.0], 'velocity': [3.0]})
    raw = JOINTS.encode(message)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    try:
        JOINTS.decode(bytes(raw[:cut]))
    except WireError as error:
        assert 'JointState' in str(error)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_wire_error(raw):
    for name in ('visualization_msgs/msg/MarkerArray', 'sensor_msgs/msg/PointCloud2'):
        with contextlib.suppress(WireError):
            message_type(name).decode(raw)
