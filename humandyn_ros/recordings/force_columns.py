"""Force files (.mot, .sto): whose columns are named in as many ways as there are laboratories.

Three columns that differ only in x, y, z form a vector; its name says what it is (force, centre of
pressure, moment), which plate it belongs to, and sometimes which foot. Units and the point that
moments refer to are recognised from the numbers. What was recognised is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humandyn_ros.errors import RecordingError
from humandyn_ros.quantities import Array, Mask
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.recordings.files import reading
from humandyn_ros.recordings.loads import UNLOADED_N
from humandyn_ros.recordings.recording import Forces, Plate
from humandyn_ros.recordings.storage import Table, read_table
from humandyn_ros.rotations import skew

# Tried in this order; `rest` of the name, without the match, tells the plate.
_KINDS = (
    ('point', re.compile(r'(?:ground_|grf_)?(?:force_?)?(?:cop|(?<![a-z])p(?:oint)?)_?$')),
    ('moment', re.compile(r'(?:ground_|grf_)?(?:torque|moment|free_?moment|grm)_?$')),
    ('moment', re.compile(r'(?<![a-z])[mt]\d*_?$')),
    ('force', re.compile(r'(?:ground_|grf_)?(?:force_?v?|grf|(?<![a-z])[vf]\d*)_?$')),
)
_FILLERS = re.compile(r'ground|reaction|force|free|torque|moment|gr[fm]|cop')
_SIDES = {'l': 'left', 'left': 'left', 'r': 'right', 'right': 'right'}


@dataclass(eq=False)
class _Columns:
    """The vectors of one plate, as named in the file."""

    label: str
    force: Array | None = None
    point: Array | None = None
    moment: Array | None = None


def read_force_table(path: Path, up: str | None = None) -> Forces:
    """Read ground reactions from an OpenSim table into the world (z up).

    Args:
        path: The file, plain or .gz.
        up: Upward axis of the file; without it the axis along which the load is carried.

    Raises:
        RecordingError: The file is damaged, or no column is recognised as a force.
    """
    table = read_table(path)
    with reading(path, 'force'):
        found = {k: c for k, c in _grouped(table).items() if c.force is not None}
        if not found:
            raise RecordingError(
                f'{path}: no force columns among {", ".join(table.columns[:8])}, ...; expected '
                'names such as ground_force_vx, ground_force_px, ground_torque_x'
            )
        axis = up or _upward(list(found.values()))
        plates, words = zip(*(_plate(k, c, axis) for k, c in found.items()), strict=True)
    recognised = '; '.join([f'vertical axis {axis}', *words, *table.notes])
    return Forces(table.stamps_ns, plates, recognised, table.rate_hz)


def _grouped(table: Table) -> dict[str, _Columns]:
    """Collect the vectors of each plate, in the order of their columns."""
    places = {name.lower(): i for i, name in enumerate(table.columns)}
    plates: dict[str, _Columns] = {}
    for name in table.columns:
        lower = name.lower()
        if not lower.endswith('x') or not {lower[:-1] + 'y', lower[:-1] + 'z'} <= set(places):
            continue
        kind, key = _kind_and_plate(lower[:-1])
        if kind:
            columns = plates.setdefault(key, _Columns(name[:-1]))
            vector = table.values[:, [places[lower[:-1] + axis] for axis in 'xyz']]
            if getattr(columns, kind) is None:
                setattr(columns, kind, np.where(np.isfinite(vector), vector, 0.0))
    return plates


def _kind_and_plate(prefix: str) -> tuple[str, str]:
    """'1_ground_force_v' -> ('force', '1'); '' as kind: not recognised."""
    for kind, pattern in _KINDS:
        match = pattern.search(prefix)
        if match:
            return kind, _key(prefix[: match.start()] + ' ' + re.sub(r'\D', '', match[0]))
    middle = re.fullmatch(r'(?P<word>.*(?:torque|moment|force|gr[fm]|cop).*?)_?', prefix)
    if middle:  # 'ground_torque_r_': the word comes first, the plate last
        word = middle['word']
        kind = 'moment' if re.search('torque|moment|grm', word) else 'force'
        return ('point' if 'cop' in word else kind), _key(word)
    return '', ''


def _key(rest: str) -> str:
    return '_'.join(re.findall(r'[a-z]+\d*|\d+', _FILLERS.sub(' ', rest)))


def _foot(key: str) -> str | None:
    sides = {_SIDES[word] for word in key.split('_') if word in _SIDES}
    return sides.pop() if len(sides) == 1 else None


def _upward(plates: list[_Columns]) -> str:
    """The axis that carries the load, against gravity (a person is never pulled down)."""
    total = np.sum([p.force.sum(0) for p in plates if p.force is not None], axis=0)
    # A file may hold the force on the plate; its sign is settled per plate afterwards.
    return 'XYZ'[int(np.argmax(np.abs(total)))]


def _plate(key: str, columns: _Columns, up: str) -> tuple[Plate, str]:
    zero = np.zeros((1, 3))
    force = to_z_up(zero if columns.force is None else columns.force, up)
    point = to_z_up(np.zeros_like(force) if columns.point is None else columns.point, up)
    moment = to_z_up(np.zeros_like(force) if columns.moment is None else columns.moment, up)
    sign = -1.0 if force[:, 2].sum() < 0 else 1.0
    force, moment = sign * force, sign * moment
    loaded = force[:, 2] >= UNLOADED_N
    # Some writers leave the point at the origin while a light load comes and goes.
    point = np.where((point == 0).all(-1, keepdims=True), np.nan, point)
    point, length = _in_metres(point, loaded)
    known = loaded & np.isfinite(point).all(-1)
    moment, about = _free_moment(moment, force, point, known)
    if columns.point is None:
        point, length = np.full_like(force, np.nan), 'absent'
    foot = _foot(key)
    plate = Plate(
        name=f'plate {key}' if key else 'plate',
        foot=foot,
        force=np.where(loaded[:, None], force, 0.0),
        centre_of_pressure=np.where(loaded[:, None], point, np.nan),
        moment=np.where(known[:, None], moment, 0.0),
    )
    side = foot or 'foot not named'
    turned = '' if sign > 0 else ', action turned round'
    return plate, f'{columns.label}*: {side}, centre of pressure {length}, moment {about}{turned}'


def _in_metres(point: Array, loaded: Mask) -> tuple[Array, str]:
    """Nobody's plate is 20 m from the origin in metres, nor all within 20 mm in millimetres."""
    if np.nanmax(np.abs(point[loaded]), initial=0.0) > 20.0:
        return point * 1e-3, 'in mm'
    return point, 'in m'


def _free_moment(moment: Array, force: Array, point: Array, loaded: Mask) -> tuple[Array, str]:
    """Free moment at the centre of pressure: its horizontal part must vanish on a plate.

    Files give moments about the centre of pressure, or about a fixed point (the laboratory's or
    the plate's own origin), in N·m or N·mm. The reading that leaves the smallest horizontal moment
    is the one the file means.
    """
    if not moment[loaded].any():
        return np.zeros_like(force), 'none'
    readings = {'at the centre of pressure in N·m': moment}
    for unit, scale in (('N·m', 1.0), ('N·mm', 1e-3)):
        fixed = _fixed_point(moment * scale, force, point, loaded)
        where = 'the origin' if np.linalg.norm(fixed[:2]) < 0.02 else f'x {fixed[0]:.2f}'
        where += '' if 'origin' in where else f' y {fixed[1]:.2f} m'
        readings[f'about {where} in {unit}'] = moment * scale - np.cross(point - fixed, force)
    best = min(readings, key=lambda name: _horizontal(readings[name][loaded]))
    # A free moment proper has no horizontal part to explain: then nothing beats the plain reading.
    if _horizontal(moment[loaded]) <= 1.0:
        best = 'at the centre of pressure in N·m'
    free = readings[best].copy()
    # With only a vertical part the size decides: feet turn on the floor with tens of N·m at most.
    if best.startswith('at') and np.percentile(np.abs(free[loaded, 2]), 95) > 500.0:
        return free * 1e-3, 'at the centre of pressure in N·mm'
    if not best.startswith('at'):
        free[:, :2] = 0.0
    return free, best


def _horizontal(moment: Array) -> float:
    """Mean size of the horizontal part, N·m."""
    return float(np.abs(moment[:, :2]).mean())


def _fixed_point(moment: Array, force: Array, point: Array, loaded: Mask) -> Array:
    """The point c (3,) that best explains moments about it: M ≈ (p - c) × F horizontally."""
    rows = skew(force[loaded])[:, :2].reshape(-1, 3)
    rest = (moment - np.cross(point, force))[loaded, :2].reshape(-1)
    return np.asarray(np.linalg.lstsq(rows, rest, rcond=None)[0], float)
