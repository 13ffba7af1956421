"""LaDy at run time: joint centres of one body, or of two, to actions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from humandyn_ros.engines.lady.coordinates import Tree
from humandyn_ros.engines.lady.decode import RunningVote, log_softmax, sigmoid
from humandyn_ros.engines.lady.features import Layout
from humandyn_ros.engines.lady.forms import Form, Sliding, Streaming, Told
from humandyn_ros.engines.lady.grid import UniformRate
from humandyn_ros.engines.network import Session, field
from humandyn_ros.errors import ModelError, StreamError
from humandyn_ros.quantities import Action, Array

STREAMING, SLIDING = 'streaming', 'sliding'


def layout_of(fields: Mapping[str, Any]) -> Layout:
    """Layout of a model's inputs from its manifest."""
    tree = Tree(
        tuple(int(p) for p in field(fields, 'parents')),
        tuple(int(j) for j in field(fields, 'landmarks')),  # type: ignore[arg-type]
        int(field(fields, 'dims')),
        int(field(fields, 'up')),
    )
    return Layout(
        tree,
        int(field(fields, 'root')),
        int(field(fields, 'persons')),
        int(field(fields, 'values')),
        str(field(fields, 'displacement')),
        bool(field(fields, 'heading_free')),
    )


class LadyEngine:
    """Actions of one body, or of the bodies a model was made for, while the stream runs.

    Args:
        fields: The manifest.
        session: The model.
        bridge_s: Longest interval between frames that is bridged.

    Raises:
        ModelError: The manifest lacks a field or names an unknown form.
    """

    name = 'lady'

    def __init__(
        self, fields: Mapping[str, Any], session: Session, *, bridge_s: float = 0.2
    ) -> None:
        forms: dict[str, Callable[..., Form]] = {STREAMING: Streaming, SLIDING: Sliding}
        kind = str(field(fields, 'form'))
        if kind not in forms:
            raise ModelError(f'form {kind!r} of LaDy: this version knows {", ".join(forms)}')
        self.labels = tuple(str(label) for label in field(fields, 'labels'))
        self.rate_hz = float(field(fields, 'rate_hz'))
        self.layout = layout_of(fields)
        self._form = forms[kind](fields, self.layout, session)
        self._vote = RunningVote(len(self.labels), self._form.lookahead)
        self._grid = UniformRate(self.rate_hz, bridge_s)
        kept = max(int(fields.get('frames', 0)), self._form.delay + self._form.lookahead) + 2
        self._stamps: deque[int] = deque(maxlen=kept)
        self._began_ns, self._begun, self._told = 0, -1, 0

    @property
    def delay_s(self) -> float:
        """Longest time between an input and the answer about it."""
        return self._form.delay / self.rate_hz

    @property
    def boundary_delay_s(self) -> float:
        """The same for boundaries: they need a look ahead, and one frame to be a maximum."""
        return self.delay_s + (self._form.lookahead + 1) / self.rate_hz

    def reset(self) -> None:
        """Forget the past: the next frame is unrelated to the last."""
        self._grid.reset()
        self._restart()

    def _restart(self) -> None:
        self._form.reset()
        self._vote.reset()
        self._stamps.clear()
        self._began_ns, self._begun, self._told = 0, -1, 0

    def push(self, stamp_ns: int, points: Array) -> tuple[Action, ...]:
        """Take a frame and return the actions that became known, in order of time.

        Args:
            stamp_ns: When it was seen.
            points: Joint centres (V, 3) m of one body, or (P, V, 3); NaN = not seen, an absent
                person all NaN.

        Raises:
            StreamError: Another shape.
        """
        points = np.asarray(points, float)
        layout = self.layout
        if points.ndim == 2:
            points = points[None]
        if points.shape != (layout.persons, layout.joints, layout.values):
            raise StreamError(
                f'points {points.shape}: this model takes {layout.persons} x {layout.joints} '
                f'joints with {layout.values} numbers each'
            )
        actions: list[Action] = []
        for sample in self._grid.push(stamp_ns, points):
            if sample.fresh:
                self._restart()
            self._stamps.append(sample.stamp_ns)
            actions += [self._action(told, stamp_ns) for told in self._form.push(sample.values)]
        return tuple(actions)

    def _action(self, told: Told, now_ns: int) -> Action:
        ago, scores = told.ago, log_softmax(told.classes)
        probability = float(sigmoid(np.asarray(told.boundary)))
        vote = self._vote.push(scores, probability)
        stamp = self._stamps[-1 - ago]
        if vote.began != self._begun:
            # Frames told so far count from the restart; this one is number `_told`.
            self._begun = vote.began
            self._began_ns = self._stamps[-1 - ago - (self._told - vote.began)]
        self._told += 1
        earlier = min(ago + self._form.lookahead, len(self._stamps) - 1)
        return Action(
            stamp_ns=stamp,
            age_ms=(now_ns - stamp) * 1e-6,
            label=self.labels[vote.label],
            labels=self.labels,
            scores=np.exp(scores),
            boundary=probability,
            boundary_stamp_ns=self._stamps[-1 - earlier],
            began_ns=self._began_ns,
        )
