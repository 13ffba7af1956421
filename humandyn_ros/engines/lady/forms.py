"""The two live forms of LaDy: frame by frame (causal net), and a sliding window (acausal net)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from humandyn_ros.engines.lady.features import Layout
from humandyn_ros.engines.lady.rings import Rings
from humandyn_ros.engines.network import Session, Tensors, field, output
from humandyn_ros.errors import ModelError
from humandyn_ros.quantities import Array


class Told(NamedTuple):
    """What the network says after one frame about an earlier or the same one."""

    ago: int  # frames between the newest and the one it is about
    classes: Array  # logits (n,)
    boundary: float  # logit, of the frame `lookahead` before that one


class Form(Protocol):
    """A way to run a network on a stream."""

    lookahead: int

    @property
    def delay(self) -> int:
        """Most frames between the newest and the one an answer is about."""

    def push(self, values: Array) -> list[Told]:
        """Take one frame (P, V, values)."""

    def reset(self) -> None:
        """Forget the past."""


class Streaming:
    """Frame by frame: the state goes through the model, taps come from rings.

    Args:
        fields: Of the manifest: 'labels', 'dilations', 'width', 'lookahead', 'state', and
            'delay' where classes are told late.
        layout: Of the inputs, with backward displacement.
        session: The model.
    """

    def __init__(self, fields: Mapping[str, Any], layout: Layout, session: Session) -> None:
        self._session, self._layout = session, layout
        self._classes = len(field(fields, 'labels'))
        self.delay = int(fields.get('delay', 0))
        self.lookahead = int(field(fields, 'lookahead')) - self.delay
        dilations = tuple(int(d) for d in field(fields, 'dilations'))
        self._inputs = tuple(field(fields, 'inputs'))
        self._width, self._count = int(field(fields, 'width')), len(dilations)
        frames = np.zeros((1, Rings.size(dilations), self._width), dtype=np.float32)
        self._rings = Rings(dilations, frames)
        self._shapes = {
            str(name): tuple(int(n) for n in shape)
            for name, shape in dict(field(fields, 'state')).items()
        }
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._rings.reset()
        self._state: Tensors = {
            name: np.zeros((1, *shape), dtype=np.float32) for name, shape in self._shapes.items()
        }
        self._last: Array | None = None
        self._early = self.delay

    def push(self, values: Array) -> list[Told]:
        """Take one frame (P, V, values) and tell about it, or about the one `delay` before."""
        last = values if self._last is None else self._last
        self._last = values
        both = self._layout.inputs(np.stack([last, values]))[1:]
        inputs = {
            'x': both.astype(np.float32),
            'q': self._layout.coordinates(both).astype(np.float32),
            'taps': self._rings.taps(),
            **self._state,
        }
        outputs = self._session.run({name: inputs[name] for name in self._inputs})
        classes = output(outputs, 'classes', (self._classes,))
        boundary = output(outputs, 'boundary', (1,))
        output(outputs, 'fresh', (self._count, self._width))
        self._rings.push(outputs['fresh'])
        for name in self._state:
            self._state[name] = outputs[f'next_{name}']
        if self._early:  # about a frame before the first
            self._early -= 1
            return []
        return [Told(self.delay, classes, float(boundary[0]))]


class Sliding:
    """The whole-sequence net on the newest frames, every few frames.

    An answer is about a frame `delay` to `delay + hop - 1` frames old: the net has seen that much
    of what followed.

    Args:
        fields: Of the manifest: 'frames' (window), 'delay', 'hop'.
        layout: Of the inputs.
        session: The model.

    Raises:
        ModelError: Window, delay and hop do not fit.
    """

    lookahead = 0

    def __init__(self, fields: Mapping[str, Any], layout: Layout, session: Session) -> None:
        self._session, self._layout = session, layout
        self._classes = len(field(fields, 'labels'))
        self._inputs = tuple(field(fields, 'inputs'))
        self._length = int(field(fields, 'frames'))
        self._least, self._hop = int(field(fields, 'delay')), int(field(fields, 'hop'))
        if self._hop < 1 or self._least < 0 or self._least + self._hop > self._length:
            raise ModelError(
                f'a window of {self._length} frames cannot be {self._least} frames late every '
                f'{self._hop} frames'
            )
        self._frames: deque[Array] = deque(maxlen=self._length)
        self._since = 0

    @property
    def delay(self) -> int:
        """Most frames between the newest and the one an answer is about."""
        return self._least + self._hop - 1

    def reset(self) -> None:
        """Forget the past."""
        self._frames.clear()
        self._since = 0

    def push(self, values: Array) -> list[Told]:
        """Take one frame; tells nothing until the window is full, then `hop` frames at a time."""
        self._frames.append(values)
        self._since += 1
        full = len(self._frames) == self._length
        first = full and self._since == self._length
        if not full or not (first or self._since == self._length + self._hop):
            return []
        self._since = self._length
        x = self._layout.inputs(np.stack(self._frames))
        q = self._layout.coordinates(x)
        inputs = {'x': x[None].astype(np.float32), 'q': q[None].astype(np.float32)}
        outputs = self._session.run({name: inputs[name] for name in self._inputs})
        classes = output(outputs, 'classes', (self._length, self._classes))
        boundary = output(outputs, 'boundary', (self._length,))
        # The first window also tells about the frames that no later one will.
        oldest = self._length - 1 if first else self.delay
        return [
            Told(ago, classes[-1 - ago], float(boundary[-1 - ago]))
            for ago in range(oldest, self._least - 1, -1)
        ]
