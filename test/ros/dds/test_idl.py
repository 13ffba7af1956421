"""XTypes descriptions of messages, as Cyclone DDS wants them."""

import dataclasses

import pytest

from humandyn_ros.ros.dds.message_types import message_type

idl = pytest.importorskip('humandyn_ros.ros.dds.idl', reason='the embedded wire needs cyclonedds')


def members(kind):
    return [field.name for field in dataclasses.fields(kind)]


def test_names_are_those_that_rosidl_gives():
    kind = idl.description('std_msgs/msg/Header')
    assert kind.__idl__.idl_transformed_typename == 'std_msgs::msg::dds_::Header_'
    assert members(kind) == ['stamp_', 'frame_id_']


def test_requests_and_responses_begin_with_their_header():
    kind = idl.service_description('std_srvs/srv/SetBool_Request')
    assert kind.__idl__.idl_transformed_typename == 'std_srvs::srv::dds_::SetBool_Request_'
    assert members(kind) == ['client_', 'sequence_', 'data_']


@pytest.mark.parametrize(
    'name', ['sensor_msgs/msg/JointState', 'zed_msgs/msg/Object', 'tf2_msgs/msg/TFMessage']
)
def test_the_description_reads_the_bytes_that_we_write(name):
    """Cyclone's own reader, driven by the description, is the independent check."""
    kind, described = message_type(name), idl.description(name)
    raw = bytes(kind.encode(kind.new({})))
    read = described.deserialize(raw)
    assert members(described) == [f'{field}_' for field, _ in kind.fields]
    assert described.serialize(read, use_version_2=False)[4:] == raw[4 : len(raw) - raw[3]]
