"""Clips of motion with words, from synthesis or from lists of files, and frames out of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.errors import ConfigError, RecordingError
from humandyn_ros.quantities import CANONICAL, Array, Skeleton
from humandyn_ros.recordings.axes import to_z_up
from humandyn_ros.skeleton import Adapter, available_formats, load_format
from humandyn_ros.words.facts import Measured

_IDLE = 'stand'
_KEPT = 1024  # clips in memory, some 0.3 MB each


@dataclass(frozen=True, eq=False)
class WordedClip:
    """One clip and what can be said about it.

    Attributes:
        id: Unique in its set.
        skeleton: Of the points.
        rate_hz: Frames per second.
        points: (T, P, J, 3) m, z up, or (T, P, J, 2) in a picture; NaN = not seen.
        confidence: (T, P, J) 0-1.
        label: Of the action.
        caption: One sentence; '' if nobody wrote one.
        reasons: From measured facts to the sentence; may be empty.
        measured: What claims can be held against; None: nothing was measured.
    """

    id: str
    skeleton: Skeleton
    rate_hz: float
    points: Array
    confidence: Array
    label: str
    caption: str = ''
    reasons: tuple[str, ...] = ()
    measured: Measured | None = None


Source = Callable[[str, int], Iterable[WordedClip]]
"""One epoch of clips of a split, the same for the same seed."""


def clip_source(name: str, data: Path | None, clips: int) -> Source:
    """Return a source by name.

    Args:
        name: 'synthesis', 'lists' (see `listed`), or 'module:function' of one's own, which is
            called with (data, clips) and returns a Source.
        data: Folder of recordings, or of lists; None: procedural motion.
        clips: Of one epoch, of sources without end.

    Raises:
        ConfigError: There is none, or it needs a folder.
    """
    if name == 'synthesis':
        return _synthesis(data, clips)
    if name == 'lists':
        if data is None:
            raise ConfigError('source lists: name the folder of train.jsonl with --data')
        return lambda split, seed: listed(data, split, seed)
    module, colon, attribute = name.partition(':')
    if not colon:
        raise ConfigError(f"no source {name!r}: 'synthesis', 'lists' or module:function")
    try:
        made: Source = getattr(import_module(module), attribute)(data, clips)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ConfigError(f'no source {name!r}: {error}') from error
    return made


def _synthesis(data: Path | None, clips: int) -> Source:
    rooms: Any = import_module('humandyn_ros.learning.synthesis')

    recipe = rooms.Recipe(rate_hz=30.0, text=True)

    @lru_cache(maxsize=_KEPT)
    def made(split: str, number: int) -> WordedClip:
        return _worded(f'{split}-{number}', rooms.labelled_clip(number, 0, split, recipe, data))

    def source(split: str, seed: int) -> Iterator[WordedClip]:
        # Always the same clips in another order: a teacher's reasons are kept by their ids.
        for number in np.random.default_rng([seed, 31]).permutation(clips):
            yield made(split, int(number))

    return source


def _worded(name: str, motion: Any) -> WordedClip:
    """A labelled motion of the synthesis with what was measured in it."""
    measured = Measured(
        motion.rate_hz,
        motion.points,
        angles=motion.angle,
        torques=motion.torque_rajagopal,
        forces=motion.ground_force,
        contact=motion.contact,
        seat=motion.contact_force[:, 0, 2],
        mass_kg=motion.mass_kg,
    )
    return WordedClip(
        name,
        CANONICAL,
        motion.rate_hz,
        motion.seen[:, None],
        motion.confidence[:, None],
        _busiest(motion.action),
        motion.text,
        motion.reasoning[:-1],
        measured,
    )


def _busiest(action: NDArray[np.int64]) -> str:
    """The label of most frames in which somebody does more than stand."""
    labels: tuple[str, ...] = import_module('humandyn_ros.learning.synthesis').ACTIONS
    counts = np.bincount(action, minlength=len(labels))
    counts[labels.index(_IDLE)] = min(counts[labels.index(_IDLE)], 1)
    return labels[int(counts.argmax())]


def listed(folder: Path, split: str, seed: int) -> Iterator[WordedClip]:
    """Yield the clips that FOLDER/SPLIT.jsonl lists, in an order drawn from the seed.

    Each line: {"file", "label"}, and where known "id", "caption", "reasons", "format" (of
    skeleton files other than .skeleton of NTU RGB+D and .json of HumanML3D), "up".

    Raises:
        RecordingError: The list cannot be read, or a file it names.
    """
    rows = _rows(folder / f'{split}.jsonl')
    for index in np.random.default_rng([seed, 23]).permutation(len(rows)):
        yield _read(folder, rows[index])


@lru_cache(maxsize=8)
def _rows(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise RecordingError(f'{path} cannot be read: {error}') from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not {'file', 'label'} <= set(row):
            raise RecordingError(f'{path}, entry {number}: needs "file" and "label"')
    if not rows:
        raise RecordingError(f'{path} lists nothing')
    return tuple(rows)


def _read(folder: Path, row: dict[str, Any]) -> WordedClip:
    skeleton, rate_hz, points, confidence = _motion(folder / row['file'], row)
    return WordedClip(
        str(row.get('id', row['file'])),
        skeleton,
        rate_hz,
        points,
        confidence,
        str(row['label']),
        str(row.get('caption', '')),
        tuple(row.get('reasons', ())),
        _measured(skeleton, rate_hz, points[:, 0], confidence[:, 0]),
    )


def _measured(
    skeleton: Skeleton, rate_hz: float, points: Array, confidence: Array
) -> Measured | None:
    """What the first person's points tell, where the format is known and nothing is hidden."""
    if skeleton.name not in available_formats() or points.shape[-1] != 3:
        return None
    centres, _ = Adapter(load_format(skeleton.name), up='Z').convert(points, confidence)
    return Measured(rate_hz, centres) if np.isfinite(centres).all() else None


def _motion(path: Path, row: dict[str, Any]) -> tuple[Skeleton, float, Array, Array]:
    if path.suffix == '.skeleton':
        from humandyn_ros.learning.readers import ntu  # noqa: PLC0415

        clip = ntu.read_ntu(path)
        return load_format('kinect_25').skeleton, ntu.RATE_HZ, clip.points, clip.confidence
    if path.suffix == '.json':
        from humandyn_ros.learning.readers import humanml3d  # noqa: PLC0415

        points = humanml3d.read_humanml3d(path).points[:, None]
        return humanml3d.JOINTS, humanml3d.RATE_HZ, points, np.ones(points.shape[:-1])
    from humandyn_ros.recordings import read_motion  # noqa: PLC0415

    found = read_motion(path, format=row.get('format'), up=row.get('up'))
    if found.format is None:
        raise RecordingError(f'{path}: its skeleton is unknown; give its "format" in the list')
    points = to_z_up(found.points, found.up)[:, None]
    skeleton = load_format(found.format).skeleton
    return skeleton, found.rate_hz, points, found.confidence[:, None]


def picked(length: int, frames: int, rng: np.random.Generator | None) -> NDArray[np.int64]:
    """Frames of a clip: one of each of as many equal parts, in order.

    Args:
        length: Frames that there are.
        frames: Frames wanted; where there are fewer, some come twice.
        rng: Draws them; None: the middle of each part.
    """
    edges = np.linspace(0.0, length, frames + 1)
    share = np.full(frames, 0.5) if rng is None else rng.uniform(size=frames)
    at = edges[:-1] + share * np.diff(edges)
    return np.minimum(at.astype(np.int64), length - 1)
