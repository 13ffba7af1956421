"""Several trainings of one network as one model, which answers with their mean.

Weights from other seeds err differently where nothing was learned, so their mean errs less than
any of them (Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation
using deep ensembles").
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from humandyn_ros.errors import ModelError
from humandyn_ros.learning.tasks import Exportable


class Mean(nn.Module):
    """The mean of what several networks answer.

    Args:
        members: They take the same inputs and return outputs of the same shapes.
        split: Inputs of which each member has a piece of the last axis.
        beside: Outputs that are not averaged, but put side by side along the last axis.
    """

    def __init__(
        self,
        members: Sequence[nn.Module],
        split: Collection[int] = (),
        beside: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self._split, self._beside = frozenset(split), frozenset(beside)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the mean of each output."""
        count = len(self.members)
        given = zip(
            *(
                x.chunk(count, -1) if k in self._split else [x] * count
                for k, x in enumerate(inputs)
            ),
            strict=True,
        )
        answers = [
            as_tuple(member(*mine)) for member, mine in zip(self.members, given, strict=True)
        ]
        return tuple(
            torch.cat(same, -1) if k in self._beside else torch.stack(same).mean(0)
            for k, same in enumerate(zip(*answers, strict=True))
        )


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
    split, beside = (
        [k for k, name in enumerate(names) if name in first.private]
        for names in (first.input_names, first.output_names)
    )
    inputs = tuple(
        torch.cat([member.inputs[k] for member in members], -1) if k in split else x
        for k, x in enumerate(first.inputs)
    )
    module = Mean([member.module for member in members], split, beside)
    return replace(first, module=module, inputs=inputs, parts=parts, manifest=_widened(members))


def _widened(members: Sequence[Exportable]) -> dict[str, object]:
    """The manifest of the first, with room for what all of them keep for themselves."""
    manifest, width = members[0].manifest, members[0].private_width
    if not width:
        return manifest
    return {**manifest, width: sum(int(str(member.manifest[width])) for member in members)}


def as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the outputs of a network that has one or several."""
    return (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)


def _answer(member: Exportable) -> tuple[Tensor, ...]:
    return as_tuple(member.module(*member.inputs))
