"""Several trainings of one network as one model, which answers with their mean.

Weights from other seeds err differently where nothing was learned, so their mean errs less than
any of them (Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation
using deep ensembles").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from humandyn_ros.errors import ModelError
from humandyn_ros.learning.tasks import Exportable


class Mean(nn.Module):
    """The mean of what several networks answer.

    Args:
        members: They take the same inputs and return outputs of the same shapes.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the mean of each output."""
        answers = [as_tuple(member(*inputs)) for member in self.members]
        return tuple(torch.stack(same).mean(0) for same in zip(*answers, strict=True))


def together(members: Sequence[Exportable]) -> Exportable:
    """Make one of several; the manifest and the example are those of the first.

    Raises:
        ModelError: They answer with something of which there is no mean, or in other shapes.
    """
    first = members[0]
    if len(members) == 1:
        return first
    with torch.no_grad():
        shapes = [[tuple(y.shape) for y in _answer(member)] for member in members]
        kinds = {y.dtype for y in _answer(first)}
    if any(other != shapes[0] for other in shapes[1:]):
        raise ModelError(f'no mean of networks that answer in different shapes: {shapes}')
    if not all(kind.is_floating_point for kind in kinds):
        raise ModelError(
            f'no mean of answers that are {sorted(map(str, kinds))}: export one alone'
        )
    parts = {name: together([member.parts[name] for member in members]) for name in first.parts}
    return replace(first, module=Mean([member.module for member in members]), parts=parts)


def as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the outputs of a network that has one or several."""
    return (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)


def _answer(member: Exportable) -> tuple[Tensor, ...]:
    return as_tuple(member.module(*member.inputs))
