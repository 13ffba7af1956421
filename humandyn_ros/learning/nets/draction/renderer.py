"""The renderer as a torch module: skeletons in, pictures out, gradients to everything.

The released one learns, per Gaussian, three features; a network that turns them into colour and
opacity; the neural feature modulation (NFM) by position and velocity; and one number that mixes
in the colours of depth: 2,341 numbers for the Kinect's 265 Gaussians, in the names of its files,
so that `load_state_dict` takes them. Our own learns a table of body parts, a smaller modulation,
the widths, and how width grows with speed; the same numbers draw any skeleton.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from humandyn_ros.drawing import PARTS, Drawing, Layout, Style, velocities
from humandyn_ros.drawing.camera import Camera
from humandyn_ros.drawing.motion import released_velocities
from humandyn_ros.drawing.strokes import make_strokes
from humandyn_ros.learning.nets.draction.splat import splat, splat_dense

# Colour logits (red, green, blue) per part: left warm, right cold, so that sides differ.
_COLOURS = ((1.2, 1.2, 1.2), (2.0, 2.0, -1.0), (2.0, 0.3, -2.0), (-2.0, 0.8, 2.0),
            (2.0, -1.5, -0.5), (-1.0, -1.0, 2.5))  # fmt: skip
_INK = 3.0  # logit: all but opaque
_WIDTHS = (0.022, 0.028)  # half pictures: stroke, dot
_SECOND_PERSON = (-1.0, -1.0, -1.0, 0.0, 0.0)  # darker


class DrAction(nn.Module):
    """Draw skeletons.

    Args:
        layout: What is drawn: `drawing.strokes(skeleton)`, or `drawing.beads(skeleton)` for the
            released look.
        style: How; `drawing.RELEASED` for the released look.
        exact: Every stroke at every pixel, instead of where it leaves ink.
    """

    def __init__(self, layout: Layout, style: Style | None = None, *, exact: bool = False) -> None:
        super().__init__()
        self.layout, self.style, self.exact = layout, style or Style(), exact
        if self.style.look == 'released':
            self._make_released()
        else:
            self._make_adaptive()

    def _make_released(self) -> None:
        self.canonical_features = nn.Parameter(0.01 * torch.randn(len(self.layout), 3))
        self.appearance_head = _network(3, 64, 4, 0.1)
        if self.style.nfm:
            self.nfm = _network(10, 64, 5, 0.01)
            nn.init.zeros_(self.nfm.get_parameter('2.bias')[4:])
        self.depth_mix_logit = nn.Parameter(torch.tensor(-0.5))

    def _make_adaptive(self) -> None:
        table = torch.tensor(
            [[[*colour, _INK, float(np.log(w))] for w in _WIDTHS] for colour in _COLOURS]
        )
        assert len(table) == len(PARTS)
        self.ink = nn.Parameter(table)
        self.person = nn.Parameter(torch.tensor([[0.0] * 5, list(_SECOND_PERSON)]))
        self.modulation = _network(12, 32, 5, 0.0)
        nn.init.normal_(self.modulation.get_parameter('0.weight'), std=0.3)
        nn.init.zeros_(self.modulation.get_parameter('2.weight'))  # starts as a fixed rasteriser
        self.mix = nn.Parameter(torch.tensor(-0.5))
        self.speed_gain = nn.Parameter(torch.tensor(0.5))

    def forward(
        self,
        points: Tensor,
        confidence: Tensor | None = None,
        velocity: Tensor | None = None,
        *,
        rate_hz: float = 30.0,
        camera: Camera | None = None,
    ) -> Tensor:
        """Draw clips, in the module's number type.

        Args:
            points: (B, T, P, J, 3), or 2 for image points; NaN = not seen.
            confidence: (B, T, P, J) 0-1; all 1 without it.
            velocity: Of `points`, per second (released: x(t + 4) - x(t) on the original frames);
                without it from `points`.
            rate_hz: Frames per second of `points`, where `velocity` is not given.
            camera: Instead of the one that the style asks for.

        Returns:
            Pictures (B, T, height, width, 3), 0-1. Always without autocast: half precision breaks
            depth order and thin strokes.

        Raises:
            SkeletonError: Shapes do not fit.
        """
        with torch.autocast(points.device.type, enabled=False):
            numbers = next(self.parameters()).dtype
            points = points.to(numbers)
            if confidence is None:
                confidence = torch.ones_like(points[..., 0])
            if velocity is None and points.ndim == 5:
                velocity = self._velocity(points, rate_hz)
            strokes = make_strokes(
                points,
                confidence.to(numbers),
                points if velocity is None else velocity.to(numbers),
                layout=self.layout,
                style=self.style,
                parameters=dict(self.named_parameters()),
                xp=torch,
                camera=camera,
            )
            paint = splat_dense if self.exact else splat
            pictures = paint(strokes, self.style.height, self.style.width)
            return pictures.reshape(*points.shape[:2], *pictures.shape[1:])

    def _velocity(self, points: Tensor, rate_hz: float) -> Tensor:
        if self.style.look == 'released':
            moved: Tensor = released_velocities(points)
        else:
            moved = velocities(points, rate_hz, torch)
        return moved

    def to_drawing(self) -> Drawing:
        """The same renderer without torch, for inference."""
        state: dict[str, Any] = {
            name: value.detach().cpu().float().numpy().copy()
            for name, value in self.named_parameters()
        }
        return Drawing(self.layout, self.style, state)


class Still(nn.Module):
    """The whole renderer with positional inputs and exact splatting: what is exported to ONNX.

    Inputs: points (B, T, P, J, 3) finite, confidence (B, T, P, J), velocity (B, T, P, J, 3).
    Output: pictures (B, T, height, width, 3).
    """

    def __init__(self, renderer: DrAction) -> None:
        super().__init__()
        self.renderer = renderer
        renderer.exact = True

    def forward(self, points: Tensor, confidence: Tensor, velocity: Tensor) -> Tensor:
        """Draw."""
        pictures: Tensor = self.renderer(points, confidence, velocity)
        return pictures


def _network(fed: int, hidden: int, given: int, bias: float) -> nn.Sequential:
    """Two layers; weights N(0, 0.01), as the released renderer starts."""
    layers = nn.Linear(fed, hidden), nn.Linear(hidden, given)
    for layer in layers:
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.normal_(layer.bias, std=bias)
    return nn.Sequential(layers[0], nn.ReLU(), layers[1])
