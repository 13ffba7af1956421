"""Joints of a given exoskeleton: names, signs, scales and limits, from one YAML file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from humandyn_ros.errors import ConfigError
from humandyn_ros.quantities import Array, InverseDynamics
from humandyn_ros.resources import resource

_JOINT = ('coordinate', 'sign', 'scale', 'limit_nm')


@dataclass(frozen=True)
class Motor:
    """One joint of the device.

    Attributes:
        name: The device's name for it.
        coordinate: Coordinate whose torque it follows, e.g. 'hip_flexion_r'.
        factor: Device torque per torque of the coordinate: sign times scale.
        sign: 1 or -1, for angles.
        limit_nm: Largest torque that is asked of it, N·m.
    """

    name: str
    coordinate: str
    factor: float
    sign: float
    limit_nm: float


@dataclass(frozen=True)
class Exoskeleton:
    """A device's joints in the order of its command.

    Attributes:
        name: The file's name.
        motors: Its joints.
        slew_nm_per_s: Largest rate of change of each torque.
    """

    name: str
    motors: tuple[Motor, ...]
    slew_nm_per_s: float

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The device's names (M)."""
        return tuple(motor.name for motor in self.motors)

    def torque(self, dynamics: InverseDynamics) -> Array:
        """Torques of the motors (M,) N·m, before any limit.

        Raises:
            ConfigError: The engine gives no such coordinate.
        """
        return self._picked(dynamics, dynamics.torque) * [m.factor for m in self.motors]

    def position(self, dynamics: InverseDynamics) -> Array:
        """Angles in the device's directions (M,) rad."""
        return self._picked(dynamics, dynamics.position) * [m.sign for m in self.motors]

    def velocity(self, dynamics: InverseDynamics) -> Array:
        """Angular velocities in the device's directions (M,) rad/s."""
        return self._picked(dynamics, dynamics.velocity) * [m.sign for m in self.motors]

    def limited(self, torque: Array) -> Array:
        """Clip torques (M,) N·m to what the motors may be asked for."""
        limits = np.array([motor.limit_nm for motor in self.motors])
        return np.asarray(np.clip(torque, -limits, limits))

    def _picked(self, dynamics: InverseDynamics, values: Array) -> Array:
        names = dynamics.joint_names
        for motor in self.motors:
            if motor.coordinate not in names:
                raise ConfigError(
                    f'exoskeleton {self.name}: {motor.name} follows {motor.coordinate}, but the '
                    f'engine gives {", ".join(names)}'
                )
        return values[[names.index(motor.coordinate) for motor in self.motors]]


def available_exoskeletons() -> tuple[str, ...]:
    """Names of the devices that come with the package."""
    return tuple(sorted(path.stem for path in resource('config', 'exoskeletons').glob('*.yaml')))


def load_exoskeleton(name: str | Path) -> Exoskeleton:
    """Load a device by its name, or by the path of a YAML file of one's own.

    Raises:
        ConfigError: No such file, or it breaks a rule; file, key and remedy are named.
    """
    path = Path(name)
    if path.suffix not in ('.yaml', '.yml'):
        if str(name) not in available_exoskeletons():
            raise ConfigError(
                f'exoskeleton {str(name)!r} is not known; choose one of '
                f'{", ".join(available_exoskeletons())}, or give the path of a YAML file'
            )
        path = resource('config', 'exoskeletons', f'{name}.yaml')
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'exoskeleton {path} cannot be read: {error}') from error
    joints = content.get('joints') if isinstance(content, dict) else None
    if not isinstance(joints, dict) or not joints:
        raise ConfigError(f'exoskeleton {path}: joints = {joints!r}: name at least one joint')
    motors = tuple(_motor(path, str(key), value) for key, value in joints.items())
    slew = _positive(path, 'slew_nm_per_s', content.get('slew_nm_per_s'))
    return Exoskeleton(path.stem, motors, slew)


def _motor(path: Path, name: str, value: Any) -> Motor:
    if not isinstance(value, dict) or sorted(value) != sorted(_JOINT):
        raise ConfigError(f'exoskeleton {path}: joints.{name} needs {", ".join(_JOINT)}')
    if value['sign'] not in (1, -1):
        raise ConfigError(f'exoskeleton {path}: joints.{name}.sign = {value["sign"]!r}: 1 or -1')
    scale = _positive(path, f'joints.{name}.scale', value['scale'])
    limit = _positive(path, f'joints.{name}.limit_nm', value['limit_nm'])
    sign = float(value['sign'])
    return Motor(name, str(value['coordinate']), sign * scale, sign, limit)


def _positive(path: Path, key: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0.0 < value < math.inf:
        raise ConfigError(f'exoskeleton {path}: {key} = {value!r} must be a positive number')
    return float(value)
