"""Services and managed nodes."""

import pytest

SET_BOOL = 'std_srvs/srv/SetBool'
TRIGGER = 'std_srvs/srv/Trigger'
STATE = 'lifecycle_msgs/srv/GetState'
ALL_WELL = dict.fromkeys(('configure', 'activate', 'deactivate', 'cleanup', 'shutdown'), True)


def ask(peer, name, label):
    return peer.call(
        kind='lifecycle_msgs/srv/ChangeState', name=f'{name}/change_state', transition=label
    )['success']


def state(peer, name):
    return peer.call(kind=STATE, name=f'{name}/get_state')['current_state']['label']


def test_a_service_gets_the_request_and_answers(pair):
    alice, bob = pair
    bob.service(key='arm', kind=SET_BOOL, name='arm', success=True, message='armed')
    for data in (True, False):
        answer = alice.call(kind=SET_BOOL, name='/house/arm', data=data)
        assert answer == {'success': True, 'message': 'armed'}
    assert bob.received(key='arm') == [{'data': True}, {'data': False}]


def test_a_request_without_fields_is_served(pair):
    alice, bob = pair
    alice.service(key='zero', kind=TRIGGER, name='~/zero', success=False, message='no')
    answer = bob.call(kind=TRIGGER, name='/alice/zero')
    assert answer == {'success': False, 'message': 'no'}


def test_a_managed_node_walks_through_its_states(implementation, start, eventually):
    node, manager = start(implementation), start(implementation, '--ros-args', '-r', '__ns:=/m')
    node.lifecycle(key='entered', outcomes=ALL_WELL)
    events = 'lifecycle_msgs/msg/TransitionEvent'
    manager.subscription(key='events', kind=events, topic='/peer/transition_event', depth=50)
    eventually(lambda: manager.matched(key='events'), 'the event topic')
    walk = {
        'configure': 'inactive',
        'activate': 'active',
        'deactivate': 'inactive',
        'cleanup': 'unconfigured',
        'shutdown': 'finalized',
    }
    assert state(manager, '/peer') == 'unconfigured'
    for label, goal in walk.items():
        assert ask(manager, '/peer', {'label': label}) is True
        assert state(manager, '/peer') == goal
    assert node.received(key='entered') == list(walk)
    seen = eventually(
        lambda: (found := manager.received(key='events')) and len(found) >= 10 and found,
        'ten events',
    )
    assert [event['goal_state']['label'] for event in seen][-2:] == ['shuttingdown', 'finalized']


def test_transitions_by_number_and_forbidden_ones(implementation, start):
    node, manager = start(implementation), start(implementation, '--ros-args', '-r', '__ns:=/m')
    node.lifecycle(key='entered', outcomes=ALL_WELL)
    assert ask(manager, '/peer', {'id': 3}) is False  # activate before configure
    assert ask(manager, '/peer', {'id': 1}) is True
    found = manager.call(
        kind='lifecycle_msgs/srv/GetAvailableTransitions', name='/peer/get_available_transitions'
    )
    labels = [item['transition']['label'] for item in found['available_transitions']]
    assert sorted(labels) == ['activate', 'cleanup', 'shutdown']


@pytest.mark.parametrize(
    ('outcome', 'after'), [(False, 'unconfigured'), ('raise', 'unconfigured')]
)
def test_a_transition_that_fails_leaves_the_state(implementation, start, outcome, after):
    node, manager = start(implementation), start(implementation, '--ros-args', '-r', '__ns:=/m')
    node.lifecycle(key='entered', outcomes={**ALL_WELL, 'configure': outcome})
    assert ask(manager, '/peer', {'label': 'configure'}) is False
    assert state(manager, '/peer') == after


def test_a_node_may_start_itself(implementation, start):
    node, manager = start(implementation), start(implementation, '--ros-args', '-r', '__ns:=/m')
    node.lifecycle(key='entered', outcomes=ALL_WELL)
    assert node.transition(name='configure') is True
    assert node.transition(name='activate') is True
    assert node.transition(name='configure') is False
    assert state(manager, '/peer') == 'active'
