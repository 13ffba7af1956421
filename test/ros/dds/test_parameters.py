"""A node's parameters, without a wire."""

import pytest

from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.dds.message_types import message_type
from humandyn_ros.ros.dds.parameter_services import _listed
from humandyn_ros.ros.dds.parameters import Parameters, from_wire, kind_of, to_wire


@pytest.fixture
def told():
    return []


@pytest.fixture
def parameters(told):
    return Parameters(
        {'mass': 70, 'rates': [1, 2], 'none': [], 'wrong': 'x'},
        lambda parameter, new: told.append((parameter.name, parameter.value, new)),
    )


@pytest.mark.parametrize(
    ('value', 'kind'),
    [
        (True, 1),
        (1, 2),
        (1.0, 3),
        ('a', 4),
        ([True], 6),
        ([1], 7),
        ([1.0], 8),
        (['a'], 9),
        ([], 9),
    ],
)
def test_every_type_crosses_the_wire(value, kind, parameters):
    assert kind_of(value) == kind
    parameters.declare('p', value)
    wire = message_type('rcl_interfaces/msg/ParameterValue')
    sent = wire.decode(bytes(wire.encode(wire.new(to_wire(parameters.find('p'))))))
    assert sent.type == kind
    found = from_wire(sent)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize('value', [None, {}, [1, 'a'], [[1]], b'x', object()])
def test_other_values_are_no_parameters(value):
    with pytest.raises(ConfigError, match='no parameter value'):
        kind_of(value)


def test_overrides_replace_defaults_and_integers_become_floats(parameters, told):
    assert parameters.declare('mass', 1.0) == 70.0
    assert parameters.declare('rates', [0.5]) == [1.0, 2.0]
    assert parameters.declare('none', [1]) == []
    assert parameters.declare('other', 'x') == 'x'
    assert told[0] == ('mass', 70.0, True)
    with pytest.raises(ConfigError, match='wrong'):
        parameters.declare('wrong', 1)


def test_a_change_is_asked_for_then_announced(parameters, told):
    parameters.declare('mass', 1.0)
    asked = []
    parameters.ask(lambda changes: asked.append(dict(changes)) or '')
    assert parameters.set({'mass': 80.0}) == ''
    assert asked == [{'mass': 80.0}]
    assert told[-1] == ('mass', 80.0, False)
    assert parameters.get('mass') == 80.0


def test_one_refusal_refuses_all(parameters):
    parameters.declare('mass', 1.0)
    parameters.declare('sex', 'male')
    parameters.declare('fixed', 1, read_only=True)
    assert 'read-only' in parameters.set({'mass': 80.0, 'fixed': 2})
    assert 'not integer' in parameters.set({'mass': 80})
    assert 'not declared' in parameters.set({'absent': 1})
    parameters.ask(lambda changes: 'no' if changes.get('sex') == 'x' else '')
    assert parameters.set({'mass': 80.0, 'sex': 'x'}) == 'no'
    assert parameters.get('mass') == 70.0


def test_a_callback_that_raises_refuses(parameters):
    parameters.declare('mass', 1.0)

    def check(changes):
        raise ConfigError('mass must lie in [5, 300]')

    parameters.ask(check)
    assert parameters.set({'mass': 900.0}) == 'mass must lie in [5, 300]'


@pytest.mark.parametrize(
    ('name', 'prefixes', 'depth', 'listed'),
    [
        ('a', [], 0, True),
        ('a.b', [], 1, False),
        ('a.b', [], 2, True),
        ('a.b', ['a'], 0, True),
        ('a.b.c', ['a'], 1, False),
        ('ab', ['a'], 0, False),
        ('a', ['a'], 1, True),
    ],
)
def test_listing_by_prefix_and_depth(name, prefixes, depth, listed):
    assert _listed(name, prefixes, depth) is listed
