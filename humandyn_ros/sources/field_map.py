"""Messages of any type, read by a YAML file that says which field is what.

```yaml
type: yolo_msgs/msg/DetectionArray   # or a list; absent: whatever type the publisher has
format: coco_17        # absent: recognised by the points' names
up: Z                  # absent: the format's
header: header         # absent: stamped on receipt
frame_id: keypoints3d.frame_id   # of a body; absent: the header's
bodies: detections     # absent: the message is one body
number: id             # of a body; absent: its place in the list
points: keypoints3d.data         # of a body
joint: id              # of a point, number or name; absent: its place in the list
first: 1               # number of the first joint
joints: {1: head}      # numbers to names, where they are not the format's order
x: point.x             # of a point; '-' before it turns the axis round
y: point.y
z: point.z
confidence: score      # of a point; absent: rebuilt
stride: 4              # `points` is a flat list of numbers, so many to a point; x, y, z are places
scale: 0.001           # metres per unit
zeros: unseen          # the exact origin is not seen (default), or `seen`
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import yaml

from humandyn_ros.errors import ConfigError, SkeletonError, StreamError
from humandyn_ros.quantities import Array, SkeletonFrame
from humandyn_ros.resources import SafeLoader, resource
from humandyn_ros.skeleton import UPWARD, SkeletonFormat, load_format, recognise
from humandyn_ros.sources.source import Source, body_number, frame, hide_zeros

Get = Callable[[Any], Any]
_KEYS = (
    'type', 'format', 'up', 'header', 'frame_id', 'bodies', 'number', 'points', 'joint', 'first',
    'joints', 'x', 'y', 'z', 'confidence', 'stride', 'scale', 'zeros', 'shared',
)  # fmt: skip
_POINTS = 4096  # most points of one body; hostile messages hold more


def available_maps() -> tuple[str, ...]:
    """Names of the maps that come with the package."""
    return tuple(sorted(path.stem for path in resource('config', 'sources').glob('*.yaml')))


def load_sources(name: str | Path) -> tuple[Source, ...]:
    """Read a map by its name or path: one source for each message type that it names.

    Raises:
        ConfigError: No such map, or it breaks a rule; file, key and remedy are named.
    """
    path = Path(name)
    if path.suffix not in ('.yaml', '.yml'):
        if str(name) not in available_maps():
            raise ConfigError(
                f'field map {str(name)!r} is not known; choose one of '
                f'{", ".join(available_maps())}, or give the path of a YAML file'
            )
        path = resource('config', 'sources', f'{name}.yaml')
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), Loader=SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'field map {path} cannot be read: {error}') from error
    rules = _checked(path, content)
    mapped = FieldMap(rules)
    types = rules.get('type', '')
    return tuple(
        Source(
            kind,
            mapped.read,
            str(rules.get('format', '')),
            up=str(rules.get('up', '')),
            confident='confidence' in rules,
            recognise=None if 'format' in rules else mapped.recognise,
            shared=bool(rules.get('shared', False)),
        )
        for kind in ([types] if isinstance(types, str) else types)
    )


def _checked(path: Path, content: Any) -> dict[str, Any]:
    def refuse(key: str, value: object, remedy: str) -> ConfigError:
        return ConfigError(f'field map {path}: {key} = {value!r}: {remedy}')

    if not isinstance(content, dict):
        raise refuse('the file', content, 'must hold keys and values')
    for key, value in content.items():
        if key not in _KEYS:
            raise refuse(key, value, f'is not one of {", ".join(_KEYS)}')
    for key in ('points', 'x', 'y', 'z'):
        if key not in content:
            raise refuse(key, None, 'say which field it is')
    if content.get('up', 'Z') not in UPWARD:
        raise refuse('up', content['up'], f'choose one of {", ".join(UPWARD)}')
    if content.get('zeros', 'unseen') not in ('unseen', 'seen'):
        raise refuse('zeros', content['zeros'], 'choose unseen or seen')
    if not isinstance(content.get('joints', {}), dict):
        raise refuse('joints', content['joints'], 'must map numbers to names')
    for key, kind in (('stride', int), ('first', int), ('scale', (int, float))):
        if not isinstance(content.get(key, 1), kind):
            raise refuse(key, content[key], 'must be a number')
    if 'format' in content:
        try:
            load_format(content['format'])
        except SkeletonError as error:
            raise refuse('format', content['format'], str(error)) from error
    return content


def getter(path: str) -> Get:
    """Compile a path such as 'pose.position.x' or 'real.0'; '' is the thing itself.

    The getter raises StreamError where a message has no such field.
    """
    steps = [int(part) if part.isdecimal() else part for part in path.split('.') if part]

    def get(thing: Any) -> Any:
        try:
            for step in steps:
                thing = thing[step] if isinstance(step, int) else getattr(thing, step)
        except (AttributeError, IndexError, TypeError) as error:
            kind = type(thing).__name__
            raise StreamError(f'field {path!r}: {kind} has no {step!r}') from error
        return thing

    return get


@dataclass(frozen=True)
class _Axis:
    get: Get
    sign: float


def _axis(path: object) -> _Axis:
    text = str(path)
    return _Axis(getter(text.lstrip('-')), -1.0 if text.startswith('-') else 1.0)


class FieldMap:
    """Reads messages by the rules of one map.

    Args:
        rules: The checked content of the file.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._header = getter(rules['header']) if rules.get('header') else None
        self._frame_id = getter(rules['frame_id']) if rules.get('frame_id') else None
        self._bodies = getter(rules['bodies']) if rules.get('bodies') else None
        self._number = getter(rules['number']) if rules.get('number') else None
        self._points = getter(str(rules['points']))
        self._joint = getter(rules['joint']) if rules.get('joint') else None
        self._first = int(rules.get('first', 0))
        self._names = {int(number): str(name) for number, name in rules.get('joints', {}).items()}
        self._stride = int(rules.get('stride', 0))
        self._axes = [_axis(rules[key]) for key in 'xyz']
        self._confidence = getter(str(rules['confidence'])) if 'confidence' in rules else None
        self._scale = float(rules.get('scale', 1.0))
        self._zeros_unseen = rules.get('zeros', 'unseen') == 'unseen'
        self._places: dict[object, int] = {}
        self._place_form = ''

    def recognise(self, message: Any) -> str:
        """Return the format that the names of the points fit; '' while there are none."""
        names = [
            str(self._joint(point)) if self._joint else ''
            for body in self._all(message)
            for point in self._list(body)
        ]
        if not any(names):
            return ''
        try:
            return recognise(tuple(dict.fromkeys(names))).name
        except SkeletonError as error:
            raise StreamError(f'set the parameter `format`: {error}') from error

    def read(
        self, message: Any, form: SkeletonFormat, topic: str = ''
    ) -> tuple[SkeletonFrame, ...]:
        """Return one frame per body that has any points.

        Raises:
            StreamError: A field is not there, or a joint's number is not of the format.
        """
        del topic
        header = self._header(message) if self._header else None
        found: dict[int, SkeletonFrame] = {}
        for index, body in enumerate(self._all(message)):
            listed = self._list(body)
            if not len(listed):
                continue
            points, trust = self._table(listed, form)
            number = body_number(self._number(body) or index) if self._number else index
            named = self._named(header, body)
            found.setdefault(number, frame(named, number, form.skeleton, points, trust))
        return tuple(found.values())

    def _named(self, header: Any, body: Any) -> Any:
        name = str(self._frame_id(body)) if self._frame_id else ''
        return SimpleNamespace(stamp=header.stamp, frame_id=name) if name and header else header

    def _all(self, message: Any) -> Any:
        return self._bodies(message) if self._bodies else (message,)

    def _list(self, body: Any) -> Any:
        listed = self._points(body)
        if self._stride:
            count = len(listed) // self._stride
            if count * self._stride != len(listed):
                raise StreamError(f'{len(listed)} numbers do not divide by {self._stride}')
            listed = np.asarray(listed, float)[:, None].reshape(count, self._stride)
        if len(listed) > _POINTS:
            raise StreamError(f'a body of {len(listed)} points: no skeleton has that many')
        return listed

    def _table(self, listed: Any, form: SkeletonFormat) -> tuple[Array, Array | None]:
        joints = len(form.skeleton.joints)
        if self._joint is None and len(listed) != joints:
            raise StreamError(
                f'a body has {len(listed)} points, but skeleton format {form.name} has {joints}; '
                'set the parameter `format` to what the source sends'
            )
        points, trust = np.full((joints, 3), np.nan), np.ones(joints)
        for index, point in enumerate(listed):
            place = index if self._joint is None else self._place(self._joint(point), form)
            if place < 0:
                continue
            points[place] = [axis.sign * float(axis.get(point)) for axis in self._axes]
            if self._confidence:
                trust[place] = float(self._confidence(point))
        points *= self._scale
        points = hide_zeros(points) if self._zeros_unseen else points
        return points, trust if self._confidence else None

    def _place(self, name: Any, form: SkeletonFormat) -> int:
        """Place of a joint in the format; -1 for names that are not of it."""
        if self._place_form != form.name or len(self._places) > _POINTS:
            self._places, self._place_form = {}, form.name
        if name not in self._places:
            self._places[name] = self._found(name, form)
        return self._places[name]

    def _found(self, name: Any, form: SkeletonFormat) -> int:
        if isinstance(name, str) or self._names:
            text = name if isinstance(name, str) else self._names.get(int(name), '')
            found = form.match([text]) if text else {}
            return form.skeleton.index[next(iter(found))] if found else -1
        place = int(name) - self._first
        if not 0 <= place < len(form.skeleton.joints):
            raise StreamError(
                f'joint {name} is none of the {len(form.skeleton.joints)} of skeleton format '
                f'{form.name}; set the parameter `format` to what the source sends'
            )
        return place
