"""The memory of dilated convolutions: what each layer needs of its past, in constant time.

A layer of dilation d and three taps needs its inputs of 2d and d frames ago. Its ring holds 2d
frames; all rings lie in one array, so that a step is one gather and one scatter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rings:
    """Rings of several layers, in an array of NumPy or a tensor of PyTorch.

    Args:
        dilations: One per layer (K).
        frames: Zeros (B, sum of 2·dilations, C) that the rings live in.
    """

    def __init__(self, dilations: tuple[int, ...], frames: Any) -> None:
        self._d = np.asarray(dilations, dtype=np.int64)
        self._base = np.concatenate([[0], np.cumsum(2 * self._d)[:-1]])
        self._frames = frames
        self._t = 0

    @staticmethod
    def size(dilations: tuple[int, ...]) -> int:
        """Frames that rings of these dilations hold together."""
        return 2 * sum(dilations)

    @property
    def _oldest(self) -> NDArray[np.int64]:
        return self._base + self._t % (2 * self._d)

    def taps(self) -> Any:
        """Inputs of 2d and d frames ago of every layer (B, K, 2, C); zero before the start."""
        middle = self._base + (self._t + self._d) % (2 * self._d)
        return self._frames[:, np.stack([self._oldest, middle], axis=1)]

    def push(self, fresh: Any) -> None:
        """Take this frame's inputs of every layer (B, K, C)."""
        self._frames[:, self._oldest] = fresh
        self._t += 1

    def reset(self) -> None:
        """Forget the past."""
        self._frames[:] = 0
        self._t = 0
