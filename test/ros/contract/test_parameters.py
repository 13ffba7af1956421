"""Parameters: where values come from, and what peers may read and change."""

import pytest

TYPES = {'bool': 1, 'integer': 2, 'double': 3, 'string': 4, 'double_array': 8}
FILE = """
/**:
  ros__parameters:
    mass_kg: 60
    sex: female
body:
  ros__parameters:
    mass_kg: 65.5
    limits: {hip: 100.0, knee: 1e2}
/other/body:
  ros__parameters:
    sex: male
"""


def give(name, kind, value):
    return {'name': name, 'value': {'type': TYPES[kind], f'{kind}_value': value}}


@pytest.fixture
def body(implementation, start, tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text(FILE)
    return start(
        implementation,
        '--ros-args',
        *('-r', '__node:=body'),
        *('--params-file', str(path)),
        *('-p', 'height_m:=1.81'),
        *('-p', 'names:=[a, b]'),
    )


@pytest.fixture
def asker(implementation, start):
    return start(implementation, '--ros-args', '-r', '__node:=asker')


def set_remotely(asker, *parameters):
    found = asker.call(
        kind='rcl_interfaces/srv/SetParameters',
        name='/body/set_parameters',
        parameters=list(parameters),
    )
    return [(item['successful'], item['reason']) for item in found['results']]


def test_files_and_command_line_override_defaults(body):
    assert body.declare(name='mass_kg', default=70.0) == 65.5
    assert body.declare(name='sex', default='average') == 'female'
    assert body.declare(name='height_m', default=0.0) == 1.81
    assert body.declare(name='names', default=['x']) == ['a', 'b']
    assert body.declare(name='limits.knee', default=1.0) == 100.0
    assert body.declare(name='rate', default=[1.0, 2.0]) == [1.0, 2.0]
    assert body.parameter(name='limits.knee') == 100.0


def test_an_integer_from_outside_serves_as_a_float(implementation, start):
    peer = start(implementation, '--ros-args', '-p', 'a:=3', '-p', 'b:=[1, 2]')
    assert peer.declare(name='a', default=1.0) == 3.0
    assert peer.declare(name='b', default=[0.5]) == [1.0, 2.0]


def test_a_value_of_another_type_is_refused_with_its_name(implementation, start):
    peer = start(implementation, '--ros-args', '-p', 'mass_kg:=heavy')
    with pytest.raises(AssertionError, match='ConfigError: parameter mass_kg'):
        peer.declare(name='mass_kg', default=70.0)
    with pytest.raises(AssertionError, match=r'ConfigError.*unknown_one'):
        peer.parameter(name='unknown_one')
    peer.declare(name='twice', default=1)
    with pytest.raises(AssertionError, match=r'ConfigError.*twice'):
        peer.declare(name='twice', default=1)


def test_peers_set_parameters_and_are_told_why_not(body, asker):
    body.declare(name='mass_kg', default=70.0)
    body.declare(name='fixed', default='x', read_only=True)
    assert set_remotely(asker, give('mass_kg', 'double', 81.5)) == [(True, '')]
    assert body.parameter(name='mass_kg') == 81.5
    body.refuse(reason='too heavy')
    assert set_remotely(asker, give('mass_kg', 'double', 900.0)) == [(False, 'too heavy')]
    body.accept()
    refused = set_remotely(
        asker,
        give('mass_kg', 'string', 'heavy'),
        give('fixed', 'string', 'y'),
        give('absent', 'double', 1.0),
    )
    assert [accepted for accepted, _ in refused] == [False, False, False]
    assert all(reason for _, reason in refused)
    assert body.parameter(name='mass_kg') == 81.5
    assert body.parameter(name='fixed') == 'x'


def test_setting_together_is_all_or_nothing(body, asker):
    body.declare(name='mass_kg', default=70.0)
    found = asker.call(
        kind='rcl_interfaces/srv/SetParametersAtomically',
        name='/body/set_parameters_atomically',
        parameters=[give('mass_kg', 'double', 50.0), give('absent', 'double', 1.0)],
    )
    assert found['result']['successful'] is False
    assert body.parameter(name='mass_kg') == 65.5


def test_peers_list_read_and_describe_parameters(body, asker):
    body.declare(name='mass_kg', default=70.0, description='body mass, kg')
    body.declare(name='limits.hip', default=1.0, read_only=True)
    listed = asker.call(
        kind='rcl_interfaces/srv/ListParameters', name='/body/list_parameters', prefixes=[]
    )
    assert {'mass_kg', 'limits.hip', 'use_sim_time'} <= set(listed['result']['names'])
    below = asker.call(
        kind='rcl_interfaces/srv/ListParameters',
        name='/body/list_parameters',
        prefixes=['limits'],
        depth=1,
    )
    assert below['result']['names'] == ['limits.hip']
    names = ['mass_kg', 'limits.hip']
    values = asker.call(
        kind='rcl_interfaces/srv/GetParameters', name='/body/get_parameters', names=names
    )['values']
    assert [value['double_value'] for value in values] == [65.5, 100.0]
    kinds = asker.call(
        kind='rcl_interfaces/srv/GetParameterTypes', name='/body/get_parameter_types', names=names
    )
    assert kinds['types'] == [3, 3]
    mass, hip = asker.call(
        kind='rcl_interfaces/srv/DescribeParameters', name='/body/describe_parameters', names=names
    )['descriptors']
    assert (mass['description'], mass['read_only']) == ('body mass, kg', False)
    assert (hip['type'], hip['read_only']) == (3, True)


def test_declarations_and_changes_are_announced(body, asker, eventually):
    asker.subscription(
        key='events', kind='rcl_interfaces/msg/ParameterEvent', topic='/parameter_events', depth=50
    )
    eventually(lambda: asker.matched(key='events') >= 2, 'both publishers of events')
    body.declare(name='mass_kg', default=70.0)
    set_remotely(asker, give('mass_kg', 'double', 81.5))

    def told(field):
        return [
            (item['name'], item['value']['double_value'])
            for event in asker.received(key='events')
            if event['node'] == '/body'
            for item in event[field]
        ]

    eventually(lambda: ('mass_kg', 81.5) in told('changed_parameters'), 'the change')
    assert ('mass_kg', 65.5) in told('new_parameters')
