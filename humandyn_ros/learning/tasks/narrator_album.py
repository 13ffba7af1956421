"""Pictures that are drawn once: where the renderer learns no more, drawing is half the work."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from humandyn_ros.learning.nets.narrator import Narrator

_STEPS = 255.0


class Album:
    """Pictures by number, kept as bytes, of one state of a renderer."""

    def __init__(self) -> None:
        self._state: tuple[float, ...] = ()
        self._pages: dict[int, Tensor] = {}

    def page(self, number: int, model: Narrator, draw: Callable[[], Tensor]) -> Tensor:
        """Return the pictures of a number, drawn when first asked for with this renderer."""
        state = tuple(float(p.detach().double().sum()) for p in model.renderer.parameters())
        if state != self._state:
            self._state, self._pages = state, {}
        if number not in self._pages:
            self._pages[number] = (_STEPS * draw().detach()).round().to(torch.uint8)
        return self._pages[number].float() / _STEPS
