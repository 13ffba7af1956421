"""What the genuine `ros2` command line tool says of our nodes."""

import pytest

pytestmark = pytest.mark.ros2
AT_ONCE = ('--no-daemon', '--spin-time', '3')
WELL = dict.fromkeys(('configure', 'activate', 'deactivate', 'cleanup', 'shutdown'), True)


@pytest.fixture
def hip(ros2, start, implementation):
    peer = start(implementation, '--ros-args', '-r', '__node:=hip', '-r', '__ns:=/leg')
    peer.publisher(key='torque', kind='sensor_msgs/msg/JointState', topic='torque')
    peer.subscription(key='chat', kind='std_msgs/msg/String', topic='chat')
    peer.service(key='arm', kind='std_srvs/srv/SetBool', name='~/arm', success=True, message='on')
    return peer


def test_the_node_and_everything_it_owns_is_listed(hip, ros2):
    told = ros2('node', 'info', '/leg/hip', *AT_ONCE)
    for line in (
        '/leg/torque: sensor_msgs/msg/JointState',
        '/leg/chat: std_msgs/msg/String',
        '/rosout: rcl_interfaces/msg/Log',
        '/parameter_events: rcl_interfaces/msg/ParameterEvent',
        '/leg/hip/arm: std_srvs/srv/SetBool',
        '/leg/hip/set_parameters: rcl_interfaces/srv/SetParameters',
    ):
        assert line in told


def test_topic_info_knows_node_type_hash_and_quality_of_service(hip, ros2):
    told = ros2('topic', 'info', '-v', '/leg/torque', *AT_ONCE)
    assert 'Node name: hip' in told
    assert 'RIHS01_a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e' in told
    assert 'Reliability: RELIABLE' in told
    assert 'Durability: VOLATILE' in told


def test_parameters_are_read_set_and_refused(hip, ros2):
    hip.declare(name='mass_kg', default=70.0, description='body mass, kg')
    told = ros2('param', 'set', '/leg/hip', 'mass_kg', '81.5', *AT_ONCE)
    assert 'Set parameter successful' in told
    assert hip.parameter(name='mass_kg') == 81.5
    assert 'mass_kg: 81.5' in ros2('param', 'dump', '/leg/hip', *AT_ONCE)
    assert 'failed' in ros2('param', 'set', '/leg/hip', 'mass_kg', 'heavy', *AT_ONCE)
    assert hip.parameter(name='mass_kg') == 81.5


def test_services_and_topics_work_from_the_shell(hip, ros2, eventually):
    told = ros2('service', 'call', '/leg/hip/arm', 'std_srvs/srv/SetBool', '{data: true}')
    assert "success=True, message='on'" in told
    ros2('topic', 'pub', '--once', '-w', '1', '/leg/chat', 'std_msgs/msg/String', '{data: hi}')
    eventually(lambda: hip.received(key='chat') == [{'data': 'hi'}], 'the message')


def test_the_life_cycle_is_steered_from_the_shell(hip, ros2):
    hip.lifecycle(key='entered', outcomes=WELL)
    told = ros2('lifecycle', 'set', '/leg/hip', 'configure', *AT_ONCE)
    assert 'Transitioning successful' in told
    assert 'inactive [2]' in ros2('lifecycle', 'get', '/leg/hip', *AT_ONCE)
