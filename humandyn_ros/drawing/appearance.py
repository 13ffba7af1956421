"""Colour, ink and width of strokes from where they are, how they move and how sure they are.

Two looks. `released`: as the code of SkeletonLLM draws (wangzy01/SkeletonLLM): appearance per
Gaussian, modulated by position and velocity, mixed with a colour ramp of depth, fixed width.
`adaptive`: our own: appearance per part of the body (so the same numbers fit any skeleton),
learnable width that grows with speed, ink that fades with confidence.
Written once for numpy and torch (`xp`). Ink is optical depth: what lies behind a stroke is
dimmed by exp(-ink).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from humandyn_ros.drawing.layout import Layout
from humandyn_ros.drawing.style import Style

RELEASED_RADIUS_M = 0.02
LOG_WIDTHS = (math.log(0.004), math.log(0.2))  # half pictures (or metres before a pinhole)
_DEPTH_GAIN = 4.0  # per half picture: the ramp runs through its colours over a body's depth


@dataclass(frozen=True, eq=False)
class Points:
    """One end of every stroke, in camera axes.

    Attributes:
        place: (B, T, P, K, 3).
        depth: Place's z, from the middle of the people where the camera is a pinhole (B, T, P, K).
        velocity: (B, T, P, K, 3) per second (released: per four frames).
        confidence: 0-1, 0 = not drawn (B, T, P, K).
    """

    place: Any
    depth: Any
    velocity: Any
    confidence: Any


@dataclass(frozen=True, eq=False)
class Look:
    """What one end of every stroke looks like: colour (..., 3) 0-1, ink (...), width (...)."""

    colour: Any
    ink: Any
    width: Any


def look(
    parameters: Mapping[str, Any], points: Points, layout: Layout, style: Style, xp: Any
) -> Look:
    """Colour, ink and width; `parameters` as DrAction's state names them."""
    make = _released if style.look == 'released' else _adaptive
    return make(parameters, points, layout, style, xp)


def _released(
    parameters: Mapping[str, Any], points: Points, layout: Layout, style: Style, xp: Any
) -> Look:
    base = _mlp(parameters, 'appearance_head', parameters['canonical_features'], xp)  # (K, 4)
    colour, ink = _sigmoid(base[:, :3], xp), _sigmoid(base[:, 3], xp)
    if style.nfm:
        alike = base + xp.zeros_like(points.place[..., :1])
        fed = xp.concatenate([points.place, points.velocity, alike], axis=-1)
        delta = _mlp(parameters, 'nfm', fed, xp)
        colour = xp.clip(colour + delta[..., :3], 0.0, 1.0)
        # Sigmoid of a sigmoid, as the code has it: the ungated ink lies in 0.5-0.73 at no delta.
        ink = _sigmoid(ink + delta[..., 3], xp) * _sigmoid(delta[..., 4], xp)
    shown = points.confidence > 0
    ramp = _ramp(_stretched(points.place[..., 2], shown, xp), xp)
    mix = _sigmoid(parameters['depth_mix_logit'], xp)
    colour = (1 - mix) * colour + mix * ramp
    ink = xp.where(shown, ink + xp.zeros_like(points.depth), xp.zeros_like(points.depth))
    return Look(colour, ink, xp.full_like(points.depth, RELEASED_RADIUS_M))


def _adaptive(
    parameters: Mapping[str, Any], points: Points, layout: Layout, style: Style, xp: Any
) -> Look:
    people = points.depth.shape[2]
    # The third person and any further ones look like the second.
    person = parameters['person'][[min(p, 1) for p in range(people)]]  # (P, 5)
    parts = parameters['ink'][layout.part.tolist(), layout.dot.astype(int).tolist()]  # (K, 5)
    base = parts + person[:, None] + xp.zeros_like(points.depth)[..., None]
    sure = points.confidence
    fed = [points.place, points.velocity, base, sure[..., None]]
    logits = base + _mlp(parameters, 'modulation', xp.concatenate(fed, axis=-1), xp)
    hue = _sigmoid(_DEPTH_GAIN * points.depth, xp) if style.hue == 'depth' else sure
    mix = _sigmoid(parameters['mix'], xp)
    colour = (1 - mix) * _sigmoid(logits[..., :3], xp) + mix * _ramp(hue, xp)
    speed = ((points.velocity**2).sum(-1) + 1e-12) ** 0.5
    width = logits[..., 4] + parameters['speed_gain'] * speed / (1 + speed)
    return Look(
        colour,
        _softplus(logits[..., 3], xp) * sure,
        xp.exp(xp.clip(width, *LOG_WIDTHS)),
    )


def _mlp(parameters: Mapping[str, Any], name: str, fed: Any, xp: Any) -> Any:
    hidden = fed @ parameters[f'{name}.0.weight'].T + parameters[f'{name}.0.bias']
    hidden = xp.where(hidden > 0, hidden, xp.zeros_like(hidden))
    return hidden @ parameters[f'{name}.2.weight'].T + parameters[f'{name}.2.bias']


def _stretched(depth: Any, shown: Any, xp: Any) -> Any:
    """Depth from 0 (nearest) to 1 (farthest) of each person in each frame."""
    far = xp.full_like(depth, math.inf)
    low = xp.amin(xp.where(shown, depth, far), axis=-1, keepdims=True)
    high = xp.amax(xp.where(shown, depth, -far), axis=-1, keepdims=True)
    empty = low > high
    low = xp.where(empty, xp.zeros_like(low), low)
    high = xp.where(empty, xp.ones_like(low), high)
    return (depth - low) / (high - low + 1e-6)


def _ramp(hue: Any, xp: Any) -> Any:
    """0 blue, 0.5 green, 1 red."""
    colour = xp.stack([hue, 1 - xp.abs(2 * hue - 1), 1 - hue], axis=-1)
    return xp.clip(colour, 0.0, 1.0)


def _sigmoid(x: Any, xp: Any) -> Any:
    return 0.5 * (1 + xp.tanh(0.5 * x))


def _softplus(x: Any, xp: Any) -> Any:
    return xp.clip(x, 0.0, None) + xp.log(1 + xp.exp(-xp.abs(x)))
