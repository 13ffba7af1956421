"""The state machine of managed nodes, without a wire."""

import pytest

from humandyn_ros.ros.dds.lifecycle import EDGES, STATES, StateMachine


@pytest.fixture
def make():
    def build(**outcomes):
        def callback(outcome):
            def run():
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome

            return run

        taken, errors = [], []
        machine = StateMachine(
            {name: callback(outcome) for name, outcome in outcomes.items()},
            lambda edge: taken.append(edge.number),
            errors.append,
        )
        return machine, taken, errors

    return build


def test_numbers_are_those_of_lifecycle_msgs(make):
    machine, taken, _ = make()
    for label in ('configure', 'activate', 'deactivate', 'cleanup', 'shutdown'):
        assert machine.change(label=label)
    assert taken == [1, 10, 3, 30, 4, 40, 2, 20, 5, 50]
    assert STATES[machine.state] == 'finalized'
    assert machine.available() == []


@pytest.mark.parametrize(
    ('path', 'failing', 'state'),
    [
        (['configure'], 'configure', 'unconfigured'),
        (['configure', 'activate'], 'activate', 'inactive'),
        (['configure', 'activate', 'deactivate'], 'deactivate', 'active'),
        (['configure', 'cleanup'], 'cleanup', 'inactive'),
        (['shutdown'], 'shutdown', 'finalized'),
    ],
)
def test_a_failed_transition_goes_where_rcl_says(make, path, failing, state):
    machine, _, errors = make(**{failing: False})
    *before, last = path
    assert all(machine.change(label=label) for label in before)
    assert not machine.change(label=last)
    assert STATES[machine.state] == state
    assert errors == []


def test_an_exception_is_an_error_transition_back_to_unconfigured(make):
    machine, taken, errors = make(configure=RuntimeError('no model'))
    assert not machine.change(number=1)
    assert taken == [1, 12, 60]
    assert STATES[machine.state] == 'unconfigured'
    assert errors == ['configure raised RuntimeError: no model']


def test_what_may_not_be_asked_for_changes_nothing(make):
    machine, taken, _ = make()
    for asked in ({'label': 'activate'}, {'number': 3}, {'number': 10}, {'label': ''}, {}):
        assert not machine.change(**asked)
    assert not machine.change(label='transition_success')
    assert taken == []


def test_every_arrow_joins_two_known_states_and_has_its_own_number():
    assert {state for edge in EDGES for state in (edge.start, edge.goal)} <= STATES.keys()
    assert len({edge.number for edge in EDGES}) == len(EDGES)
