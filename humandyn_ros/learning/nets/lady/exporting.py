"""What of LaDy goes into an ONNX file: one frame with its state, or one window."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from humandyn_ros.learning.nets.lady.memory import State
from humandyn_ros.learning.nets.lady.net import LaDy
from humandyn_ros.learning.nets.lady.streaming import StreamingLaDy


class FrameModule(nn.Module):
    """One frame of a causal net; parts of the state that it does not use are left out.

    Inputs: x (B, V, C), q (B, P, D), taps (B, K, 2, C), then the state. Outputs: classes (B, n),
    boundary (B, 1), fresh (B, K, C), then the next state.
    """

    def __init__(self, net: LaDy) -> None:
        super().__init__()
        self.stream = StreamingLaDy(net)
        dynamic = ('coordinates', 'factor', 'torque') if net.synthesis is not None else ()
        sizes = self.stream.initial(1)
        self.state_names = tuple(
            name
            for name, value in zip(State._fields, sizes, strict=True)
            if value.numel()
            and (name in dynamic or name not in ('coordinates', 'factor', 'torque'))
        )
        first = ('x', 'q', 'taps') if dynamic else ('x', 'taps')
        self.input_names = (*first, *self.state_names)
        self.output_names = (
            'classes',
            'boundary',
            'fresh',
            *(f'next_{name}' for name in self.state_names),
        )

    def state_shapes(self) -> dict[str, list[int]]:
        """Shape of each part of the state, without the batch."""
        initial = self.stream.initial(1)
        return {name: list(getattr(initial, name).shape[1:]) for name in self.state_names}

    def example(self, batch: int = 2) -> tuple[Tensor, ...]:
        """Inputs as in the middle of a stream."""
        rng = torch.Generator().manual_seed(0)
        shape, config = self.stream.shape, self.stream.config
        x = 0.1 * torch.randn(batch, 12, shape.joints, shape.channels, generator=rng)
        q = torch.randn(batch, 12, shape.persons, shape.coordinates, generator=rng)
        state, rings = self.stream.initial(batch), self.stream.rings(batch)
        with torch.no_grad():
            for t in range(11):
                frame, state = self.stream(x[:, t], 0.3 * q[:, t], rings.taps(), state)
                rings.push(frame.fresh)
        taps: Tensor = rings.taps()
        assert taps.shape[1] == len(config.dilations)
        values = {'x': x[:, -1], 'q': 0.3 * q[:, -1], 'taps': taps, **state._asdict()}
        return tuple(values[name] for name in self.input_names)

    def forward(  # noqa: PLR0917
        self,
        first: Tensor,
        second: Tensor,
        third: Tensor,
        fourth: Tensor,
        fifth: Tensor,
        sixth: Tensor | None = None,
        seventh: Tensor | None = None,
        eighth: Tensor | None = None,
        ninth: Tensor | None = None,
        tenth: Tensor | None = None,
        eleventh: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Positional form for export, in the order of `input_names`; exporters take no *inputs."""
        rest = (sixth, seventh, eighth, ninth, tenth, eleventh)
        inputs = (first, second, third, fourth, fifth, *rest)[: len(self.input_names)]
        given = dict(zip(self.input_names, cast(tuple[Tensor, ...], inputs), strict=True))
        x, shape = given['x'], self.stream.shape
        q = given.get('q')
        if q is None:
            q = x.new_zeros(x.shape[0], shape.persons, shape.coordinates)
        empty = self.stream.initial(1)
        state = State(*(given.get(name, getattr(empty, name)) for name in State._fields))
        frame, after = self.stream(x, q, given['taps'], state)
        following = (getattr(after, name) for name in self.state_names)
        return (frame.classes, frame.boundary, frame.fresh, *following)


class WindowModule(nn.Module):
    """The whole-sequence net on a window: x (B, T, V, C), q (B, T, P, D) to its last stages."""

    output_names = ('classes', 'boundary')

    def __init__(self, net: LaDy, frames: int) -> None:
        super().__init__()
        self.net, self._frames = net.eval(), frames
        self.input_names = ('x', 'q') if net.synthesis is not None else ('x',)

    def example(self, batch: int = 2) -> tuple[Tensor, ...]:
        """Inputs of a moving person."""
        rng, shape = torch.Generator().manual_seed(0), self.net.shape
        x = 0.1 * torch.randn(batch, self._frames, shape.joints, shape.channels, generator=rng)
        q = torch.randn(batch, self._frames, shape.persons, shape.coordinates, generator=rng)
        return (x, 0.1 * q.cumsum(dim=1))[: len(self.input_names)]

    def forward(self, x: Tensor, q: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits of classes (B, T, n) and boundaries (B, T)."""
        if q is None:
            shape = self.net.shape
            q = x.new_zeros(*x.shape[:2], shape.persons, shape.coordinates)
        answer = self.net(x, q)
        return answer.classes[-1], answer.boundaries[-1]
