"""Settings of a training: one YAML file, single values of which may be overridden.

The file holds the fields of the task's own settings and, under `training`, those of
`TrainConfig`. A key that nobody reads is an error, as it is most often a slip.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from humandyn_ros.config import Checked, setting
from humandyn_ros.errors import ConfigError
from humandyn_ros.resources import resource

_SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class TrainConfig(Checked):
    """How any network is trained."""

    seed: int = setting(0, '', 'of weights, batches and everything else drawn', low=0, high=2**31)
    threads: int = setting(0, '', 'CPU threads of torch; 0: as torch chooses', low=0, high=1024)
    device: str = setting('auto', '', 'cpu, cuda, cuda:1 ...; auto: a GPU if there is one')
    precision: str = setting(
        'auto',
        '',
        'auto: bfloat16 on a GPU that has it, float16 with loss scaling on others, '
        'float32 on the CPU',
        choices=('auto', 'float32', 'bfloat16', 'float16'),
    )
    weight_decay: float = setting(0.01, '', 'decoupled weight decay (AdamW)', low=0, high=1)
    clip_norm: float = setting(1.0, '', 'gradients are scaled down to this norm; 0: never', low=0)
    decay: str = setting(
        'none', '', 'learning rate within a stage, by epochs', choices=('none', 'cosine')
    )
    warm_up_steps: int = setting(
        0, 'steps', 'of a stage in which the learning rate rises', low=0, high=10**9
    )
    validate_every: int = setting(1, 'epochs', 'between validations', low=1, high=10**6)
    save_every: int = setting(200, 'steps', 'between checkpoints', low=1, high=10**9)
    best: str = setting('', '', 'validation metric that chooses the model; empty: the first')
    best_is: str = setting(
        'lowest', '', 'which value of that metric is best', choices=('lowest', 'highest')
    )


def read_settings(
    name: str, path: str | Path | None, overrides: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the settings of a file, config/training/NAME.yaml if none is given.

    Args:
        name: Of the network.
        path: YAML file.
        overrides: As 'key=value' or 'group.key=value', the value in YAML.

    Raises:
        ConfigError: It is absent or not a mapping, or an override has no value.
    """
    if path is None:
        file = resource('config', 'training') / f'{name}.yaml'
        if not file.is_file():
            raise ConfigError(f'{name} comes without settings: give a YAML file with --config')
    else:
        file = Path(path)
    try:
        found = yaml.safe_load(file.read_text(encoding='utf-8')) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'{file} cannot be read: {error}') from error
    if not isinstance(found, dict):
        raise ConfigError(f'{file} must hold keys and values, not {type(found).__name__}')
    for override in overrides:
        _override(found, override)
    return found


def _override(found: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition('=')
    if not equals or not key:
        raise ConfigError(f'{override!r}: write it as key=value, or group.key=value')
    *groups, last = key.split('.')
    for group in groups:
        found = found.setdefault(group, {})
        if not isinstance(found, dict):
            raise ConfigError(f'{override!r}: {group} is a value, not a group')
    try:
        found[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f'{override!r}: {error}') from error


def split_settings(found: Mapping[str, Any], task: Any) -> tuple[TrainConfig, Any]:
    """Return the settings of the loop and, as the dataclass `task`, those of the network.

    Raises:
        ConfigError: A key is unknown, or a value of the wrong type or out of range.
    """
    rest = {key: value for key, value in found.items() if key != 'training'}
    training: TrainConfig = make(TrainConfig, found.get('training') or {}, 'training.')
    return training, make(task, rest)


def make(kind: Any, values: Any, where: str = '') -> Any:
    """Make a dataclass of a mapping, dataclasses and tuples within it included.

    Args:
        kind: The dataclass.
        values: Its fields by name; those not given keep their defaults.
        where: What stands before a key in messages.

    Raises:
        ConfigError: A key is unknown, or a value of the wrong type or out of range.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f'{where.rstrip(".") or "settings"} must be a group of keys')
    fields = {item.name for item in dataclasses.fields(kind)}
    unknown = [str(key) for key in values if key not in fields]
    if unknown:
        names = ', '.join(f'{where}{key}' for key in unknown)
        raise ConfigError(f'unknown setting {names}: choose from {", ".join(sorted(fields))}')
    hints = typing.get_type_hints(kind)
    made = {key: _typed(hints[key], value, f'{where}{key}') for key, value in values.items()}
    try:
        return kind(**made)
    except TypeError as error:  # a field without a default was not given
        raise ConfigError(f'{where}{kind.__name__}: {error}') from error


def _typed(hint: Any, value: Any, name: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _one_of(typing.get_args(hint), value, name)
    if dataclasses.is_dataclass(hint):
        return make(hint, value, f'{name}.')
    if origin is tuple:
        return _tuple(typing.get_args(hint), value, name)
    if hint is float and isinstance(value, str):  # YAML takes 1e-4 for text
        try:
            value = float(value)
        except ValueError as error:
            raise ConfigError(f'{name} = {value!r} must be a number') from error
    if hint is float and type(value) is int:
        return float(value)
    if hint in _SCALARS and type(value) is not hint:
        raise ConfigError(f'{name} = {value!r} must be of type {hint.__name__}')
    return value


def _one_of(hints: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None and type(None) in hints:
        return None
    errors = []
    for hint in hints:
        if hint is not type(None):
            try:
                return _typed(hint, value, name)
            except ConfigError as error:
                errors.append(str(error))
    raise ConfigError('; '.join(errors))


def _tuple(hints: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(f'{name} = {value!r} must be a list')
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise ConfigError(f'{name} has {len(value)} entries: {len(hints)} are needed')
    return tuple(
        _typed(h, v, f'{name}[{i}]') for i, (h, v) in enumerate(zip(hints, value, strict=True))
    )
