import dataclasses

import pytest

from humandyn_ros.config import PersonConfig
from humandyn_ros.errors import ConfigError, HumandynError


@pytest.mark.parametrize('mass', [0.0, -70.0, 500.0, float('nan'), float('inf')])
def test_an_impossible_body_mass_is_refused_with_name_value_and_range(mass: float):
    with pytest.raises(ConfigError, match=r'PersonConfig\.mass_kg = .*must lie in \[5, 300\]'):
        PersonConfig(mass_kg=mass)


def test_a_body_mass_that_is_not_a_number_is_refused():
    with pytest.raises(ConfigError, match='must be a number'):
        PersonConfig(mass_kg='heavy')  # type: ignore[arg-type]


def test_an_unknown_sex_lists_the_choices():
    with pytest.raises(ConfigError, match='female, male, average'):
        PersonConfig(sex='unknown')


def test_absent_mass_and_height_are_allowed():
    person = PersonConfig()
    assert person.mass_kg is None
    assert person.height_m is None


def test_a_setting_is_frozen_and_describes_itself():
    person = PersonConfig(mass_kg=80)
    with pytest.raises(dataclasses.FrozenInstanceError):
        person.mass_kg = 90  # type: ignore[misc]
    described = {f.name: f.metadata['unit'] for f in dataclasses.fields(person)}
    assert described == {'mass_kg': 'kg', 'height_m': 'm', 'sex': ''}


def test_every_deliberate_error_is_a_humandyn_error():
    from humandyn_ros import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type)]
    assert all(issubclass(c, HumandynError) for c in classes)
    drawn = errors.__doc__ or ''
    assert all(c.__name__ in drawn for c in classes), 'the tree in the docstring is incomplete'
