"""SkeletonLLM: skeletons drawn by DrAction before a vision-language model, gradients through all.

After Wang et al. 2026 (arXiv 2603.18003) and their released code, for any image-text-to-text
model of transformers. The model's own weights are frozen; what learns are the renderer, the
projector between vision and language, and low-rank adapters. Only these are in its state.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from humandyn_ros.drawing import Style, beads, strokes
from humandyn_ros.drawing.layout import Layout
from humandyn_ros.errors import ConfigError
from humandyn_ros.learning.nets.draction import DrAction
from humandyn_ros.learning.nets.skeletonllm.adapters import add_adapters, projector_of
from humandyn_ros.learning.nets.skeletonllm.backbone import memory, open_model
from humandyn_ros.learning.nets.skeletonllm.chat import IGNORED, Chat, Numbers
from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig
from humandyn_ros.quantities import CANONICAL, Skeleton

_REMEDY = 'a smaller batch, net.frames or net.picture_px, net.checkpointing, or net.dtype bfloat16'


class SkeletonLLM(nn.Module):
    """A renderer before a vision-language model.

    Args:
        config: Which model, how many pictures, what adapts.
        negatives: Rows and columns of the table of hard negatives that its state keeps.

    Raises:
        ConfigError: No model is named, or settings do not fit it.
        ModelError: The model cannot be opened.
        MissingDependencyError: transformers or peft is not installed.
    """

    negatives: Tensor

    def __init__(self, config: SkeletonLLMConfig, negatives: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.config = config
        self.backbone: Any = open_model(config)
        self.chat = Chat(config)
        self.pixels = self.chat.pixels
        self._layouts: dict[str, Layout] = {}
        self.renderer = DrAction(self._layout(CANONICAL), self._style())
        add_adapters(self.backbone, config)
        self.projector = projector_of(self.backbone, config.projector)
        for name, parameter in self.named_parameters():
            learns = self.part_of(name) != 'base'
            parameter.requires_grad_(learns)
            if learns:  # half precision loses small steps
                parameter.data = parameter.data.float()
        self.register_buffer('negatives', torch.full(negatives, -1, dtype=torch.int64))
        self.register_state_dict_post_hook(_without_base)  # type: ignore[no-untyped-call]
        self._keeps = 'logits_to_keep' in inspect.signature(self.backbone.forward).parameters

    def part_of(self, name: str) -> str:
        """Return the part a weight belongs to: renderer, projector, adapter or base."""
        if not name.startswith('backbone.'):
            return 'renderer'
        if '.lora_' in name:
            return 'adapter'
        return 'projector' if self.projector in name else 'base'

    def _style(self) -> Style:
        size = self.config.draw_px or self.chat.picture_px
        return replace(self.config.style, height=size, width=size)

    def _layout(self, skeleton: Skeleton) -> Layout:
        if skeleton.name not in self._layouts:
            make: Callable[[Skeleton], Layout] = (
                beads if self.config.style.look == 'released' else strokes
            )
            self._layouts[skeleton.name] = make(skeleton)
        return self._layouts[skeleton.name]

    def draw(
        self, points: Tensor, confidence: Tensor, velocity: Tensor, skeleton: Skeleton = CANONICAL
    ) -> Tensor:
        """Draw clips of one skeleton: pictures (B, frames, height, width, 3), 0-1.

        Args:
            points: (B, frames, P, J, 3), or 2 for image points; NaN = not seen.
            confidence: (B, frames, P, J) 0-1.
            velocity: Of the points, per second, at the clip's own rate.
            skeleton: Of the points.

        Raises:
            ConfigError: The released look knows one skeleton only, and this is another.
            SkeletonError: Shapes do not fit.
        """
        layout = self._layout(skeleton)
        if self.config.style.look == 'released' and len(layout) != len(self.renderer.layout):
            raise ConfigError(
                f'skeleton {skeleton.name}: the released look is bound to one skeleton of '
                f'{len(self.renderer.layout)} Gaussians; take net.style.look: adaptive'
            )
        self.renderer.layout = layout
        with memory(f'drawing {len(points)} clips', _REMEDY):
            pictures: Tensor = self.renderer(points, confidence, velocity)
        return pictures

    def forward(self, numbers: Numbers, pictures: Tensor) -> Tensor:
        """Return the logits (B, K, vocabulary) of the last tokens, all that predict an answer.

        Args:
            numbers: From `chat.lessons`, on this device.
            pictures: From `draw`.

        Raises:
            ModelError: Memory has run out.
        """
        labels = numbers['labels']
        kept = labels.shape[1] - int((labels != IGNORED).int().argmax(1).min()) + 1
        options = {'logits_to_keep': kept} if self._keeps else {}
        with self._run(labels):
            told = self.backbone(**self._fed(numbers, pictures), **options)
        logits: Tensor = told.logits[:, -kept:]
        return logits

    def loss(self, numbers: Numbers, pictures: Tensor) -> Tensor:
        """Cross-entropy of the answers' tokens, mean over all of them."""
        logits = self(numbers, pictures).float()
        wanted = numbers['labels'][:, -logits.shape[1] :]
        return nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), wanted[:, 1:].flatten(), ignore_index=IGNORED
        )

    def likelihood(self, numbers: Numbers, pictures: Tensor) -> Tensor:
        """Log-likelihood of each answer (B,), summed over its tokens."""
        logits = self(numbers, pictures).float()
        wanted = numbers['labels'][:, -logits.shape[1] :][:, 1:]
        tokens = torch.log_softmax(logits[:, :-1], 2)
        found = tokens.gather(2, wanted.clip(0)[..., None])[..., 0]
        return found.masked_fill(wanted == IGNORED, 0.0).sum(1)

    @torch.no_grad()
    def answer(self, prompts: Sequence[str], pictures: Tensor, tokens: int = 64) -> list[str]:
        """Say the likeliest words, greedily.

        Args:
            prompts: B questions.
            pictures: Of B clips.
            tokens: At most so many of each answer.

        Raises:
            ConfigError: A question is empty.
            ModelError: Memory has run out.
        """
        numbers = self.to_device(self.chat.questions(prompts))
        learning = self.training
        self.eval()
        try:
            with self._run(numbers['input_ids']):
                told = self.backbone.generate(
                    **self._fed(numbers, pictures), max_new_tokens=tokens, do_sample=False,
                    num_beams=1,
                )  # fmt: skip
        finally:
            self.train(learning)
        return self.chat.read(told[:, numbers['input_ids'].shape[1] :])

    def lessons(self, prompts: Sequence[str], answers: Sequence[str]) -> Numbers:
        """Numbers of questions with their answers, on the CPU."""
        end = self.backbone.generation_config.eos_token_id
        return self.chat.lessons(prompts, answers, end[0] if isinstance(end, list) else end)

    def to_device(self, numbers: Numbers) -> Numbers:
        """The same on the network's device."""
        device = self.negatives.device
        return {name: values.to(device) for name, values in numbers.items()}

    def _fed(self, numbers: Numbers, pictures: Tensor) -> dict[str, Tensor]:
        with torch.autocast(pictures.device.type, enabled=False):
            pixels = self.pixels(pictures.float())
        fed = {name: values for name, values in numbers.items() if name != 'labels'}
        return {**fed, 'pixel_values': pixels.to(getattr(torch, self.config.dtype))}

    @contextmanager
    def _run(self, like: Tensor) -> Iterator[None]:
        """What a run of the model goes on in."""
        rows, tokens = like.shape[:2]
        doing = f'answering {rows} clips of {self.config.frames} pictures, {tokens} tokens each'
        with memory(doing, _REMEDY), _halved(like.device.type, self.config.dtype):
            yield

    def train(self, mode: bool = True) -> SkeletonLLM:
        """Switch dropout of the adapters; the frozen model never drops anything."""
        super().train(mode)
        if mode:
            for name, module in self.backbone.named_modules():
                if isinstance(module, nn.Dropout) and '.lora_' not in name:
                    module.eval()
        return self

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Put learnt weights back; the model's own are not among them."""
        result = super().load_state_dict(state_dict, strict=False, assign=assign)
        missing = [n for n in result.missing_keys if self.part_of(n) != 'base']
        if strict and (missing or result.unexpected_keys):
            raise RuntimeError(f'missing {missing}, unexpected {result.unexpected_keys}')
        return result


def _halved(device: str, dtype: str) -> Any:
    """Computation in the frozen weights' type, where that is not float32."""
    wanted = getattr(torch, dtype)
    if wanted is torch.float32:
        return torch.autocast(device, enabled=torch.is_autocast_enabled(device))
    return torch.autocast(device, wanted)


def _without_base(module: nn.Module, state: dict[str, Any], start: str, _local: object) -> None:
    assert isinstance(module, SkeletonLLM)
    for name in [key for key in state if key.startswith(start)]:
        if module.part_of(name[len(start) :]) == 'base':
            del state[name]
