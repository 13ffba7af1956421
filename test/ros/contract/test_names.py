"""Node names, namespaces and remapping from the command line."""

STRING = 'std_msgs/msg/String'


def test_names_resolve_in_the_namespace_of_the_node(implementation, start):
    peer = start(implementation, '--ros-args', '-r', '__ns:=/robot/left', '-r', '__node:=hip')
    assert peer.info() == {'name': 'hip', 'namespace': '/robot/left'}
    assert peer.resolve(topic='torque') == '/robot/left/torque'
    assert peer.resolve(topic='~/torque') == '/robot/left/hip/torque'
    assert peer.resolve(topic='/torque') == '/torque'
    assert peer.publisher(key='p', kind=STRING, topic='torque') == '/robot/left/torque'


def test_remaps_apply_to_publishers_subscriptions_and_services(implementation, start, eventually):
    rules = ['-r', 'skeletons:=/camera/people', '-r', '~/arm:=/arm_all', '-r', '/tf:=/other_tf']
    peer = start(implementation, '--ros-args', *rules, '-r', '__ns:=/a')
    assert peer.resolve(topic='skeletons') == '/camera/people'
    assert peer.publisher(key='p', kind=STRING, topic='skeletons') == '/camera/people'
    assert peer.subscription(key='s', kind=STRING, topic='skeletons') == '/camera/people'
    peer.service(key='arm', kind='std_srvs/srv/SetBool', name='~/arm', success=True)
    other = start(implementation)
    found = other.call(kind='std_srvs/srv/SetBool', name='/arm_all', data=True)
    assert found['success'] is True
    peer.broadcast(parent='a', child='b', stamp_ns=1, place=[0, 0, 0], turn=[0, 0, 0, 1])
    eventually(lambda: '/other_tf' in other.topic_types(), 'the remapped /tf')


def test_a_rule_for_another_node_changes_nothing(implementation, start):
    peer = start(implementation, '--ros-args', '-r', 'stranger:chat:=/elsewhere')
    assert peer.resolve(topic='chat') == '/chat'


def test_a_malformed_argument_ends_with_a_clear_error(implementation, start):
    peer = start(implementation, '--ros-args', '--no-such-flag', ready=False)
    assert peer._process.wait(20) != 0
    assert 'ConfigError' in peer.errors()
    assert 'no-such-flag' in peer.errors()
