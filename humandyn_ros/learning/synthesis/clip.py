"""A seed motion before augmentation and labels, and procedural ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humandyn_ros.choreography import Score
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.synthesis.labelled import ACTIONS
from humandyn_ros.learning.synthesis.moves import MOVES
from humandyn_ros.mannequin import joint_centres
from humandyn_ros.quantities import Array
from humandyn_ros.synthetic import FINE_HZ, Activity, cut, perform, plan

OWN = 'Apache-2.0 (own procedural motion)'
PROCEDURAL_HEIGHT_M = 1.75
_PAUSE_S = 0.4
_EVERY, _PASSES = 2, 8  # 100 Hz are plenty below the cut-off; the rest is below a millimetre
_CUTOFF_HZ = 9.0  # legs at full stretch leave kinks that no muscle would make


@dataclass(frozen=True, eq=False)
class Clip:
    """Joint centres with what is known about them."""

    name: str
    person: str
    kind: str  # 'procedural' or 'mocap'
    licence: str
    rate_hz: float
    points: Array  # (T, 24, 3) m, z up
    height_m: float
    action: NDArray[np.int64]  # (T,) index into ACTIONS
    description: str  # what the source calls it
    cutoff_hz: float | None = None  # None: smooth as it is
    seat: Array | None = None  # (T,) probability of a seat, where it is known


def procedural(
    kinds: Sequence[str], seed: int, activities: Mapping[str, Activity] = MOVES
) -> Clip:
    """One take of the procedural person doing some activities, one after the other.

    Args:
        kinds: Names of `activities`.
        seed: Fixes speeds, sizes and times.
        activities: What can be done.

    Raises:
        ConfigError: An unknown kind.
    """
    unknown = [kind for kind in kinds if kind not in activities]
    if unknown or not kinds:
        raise ConfigError(f'kinds {list(kinds)}: choose from {", ".join(activities)}')
    spans: list[tuple[float, float, str]] = []

    def take(score: Score, start: float) -> float:
        end = start + 0.5
        for kind in kinds:
            begin, end = end, activities[kind](score, end)
            spans.append((begin, end, kind))
            end += _PAUSE_S
        return end

    name = '+'.join(kinds)
    played = plan(name, None, seed, PROCEDURAL_HEIGHT_M, {name: take})
    played = cut(played, np.arange(len(played.time)) % _EVERY == 0)
    points = joint_centres(perform(played, passes=_PASSES), PROCEDURAL_HEIGHT_M)
    action = np.full(len(points), ACTIONS.index('stand'))
    for begin, end, kind in spans:
        action[(played.time >= begin) & (played.time < end)] = ACTIONS.index(kind)
    seated = None
    if 'sit_to_stand' in kinds:
        seated = np.clip(played.prop / 0.2, 0.0, 1.0)
    return Clip(
        name,
        f'procedural-{seed}',
        'procedural',
        OWN,
        FINE_HZ / _EVERY,
        points,
        PROCEDURAL_HEIGHT_M,
        action,
        name.replace('_', ' ').replace('+', ', then '),
        cutoff_hz=_CUTOFF_HZ,
        seat=seated,
    )
