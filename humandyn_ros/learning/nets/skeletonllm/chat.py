"""What is said to a vision-language model: questions around pictures, and answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from humandyn_ros.errors import ConfigError, ModelError
from humandyn_ros.learning.nets.skeletonllm.backbone import open_processor
from humandyn_ros.learning.nets.skeletonllm.config import SkeletonLLMConfig
from humandyn_ros.learning.nets.skeletonllm.pixels import Pictures, PixelMap, sizes

IGNORED = -100  # of labels, as transformers takes them
_KEPT = 4096  # questions whose numbers are remembered
_FRAME = 'Frame{number}: '

Numbers = dict[str, Tensor]
"""What a model takes, by name: input_ids (B, N), attention_mask (B, N) ..., without pictures."""


class Chat:
    """One model's way of reading.

    Args:
        config: Which model, how many pictures.

    Raises:
        ModelError: There is no processor, or what it does to pictures cannot be followed.
    """

    def __init__(self, config: SkeletonLLMConfig) -> None:
        self._processor = open_processor(config.model)
        self._tokenizer = self._processor.tokenizer
        self.frames = config.frames
        self._plain = _plain(self._processor.image_processor)
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._asked: OrderedDict[str, Numbers] = OrderedDict()
        self.pixels = self._map(config.picture_px)
        blank = np.zeros((self.picture_px, self.picture_px, 3), np.uint8)
        self._blank: Pictures = [blank] * self.frames

    @property
    def picture_px(self) -> int:
        """Edge of the pictures that the model is shown."""
        return self.pixels.picture_px

    def _map(self, wanted: int) -> PixelMap:
        made = self._processor.image_processor
        still: dict[str, Any] = {}
        if getattr(made, 'do_normalize', True):
            still = {'mean': made.image_mean, 'std': made.image_std}
        first: ModelError | None = None
        for size in sizes(made, wanted):
            try:
                return PixelMap(self._show, self.frames, size, **still)
            except ModelError as error:  # noqa: PERF203 - some families take few sizes
                first = first or error
        assert first is not None
        raise first

    def _show(self, pictures: Pictures, **overrides: Any) -> Any:
        try:
            return self._numbers('.', pictures, overrides)
        except (ValueError, TypeError, IndexError) as error:
            raise ModelError(f'the processor refuses the pictures: {error}') from error

    def _numbers(self, prompt: str, pictures: Pictures, overrides: Mapping[str, Any]) -> Any:
        return self._processor(
            text=[self._text(prompt)],
            images=[pictures],
            return_tensors='pt',
            **{**self._plain, **overrides},
        )

    def _text(self, prompt: str) -> str:
        parts: list[dict[str, str]] = []
        for number in range(1, self.frames + 1):
            parts += [{'type': 'text', 'text': _FRAME.format(number=number)}, {'type': 'image'}]
            parts += [{'type': 'text', 'text': '\n'}]
        content = [*parts, {'type': 'text', 'text': prompt}]
        if not getattr(self._processor, 'chat_template', None):
            image = getattr(self._processor, 'image_token', '<image>')
            shown = ''.join(part.get('text', image) for part in content)
            return f'USER: {shown}\nASSISTANT:'
        text: str = self._processor.apply_chat_template(
            [{'role': 'user', 'content': content}], add_generation_prompt=True, tokenize=False
        )
        return text

    def ask(self, prompt: str) -> Numbers:
        """Return the numbers of one question, the pictures' places among them (1, N).

        Raises:
            ConfigError: There is no question.
        """
        if not prompt.strip():
            raise ConfigError(f'prompt = {prompt!r}: a question needs words')
        if prompt not in self._asked:
            found = self._numbers(prompt, self._blank, {})
            kept = {k: torch.as_tensor(v) for k, v in found.items() if k != 'pixel_values'}
            self._asked[prompt] = kept
            if len(self._asked) > _KEPT:
                self._asked.popitem(last=False)
        self._asked.move_to_end(prompt)
        return self._asked[prompt]

    def questions(self, prompts: Sequence[str]) -> Numbers:
        """Return the numbers of a batch of questions to be answered, padded in front."""
        return self._stacked([self.ask(prompt) for prompt in prompts], in_front=True)

    def lessons(self, prompts: Sequence[str], answers: Sequence[str], end: int | None) -> Numbers:
        """Return questions with their answers, `labels` (B, N) among the numbers.

        Args:
            prompts: B questions.
            answers: What is to be learned; only these count.
            end: Token that ends an answer; None: the tokenizer's.
        """
        end = self._tokenizer.eos_token_id if end is None else end
        rows = []
        for prompt, answer in zip(prompts, answers, strict=True):
            asked = self.ask(prompt)
            told = self._tokenizer(f' {answer.strip()}', add_special_tokens=False)['input_ids']
            told = torch.tensor([[*told, *([] if end is None else [end])]])
            labels = torch.cat([torch.full_like(asked['input_ids'], IGNORED), told], 1)
            rows.append({**self._with(asked, told), 'labels': labels})
        return self._stacked(rows, in_front=False)

    def _with(self, asked: Numbers, told: Tensor) -> Numbers:
        """A question and its answer in one row."""
        shape = asked['input_ids'].shape
        added = {'input_ids': told, 'attention_mask': torch.ones_like(told)}
        return {
            name: torch.cat([row, added.get(name, torch.zeros_like(told)).to(row)], 1)
            if row.shape == shape
            else row
            for name, row in asked.items()
        }

    def _stacked(self, rows: Sequence[Numbers], *, in_front: bool) -> Numbers:
        longest = max(row['input_ids'].shape[1] for row in rows)
        fill = {'input_ids': self._tokenizer.pad_token_id or 0, 'labels': IGNORED}

        def padded(name: str, row: Numbers) -> Tensor:
            values = row[name]
            if values.shape != row['input_ids'].shape:
                return values
            short = longest - values.shape[1]
            pad = (short, 0) if in_front else (0, short)
            return torch.nn.functional.pad(values, pad, value=fill.get(name, 0))

        return {name: torch.cat([padded(name, row) for row in rows]) for name in rows[0]}

    def read(self, tokens: Tensor) -> list[str]:
        """Return the texts of generated tokens (B, N)."""
        found = self._tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [str(text).strip() for text in found]


def _plain(made: Any) -> dict[str, Any]:
    """Options with which a processor shows each picture once, whole."""
    options: dict[str, Any] = {}
    if hasattr(made, 'do_image_splitting'):  # Idefics3, SmolVLM
        options = {'do_image_splitting': False, 'size': dict(made.max_image_size)}
        options['size'] = {k: v for k, v in options['size'].items() if v is not None}
    if hasattr(made, 'crop_to_patches'):  # InternVL
        options['crop_to_patches'] = False
    return options


__all__ = ['IGNORED', 'Chat', 'Numbers']
