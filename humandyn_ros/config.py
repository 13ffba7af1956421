"""Settings as frozen dataclasses; each field carries unit, range and description.

ROS parameters, command-line options and the README's parameter table are made from these fields.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from humandyn_ros.errors import ConfigError


def setting(
    default: Any,
    unit: str,
    description: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one field: default, unit ('' for none), description, closed range or choices."""
    metadata = {
        'unit': unit,
        'description': description,
        'low': low,
        'high': high,
        'choices': choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Checked:
    """Mixin: validates every declared field on construction."""

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):  # type: ignore[arg-type]
            _check(type(self).__name__, item, getattr(self, item.name))


def _check(owner: str, item: dataclasses.Field[Any], value: Any) -> None:
    rule = item.metadata
    name = f'{owner}.{item.name}'
    if not rule or value is None:
        return
    if rule['choices'] and value not in rule['choices']:
        raise ConfigError(f'{name} = {value!r}: choose one of {", ".join(rule["choices"])}')
    if isinstance(value, bool) or not isinstance(value, int | float):
        if rule['low'] > -math.inf or rule['high'] < math.inf:
            raise ConfigError(f'{name} = {value!r} must be a number ({rule["unit"] or "no unit"})')
        return
    if not rule['low'] <= value <= rule['high']:
        raise ConfigError(
            f'{name} = {value} {rule["unit"]}: must lie in [{rule["low"]}, {rule["high"]}]'
        )


@dataclass(frozen=True)
class PersonConfig(Checked):
    """Who is in front of the sensor. Mass is asked for; the rest is measured where absent."""

    mass_kg: float | None = setting(
        None, 'kg', 'body mass; absent: from height and a body mass index of 23', low=5, high=300
    )
    height_m: float | None = setting(
        None, 'm', 'standing height; absent: measured from the skeleton', low=0.5, high=2.5
    )
    sex: str = setting(
        'average', '', 'segment mass table of de Leva', choices=('female', 'male', 'average')
    )
