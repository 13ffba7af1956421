"""The data sets of action segmentation in the layout that LaSA and LaDy publish.

    DATA/FOLDER/features/*.npy           joints of one sequence; shape as `shaped` says
    DATA/FOLDER/gt_arr/*.npy             class number of every frame
    DATA/FOLDER/gt_boundary_arr/*.npy    1 at boundaries; made from the labels where absent
    DATA/FOLDER/mapping.txt              'number name' per line
    DATA/csv/FOLDER/train1.csv test1.csv columns feature, label, boundary: paths from DATA
    DATA/text_embeddings/FOLDER_actions_pool.npy, FOLDER_joints_pool.npy     where there are any

Arrays are read without unpickling.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from humandyn_ros.engines.lady.coordinates import Tree
from humandyn_ros.engines.lady.features import FORWARD, Layout
from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.quantities import Array
from humandyn_ros.resources import resource
from humandyn_ros.segmentation import Labels, boundary_targets

TRAIN, VALIDATION, TEST = 'train', 'validation', 'test'


@dataclass(frozen=True)
class Preset:
    """One data set; the fields are explained in config/training/lady_presets.yaml."""

    folder: str
    parents: tuple[int, ...]
    landmarks: tuple[int, int, int, int]
    dims: int
    up: int
    root: int
    persons: int
    values: int
    every: int
    rate_hz: float
    classes: int
    people: str
    friction: bool
    batch: int
    epochs: int
    energy_weight: float
    energy_after: int
    occlude: float
    rotate: float
    image: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()
    skeleton: str = ''

    def layout(self, displacement: str = FORWARD, *, heading_free: bool = False) -> Layout:
        """Layout of the network's inputs."""
        tree = Tree(tuple(self.parents), tuple(self.landmarks), self.dims, self.up)  # type: ignore[arg-type]
        return Layout(tree, self.root, self.persons, self.values, displacement, heading_free)


def load_preset(name: str) -> Preset:
    """Return a preset of config/training/lady_presets.yaml.

    Raises:
        ConfigError: There is no such preset, or it lacks a field.
    """
    path = resource('config', 'training', 'lady_presets.yaml')
    presets = yaml.safe_load(path.read_text(encoding='utf-8'))
    if name not in presets:
        raise ConfigError(f'no LaDy preset {name!r}: choose one of {", ".join(presets)}')
    known = {item.name for item in fields(Preset)}
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in presets[name].items()
    }
    if unknown := set(given) - known:
        raise ConfigError(f'preset {name}: unknown fields {", ".join(sorted(unknown))}')
    try:
        return Preset(**given)
    except TypeError as error:
        raise ConfigError(f'preset {name} in {path}: {error}') from error


@dataclass(frozen=True, eq=False)
class ActionSequence:
    """One labelled sequence."""

    name: str
    values: Array  # (T, P, V, values) in the file's units; zero or NaN = not seen
    labels: Labels  # (T,)
    boundary: Array  # (T,) 0 or 1


def shaped(feature: Array, preset: Preset) -> Array:
    """Values (T, P, V, values) of a file's array.

    PKU-MMD: (T, P·V·3) or any shape that holds it; LARa: (6, T, V, 1); MCFS: (T, V, 2 or more)
    pixels and confidence, scaled by the image; TCG: (T, V, 3).

    Raises:
        RecordingError: The array has none of these shapes.
    """
    joints, people, values = len(preset.parents), preset.persons, preset.values
    result = feature
    if preset.image is not None and feature.ndim == 3 and feature.shape[2] >= 2:
        result = feature[:, None, :, :2] / np.array(preset.image) - 0.5
    elif feature.ndim == 4 and feature.shape[0] == values:
        result = np.moveaxis(feature, (0, 1, 2, 3), (3, 0, 2, 1))
    elif feature.size % (joints * people * values) == 0:
        result = feature.reshape(-1, people, joints, values)
    if result.ndim != 4 or result.shape[1:] != (people, joints, values) or not len(result):
        raise RecordingError(
            f'features {feature.shape}: wanted frames of {people} x {joints} joints with {values} '
            'numbers each'
        )
    return np.asarray(result, dtype=np.float64)


class PublishedSet:
    """Sequences of one data set and split.

    Args:
        data: Folder DATA.
        preset: Which data set.
        fold: Number in the names of the csv files.

    Raises:
        RecordingError: The folder or a csv file is missing.
    """

    def __init__(self, data: Path, preset: Preset, fold: int = 1) -> None:
        self.data, self.preset = Path(data), preset
        self._rows = {kind: self._read(kind, fold) for kind in (TRAIN, TEST)}

    def _read(self, kind: str, fold: int) -> list[dict[str, str]]:
        path = self.data / 'csv' / self.preset.folder / f'{kind}{fold}.csv'
        if not path.is_file():
            raise RecordingError(
                f'{path} is missing: copy csv/ of the LaDy release beside the data sets'
            )
        with path.open(encoding='utf-8', newline='') as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if not row.get('feature') or not row.get('label'):
                raise RecordingError(f'{path}: columns feature, label and boundary are wanted')
        return rows

    def labels(self) -> tuple[str, ...]:
        """Class names by number, from mapping.txt.

        Raises:
            RecordingError: The file is missing, or does not name the classes in order.
        """
        path = self.data / self.preset.folder / 'mapping.txt'
        return class_names(path, self.preset.classes)

    def files(self, split: str) -> list[dict[str, str]]:
        """Rows of a split; validation holds out the last of the training people.

        The published code chooses its model on the test split; we never do. Where file names
        hold no person, the last tenth of the training files is held out.

        Raises:
            ConfigError: There is no such split.
        """
        if split == TEST:
            return self._rows[TEST]
        if split not in (TRAIN, VALIDATION):
            raise ConfigError(f'split {split!r}: choose train, validation or test')
        rows = sorted(self._rows[TRAIN], key=lambda row: row['feature'])
        groups = [self._person(row['feature'], i, len(rows)) for i, row in enumerate(rows)]
        held = max(groups, default='')
        return [
            row
            for row, group in zip(rows, groups, strict=True)
            if (group == held) == (split == VALIDATION)
        ]

    def _person(self, path: str, index: int, count: int) -> str:
        found = re.search(self.preset.people, Path(path).stem) if self.preset.people else None
        if found is not None:
            return found.group()
        return '~' if index >= 0.9 * count else ''  # '~' sorts last

    def sequences(self, split: str) -> Iterator[ActionSequence]:
        """Read the sequences of a split at the file's rate."""
        for row in self.files(split):
            yield self.read(row)

    def read(self, row: dict[str, str]) -> ActionSequence:
        """Read one sequence.

        Raises:
            RecordingError: A file is missing or does not fit.
        """
        values = shaped(self._array(row['feature']), self.preset)
        labels = self._array(row['label']).astype(np.int64).ravel()
        frames = min(len(values), len(labels))
        if abs(len(values) - len(labels)) > 1 or not frames:
            raise RecordingError(
                f'{row["feature"]}: {len(values)} frames but {len(labels)} labels'
            )
        if labels.min() < 0 or labels.max() >= self.preset.classes:
            raise RecordingError(
                f'{row["label"]}: classes {labels.min()} to {labels.max()}; there are '
                f'{self.preset.classes}'
            )
        boundary = boundary_targets(labels)
        if row.get('boundary') and self._path(row['boundary']).is_file():
            boundary = self._array(row['boundary']).astype(np.float64).ravel()
        if len(boundary) < frames:
            raise RecordingError(f'{row["boundary"]}: {len(boundary)} of {frames} frames')
        cut = slice(0, frames)
        return ActionSequence(row['feature'], values[cut], labels[cut], boundary[cut])

    def _path(self, name: str) -> Path:
        return self.data / name.lstrip('/')

    def _array(self, name: str) -> Array:
        path = self._path(name)
        if not path.is_file():
            raise RecordingError(f'{path} is missing')
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (ValueError, EOFError, OSError) as error:
            raise RecordingError(f'{path} is no plain NumPy array: {error}') from error


def class_names(path: Path, count: int) -> tuple[str, ...]:
    """Class names by number, from lines of 'number name'.

    Raises:
        RecordingError: The file is missing, or does not name `count` classes in order.
    """
    if not path.is_file():
        raise RecordingError(f'{path} is missing: one "number name" per line')
    lines = path.read_text(encoding='utf-8').splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    if any(len(pair) != 2 or pair[0] != str(i) for i, pair in enumerate(pairs)):
        raise RecordingError(f'{path}: wanted "number name" per line, numbers from 0 in order')
    if len(pairs) != count:
        raise RecordingError(f'{path} names {len(pairs)} classes: there are {count}')
    return tuple(name.strip() for _, name in pairs)


def text_features(path: Path, count: int) -> Array:
    """Text features (count, E) of classes or joints, as CLIP, BERT or another encoder gave them.

    Raises:
        RecordingError: The file is missing or has another number of rows.
    """
    if not path.is_file():
        raise RecordingError(f'{path} is missing: text features as .npy, one row per name')
    try:
        table = np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
    except (ValueError, EOFError, OSError) as error:
        raise RecordingError(f'{path} is no plain NumPy array: {error}') from error
    if table.ndim != 2 or len(table) != count or not np.isfinite(table).all():
        raise RecordingError(f'{path} has shape {table.shape}: wanted {count} finite rows')
    return table
