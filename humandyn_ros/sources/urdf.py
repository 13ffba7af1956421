"""A URDF's joints as transforms, as robot_state_publisher makes them of joint states.

Only what the kinematics need is read: joints, their origins and axes. Roll, pitch and yaw are
about fixed axes: R = Rz(yaw) Ry(pitch) Rx(roll) (URDF's XML specification, joint element).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from humandyn_ros.errors import StreamError
from humandyn_ros.quantities import Array
from humandyn_ros.rotations import exp, matrix_to_quat_xyzw

_LONGEST = 500_000  # characters
_TURNING = ('revolute', 'continuous')


class Link(NamedTuple):
    """Where a link is in its parent now."""

    parent: str
    child: str
    place: Array  # (3,) m
    turn_xyzw: Array  # (4,)


@dataclass(frozen=True, eq=False)
class _Joint:
    name: str
    parent: str
    child: str
    origin: Array  # (3,) m
    rotation: Array  # (3, 3)
    axis: Array  # (3,), zero where it does not turn


class Body:
    """The kinematic tree of one body.

    Args:
        text: The URDF.

    Raises:
        StreamError: It is no URDF with joints.
    """

    def __init__(self, text: str) -> None:
        # Entities can make a few bytes gigabytes; no URDF needs them.
        if len(text) > _LONGEST or '<!' in text.replace('<!--', ''):
            raise StreamError('the URDF is too long, or holds declarations: not read')
        try:
            robot = ElementTree.fromstring(text)
            self._joints = tuple(_joint(element) for element in robot.findall('joint'))
        except (ElementTree.ParseError, ValueError, KeyError, AttributeError) as error:
            raise StreamError(f'the URDF cannot be read: {error}') from error
        if not self._joints:
            raise StreamError('the URDF has no joints')
        children = {joint.child for joint in self._joints}
        roots = {joint.parent for joint in self._joints} - children
        if len(roots) != 1:
            raise StreamError(f'the URDF has {len(roots)} roots: one body has one')
        self.root = roots.pop()

    def links(self, angles: Mapping[str, float]) -> list[Link]:
        """Return every link in its parent; joints without an angle stand at zero.

        Args:
            angles: Joint names to rad.
        """
        return [_turned(joint, angles.get(joint.name, 0.0)) for joint in self._joints]


def _joint(element: ElementTree.Element) -> _Joint:
    def attribute(tag: str, key: str, default: str = '') -> str:
        found = element.find(tag)
        return default if found is None else found.get(key, default)

    parent, child = attribute('parent', 'link'), attribute('child', 'link')
    if not parent or not child:
        raise ValueError(f'joint {element.get("name")!r} does not say what it joins')
    roll, pitch, yaw = _three(attribute('origin', 'rpy', '0 0 0'))
    axis = _three(attribute('axis', 'xyz', '1 0 0'))
    length = float(np.linalg.norm(axis))
    turns = element.get('type') in _TURNING and length > 0.0
    return _Joint(
        name=element.get('name', ''),
        parent=parent,
        child=child,
        origin=_three(attribute('origin', 'xyz', '0 0 0')),
        rotation=_about(2, yaw) @ _about(1, pitch) @ _about(0, roll),
        axis=axis / length if turns else np.zeros(3),
    )


def _three(text: str) -> Array:
    values = np.array([float(word) for word in text.split()])
    if values.shape != (3,) or not np.isfinite(values).all():
        raise ValueError(f'{text!r} is not three numbers')
    return values


def _about(axis: int, angle: float) -> Array:
    return exp(angle * np.eye(3)[axis])


def _turned(joint: _Joint, angle: float) -> Link:
    rotation = joint.rotation @ exp(angle * joint.axis)
    return Link(joint.parent, joint.child, joint.origin, matrix_to_quat_xyzw(rotation))
