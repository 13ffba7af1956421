"""Material for the dynamics networks: clips of any origin, cut into what each network takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis.labelled import LabelledMotion
from humandyn_ros.learning.tasks.task import Batch
from humandyn_ros.quantities import Array, Mask

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of one person's motion at a uniform rate; what is not known is None.

    T frames, world axes, z up, floor at z = 0; NaN = not seen.
    """

    name: str  # of the data set
    rate_hz: float
    mass_kg: float
    joints: Array | None = None  # (T, 24, 3) m
    markers: Array | None = None  # (T, M, 3) m
    rotations: Array | None = None  # (T, 24, 3) rad, the body model's own, relative to parents
    angles: Array | None = None  # (T, A) rad
    torque: Array | None = None  # (T, N) N·m in model coordinates
    torque_smpl: Array | None = None  # (T, 24, 3) N·m, mean over the step to the next frame
    contact_force: Array | None = None  # (T, 24, 3) N
    feet: Array | None = None  # (T, 2, 3) N, left, right
    muscles: Array | None = None  # (T, K) 0-1
    emg: Array | None = None  # (T, E)
    keep: Mask | None = None  # (T,) labels can be trusted; None: everywhere

    def __len__(self) -> int:
        given = self.joints if self.joints is not None else self.markers
        if given is None:
            raise ConfigError(f'clip of {self.name}: neither joints nor markers')
        return len(given)

    def where(self) -> Array:
        """Joint centres (T, 24, 3) m, or where there are none, the markers' mean at the pelvis."""
        if self.joints is not None:
            return self.joints
        stand_in = np.full((len(self), 24, 3), np.nan)
        if self.markers is not None:
            stand_in[:, 0] = np.nanmean(self.markers, axis=1)
        return stand_in

    def only(self, *names: str) -> Clip:
        """The same clip knowing only some of its representations and labels."""
        fields = [item.name for item in dataclasses.fields(self) if item.default is None]
        dropped = {name: None for name in fields if name not in (*names, 'keep')}
        return dataclasses.replace(self, **dropped)  # type: ignore[arg-type]


Source = Callable[[str, int], Iterable[Clip]]
"""One epoch of clips of a split, the same for the same seed."""


def from_labelled(motion: LabelledMotion, rate_hz: float) -> Clip:
    """A clip at a network's rate from synthesised motion.

    Raises:
        ConfigError: The motion's rate is no whole multiple of the network's.
    """
    every = round(motion.rate_hz / rate_hz)
    if every < 1 or abs(every * rate_hz - motion.rate_hz) > 0.01 * rate_hz:
        raise ConfigError(
            f'motion at {motion.rate_hz} Hz: not a whole multiple of the {rate_hz} Hz wanted'
        )
    frames = len(motion) // every * every
    pick = slice(0, frames, every)
    momentum = motion.angular_momentum[:frames].reshape(-1, every, 24, 3).sum(axis=1)
    return Clip(
        motion.origin.kind,
        rate_hz,
        motion.mass_kg,
        joints=motion.seen[pick],
        markers=None if motion.markers is None else motion.markers[pick],
        angles=motion.angle[pick],
        torque=motion.torque_rajagopal[pick],
        torque_smpl=momentum * rate_hz,
        contact_force=motion.contact_force[pick],
        feet=motion.ground_force[pick],
        muscles=None if motion.activation is None else motion.activation[pick],
        keep=motion.keep[pick],
    )


def clip_source(name: str, data: Path | None, rate_hz: float, clips: int) -> Source:
    """Source of clips by name.

    Args:
        name: 'synthesis', 'kept' (synthesised before), 'imdy' and 'addbiomechanics' (the
            published data), 'point_masses', or 'module:function' of one's own, which is called
            with (data, rate_hz) and returns a Source.
        data: Folder of recordings or of the original data, or None.
        rate_hz: Rate that the network takes.
        clips: Clips of one epoch.

    Raises:
        ConfigError: There is no such source.
    """
    path = _SOURCES.get(name, name)
    module, found, attribute = path.partition(':')
    if not found:
        raise ConfigError(f'no source {name!r}: choose one of {", ".join(_SOURCES)}')
    try:
        make = getattr(import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ConfigError(f'no source {name!r}: {error}') from error
    source: Source = make(data, rate_hz)
    return lambda split, seed: islice(source(split, seed), clips)


def synthesis(data: Path | None, rate_hz: float) -> Source:
    """Clips of learning/synthesis, endless."""
    rooms: Any = import_module('humandyn_ros.learning.synthesis')

    def source(split: str, seed: int) -> Iterator[Clip]:
        recipe = rooms.Recipe(rate_hz=rate_hz)
        for motion in rooms.stream(seed=seed, split=split, recipe=recipe, data=data):
            yield from_labelled(motion, rate_hz)

    return source


_SOURCES = {
    'synthesis': f'{__name__}:synthesis',
    'kept': 'humandyn_ros.learning.tasks.kept_clips:kept',
    'imdy': 'humandyn_ros.learning.tasks.original:imdy',
    'addbiomechanics': 'humandyn_ros.learning.tasks.addbiomechanics:addbiomechanics',
    'point_masses': 'humandyn_ros.learning.tasks.point_masses:point_masses',
}


def shuffled(
    pieces: Iterable[Arrays], batch: int, rng: np.random.Generator, buffer: int = 20_000
) -> Iterator[Batch]:
    """Mix the rows of many pieces and deal them out in batches; a remainder is dropped.

    Pieces with different names are never mixed.

    Args:
        pieces: Named arrays with rows first.
        batch: Rows of a batch.
        rng: Source of chance.
        buffer: Rows that are kept to be mixed.
    """
    waiting: dict[tuple[str, ...], list[Arrays]] = {}
    for piece in pieces:
        kind = tuple(sorted(piece))
        rows = waiting.setdefault(kind, [])
        rows.append(piece)
        if sum(_rows(p) for p in rows) >= max(buffer, batch):
            yield from _deal(waiting.pop(kind), batch, rng)
    for rows in waiting.values():
        yield from _deal(rows, batch, rng)


def _rows(piece: Arrays) -> int:
    return len(next(iter(piece.values())))


def _deal(pieces: Sequence[Arrays], batch: int, rng: np.random.Generator) -> Iterator[Batch]:
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    order = rng.permutation(_rows(joined))
    size = min(batch, len(order))
    for start in range(0, len(order) - size + 1, size):
        rows = order[start : start + size]
        yield {name: torch.from_numpy(array[rows]) for name, array in joined.items()}
