import dataclasses
import math
from dataclasses import dataclass, field

import pytest

from humandyn_ros.config import Checked, PersonConfig, setting
from humandyn_ros.errors import ConfigError
from humandyn_ros.ros.nodes.dynamics_node import PERSON
from humandyn_ros.ros.parameters import Group, Settings, on_change


@dataclass(frozen=True)
class Inner(Checked):
    lag_s: float = setting(0.08, 's', 'declared lag', low=0.0, high=1.0)
    kind: str = setting('kalman', '', 'filter', choices=('kalman', 'butterworth'))


@dataclass(frozen=True)
class Outer(Checked):
    count: int = setting(3, '', 'how many', low=1, high=9)
    loop: bool = setting(False, '', 'again')
    names: tuple[str, ...] = setting(('a', 'b'), '', 'which')
    inner: Inner = field(default_factory=Inner)


def test_every_field_becomes_a_parameter_with_its_default_and_description(fake):
    handle = fake()
    settings = Settings(handle, Group(Outer(), prefix='x.'))
    assert handle.values == {
        'x.count': 3,
        'x.loop': False,
        'x.names': ['a', 'b'],
        'x.inner.lag_s': 0.08,
        'x.inner.kind': 'kalman',
    }
    assert handle.descriptions['x.inner.lag_s'] == 'declared lag [s]; from 0 to 1'
    assert handle.descriptions['x.inner.kind'] == 'filter; one of kalman, butterworth'
    assert settings.value == Outer()


def test_overrides_reach_the_dataclass_at_every_depth(fake):
    overrides = {'count': 5, 'names': ['c'], 'inner.lag_s': 0.02, 'inner.kind': 'butterworth'}
    settings = Settings(fake(overrides=overrides), Group(Outer()))
    assert settings.value == Outer(5, names=('c',), inner=Inner(0.02, 'butterworth'))


def test_the_person_is_absent_by_default_and_absence_is_nan(fake):
    handle = fake()
    settings = Settings(handle, PERSON)
    assert sorted(handle.values) == ['height', 'mass', 'sex']
    assert math.isnan(handle.values['mass'])
    assert settings.value == PersonConfig()


def test_a_whole_number_is_good_enough_for_a_mass(fake):
    settings = Settings(fake(overrides={'mass': 75}), PERSON)
    assert settings.value.mass_kg == 75.0


@pytest.mark.parametrize('mass', [0.0, -70.0, 500.0, math.inf])
def test_a_mass_that_nobody_has_is_refused_at_the_start(fake, mass):
    with pytest.raises(ConfigError, match='parameter mass = '):
        Settings(fake(overrides={'mass': mass}), PERSON)


@pytest.mark.parametrize(
    ('name', 'value'), [('count', 2.5), ('loop', 'yes'), ('inner.lag_s', 'long'), ('count', True)]
)
def test_a_value_of_the_wrong_type_is_refused_by_name(fake, name, value):
    with pytest.raises(ConfigError, match=name):
        Settings(fake(overrides={name: value}), Group(Outer()))


def test_a_change_is_taken_over_and_then_applied(fake):
    handle = fake()
    settings = Settings(handle, dataclasses.replace(PERSON, default=PersonConfig(mass_kg=70.0)))
    applied = []
    on_change(handle, [settings], lambda: applied.append(settings.value.mass_kg))
    assert handle.change(mass=82.5) == ''
    assert applied == [82.5]
    assert handle.change(mass=math.nan) == ''
    assert settings.value.mass_kg is None


def test_a_change_out_of_range_is_refused_with_the_reason_and_changes_nothing(fake):
    handle = fake()
    person = Settings(handle, dataclasses.replace(PERSON, default=PersonConfig(mass_kg=70.0)))
    outer = Settings(handle, Group(Outer()))
    applied = []
    on_change(handle, [outer, person], lambda: applied.append(1))
    reason = handle.change(**{'mass': 500.0, 'count': 4})
    assert '500' in reason
    assert '[5, 300]' in reason
    assert (outer.value.count, person.value.mass_kg, applied) == (3, 70.0, [])


def test_parameters_of_others_are_left_alone(fake):
    handle = fake()
    settings = Settings(handle, Group(Outer()))
    on_change(handle, [settings], lambda: None)
    assert handle.change(use_sim_time=True) == ''
    assert settings.value == Outer()


def test_a_refusal_names_the_parameter_not_the_field_of_a_class(fake):
    handle = fake({'mass': 999.0})
    with pytest.raises(ConfigError, match=r'^parameter mass = 999\.0 kg: must lie in'):
        Settings(handle, PERSON)
    with pytest.raises(ConfigError, match=r'^parameter x\.inner\.lag_s = 9\.0 s'):
        Settings(fake({'x.inner.lag_s': 9.0}), Group(Outer(), prefix='x.'))
