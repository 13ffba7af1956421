"""Strokes to pixels with gradients: sparse for training, dense as the reference and for export."""

from __future__ import annotations

from dataclasses import fields

import torch
from torch import Tensor

from humandyn_ros.drawing.splat import cover, touch
from humandyn_ros.drawing.strokes import Strokes


def splat(strokes: Strokes, height: int, width: int) -> Tensor:
    """Draw frames (F, height, width, 3), 0-1; touches only pixels where a stroke leaves ink.

    Which pixels those are has no gradient; the rest has.
    """
    frames = len(strokes.ink)
    which, pixel = _pairs(strokes, height, width)
    flat = Strokes(*(getattr(strokes, f.name).flatten(0, 1) for f in fields(Strokes)))
    x, y = pixel % width, pixel // width % height
    ink, along = touch(flat, which, x, y)
    through = _ink_before(ink.double(), pixel, frames * height * width)
    weight = (-torch.expm1(-ink.double()) * torch.exp(-through)).to(ink.dtype)
    start, end = flat.colour[which].unbind(1)
    colour = start + along[:, None] * (end - start)
    empty = colour.new_zeros(frames * height * width, 3)
    picture = empty.index_add(0, pixel, weight[:, None] * colour)
    clear: Tensor = picture.reshape(frames, height, width, 3).clip(0, 1)
    return clear


def _pairs(strokes: Strokes, height: int, width: int) -> tuple[Tensor, Tensor]:
    device = strokes.ink.device
    still = Strokes(*(getattr(strokes, f.name).detach().cpu().numpy() for f in fields(Strokes)))
    which, pixel = cover(still, height, width)
    return torch.from_numpy(which).to(device), torch.from_numpy(pixel).to(device)


def _ink_before(ink: Tensor, pixel: Tensor, pixels: int) -> Tensor:
    """Ink nearer than each pair in its pixel (Q); pairs come sorted by pixel, nearest first."""
    running = ink.cumsum(0)
    total = ink.new_zeros(pixels).index_add(0, pixel, ink)
    return running - ink - (total.cumsum(0) - total)[pixel]


def splat_dense(strokes: Strokes, height: int, width: int) -> Tensor:
    """Draw frames (F, height, width, 3), 0-1, every stroke at every pixel: exact, slow.

    Memory is F · M · height · width numbers.
    """
    like = strokes.start
    frames, count = strokes.ink.shape[:2]
    pixel = torch.arange(height * width, device=like.device)
    x = (pixel % width).to(like.dtype).expand(frames, count, -1)
    y = torch.div(pixel, width, rounding_mode='floor').to(like.dtype).expand(frames, count, -1)
    start, end = strokes.start[..., None], strokes.end[..., None]
    xx, xy, yy = (item[..., None] for item in strokes.metric.unbind(-1))
    spine = end - start
    to_x, to_y = x - start[:, :, 0], y - start[:, :, 1]
    turned_x = xx * spine[:, :, 0] + xy * spine[:, :, 1]
    turned_y = xy * spine[:, :, 0] + yy * spine[:, :, 1]
    length = turned_x * spine[:, :, 0] + turned_y * spine[:, :, 1] + 1e-6
    along = ((turned_x * to_x + turned_y * to_y) / length).clip(0, 1)
    off_x, off_y = to_x - along * spine[:, :, 0], to_y - along * spine[:, :, 1]
    distance = xx * off_x**2 + 2 * xy * off_x * off_y + yy * off_y**2
    ink = torch.lerp(strokes.ink[..., :1], strokes.ink[..., 1:], along)
    ink = ink * torch.exp(-0.5 * distance)
    before = torch.cumsum(ink, 1) - ink
    weight = (1 - torch.exp(-ink)) * torch.exp(-before)
    first, second = strokes.colour[:, :, 0], strokes.colour[:, :, 1]
    picture = torch.einsum('fmq,fmc->fqc', weight * (1 - along), first)
    picture = picture + torch.einsum('fmq,fmc->fqc', weight * along, second)
    return picture.reshape(frames, height, width, 3).clip(0, 1)


__all__ = ['splat', 'splat_dense']
