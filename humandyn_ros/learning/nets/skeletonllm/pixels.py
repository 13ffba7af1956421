"""From drawn pictures to the numbers that a vision-language model takes, with gradients.

A Hugging Face image processor scales, normalises and arranges pixels (plain, in tiles, in
patches) in NumPy or through 8-bit pictures, where gradients end. Pictures that have the size the
processor makes of them are only normalised and rearranged by it, whatever its family, and where
each pixel goes can be read off: three pictures whose values are the digits of each pixel's number
come out with the digits in their places. The arrangement read is then judged on a noisy picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from humandyn_ros.errors import ModelError

Pictures = list[NDArray[np.uint8]]
Show = Callable[..., Mapping[str, Any]]
"""Runs the processor on the pictures of one clip: `show(pictures, **overrides)`."""

_LARGEST_PX = 1024  # of sizes that are tried
_USUAL_PX = (448, 384, 336, 224)
_HALF_STEP = 0.51 / 255  # an 8-bit picture is that near to the numbers it stands for


class PixelMap(nn.Module):
    """Normalises and rearranges drawn pictures as a processor would.

    Args:
        show: Runs the processor on one clip.
        frames: Pictures of a clip.
        picture_px: Edge of the pictures, as the processor takes them without resizing.
        mean: Per channel.
        std: Per channel.

    Raises:
        ModelError: The processor does more to pictures of this size than put pixels elsewhere.
    """

    place: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        show: Show,
        frames: int,
        picture_px: int,
        *,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        self.frames, self.picture_px = frames, picture_px
        place, self.shape = _places(show, frames, picture_px)
        self.register_buffer('place', torch.from_numpy(place), persistent=False)
        self.register_buffer('mean', torch.tensor(mean).float(), persistent=False)
        self.register_buffer('std', torch.tensor(std).float(), persistent=False)
        self._judge(show)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the model's `pixel_values`.

        Args:
            pictures: (B, frames, height, width, 3), 0-1; enlarged if they are of another size.
        """
        clips, size = len(pictures), self.picture_px
        if pictures.shape[2:4] != (size, size):
            flat = pictures.flatten(0, 1).permute(0, 3, 1, 2)
            flat = nn.functional.interpolate(flat, (size, size), mode='bicubic', antialias=True)
            pictures = flat.clip(0, 1).permute(0, 2, 3, 1)
        shades = (pictures.reshape(clips, self.frames, -1, 3) - self.mean) / self.std
        placed = shades.flatten(2)[:, :, self.place]
        return placed.reshape(clips * self.shape[0], *self.shape[1:])

    def _judge(self, show: Show) -> None:
        noise = _noise(self.frames, self.picture_px)
        wanted = torch.as_tensor(np.asarray(show(noise)['pixel_values'])).float()
        given = self(torch.from_numpy(np.stack(noise)[None].astype(np.float32) / 255))
        apart = float((given - wanted).abs().max())
        if apart > _HALF_STEP / float(self.std.min()):
            raise ModelError(
                f'pictures of {self.picture_px} px: the processor changes them by up to '
                f'{apart:.3g} more than its mean and deviation say; choose another net.picture_px'
            )


def _places(show: Show, frames: int, size: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Pixel of each number of one picture, and the shape of the numbers of one clip."""
    number = np.arange(1, size * size * 3 + 1)  # 0 stands for what is no pixel
    digits = []
    for shift in (0, 8, 16):
        picture = ((number >> shift) & 255).astype(np.uint8).reshape(size, size, 3)
        shown = show([picture] * frames, do_rescale=False, do_normalize=False)
        digits.append(np.asarray(shown['pixel_values']).astype(np.int64))
    found = sum(digit << (8 * k) for k, digit in enumerate(digits))
    assert isinstance(found, np.ndarray)
    flat = found.reshape(-1)
    if flat.size % frames or flat.min() < 1 or flat.max() > number[-1]:
        raise _rearranged(size)
    each = flat.reshape(frames, -1) - 1
    noise = _noise(frames, size)
    came = np.asarray(show(noise, do_rescale=False, do_normalize=False)['pixel_values'])
    expected = np.stack([picture.reshape(-1)[each[0]] for picture in noise])
    if (each != each[0]).any() or (came.reshape(frames, -1) != expected).any():
        raise _rearranged(size)
    return each[0], found.shape


def _rearranged(size: int) -> ModelError:
    return ModelError(
        f'pictures of {size} px: the processor resizes, splits or pads them, which has no '
        'gradient; choose a net.picture_px that it takes as it is'
    )


def _noise(frames: int, size: int) -> Pictures:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (size, size, 3), dtype=np.uint8) for _ in range(frames)]


def sizes(processor: Any, wanted: int) -> list[int]:
    """Edges (px) worth trying for a processor: the one wanted, or its own and usual ones."""
    if wanted:
        return [wanted]
    told = []
    for name in ('crop_size', 'max_image_size', 'size'):
        found = dict(getattr(processor, name, None) or {})
        told += [found.get(key) for key in ('height', 'longest_edge', 'shortest_edge')]
    grain = (getattr(processor, 'patch_size', 0) or 0) * (getattr(processor, 'merge_size', 0) or 0)
    told += [round(224 / grain) * grain] if grain else []
    known = [int(size) for size in told if size and 8 <= int(size) <= _LARGEST_PX]
    return list(dict.fromkeys((*known, *_USUAL_PX)))
