"""Reads the joint tree of an .osim file, and nothing else (no muscles, no masses).

Both forms are read: frames as PhysicalOffsetFrame, and the one before OpenSim 4 with
location_in_parent inside each Body. Angles of offset frames are body-fixed x-y-z.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from humandyn_ros import rotations
from humandyn_ros.errors import RecordingError
from humandyn_ros.osim.functions import numbers, read_function
from humandyn_ros.osim.model import Axis, Coupler, Joint, Model, Transform
from humandyn_ros.quantities import Array

_X, _Y, _Z = np.eye(3)
_EULER = {
    'WeldJoint': (),
    'PinJoint': (_Z,),
    'UniversalJoint': (_X, _Y),
    'GimbalJoint': (_X, _Y, _Z),
    'BallJoint': (_X, _Y, _Z),
    'FreeJoint': (_X, _Y, _Z),
    'PlanarJoint': (_Z,),
    'SliderJoint': (),
}
_SLIDES = {'FreeJoint': (_X, _Y, _Z), 'PlanarJoint': (_X, _Y), 'SliderJoint': (_X,)}


def read_model(path: str | Path) -> Model:
    """Read the joint tree of an .osim file, plain or gzip-compressed.

    Raises:
        RecordingError: Not an OpenSim model, a joint kind that is not known, or a broken tree.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        root = ElementTree.fromstring(
            gzip.decompress(content) if content[:2] == b'\x1f\x8b' else content
        )
    except (OSError, EOFError, ElementTree.ParseError) as error:
        raise RecordingError(
            f'{path} cannot be read as an OpenSim model: {error}; give a complete .osim file'
        ) from error
    model = root if root.tag == 'Model' else root.find('Model')
    if model is None:
        raise RecordingError(f'{path} holds no <Model> but <{root.tag}>; give a scaled .osim file')
    return _Reader(model, path).read()


class _Reader:
    def __init__(self, model: Element, path: Path) -> None:
        self.model, self.path = model, path
        self.defaults: dict[str, float] = {}
        self.rotational: set[str] = set()

    def read(self) -> Model:
        joints = [self._joint(e, parent, child) for e, parent, child in self._joint_elements()]
        return Model(
            self.model.get('name', ''),
            self._ordered(joints),
            self.defaults,
            frozenset(self.rotational),
            tuple(self._coupler(e) for e in self.model.iter('CoordinateCouplerConstraint')),
            {e.get('name', ''): self._marker(e) for e in self.model.iter('Marker')},
            {e.get('name', ''): self._scale(e) for e in self.model.iter('Body')},
        )

    def _joint_elements(self) -> Iterable[tuple[Element, Transform, Transform]]:
        for body in self.model.iter('Body'):  # before OpenSim 4 a joint is inside its child body
            for element in body.findall('Joint/*'):
                yield element, _old_frame(element, '_in_parent'), _old_frame(element, '')
        for element in self.model.findall('JointSet/objects/*'):
            if element.find('socket_parent_frame') is not None:
                parent, child = (
                    self._offset(element, f'socket_{end}_frame') for end in ('parent', 'child')
                )
                yield element, parent, child

    def _offset(self, joint: Element, socket: str) -> Transform:
        for frame in joint.iter('PhysicalOffsetFrame'):
            if frame.get('name') == (joint.findtext(socket) or '').split('/')[-1]:
                return _frame(numbers(frame, 'orientation'), numbers(frame, 'translation'))
        return _frame(np.zeros(3), np.zeros(3))

    def _body(self, joint: Element, socket: str) -> str:
        named = (joint.findtext(socket) or '').strip().split('/')[-1]
        for frame in joint.iter('PhysicalOffsetFrame'):
            if frame.get('name') == named:
                return (frame.findtext('socket_parent') or '').strip().split('/')[-1]
        return named

    def _joint(self, element: Element, in_parent: Transform, in_child: Transform) -> Joint:
        name = element.get('name', '')
        if element.find('socket_parent_frame') is not None:
            ends = (
                self._body(element, 'socket_parent_frame'),
                self._body(element, 'socket_child_frame'),
            )
        else:
            owner = next(b for b in self.model.iter('Body') if element in b.findall('Joint/*'))
            ends = (element.findtext('parent_body') or '').strip(), owner.get('name', '')
        coordinates = [e.get('name', '') for e in element.iter('Coordinate')]
        for e in element.iter('Coordinate'):
            self.defaults[e.get('name', '')] = float(e.findtext('default_value') or 0)
        rotation, translation = self._axes(element, name, coordinates)
        self.rotational.update(n for _, names, _ in rotation for n in names)
        return Joint(name, *ends, in_parent, in_child, rotation, translation)

    def _axes(
        self, element: Element, name: str, coordinates: list[str]
    ) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
        if element.tag == 'CustomJoint':
            axes = [self._axis(e, name) for e in element.iter('TransformAxis')]
            if len(axes) != 6:
                raise RecordingError(f'{self.path}: joint {name} has {len(axes)} axes, not 6')
            return tuple(axes[:3]), tuple(axes[3:])
        if element.tag not in _EULER:
            raise RecordingError(
                f'{self.path}: joint {name} is a {element.tag}, which is not read; known kinds: '
                f'CustomJoint, {", ".join(_EULER)}'
            )
        turns, slides = _EULER[element.tag], _SLIDES.get(element.tag, ())
        if len(coordinates) != len(turns) + len(slides):
            raise RecordingError(
                f'{self.path}: joint {name} ({element.tag}) has {len(coordinates)} coordinates, '
                f'not {len(turns) + len(slides)}'
            )
        named = [(n,) for n in coordinates]
        plain = [(a, n, _same) for a, n in zip((*turns, *slides), named, strict=True)]
        return tuple(plain[: len(turns)]), tuple(plain[len(turns) :])

    def _axis(self, element: Element, joint: str) -> Axis:
        owner = f'{self.path}: joint {joint}, {element.get("name")}'
        names = tuple((element.findtext('coordinates') or '').split())
        if len(names) > 1:
            raise RecordingError(f'{owner} depends on {", ".join(names)}: only one can be read')
        direction = numbers(element, 'axis')
        return direction / np.linalg.norm(direction), names, read_function(element, owner)

    def _coupler(self, element: Element) -> Coupler:
        owner = f'{self.path}: coupler {element.get("name")}'
        holder = element.find('coupled_coordinates_function')
        if holder is None:
            raise RecordingError(f'{owner} has no coupled_coordinates_function: damaged model')
        inner = read_function(holder, owner)
        scale = float(element.findtext('scale_factor') or 1)
        return Coupler(
            (element.findtext('dependent_coordinate_name') or '').strip(),
            (element.findtext('independent_coordinate_names') or '').strip(),
            lambda at: scale * inner(at),
        )

    def _marker(self, element: Element) -> tuple[str, Array]:
        body = element.findtext('socket_parent_frame') or element.findtext('body') or ''
        return body.strip().split('/')[-1], numbers(element, 'location')

    @staticmethod
    def _scale(body: Element) -> Array:
        for kind in ('Mesh', 'DisplayGeometry'):
            for geometry in body.iter(kind):
                found = numbers(geometry, 'scale_factors')
                if len(found) == 3:
                    return found
        return np.ones(3)

    def _ordered(self, joints: list[Joint]) -> tuple[Joint, ...]:
        placed, ordered = {'ground'}, []
        while joints:
            ready = [joint for joint in joints if joint.parent in placed]
            if not ready:
                lost = ', '.join(f'{j.name} (on {j.parent!r})' for j in joints)
                raise RecordingError(f'{self.path}: joints not connected to the ground: {lost}')
            placed.update(joint.child for joint in ready)
            ordered += ready
            joints = [joint for joint in joints if joint not in ready]
        if not ordered:
            raise RecordingError(f'{self.path}: the model has no joints')
        return tuple(ordered)


def _same(at: Array) -> Array:
    return at


def _old_frame(joint: Element, suffix: str) -> Transform:
    return _frame(numbers(joint, f'orientation{suffix}'), numbers(joint, f'location{suffix}'))


def _frame(angles: Array, origin: Array) -> Transform:
    matrix = np.eye(3)
    for axis, angle in zip(np.eye(3), angles, strict=False):
        matrix = matrix @ rotations.exp(angle * axis)
    return matrix, origin if len(origin) == 3 else np.zeros(3)
