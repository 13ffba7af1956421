"""The hybrid's inputs and answers in a mirror: left for right, and what points left to the right.

Nature does not know left from right, but a trained network does; so it is asked twice, and both
answers count the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from humandyn_ros.engines import footing, momentum
from humandyn_ros.engines.late import AGO_S
from humandyn_ros.engines.memory import TORQUE_ROWS, TORQUE_SIGNS
from humandyn_ros.engines.past import COEFFICIENTS, JOINTS
from humandyn_ros.learning.synthesis.augment import SWAPPED

Block = tuple[NDArray[np.int64], NDArray[np.float32]]
_SIDE = (1.0, -1.0, 1.0)
OTHER_SIDE = np.array([JOINTS.index(int(SWAPPED[row])) for row in JOINTS])
"""Rows of past.JOINTS in a mirror."""
_FEET = [2, 3, 0, 1]  # of footing.POINTS
_SHOWN = (footing.FEATURES - footing.POINTS - 2) // footing.POINTS


def mirror() -> Block:
    """Return rows and signs: features of a mirrored past are `features[rows] * signs`."""
    blocks = [
        _block((COEFFICIENTS, len(JOINTS), 3), OTHER_SIDE, 1, _SIDE),
        _block((len(JOINTS),), OTHER_SIDE, 0),
        _block((1,), [0], 0),  # how much of the past is known
        _block((_SHOWN, footing.POINTS), _FEET, 1),  # heights, falling, slip
        _block((footing.POINTS,), _FEET, 0),
        _block((2,), [0, 1], 0, _SIDE[:2]),  # velocity of the ground
        _pushed(),
        _block((1,), [0], 0),  # noise
        _block((len(AGO_S), 2, 3), [1, 0], 1, _SIDE),  # feet as physics said
        _block((len(AGO_S),), range(len(AGO_S)), 0),
        _block((len(TORQUE_ROWS),), TORQUE_ROWS, 0, TORQUE_SIGNS),
    ]
    starts = np.cumsum([0, *(len(rows) for rows, _ in blocks[:-1])])
    rows = [start + rows for start, (rows, _) in zip(starts, blocks, strict=True)]
    return np.concatenate(rows), np.concatenate([signs for _, signs in blocks])


def _pushed() -> Block:
    """Accelerations, and from where either foot is to where the ground pushes."""
    order = [0, 1, 2, 5, 6, 3, 4]
    return _block((momentum.SHOWN, 7), order, 1, (*_SIDE, *_SIDE[:2], *_SIDE[:2]))


def _block(shape: tuple[int, ...], order: object, axis: int, signs: object = 1.0) -> Block:
    rows = np.arange(np.prod(shape)).reshape(shape).take(np.asarray(order), axis=axis)
    return rows.ravel(), np.broadcast_to(np.asarray(signs, np.float32), shape).ravel()


class BothSides(nn.Module):
    """A network of the hybrid that is asked for a past and its mirror image at once.

    Args:
        model: It answers as `HybridNet` does.
    """

    rows: Tensor
    signs: Tensor
    torque_rows: Tensor
    torque_signs: Tensor
    side: Tensor

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        rows, signs = mirror()
        self.register_buffer('rows', torch.from_numpy(rows))
        self.register_buffer('signs', torch.from_numpy(signs))
        self.register_buffer('torque_rows', torch.from_numpy(TORQUE_ROWS.copy()))
        self.register_buffer('torque_signs', torch.from_numpy(TORQUE_SIGNS.copy()))
        self.register_buffer('side', torch.tensor(_SIDE))

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Return the mean of both answers, by name as `HybridNet.forward`."""
        mirrored = features[:, self.rows] * self.signs
        told = self.model(torch.cat([features, mirrored]))
        halves = {name: values.unflatten(0, (2, -1)) for name, values in told.items()}
        other = self._mirrored({name: values[1] for name, values in halves.items()})
        return {name: 0.5 * (halves[name][0] + other[name]) for name in halves}

    def _mirrored(self, told: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            'forces': told['forces'][:, :, [1, 0, 2]] * self.side,
            'contact': told['contact'].flip(-1),
            'ball': told['ball'].flip(-1),
            'torque': told['torque'][..., self.torque_rows] * self.torque_signs,
        }
