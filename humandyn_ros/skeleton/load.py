"""Reads and checks format files; finds the format that fits the names of some points."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from humandyn_ros.errors import SkeletonError
from humandyn_ros.markers import LANDMARKS, METHODS
from humandyn_ros.quantities import CANONICAL, Skeleton
from humandyn_ros.resources import SafeLoader, resource
from humandyn_ros.skeleton.axes import UPWARD
from humandyn_ros.skeleton.format import Rule, Segment, SkeletonFormat, plain

LACKS = ('upper_body', 'hands', 'feet', 'heels', 'head', 'spine', 'depth', 'travel')
"""What a format may lack; 'travel': the body's path through the world is not in the points."""

UNITS = {'m': 1.0, 'cm': 0.01, 'mm': 0.001, 'px': 1.0, 'image': 1.0}
_KEYS = (
    'name', 'kind', 'source', 'up', 'handedness', 'unit', 'dims', 'lacks', 'joints', 'markers',
    'optional', 'aliases', 'landmarks', 'segments', 'map', 'notes',
)  # fmt: skip
_SEGMENT = {'markers', 'gives', 'fills'}


def available_formats() -> tuple[str, ...]:
    """Names of the formats that come with the package."""
    return tuple(sorted(path.stem for path in resource('config', 'skeletons').glob('*.yaml')))


def load_format(name: str | Path) -> SkeletonFormat:
    """Load a format by its name, or by the path of a YAML file of one's own.

    Raises:
        SkeletonError: No such format, or the file breaks a rule; the message names file, key,
            value and remedy.
    """
    text = str(name)
    if text.endswith(('.yaml', '.yml')) or '/' in text:
        return _load(Path(text))
    if text not in available_formats():
        raise SkeletonError(
            f'skeleton format {text!r} is not known; choose one of '
            f'{", ".join(available_formats())}, or give the path of a YAML file'
        )
    return _shipped(text)


def recognise(names: Sequence[str], format: str | None = None) -> SkeletonFormat:
    """Find the format that points belong to, bound to their order.

    The format with all its needed points there wins; among several, the one that knows most
    of the names.

    Args:
        names: Names of the points.
        format: Name or path of the format, where it is known; then it need only fit.

    Raises:
        SkeletonError: None fits (the nearest ones are named with what they miss), several fit
            alike, or the known one is unknown here or does not fit.
    """
    if format:
        return load_format(format).bind(names)
    matches = [(form, form.match(names)) for form in map(load_format, available_formats())]
    whole = [(f, m) for f, m in matches if all(n in m for n in f.required)]
    if whole:
        best = max(_fitness(f, m) for f, m in whole)
        fitting = [f for f, m in whole if _fitness(f, m) == best]
        if len(fitting) > 1:
            raise SkeletonError(
                f'the points fit {" and ".join(f.name for f in fitting)} alike; name the format'
            )
        return fitting[0].bind(names)
    near = sorted(matches, key=lambda fm: -len(fm[1]) / len(fm[0].required))[:3]
    told = '; '.join(
        f'{f.name} misses {", ".join(n for n in f.required if n not in m)}' for f, m in near
    )
    raise SkeletonError(
        f'no skeleton format fits the points {", ".join(names)}. Nearest: {told}. Name the '
        'format, or write a format file and give its path'
    )


def _fitness(form: SkeletonFormat, match: Mapping[str, int]) -> tuple[int, int]:
    return len(match), -len(form.skeleton.joints)


@lru_cache(maxsize=64)
def _shipped(name: str) -> SkeletonFormat:
    return _load(resource('config', 'skeletons', f'{name}.yaml'))


def _load(path: Path) -> SkeletonFormat:
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), Loader=_StrictLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SkeletonError(f'{path} cannot be read as a skeleton format: {error}') from error
    return _Checker(path, content).read()


class _StrictLoader(SafeLoader):
    """Refuses repeated keys, which YAML would silently let overwrite each other."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f'{node.start_mark}: key {key!r} appears twice')
        return super().construct_mapping(node, deep)


class _Checker:
    def __init__(self, path: Path, content: Any) -> None:
        self.path = path
        if not isinstance(content, dict):
            raise self.error('the file', content, 'must hold keys and values: see another format')
        self.content: dict[str, Any] = content

    def error(self, key: str, value: object, remedy: str) -> SkeletonError:
        return SkeletonError(f'{self.path}: {key} = {value!r}: {remedy}')

    def read(self) -> SkeletonFormat:
        for key in self.content:
            if key not in _KEYS:
                raise self.error(key, self.content[key], f'is not one of {", ".join(_KEYS)}')
        kind = self._choice('kind', None, ('joints', 'markers'))
        skeleton = self._skeleton(kind)
        count = len(skeleton.joints)
        up = self._choice('up', None, UPWARD)
        lacks = tuple(self._choice_of(v, 'lacks', LACKS) for v in self._list('lacks'))
        self.points = set(skeleton.joints)
        form = SkeletonFormat(
            name=skeleton.name,
            skeleton=skeleton,
            kind=kind,
            up=up,
            handedness=self._choice('handedness', 'right', ('right', 'left')),
            unit=self._choice('unit', 'm', tuple(UNITS)),
            dims=self._choice('dims', 3, (2, 3)),
            lacks=lacks,
            optional=frozenset(self._point(n, 'optional') for n in self._list('optional')),
            aliases=self._aliases(),
            landmarks=self._landmarks(),
            segments=self._segments(),
            rules=self._rules(kind),
            notes=tuple(self._text(n) for n in self._list('notes')),
            columns=tuple(range(count)),
            width=count,
        )
        return form

    def _skeleton(self, kind: str) -> Skeleton:
        name = self.content.get('name')
        if name != self.path.stem:
            raise self.error('name', name, f'must be the name of the file, {self.path.stem!r}')
        if kind == 'markers':
            names = tuple(str(n) for n in self._list('markers'))
            parents = (-1,) * len(names)
        else:
            tree = self._mapping('joints')
            names = tuple(str(n) for n in tree)
            for joint, parent in tree.items():
                if parent is not None and parent not in names[: names.index(joint)] + names:
                    raise self.error(f'joints.{joint}', parent, 'the parent is not a joint')
            parents = tuple(-1 if p is None else names.index(p) for p in tree.values())
        if not names:
            raise self.error('joints' if kind == 'joints' else 'markers', None, 'list the points')
        spelt = [plain(n) for n in names]
        for n in names:
            if spelt.count(plain(n)) > 1:
                raise self.error('points', n, 'two points have this name; names must differ')
        for i in range(len(names)):
            seen, j = set(), i
            while j >= 0:
                if j in seen:
                    raise self.error(f'joints.{names[i]}', names[j], 'the parents form a circle')
                seen.add(j)
                j = parents[j]
        return Skeleton(str(name), names, parents)

    def _landmarks(self) -> dict[str, tuple[str, ...]]:
        read: dict[str, tuple[str, ...]] = {}
        for name, value in self._mapping('landmarks').items():
            self._choice_of(name, 'landmarks', tuple(LANDMARKS))
            markers = (value,) if isinstance(value, str) else tuple(value)
            if LANDMARKS[name] and len(markers) != LANDMARKS[name]:
                raise self.error(
                    f'landmarks.{name}', value, f'needs {LANDMARKS[name]} marker(s), left first'
                )
            read[name] = tuple(self._point(m, f'landmarks.{name}') for m in markers)
        return read

    def _segments(self) -> dict[str, Segment]:
        read = {}
        for name, value in self._mapping('segments').items():
            if not isinstance(value, dict) or not {'markers'} < set(value) <= _SEGMENT:
                raise self.error(f'segments.{name}', value, 'needs markers, and gives or fills')
            markers = tuple(
                m if m in CANONICAL.index else self._point(m, f'segments.{name}')
                for m in value['markers']
            )
            gives, fills = (
                tuple(
                    self._choice_of(j, f'segments.{name}.{key}', CANONICAL.joints)
                    for j in value.get(key, ())
                )
                for key in ('gives', 'fills')
            )
            read[name] = Segment(markers, gives, fills)
        return read

    def _aliases(self) -> dict[str, tuple[str, ...]]:
        return {
            self._point(name, 'aliases'): tuple([others] if isinstance(others, str) else others)
            for name, others in self._mapping('aliases').items()
        }

    def _rules(self, kind: str) -> dict[str, tuple[Rule, ...]]:
        rules = {}
        for joint, value in self._mapping('map').items():
            self._choice_of(joint, 'map', CANONICAL.joints)
            ways = value if isinstance(value, list) else [value]
            rules[str(joint)] = tuple(self._rule(f'map.{joint}', way, kind) for way in ways)
        if not rules:
            raise self.error('map', None, 'say how the canonical joints are made')
        return rules

    def _rule(self, key: str, value: Any, kind: str) -> Rule:
        if isinstance(value, str):
            return {self._place(value, key): 1.0}
        if isinstance(value, dict) and 'method' in value:
            method = value['method']
            if kind != 'markers' and method != 'level_foot':
                raise self.error(key, value, 'joints are made of weights, not of methods')
            return str(self._choice_of(method, key, tuple(METHODS)))
        if not isinstance(value, dict) or not value:
            raise self.error(key, value, 'give a point, weights of points, or a method')
        weights = {self._place(n, key): float(w) for n, w in value.items()}
        if abs(sum(weights.values()) - 1) > 1e-6:
            raise self.error(key, value, f'weights sum to {sum(weights.values()):g}, not to 1')
        return weights

    def _place(self, name: Any, key: str) -> str:
        """A point of the format, or '=' and a canonical joint that the map makes."""
        if str(name).startswith('='):
            if name[1:] not in self.content['map']:
                raise self.error(key, name, 'is not a canonical joint that this map makes')
            return str(name)
        return self._point(name, key)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.error('notes', value, 'must be a sentence; quote it if it has a colon')
        return value

    def _point(self, name: Any, key: str) -> str:
        if name not in self.points:
            raise self.error(key, name, 'is not a point of this format')
        return str(name)

    def _choice(self, key: str, default: Any, choices: tuple[Any, ...]) -> Any:
        return self._choice_of(self.content.get(key, default), key, choices)

    def _choice_of(self, value: Any, key: str, choices: tuple[Any, ...]) -> Any:
        if value not in choices:
            raise self.error(key, value, f'choose one of {", ".join(map(str, choices))}')
        return value

    def _list(self, key: str) -> list[Any]:
        value = self.content.get(key) or []
        if not isinstance(value, list):
            raise self.error(key, value, 'must be a list')
        return value

    def _mapping(self, key: str) -> dict[Any, Any]:
        value = self.content.get(key) or {}
        if not isinstance(value, dict):
            raise self.error(key, value, 'must be a mapping')
        return value
